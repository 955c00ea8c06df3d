"""The judge at national size: the plain verifier's verdict and words, without reading every row one by one.

For each property, whole columns are asked whether anything at all could be wrong. Where the answer is not a clear no,
`solver.judge` reads the documents and names the faults: a doubt costs time, never a wrong verdict. A property that is
unknown here, or a round that holds something these columns do not read, is left to it whole. numpy is all that is
needed besides; nothing comes from the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar

import numpy as np

from solver.column_store import Store
from solver.judge.plain.case import ROW_FIELDS, Case
from solver.judge.plain.documents import Row
from solver.judge.plain.prove import FORMATS
from solver.judge.plain.tier_values import tier_faults
from solver.judge.plain.verify import CHECKS, LISTED_FAULTS, RESULT_FIELDS
from solver.large_columns import by_pair, is_rising, looked_up, summed
from solver.large_layout import RESULT_ROWS
from solver.large_reasons import Reasons
from solver.large_round import Round
from solver.large_trips import Lots, squared_metres, tier_values, trip_costs

T = TypeVar("T")
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
"""What a file that is not as it should be, or only unusual, makes the reading of columns raise."""


class Beside(Protocol):
    """Begins some work beside the rest and gives its answer when asked; a `nullcontext` does it only then."""

    def __call__(self, work: Callable[[], T], /) -> AbstractContextManager[Callable[[], T]]: ...


def demand(found: Round) -> bool:
    missing = found.groups.count.copy()
    np.subtract.at(missing, found.trips.group, found.trips.count)
    np.subtract.at(missing, found.left.group, found.left.count)
    return not missing.any()


def level(found: Round) -> bool:
    names, (table, codes), trips = found.groups.levels, found.offers.levels, found.trips
    pair = found.groups.level[trips.group], codes[trips.offer]
    return all_true(by_pair(*pair, len(table), lambda asked, admitted: names[asked] in table[admitted], np.bool_))


def period(found: Round) -> bool:
    (table, codes), trips = found.groups.periods, found.trips
    pair = codes[trips.group], trips.period
    accepted = by_pair(*pair, found.periods, lambda some, one: found.period_names[one] in table[some], np.bool_)
    return all_true(accepted & (found.offers.seats[trips.offer, trips.period] >= 0))


def needs(found: Round) -> bool:
    (asked, codes), (served, served_codes), trips = found.groups.needs, found.offers.serves, found.trips
    pair = codes[trips.group], served_codes[trips.offer]
    return all_true(by_pair(*pair, len(served), lambda some, all_of: {*asked[some]} <= {*served[all_of]}, np.bool_))


def reach(found: Round) -> bool:
    trips, groups = found.trips, found.groups
    squared = squared_metres(found, groups.school[trips.group], trips.offer)
    pair = found.home[groups.school[trips.group]], found.offers.department[trips.offer]
    land = [row["landmass"] for row in found.departments]
    over_land = by_pair(*pair, len(land), lambda home, host: land[home] == land[host], np.bool_)
    return all_true(over_land & (squared < (groups.reach_m[trips.group] + 1) ** 2))


def territory(found: Round) -> bool:
    home, offer = found.home[found.groups.school[found.trips.group]], found.trips.offer
    return all(received[offer[home == code]].all() for code, received in found.received.items())


def departments(found: Round) -> bool:
    (table, codes), trips = found.groups.departments, found.trips
    names, hosts = [row["code"] for row in found.departments], found.offers.department[trips.offer]
    pair = codes[trips.group], hosts
    listed = by_pair(*pair, len(names), lambda some, host: not table[some] or names[host] in table[some], np.bool_)
    return all_true(listed)


def seats(found: Round) -> bool:
    seated, open_seats = found.seated(found.trips), found.offers.seats
    return not ((seated > open_seats) & (open_seats >= 0)).any()


def school_maximum(found: Round) -> bool:
    keys, together = found.together(found.trips)
    offers = keys // found.periods % max(1, len(found.offers.names))
    return not (together > found.offers.most[offers]).any()


def quota_ceiling(found: Round) -> bool:
    ceilings = (row["ceiling"] for row in found.lines)
    through = found.through(found.trips).tolist()
    return all(most is None or count <= most for count, most in zip(through, ceilings, strict=True))


def pin(found: Round) -> bool:
    held, promised = (summed(found.keys(trips), trips.count) for trips in (found.trips, found.pins))
    return not (looked_up(*held, promised[0]) < promised[1]).any()


def ban(found: Round) -> bool:
    return not np.isin(found.trips.group * len(found.offers.names) + found.trips.offer, found.bans).any()


def whole(found: Round) -> bool:
    groups, trips = found.groups, found.trips
    return not (found.whole[trips.group] & (trips.count != groups.count[trips.group])).any()


def identity(found: Round) -> bool:
    """That every name is known and every column of its kind was seen when the round was read."""
    head = {name: value for name, value in found.result.items() if name != "tables"}
    fields = {name: type(value) for name, value in (head | {key: [] for key in RESULT_ROWS}).items()}
    ours = (found.head["format"], head.get("format"), head.get("instance_sha256"))
    once = all(is_rising(np.sort(keys)) for keys in (found.keys(found.trips), found.left.group))
    known = fields == RESULT_FIELDS and are_tiers(head["tiers"])
    return known and once and ours == (*FORMATS[:2], found.sha256)


def are_tiers(rows: Any) -> bool:
    """Whether these are readable rows about tiers."""
    if type(rows) is not list or not all(type(row) is dict for row in rows):
        return False
    return all({name: type(value) for name, value in row.items()} == ROW_FIELDS["tiers"] for row in rows)


def announced_tiers(found: Round) -> bool:
    values = tier_values(found, found.trips, trip_costs(found, Lots(found), found.trips))
    rows: Any = found.result.get("tiers")
    return are_tiers(rows) and not any(tier_faults(found.result.get("status"), rows, found.params["tiers"], values))


def reasons(found: Round) -> bool:
    return Reasons(found).is_told()


def all_true(column: np.ndarray) -> bool:
    return bool(column.all())


CLEAR: dict[str, Callable[[Round], bool]] = {
    check.__name__: check
    for check in (
        *(demand, level, period, needs, reach, territory, departments, seats, school_maximum, quota_ceiling),
        *(pin, ban, whole, identity, announced_tiers, reasons),
    )
}
"""For each property: whether nothing in the round could break it."""
IDENTIFIED = ("identity", "announced_tiers")
"""Those that need the instance's identity, and lots, which are drawn from it: half of the work."""
SILENT = ("reserve", "minimum_group", "bundle", "sequence")
"""Properties of what these columns do not read: nothing can break them where it says nothing."""


def clear(instance: Store, result: Store, beside: Beside = nullcontext) -> set[str]:
    """The properties that nothing in the round could break. `beside` begins those that need no identity."""
    try:
        found = Round(instance, result)
        with beside(partial(_clear, found, {*CLEAR} - {*IDENTIFIED})) as others:
            return {*SILENT} | _clear(found, {*IDENTIFIED}) | others()
    except MALFORMED:
        return set()


def _clear(found: Round, names: set[str]) -> set[str]:
    return {name for name in names if CLEAR[name](found)}


def verify_large(
    instance: Store, result: Store, documents: Callable[[], tuple[Row, Row]], beside: Beside = nullcontext
) -> list[str]:
    """Every fault, as `solver.judge.plain.verify` names them.

    `documents` gives the two documents that the columns hold: it is only called when something has to be named.

    Raises:
        What `documents` does.
    """
    settled = clear(instance, result, beside)
    doubtful = {name: check for name, check in CHECKS.items() if name not in settled}
    if not doubtful:
        return []
    case = Case(*documents())
    return [f"{name}: {fault}" for name, check in doubtful.items() for fault in islice(check(case), LISTED_FAULTS)]
