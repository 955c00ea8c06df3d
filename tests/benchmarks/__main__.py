"""Run the benchmarks: a table on the terminal, one JSON line per row in a file, the README's tables from that file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.benchmarks.measure import ROOT, Bench
from tests.benchmarks.report import HEADER, line, read_lines, table, write_readme
from tests.benchmarks.rows import PROFILES, Row


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows of a profile; 1 when an answer is not what it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="quick")
    parser.add_argument("--json", type=Path, help="keep one JSON line per row in this file, rows run before included")
    parser.add_argument("--row", action="append", help="only the rows whose name contains this text (repeatable)")
    parser.add_argument("--repeat", type=int, help="run each engine so many times and keep the medians")
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="run nothing: put the rows of this file in README.md"
    )
    options = parser.parse_args(arguments)
    if options.readme is not None:
        write_readme(read_lines(options.readme), ROOT / "README.md")
        return 0
    rows = [row for row in PROFILES[options.profile]() if _is_wanted(row, options.row)]
    started, faults = perf_counter(), 0
    _say(HEADER)
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.repeat)
        for row in rows:
            outcome = bench.run(row)
            _say(table(outcome))
            faults += len(outcome.faults)
            if options.json is not None:
                _keep(line(outcome), options.json)
    _say(f"{len(rows)} rows in {perf_counter() - started:.0f} s, {faults} faults")
    return 1 if faults else 0


def _is_wanted(row: Row, parts: Sequence[str] | None) -> bool:
    return not parts or any(part in row.name for part in parts)


def _keep(found: dict[str, object], path: Path) -> None:
    """Add a row to the file, in place of the one of that name."""
    before = read_lines(path) if path.exists() else []
    names = [row["row"] for row in before]
    if found["row"] in names:
        before[names.index(found["row"])] = found
    else:
        before.append(found)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in before), encoding="utf-8")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
