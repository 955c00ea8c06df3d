"""The commands that believe nobody: verify and prove.

They load nothing of the engine: a judge begins at once, and no fault of the engine's can be theirs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from solver.judges import prove_files, verify_files


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Give the parser these commands; each sets `run`."""
    one = commands.add_parser("verify", help="re-check a result; silent when everything holds")
    one.add_argument("instance", type=Path)
    one.add_argument("result", type=Path)
    one.set_defaults(run=_verify)
    one = commands.add_parser("prove", help="check that a result is optimal, or its bounds, by its certificate")
    one.add_argument("instance", type=Path)
    one.add_argument("result", type=Path)
    one.add_argument("certificate", type=Path)
    one.set_defaults(run=_prove)


def _verify(options: argparse.Namespace) -> int:
    faults = verify_files(options.instance, options.result)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def _prove(options: argparse.Namespace) -> int:
    words, faults = prove_files(options.instance, options.result, options.certificate)
    print(*(faults or [words]), sep="\n")
    return 1 if faults else 0
