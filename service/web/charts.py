"""Charts as plain data: what to draw, the sentence that says it, and the table of the very same numbers.

Responsible for geometry and French labels. Refuses to know rounds and conventions (callers give numbers) and to choose
colours (classes only, so that the dark theme and print follow). Widths are percentages of the figure and text keeps its
size, so a chart reads the same at 360 px and at 1,200 px; no script, no inline style.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from service.web.french import counted, number, percent, typeset

ROW = 18
"""Height of a line of text (px)."""
BARS_END = 100.0
LEDGER_ROW = 96.0
"""Height of one commitment: its name, its bars, two lines of numbers (px)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One SVG element; `title` is its tooltip."""

    tag: str
    css: str
    at: dict[str, str]
    text: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure: its marks and, always, the table of its numbers."""

    key: str
    title: str
    description: str
    height: int
    marks: tuple[Mark, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: tuple[tuple[str, str], ...] = ()
    """(CSS class of the swatch, label)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "description", typeset(self.description))
        object.__setattr__(self, "legend", tuple((css, typeset(label)) for css, label in self.legend))


def _pct(share: float) -> str:
    return f"{share:.2f}%"


def _bar(css: str, y: float, height: float, width: float, x: float = 0.0, title: str = "") -> Mark:
    at = {"x": _pct(x), "y": f"{y:g}", "width": _pct(width), "height": f"{height:g}"}
    return Mark("rect", css, at, title=typeset(title))


def _text(content: str, x: float, y: float, css: str = "chart-text", anchor: str = "start") -> Mark:
    return Mark("text", css, {"x": _pct(x), "y": f"{y:g}", "text-anchor": anchor}, text=typeset(content))


def _line(css: str, x: float, top: float, bottom: float) -> Mark:
    return Mark("line", css, {"x1": _pct(x), "x2": _pct(x), "y1": f"{top:g}", "y2": f"{bottom:g}"})


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """`promised` is None where the deed has no number: nothing is drawn for it and the words say so."""

    label: str
    promised: int | None
    published: int
    allocated: int
    confirmed: int = 0
    signed: int = 0
    held: int = 0

    @property
    def counts(self) -> tuple[int, ...]:
        """What is counted from rows, in the order of the steps."""
        return self.published, self.allocated, self.confirmed, self.signed, self.held

    @property
    def promise(self) -> str:
        return "non chiffré" if self.promised is None else number(self.promised)


def ledger_bars(key: str, title: str, rows: Sequence[LedgerRow]) -> Chart:
    """Promised ⊃ published ⊃ allocated, one nested bar per commitment, on one scale; what followed is in words."""
    top = max((max(row.promised or 0, row.published, row.allocated) for row in rows), default=0) or 1
    marks: list[Mark] = []
    for index, row in enumerate(rows):
        y = index * LEDGER_ROW
        marks.append(_text(row.label, 0, y + 14, "chart-text chart-strong"))
        for css, value, height in (
            ("chart-promised", row.promised or 0, 26),
            ("chart-published", row.published, 16),
            ("chart-allocated", row.allocated, 8),
        ):
            if value:
                marks.append(_bar(css, y + 33 - height / 2, height, value / top * BARS_END))
        said = f"promis {row.promise} · publié {number(row.published)} · affecté {number(row.allocated)}"
        then = f"confirmé {number(row.confirmed)} · signé {number(row.signed)} · réalisé {number(row.held)}"
        marks += [_text(said, 0, y + 62), _text(then, 0, y + 80)]  # a telephone has no room for six on a line
    return Chart(
        key,
        title,
        " ; ".join(
            f"{row.label} : promis {row.promise}, publié {number(row.published)}, affecté {number(row.allocated)}, "
            f"confirmé {number(row.confirmed)}, signé {number(row.signed)}, réalisé {number(row.held)}"
            for row in rows
        ),
        max(int(LEDGER_ROW) * len(rows) - 8, ROW),
        tuple(marks),
        ("Engagement", "Promis", "Publié", "Affecté", "Confirmé", "Signé", "Réalisé"),
        tuple((row.label, row.promise, *map(number, row.counts)) for row in rows),
        (("chart-promised", "promis"), ("chart-published", "publié"), ("chart-allocated", "affecté")),
    )


def stacked_share(key: str, title: str, unit: str, parts: Sequence[tuple[str, int]]) -> Chart:
    """One bar cut in shares, in the order given (at most five), with the legend in the same order."""
    total = sum(count for _, count in parts)
    marks: list[Mark] = []
    left = 0.0
    for step, (label, count) in enumerate(parts, start=1):
        width = 100 * count / total if total else 0.0
        if width:
            marks.append(_bar(f"chart-step-{step}", 0, 34, width, left, f"{label} : {number(count)}"))
            if width >= 12:
                css = f"chart-text chart-on-step-{step}"
                marks.append(_text(percent(count, total), left + width / 2, 22, css, "middle"))
        left += width
    rows = tuple((label, number(count), percent(count, total)) for label, count in parts)
    return Chart(
        key,
        title,
        " ; ".join(f"{label} : {count} ({share})" for label, count, share in rows),
        34,
        tuple(marks),
        ("Vœu obtenu", unit, "Part"),
        rows,
        tuple((f"chart-step-{step}", f"{row[0]} : {row[1]}") for step, row in enumerate(rows, start=1)),
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """`low` ≤ value < `high`, in the unit of the histogram; the last one may be open (`high` None)."""

    low: int
    high: int | None
    count: int

    def label(self, unit: str) -> str:
        if self.high is None:
            return f"{self.low} {unit} et plus"
        return f"de {self.low} à {self.high} {unit}"


def histogram(key: str, title: str, unit: str, what: str, bins: Sequence[Bin], median: float | None) -> Chart:
    """Counts per class of values, one bar each, with the median as a labelled line."""
    top = max((one.count for one in bins), default=0) or 1
    width = 100 / max(len(bins), 1)
    marks: list[Mark] = []
    for index, one in enumerate(bins):
        height = 110 * one.count / top
        said = f"{one.label(unit)} : {number(one.count)} {what}"
        marks.append(_bar("chart-bar", 140 - height, height, width * 0.92, index * width + width * 0.04, said))
        marks.append(_text(str(one.low), index * width, 156))
    marks.append(Mark("line", "chart-axis", {"x1": "0%", "x2": "100%", "y1": "140", "y2": "140"}))
    marks.append(_text(unit, 100, 156, "chart-text", "end"))
    said_median = "aucune donnée"
    if median is not None:
        said_median = f"médiane : {number(median, 1)} {unit}"
        x = _place(median, bins) * width
        marks.append(_line("chart-median", x, 20, 140))
        marks.append(_text(said_median, x, 14, "chart-text chart-strong", "start" if x < 60 else "end"))
    rows = tuple((one.label(unit), number(one.count)) for one in bins)
    described = f"{said_median} ; " + " ; ".join(f"{label} : {count}" for label, count in rows)
    return Chart(key, title, described, 162, tuple(marks), ("Distance", what.capitalize()), rows)


def _place(value: float, bins: Sequence[Bin]) -> float:
    """Where a value falls, counted in bars from the left; in the middle of a bar that has no end."""
    for index, one in enumerate(bins):
        if one.high is None:
            return index + 0.5
        if value < one.high:
            return index + (value - one.low) / (one.high - one.low)
    return float(len(bins))


@dataclass(frozen=True, slots=True)
class Dot:
    name: str
    placed: int
    pupils: int

    @property
    def share(self) -> float:
        return self.placed / self.pupils if self.pupils else 0.0


def dot_plot(key: str, title: str, lanes: Sequence[tuple[str, Sequence[Dot]]]) -> Chart:
    """One dot a school at its placement rate, larger with its pupils; one labelled lane per priority class."""
    marks: list[Mark] = []
    rows: list[tuple[str, ...]] = []
    y = 0.0
    for label, dots in lanes:
        pupils, placed = sum(dot.pupils for dot in dots), sum(dot.placed for dot in dots)
        share = percent(placed, pupils)
        marks.append(_text(label, 0, y + 14, "chart-text chart-strong"))
        marks.append(_text(f"{share} des élèves, {counted(len(dots), 'établissement')}", 0, y + 31))
        marks.extend(_lane(dots, y + 38, 44))
        rows.append((label, number(len(dots)), number(pupils), number(placed), share))
        y += 100
    for share_of_100 in (0, 25, 50, 75, 100):
        anchor = {0: "start", 100: "end"}.get(share_of_100, "middle")
        marks.append(_text(percent(share_of_100, 100), share_of_100, y + 8, anchor=anchor))
    said = " ; ".join(f"{row[0]} : {row[4]} des élèves placés dans {row[1]} établissements" for row in rows)
    columns = ("Catégorie", "Établissements", "Élèves", "Placés", "Taux")
    return Chart(key, title, said, int(y) + 14, tuple(marks), columns, tuple(rows))


def _lane(dots: Sequence[Dot], top: float, height: float) -> list[Mark]:
    """Dots of one class, spread over the lane's height where several schools share a rate."""
    floor = f"{top + height:g}"
    marks = [Mark("line", "chart-axis", {"x1": "0%", "x2": "100%", "y1": floor, "y2": floor})]
    columns: dict[int, list[Dot]] = {}
    for dot in sorted(dots, key=lambda one: (-one.pupils, one.name)):
        columns.setdefault(round(dot.share * 50), []).append(dot)
    for column, stack in sorted(columns.items()):
        for index, dot in enumerate(stack):
            y = top + height * (index + 0.5) / len(stack)
            radius = min(2 + (dot.pupils / 20) ** 0.5, 7)
            # Half a point is kept at each end so that the dots at 0 and 100 % are whole.
            at = {"cx": _pct(1 + column * 1.96), "cy": f"{y:.1f}", "r": f"{radius:.1f}"}
            said = f"{dot.name} : {number(dot.placed)} sur {number(dot.pupils)}"
            marks.append(Mark("circle", "chart-dot", at, title=typeset(said)))
    return marks


@dataclass(frozen=True, slots=True)
class Versus:
    """One measure of the round beside the same measure of first come, first served."""

    label: str
    ours: float
    theirs: float
    written: Callable[[float], str] = field(default=number)


def comparison_bars(key: str, title: str, rows: Sequence[Versus]) -> Chart:
    """Two bars per measure, each measure on its own scale, its number at the end."""
    marks: list[Mark] = []
    for index, row in enumerate(rows):
        y = index * 74.0
        top = max(row.ours, row.theirs) or 1
        marks.append(_text(row.label, 0, y + 14, "chart-text chart-strong"))
        for offset, css, value in ((20, "chart-ours", row.ours), (42, "chart-theirs", row.theirs)):
            # Three quarters of the width for the bar, the rest for its number: it also fits at 360 px.
            marks.append(_bar(css, y + offset, 18, 72 * value / top))
            label = _text(row.written(value), 72 * value / top, y + offset + 14)
            marks.append(Mark(label.tag, label.css, {**label.at, "dx": "6"}, label.text))
    table = tuple((row.label, row.written(row.ours), row.written(row.theirs)) for row in rows)
    said = " ; ".join(f"{label} : {ours} contre {theirs}" for label, ours, theirs in table)
    legend = (("chart-ours", "ce tour"), ("chart-theirs", "premier arrivé, premier servi"))
    columns = ("Mesure", "Ce tour", "Premier arrivé, premier servi")
    return Chart(key, title, said, max(74 * len(rows) - 12, ROW), tuple(marks), columns, table, legend)
