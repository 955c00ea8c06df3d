"""The year's figures as bars: what was promised under what was realised, one bar a school year.

Responsible for geometry and French labels, like `charts`. Refuses to know conventions: callers give numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.web.charts import Chart, Mark
from service.web.french import number, typeset

WIDEST = 72
"""Per cent of the width for the longest bar: its number fits beside it at 360 px."""
STEP = 24


@dataclass(frozen=True, slots=True)
class FigureBar:
    """One action: realised by school year, oldest first, and the deed's floor (None without a figure)."""

    label: str
    promised: int | None
    years: Mapping[str, int]


def figure_bars(key: str, title: str, rows: Sequence[FigureBar]) -> Chart:
    """A block per action, each on its own scale: the floor as a line, one bar a year with its number."""
    marks: list[Mark] = []
    y = 0.0
    names = sorted({year for row in rows for year in row.years})
    for row in rows:
        top = max([row.promised or 0, *row.years.values()]) or 1
        marks.append(_words(row.label, 0, y + 14, "chart-text chart-strong"))
        y += 22
        for year in names:
            value = row.years.get(year)
            if value is not None:
                width = WIDEST * value / top
                at = {"x": "0%", "y": f"{y:g}", "width": f"{width:.2f}%", "height": "18"}
                marks.append(Mark("rect", "chart-allocated", at, title=typeset(f"{year} : {number(value)}")))
                marks.append(_words(f"{number(value)} en {year}", width, y + 14, "chart-text", dx="6"))
            else:
                marks.append(_words(f"rien de saisi en {year}", 0, y + 14, "chart-text"))
            y += STEP
        if row.promised:
            place = f"{WIDEST * row.promised / top:.2f}%"
            low, high = f"{y - STEP * max(len(names), 1):g}", f"{y - 4:g}"
            marks.append(Mark("line", "chart-median", {"x1": place, "x2": place, "y1": low, "y2": high}))
        y += 12
    table = tuple((row.label, _promise(row), *(_cell(row, year) for year in names)) for row in rows)
    said = " ; ".join(
        f"{cells[0]} : promis {cells[1]}, réalisé "
        + ", ".join(f"{cell} en {year}" for cell, year in zip(cells[2:], names, strict=True))
        for cells in table
    )
    legend = (("chart-allocated", "réalisé"), ("chart-promised", "trait : promis par l’acte"))
    return Chart(key, title, said, int(y) or 18, tuple(marks), ("Action", "Promis", *names), table, legend)


def _promise(row: FigureBar) -> str:
    return "non chiffré" if row.promised is None else number(row.promised)


def _cell(row: FigureBar, year: str) -> str:
    value = row.years.get(year)
    return "–" if value is None else number(value)


def _words(content: str, x: float, y: float, css: str, dx: str = "0") -> Mark:
    at = {"x": f"{x:.2f}%", "y": f"{y:g}", "text-anchor": "start", "dx": dx}
    return Mark("text", css, at, text=typeset(content))
