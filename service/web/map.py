"""The map of the départements as plain data: five classes, a legend in numbers, a link and a sentence per area.

Responsible for outlines, insets and classes. Refuses to know what is measured (callers give numbers and sentences) and
to choose colours. Île-de-France is drawn again larger; overseas départements are labelled squares, because at the
map's scale and place they would be nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from fixtures.readers import read_map
from service.web.french import number, typeset

ILE_DE_FRANCE = ("75", "77", "78", "91", "92", "93", "94", "95")
OVERSEAS = ("971", "972", "973", "974", "976")
_INSET = (-96.0, 395.0, 186.0, 165.0)
"""Where the enlarged Île-de-France stands in the map's own unit: x, y, width, height (the Atlantic)."""
_SQUARE, _SQUARE_STEP = 48.0, 53.0


@dataclass(frozen=True, slots=True)
class Area:
    """One département: `step` is its class, 1 to 5, or 0 without a number; `href` is empty where nothing is told."""

    code: str
    step: int
    said: str
    href: str
    path: str = ""
    x: float = 0.0
    y: float = 0.0
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class FranceMap:
    title: str
    view_box: str
    mainland: tuple[Area, ...]
    inset: tuple[Area, ...]
    inset_view_box: str
    inset_at: Mapping[str, str]
    inset_label: tuple[str, str]
    overseas: tuple[Area, ...]
    legend: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """(code, cells) of the départements that have a number, in the order of the codes."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One département's number (None when there is none), the sentence that says it, its line of the table."""

    value: float | None
    said: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """Four breaks make five classes: below the first, between two, from the last on."""

    breaks: tuple[float, float, float, float]
    unit: str
    written: Callable[[float], str]
    none_label: str
    zero_label: str = ""
    """For whole numbers whose first class is zero: its label; the upper end of the others is then included."""
    last_addition: str = ""
    """What the last class holds besides its numbers."""

    def step(self, value: float | None) -> int:
        return 0 if value is None else 1 + sum(value >= one for one in self.breaks)

    def labels(self) -> tuple[str, ...]:
        low, *_, high = [self.written(one) for one in self.breaks]
        first = self.zero_label or f"moins de {low}\u00a0{self.unit}"
        return (
            first,
            *(self._between(a, b) for a, b in pairwise(self.breaks)),
            f"{high}\u00a0{self.unit} et plus{self.last_addition}",
        )

    def _between(self, low: float, high: float) -> str:
        last = high - 1 if self.zero_label else high
        return self.written(low) if last == low else f"de {self.written(low)} à {self.written(last)}"


def count_scale(values: Sequence[int], unit: str, zero_label: str, none_label: str) -> Scale:
    """Zero apart, then four classes of whole numbers with about as many départements in each."""
    ordered = sorted(value for value in values if value) or [1]
    breaks = [1]
    for quarter in (1, 2, 3):
        breaks.append(max(ordered[min(len(ordered) * quarter // 4, len(ordered) - 1)], breaks[-1] + 1))
    return Scale((breaks[0], breaks[1], breaks[2], breaks[3]), unit, number, none_label, zero_label)


@cache
def _outlines() -> Mapping[str, str]:
    return dict(read_map().paths)


@cache
def _inset_view_box() -> str:
    """The box around Île-de-France, from the outlines themselves (absolute start, then relative points)."""
    xs: list[float] = []
    ys: list[float] = []
    for code in ILE_DE_FRANCE:
        for outline in re.findall(r"M([^z]+)z", _outlines()[code]):
            start, _, steps = outline.partition("l")
            x, y = (float(one) for one in start.split(","))
            for dx, dy in re.findall(r"(-?\d*\.?\d+),(-?\d*\.?\d+)", steps):
                x, y = x + float(dx), y + float(dy)
                xs.append(x)
                ys.append(y)
    left, top = min(xs) - 1, min(ys) - 1
    return f"{left:.1f} {top:.1f} {max(xs) - left + 1:.1f} {max(ys) - top + 1:.1f}"


def read_outlines() -> None:
    """Reads now what the first map would read."""
    _inset_view_box()


def _view_box() -> str:
    """The map's own box, widened to the left where the insets stand."""
    x, y, width, height = (float(one) for one in read_map().view_box.split())
    left = min(x, _INSET[0])
    return f"{left:g} {y:g} {width + x - left:g} {height:g}"


def france_map(
    title: str,
    scale: Scale,
    measures: Mapping[str, Measure],
    names: Mapping[str, str],
    columns: tuple[str, ...],
    href: Callable[[str], str],
) -> FranceMap:
    """`measures` by département code; one that is missing has no number. `names` lists every département."""
    nothing = Measure(None, scale.none_label, ())

    def area(code: str, **place: float | str) -> Area:
        measure = measures.get(code, nothing)
        said = typeset(f"{names.get(code, code)} ({code}) : {measure.said}")
        return Area(code, scale.step(measure.value), said, href(code) if code in measures else "", **place)  # type: ignore[arg-type]

    steps = [scale.step(measures[code].value) if code in measures else 0 for code in names]
    legend = [("map-class-0", f"{scale.none_label} ({steps.count(0)})")]
    legend += [(f"map-class-{k}", f"{said} ({steps.count(k)})") for k, said in enumerate(scale.labels(), start=1)]
    x, y, width, height = _INSET
    return FranceMap(
        title=title,
        view_box=_view_box(),
        mainland=tuple(area(code, path=path) for code, path in sorted(_outlines().items())),
        inset=tuple(area(code, path=_outlines()[code]) for code in ILE_DE_FRANCE),
        inset_view_box=_inset_view_box(),
        inset_at={"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}"},
        inset_label=(f"{x:g}", f"{y - 8:g}"),
        overseas=tuple(
            area(code, x=_INSET[0] + 2 + index % 3 * _SQUARE_STEP, y=2.0 + index // 3 * _SQUARE_STEP, size=_SQUARE)
            for index, code in enumerate(OVERSEAS)
        ),
        legend=tuple(legend),
        columns=columns,
        rows=tuple(
            (code, (f"{names[code]} ({code})", *measures[code].cells)) for code in sorted(names) if code in measures
        ),
    )
