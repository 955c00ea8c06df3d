"""Run the benchmarks: a table on the terminal, one JSON line per row in a file when asked."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from tests.benchmarks.answer import STOPPED
from tests.benchmarks.measure import Measure, Outcome, run_row
from tests.benchmarks.rows import PROFILES, Row

HEADER = (
    f"{'row':26} {'engine':26} {'pupils':>9} {'seconds':>9} {'cpu s':>9} {'MiB':>6} {'placed':>8} "
    f"{'1st wish':>8} {'mean km':>8} {'worst school':>12} {'proven':>6}  figure (must, aim)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows of a profile; 1 when an answer is not what it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="quick")
    parser.add_argument("--json", type=Path, help="also write one JSON line per row to this file")
    parser.add_argument("--row", action="append", help="only the rows whose name contains this text (repeatable)")
    options = parser.parse_args(arguments)
    rows = [row for row in PROFILES[options.profile]() if _is_wanted(row, options.row)]
    started, faults, lines = perf_counter(), 0, []
    _say(HEADER)
    for row in rows:
        outcome = run_row(row)
        _say(_table(outcome))
        faults += len(outcome.faults)
        lines.append(json.dumps(_line(outcome), ensure_ascii=False))
        if options.json is not None:
            options.json.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _say(f"{len(rows)} rows in {perf_counter() - started:.0f} s, {faults} faults")
    return 1 if faults else 0


def _is_wanted(row: Row, parts: Sequence[str] | None) -> bool:
    return not parts or any(part in row.name for part in parts)


def _table(outcome: Outcome) -> str:
    row = outcome.row
    bounds = ", ".join("-" if bound is None else f"{bound:g}" for bound in (row.must, row.aim))
    unit = "x" if len(outcome.measures) > 1 else "s"
    least = ">" if any(STOPPED in one.answer["notes"] for one in outcome.measures) else ""
    figure = f"  {least}{outcome.figure:.1f} {unit} ({bounds})"
    lines = [_measured(row.name, one) + (figure if i == 0 else "") for i, one in enumerate(outcome.measures)]
    return "\n".join([*lines, *(f"  FAULT: {fault}" for fault in outcome.faults)])


def _measured(name: str, one: Measure) -> str:
    answer = one.answer
    # The network alone says nothing of schools or first wishes.
    quality = f"{'':8} {'':8} {'':12}"
    if answer["mean_metres"]:
        km = answer["mean_metres"] / 1000
        quality = f"{answer['first_wishes']:8.1%} {km:8.2f} {answer['worst_school']:12.1%}"
    return (
        f"{name:26} {one.engine:26} {one.pupils:9} {one.seconds:9.2f} {one.cpu_seconds:9.2f} {one.peak_mib:6} "
        f"{one.pupils - answer['unplaced']:8} {quality} {'yes' if answer['proven'] else 'no':>6}"
    )


def _line(outcome: Outcome) -> dict[str, object]:
    row = outcome.row
    machine = {"python": platform.python_version(), "ortools": version("ortools"), "machine": platform.machine()}
    bounds = {"must": row.must, "aim": row.aim, "must_mib": row.must_mib}
    return (
        {"row": row.name, "figure": round(outcome.figure, 3), "faults": outcome.faults, "measures": []}
        | bounds
        | machine
        | {"measures": [asdict(one) for one in outcome.measures]}
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
