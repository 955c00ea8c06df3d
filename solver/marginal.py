"""Where one more seat would place one more pupil: exact for the first aim, and without solving anything again.

One more seat at a full opening, or one more pupil under a quota line's ceiling, places one more pupil if and only if an
unplaced pupil can get to it and a pupil there can go on to the sink, both in the residual network of placements that
leave as few pupils unplaced as possible. It places at most one; who gains is for the later aims to say.

A seat that does not exist yet is described by département, level, period and sector. Its takers are the pupils of the
département's schools, of that level, who accept that period and rank that sector (pupils who rank nothing take any):
`unplaced` counts those without a place, `movers` those placed who, by taking it, would leave a place from which a chain
of moves ends with an unplaced pupil, of any school. One such seat, within the takers' reach, admitting them and outside
saturated lines, places one more pupil when there is a taker. Both are pupils who *could* take the seat, so the counts
of two cells may not be added: the same pupil may be in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.arrays import Bools, Ints, find, ints, runs
from solver.files import instance_sha256
from solver.instance import Instance
from solver.loosened import loosen
from solver.parts import Parts, gather
from solver.residual import Residual, build_residual
from solver.result import Result
from solver.sides import Sides


@dataclass(frozen=True, slots=True)
class NewSeat:
    """Who could take one more seat there: pupils without a place, and placed pupils whose move would place another."""

    department: str
    level: str
    period: str
    sector: str
    unplaced: int
    movers: int


@dataclass(frozen=True, slots=True)
class MarginalValues:
    """What one more would place: openings (offer, period) and lines worth one pupil, the others being worth none.

    Rows are sorted; cells without takers are left out.
    """

    unplaced: int
    openings: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    new_seats: tuple[NewSeat, ...]


Known = tuple[Parts, Residual]
"""What `residual_of` or `as_placed` gives. Who asks several questions of a result asks it once, and hands it on."""


def marginal_values(instance: Instance, result: Result, known: Known | None = None) -> MarginalValues:
    """The value of one more seat at each opening, under each line, and in each département, level, period and sector.

    Raises:
        ValueError: the result is another instance's, or leaves more pupils unplaced than it must.
    """
    parts, residual = known or residual_of(instance, result)
    waiting = residual.unplaced > 0
    if Sides(instance).exist:  # moving others may place somebody at once: such an answer is left open
        waiting &= ~residual.reaches_sink[: len(waiting)]
    reached = residual.reached_from(np.flatnonzero(waiting))
    if reached[-1]:
        raise ValueError("assignments: more pupils could be placed, so no seat has a value yet")
    return MarginalValues(
        unplaced=sum(row.count for row in result.unplaced),
        openings=tuple(opening_name(parts, i) for i in np.flatnonzero(openings_worth_one(residual, reached)).tolist()),
        lines=tuple(instance.lines[i].id for i in np.flatnonzero(lines_worth_one(residual, reached)).tolist()),
        new_seats=_new_seats(parts, residual, reached),
    )


def residual_of(instance: Instance, result: Result, split: frozenset[str] = frozenset()) -> Known:
    """The instance in columns, and the residual network of a result's placements: both as `solver.loosened` reads them.

    Raises:
        ValueError: the result is another instance's, or has no placements because its pins cannot hold.
    """
    _check(instance, result)
    return _columns(*loosen(instance, result, split))


def as_placed(instance: Instance, result: Result) -> Known:
    """The same for who only counts who is where, and moves nobody: nothing is held, nobody renamed.

    Raises:
        ValueError: as `residual_of`, which gives the same for a round without side constraints.
    """
    _check(instance, result)
    return _columns(instance, result)


def _columns(instance: Instance, result: Result) -> Known:
    parts = gather(instance)
    return parts, build_residual(parts, result.assignments)


def _check(instance: Instance, result: Result) -> None:
    if result.instance_sha256 != instance_sha256(instance):
        raise ValueError("instance_sha256: the result belongs to another instance")
    if result.diagnosis and not result.assignments:
        raise ValueError(f"diagnosis: {result.diagnosis}")


def openings_worth_one(residual: Residual, reached: Bools) -> Bools:
    """The openings where one more seat places one more of the pupils from whom these nodes are reached."""
    return reached[residual.opening] & residual.reaches_sink[residual.above_opening]


def lines_worth_one(residual: Residual, reached: Bools) -> Bools:
    """The quota lines of which the same is true."""
    return reached[residual.line] & residual.reaches_sink[residual.above_line]


def opening_name(parts: Parts, number: int) -> tuple[str, str]:
    """Offer and period of an opening."""
    instance, supply = parts.instance, parts.supply
    offer, period = int(supply.opening_offer[number]), int(supply.opening_period[number])
    return instance.offers[offer].id, instance.periods[period].id


def _new_seats(parts: Parts, residual: Residual, reached: Bools) -> tuple[NewSeat, ...]:
    """Each reached class counts in every cell of its département and level that its periods and wishes admit, unless
    it may not go to a place of its own département."""
    instance, demand = parts.instance, parts.demand
    places = [(instance.schools[school].department, level) for school, level, *_ in demand.profiles]
    stays = np.array([not row[-1] or here in row[-1] for row, (here, _) in zip(demand.profiles, places, strict=True)])
    classes = np.flatnonzero(reached[: len(demand.class_left)] & stays.astype(np.bool_)[demand.class_profile])
    sectors = sorted({*parts.supply.sectors, *(name for wishes in demand.wish_lists for name in wishes)})
    known, place_of_profile = _numbered(places)
    number = {name: i for i, name in enumerate(sectors)}
    wished = [[number[name] for name in wishes] or list(number.values()) for wishes in demand.wish_lists]
    classes, period = _unfold(classes, demand.class_periods, demand.period_sets)
    at = np.arange(len(classes), dtype=np.int64)
    at, sector = _unfold(at, demand.class_wishes[classes], wished)
    place = place_of_profile[demand.class_profile[classes[at]]]
    key = (place * len(instance.periods) + period[at]) * max(1, len(sectors)) + sector
    cells = np.unique(key)
    cell = find(cells, key)[0]
    unplaced = np.bincount(cell, residual.unplaced[classes[at]], len(cells)).astype(np.int64)
    movers = np.bincount(cell, residual.movable[classes[at]], len(cells)).astype(np.int64)
    rows = []
    for found, left, placed in zip(cells.tolist(), unplaced.tolist(), movers.tolist(), strict=True):
        rest, which = divmod(found, max(1, len(sectors)))
        where, when = divmod(rest, len(instance.periods))
        (department, level), period_id = known[where], instance.periods[when].id
        rows.append(NewSeat(department, level, period_id, sectors[which], left, placed))
    kept = (row for row in rows if row.unplaced + row.movers)
    return tuple(sorted(kept, key=lambda row: (row.department, row.level, row.period, row.sector)))


def _numbered(places: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], Ints]:
    """The different places in order, and the number of each one given."""
    known = sorted(set(places))
    number = {place: i for i, place in enumerate(known)}
    return known, ints([number[place] for place in places])


def _unfold(rows: Ints, kind: Ints, members: list[list[int]] | tuple[tuple[int, ...], ...]) -> tuple[Ints, Ints]:
    """One row per member of each row's kind. `kind` is indexed by row."""
    sizes = ints([len(each) for each in members])
    flat = ints([value for each in members for value in each])
    mine = kind[rows]
    return np.repeat(rows, sizes[mine]), flat[runs((np.cumsum(sizes) - sizes)[mine], sizes[mine])]
