"""What is said of the rows once run: a table on the terminal, a JSON line per row, the tables of the README."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.answer import EARLY, LATE
from tests.benchmarks.measure import Measure, Outcome
from tests.benchmarks.rows import BETTER, GAP, SECONDS, TIMES_FASTER, TIMES_LONGER

HEADER = (
    f"{'row':42} {'engine':26} {'pupils':>9} {'seconds':>9} {'cpu s':>9} {'MiB':>6} {'placed':>8} "
    f"{'1st wish':>8} {'mean km':>8} {'worst school':>12} {'proven':>6}  figure"
)
BEGIN, END = "<!-- figures: written by `python -m tests.benchmarks --readme` -->", "<!-- end of the figures -->"


def table(outcome: Outcome) -> str:
    """One line per engine; the figure with its bounds, and whether they hold, on the first."""
    lines = [_measured(outcome.row.name, one) for one in outcome.measures]
    lines[0] += f"  {figure(line(outcome))}{_held(outcome)}"
    return "\n".join([*lines, *(f"  FAULT: {fault}" for fault in outcome.faults)])


def _measured(name: str, one: Measure) -> str:
    answer = one.answer
    # The network alone says nothing of schools or first wishes.
    quality = f"{'':8} {'':8} {'':12}"
    if answer["mean_metres"]:
        km = answer["mean_metres"] / 1000
        quality = f"{answer['first_wishes']:8.1%} {km:8.2f} {answer['worst_school']:12.1%}"
    return (
        f"{name:42} {one.engine:26} {one.pupils:9} {one.seconds:9.2f} {one.cpu_seconds:9.2f} {one.peak_mib:6} "
        f"{one.pupils - answer['unplaced']:8} {quality} {'yes' if answer['proven'] else 'no':>6}"
    )


def _held(outcome: Outcome) -> str:
    bounds = (("must", outcome.must_holds), ("aim", outcome.aim_holds))
    said = [f"{name} {'held' if held else 'NOT HELD'}" for name, held in bounds if held is not None]
    return f" ({', '.join(said)})" if said else ""


def line(outcome: Outcome) -> dict[str, Any]:
    """What the file keeps of a row."""
    row = outcome.row
    return {
        "row": row.name,
        "kind": row.figure,
        "figure": round(outcome.figure, 3),
        "must": row.must,
        "aim": row.aim,
        "must_mib": row.must_mib,
        "gap_within": row.gap_within,
        "must_held": outcome.must_holds,
        "aim_held": outcome.aim_holds,
        "faults": outcome.faults,
        "python": platform.python_version(),
        "ortools": version("ortools"),
        "machine": platform.machine(),
        "measures": [asdict(one) for one in outcome.measures],
    }


def figure(row: Mapping[str, Any]) -> str:
    """The figure of a row in words."""
    ours = row["measures"][0]
    least = "more than " if any("stopped_after_s" in one["answer"]["notes"] for one in row["measures"]) else ""
    notes = ours["answer"]["notes"]
    if LATE in notes:
        return f"{ours['cpu_seconds']:.1f} s of processor, {notes[EARLY]} MiB after a tenth, {notes[LATE]} after all"
    if row["kind"] == SECONDS:
        return f"{row['figure']:.1f} s, {ours['peak_mib']:,} MiB"
    if row["kind"] == GAP:
        return f"gap {row['figure']:.2f} % in {ours['seconds']:.0f} s, {ours['peak_mib']:,} MiB"
    if row["kind"] == BETTER:
        return f"{row['figure']:,.0f} more placed"
    memory = " against ".join(f"{one['peak_mib']:,}" if one["peak_mib"] else "unknown" for one in row["measures"])
    return f"{least}{row['figure']:,.1f} {row['kind']}, {memory} MiB"


def write_readme(lines: Sequence[Mapping[str, Any]], readme: Path) -> None:
    """Put the tables of these rows between the marks of the README.

    Raises:
        ValueError: the marks are not there.
    """
    text = readme.read_text(encoding="utf-8")
    marked = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    if not marked.search(text):
        raise ValueError(f"{readme.name}: {BEGIN!r} and {END!r} are not there")
    tables = ["\n".join(rows) for rows in (_figures(lines), _qualities(lines)) if rows]
    content = "\n\n".join([BEGIN, *tables, END])
    readme.write_text(marked.sub(lambda _found: content, text), encoding="utf-8")


def _figures(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = ["| work | must | aim | measured | held |", "|---|---|---|---|---|"]
    for row in lines:
        pupils = " and ".join(f"{size:,}" for size in dict.fromkeys(one["pupils"] for one in row["measures"]))
        cells = (f"{row['row']}, {pupils} pupils", _bound(row, "must"), _bound(row, "aim"), figure(row), _verdict(row))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _bound(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return ""
    if row["kind"] == BETTER:
        return "as many placed, lower mean rank, shorter mean trip"
    if row["kind"] == GAP:
        return f"gap ≤ {row[name]:g} % in {row['gap_within'][name == 'aim']:g} s"
    sign = "≥" if row["kind"] == TIMES_FASTER else "≤"
    unit = " s" if row["kind"] == SECONDS else " times" if row["kind"] == TIMES_LONGER else " times faster"
    memory = f", {row['must_mib']:,} MiB" if name == "must" and row["must_mib"] else ""
    return f"{sign} {row[name]:g}{unit}{memory}"


def _verdict(row: Mapping[str, Any]) -> str:
    if row["must_held"] is None:
        return ""
    if not row["must_held"]:
        return "**not held**"
    return "aim held" if row["aim_held"] and row["aim"] else "must held"


def _qualities(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    titles = ("engine", "pupils", "placed", "first wishes", "mean rank", "mean trip", "worst school", "seconds", "MiB")
    rows: list[str] = []
    for row in lines:
        for one in row["measures"] if row["kind"] == BETTER else ():
            answer = one["answer"]
            cells = (
                one["engine"],
                f"{one['pupils']:,}",
                f"{one['pupils'] - answer['unplaced']:,}",
                f"{answer['first_wishes']:.1%}",
                f"{answer['mean_rank']:.3f}",
                f"{answer['mean_metres'] / 1000:.2f} km",
                f"{answer['worst_school']:.1%}",
                f"{one['seconds']:.1f}",
                f"{one['peak_mib']:,}",
            )
            rows.append(f"| {' | '.join(cells)} |")
    return [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles), *rows] if rows else []


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows in a file that a run has written."""
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]
