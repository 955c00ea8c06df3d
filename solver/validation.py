"""What makes an instance impossible to read: unknown names, absurd counts, trees that are no trees, clashing pins.

It judges the question, never the answer (that is `solver.judge`), and every message names the field at fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from solver.side_validation import validate_sides

if TYPE_CHECKING:
    from solver.instance import Instance

MAX_COUNT = 2_000_000
"""Pupils or seats in one row: above any real row, below what could overflow a sum of costs."""
MAX_PUPILS = 10_000_000
"""Pupils in all: ten times a French year group; keeps every tier's sum far below 2**62."""
MAX_LINES_ABOVE = 50
"""Far above any tree of territories and federations: walking up from each offer stays short."""
MAX_PRICE = 1_000
"""Seats that one pupil above a ceiling may be worth."""
MAX_REACH_M = 2_000_000
EARTH_LIMIT_M = 6_400_000


def validate(instance: Instance) -> None:
    """Check every row and every reference.

    Raises:
        ValueError: naming the field, its row and the value.
    """
    _unique("departments", (row.code for row in instance.departments))
    for name in ("schools", "periods", "offers", "groups", "lines"):
        _unique(name, (row.id for row in getattr(instance, name)))
    _check_places(instance)
    _check_lines(instance)
    _check_offers(instance)
    _check_groups(instance)
    _check_pins(instance)
    _check_announced(instance)
    validate_sides(instance)


def _unique(field: str, ids: Iterable[str]) -> None:
    ids = list(ids)
    if len(set(ids)) == len(ids) and {*map(type, ids)} <= {str} and all(ids):
        return
    for identifier, times in Counter(ids).items():
        if not isinstance(identifier, str) or not identifier:
            raise ValueError(f"{field}: an identifier is a non-empty string, not {identifier!r}")
        if times > 1:
            raise ValueError(f"{field}: {identifier!r} appears {times} times")


def _once(field: str, keys: Iterable[tuple[str, ...]]) -> None:
    for key, times in Counter(keys).items():
        if times > 1:
            raise ValueError(f"{field}: {list(key)} appears {times} times")


def _known(field: str, value: str, among: Mapping[str, object]) -> None:
    if value not in among:
        raise ValueError(f"{field}: unknown {value!r}")


def _is_whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _whole(field: str, value: object, low: int, high: int) -> None:
    if not _is_whole(value, low, high):
        raise ValueError(f"{field}: a whole number between {low} and {high}, not {value!r}")


def _check_places(instance: Instance) -> None:
    for kind, rows in (("schools", instance.schools), ("offers", instance.offers)):
        for row in rows:
            _known(f"{kind}[{row.id!r}].department", row.department, instance.department)
            if len(row.position) != 3:
                raise ValueError(f"{kind}[{row.id!r}].position: three geocentric metres, not {row.position!r}")
            for value in row.position:
                _whole(f"{kind}[{row.id!r}].position", value, -EARTH_LIMIT_M, EARTH_LIMIT_M)
    for school in instance.schools:
        _known(f"schools[{school.id!r}].priority", school.priority, instance.params.priority_weights)
    for period in instance.periods:
        if not period.slots or len(set(period.slots)) != len(period.slots):
            raise ValueError(f"periods[{period.id!r}].slots: one or more different slots, not {period.slots!r}")


def _check_lines(instance: Instance) -> None:
    for line in instance.lines:
        where = f"lines[{line.id!r}]"
        for name, value in (("ceiling", line.ceiling), ("commitment", line.commitment)):
            if value is not None:
                _whole(f"{where}.{name}", value, 0, MAX_COUNT)
        if line.overflow_price is not None:
            _whole(f"{where}.overflow_price", line.overflow_price, 1, MAX_PRICE)
            if line.ceiling is None or line.parent is None:
                raise ValueError(f"{where}.overflow_price: only of a ceiling, and inside a wider line")
        seen = {line.id}
        parent = line.parent
        while parent is not None:
            _known(f"{where}.parent", parent, instance.line)
            if parent in seen:
                raise ValueError(f"{where}.parent: {parent!r} is its own ancestor, quota lines form no tree")
            seen.add(parent)
            if len(seen) > MAX_LINES_ABOVE:
                raise ValueError(f"{where}.parent: more than {MAX_LINES_ABOVE} lines one above the other")
            parent = instance.line[parent].parent


