"""Invents an instance in a process of its own, and files it: what it costs to invent is nobody's measure."""

from __future__ import annotations

import sys
from pathlib import Path

from solver.columns import write_instance_columns
from tests.benchmarks import instances


def main(name: str, pupils: str, path: str) -> None:
    """`name` is a function of `tests.benchmarks.instances`."""
    write_instance_columns(getattr(instances, name)(int(pupils)), Path(path))


if __name__ == "__main__":
    main(*sys.argv[1:])
