"""The solver on the command line: makes, judges and explains rounds.

Files are JSON, compressed JSON (`.gz`) or columns (`.npz`), by their suffix.
Exit codes: 0 done; 1 a judge names what fails; 2 a file or an argument cannot be used (nothing is written).
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

MODULES = {
    "judge_commands": ("verify", "prove"),
    "round_commands": ("solve", "generate"),
    "explain_commands": ("explain", "marginal", "unused", "what-if", "repair"),
}
"""Where each command is: only the module of the one asked for is loaded."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    asked = [*(sys.argv[1:] if arguments is None else arguments)]
    options = _parser(*asked[:1]).parse_args(asked)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        with _uncollected():
            code = run(options)
        sys.stdout.flush()  # whoever reads may have left: said like any other error
        return code
    except (ValueError, OSError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 2


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for cycles: a national instance is millions of objects, in none, looked at again and again."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _parser(command: str = "") -> argparse.ArgumentParser:
    """What reads a command's arguments; those of every command for a word that is none."""
    parser = argparse.ArgumentParser(prog="python -m solver", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for module in [name for name, found in MODULES.items() if command in found] or MODULES:
        import_module(f"solver.{module}").add_commands(commands)
    return parser


if __name__ == "__main__":
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):  # said already
            stream.flush()
    os._exit(code)  # everything is written: millions of objects need not be let go one by one