def _check_offers(instance: Instance) -> None:
    for offer in instance.offers:
        where = f"offers[{offer.id!r}]"
        if not offer.levels:
            raise ValueError(f"{where}.levels: at least one level")
        for period, seats in offer.seats.items():
            _known(f"{where}.seats", period, instance.period)
            _whole(f"{where}.seats[{period!r}]", seats, 0, MAX_COUNT)
        if offer.max_per_school is not None:
            _whole(f"{where}.max_per_school", offer.max_per_school, 1, MAX_COUNT)
        for name, seats in offer.reserved.items():
            _check_category(instance, f"{where}.reserved", name)
            _whole(f"{where}.reserved[{name!r}]", seats, 1, MAX_COUNT)
        if offer.line is not None:
            _known(f"{where}.line", offer.line, instance.line)
        for line in instance.ancestry(offer.line):
            level = instance.line[line].level
            if level is not None and offer.levels != {level}:
                raise ValueError(f"{where}.levels: under line {line!r} only {level!r}, not {sorted(offer.levels)}")
        for code in offer.admits or ():
            _known(f"{where}.admits", code, instance.department)


def _check_category(instance: Instance, field: str, name: str) -> None:
    """A priority class, or one school by its name."""
    kind, _, school = name.partition(":")
    if name in instance.params.priority_weights:
        return
    if kind != "school":
        raise ValueError(f"{field}: a priority class or 'school:<id>', not {name!r}")
    _known(field, school, instance.school)


def _check_groups(instance: Instance) -> None:
    """Groups may be as many as pupils: a field at fault is only named once it is found."""
    schools, known = instance.school, {group.periods for group in instance.groups}
    known = {periods for periods in known if periods <= instance.period.keys()}
    for group in instance.groups:
        if group.school not in schools:
            _known(f"groups[{group.id!r}].school", group.school, schools)
        if not _is_whole(group.count, 1, MAX_COUNT):
            _whole(f"groups[{group.id!r}].count", group.count, 1, MAX_COUNT)
        if not _is_whole(group.reach_m, 0, MAX_REACH_M):
            _whole(f"groups[{group.id!r}].reach_m", group.reach_m, 0, MAX_REACH_M)
        if group.periods not in known:
            for period in group.periods:
                _known(f"groups[{group.id!r}].periods", period, instance.period)
        for code in group.departments:
            _known(f"groups[{group.id!r}].departments", code, instance.department)
        if len(set(group.wishes)) != len(group.wishes):
            raise ValueError(f"groups[{group.id!r}].wishes: the same sector is ranked twice in {list(group.wishes)}")
    total = sum(group.count for group in instance.groups)
    if total > MAX_PUPILS:
        raise ValueError(f"groups: {total} pupils in all, more than {MAX_PUPILS}")


def _check_announced(instance: Instance) -> None:
    """What was told may no longer hold (a host has closed, a pupil has left): it only has to be about known things."""
    _once("announced", ((row.group, row.offer, row.period) for row in instance.announced))
    for row in instance.announced:
        _known("announced.group", row.group, instance.group)
        _known("announced.offer", row.offer, instance.offer)
        _known("announced.period", row.period, instance.period)
        _whole(f"announced[{row.group!r}].count", row.count, 1, MAX_COUNT)


def _check_pins(instance: Instance) -> None:
    banned = {(ban.group, ban.offer) for ban in instance.bans}
    _once("bans", ((ban.group, ban.offer) for ban in instance.bans))
    _once("pins", ((pin.group, pin.offer, pin.period) for pin in instance.pins))
    for ban in instance.bans:
        _known("bans.group", ban.group, instance.group)
        _known("bans.offer", ban.offer, instance.offer)
    pinned: Counter[str] = Counter()
    for pin in instance.pins:
        _known("pins.group", pin.group, instance.group)
        _known("pins.offer", pin.offer, instance.offer)
        _whole(f"pins[{pin.group!r}].count", pin.count, 1, MAX_COUNT)
        group, offer = instance.group[pin.group], instance.offer[pin.offer]
        if pin.period not in offer.seats:
            raise ValueError(f"pins[{pin.group!r}].period: offer {pin.offer!r} does not open {pin.period!r}")
        if (pin.group, pin.offer) in banned:
            raise ValueError(f"pins[{pin.group!r}]: also banned from {pin.offer!r}")
        if group.level not in offer.levels:
            raise ValueError(f"pins[{pin.group!r}]: offer {pin.offer!r} does not admit {group.level!r}")
        pinned[pin.group] += pin.count * instance.is_counted(pin.group, pin.period)
    for identifier, count in pinned.items():
        if count > instance.group[identifier].count:
            raise ValueError(f"pins[{identifier!r}].count: {count} pins for {instance.group[identifier].count} pupils")
