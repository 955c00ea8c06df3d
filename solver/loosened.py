"""A round with side constraints, read as a plain one: whatever they touch is held where it is, and the rest may move.

Groups placed at once or not at all, and all who are at an offer with a minimum group or with overlapping periods, are
pinned there under a name of their own; such offers take nobody else. So every move that the residual network of this
round allows breaks no side constraint of the other: what it finds is true. What only moving somebody held would find
is not looked for here, and whoever tells of it says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from solver.instance import Group, Instance, Pin
from solver.result import Assignment, Result
from solver.sides import Row, Sides


def loosen(instance: Instance, result: Result, split: frozenset[str] = frozenset()) -> tuple[Instance, Result]:
    """The plain instance and its placements; a plain one as it is.

    Of the groups that stay whole, those without a place never asked, but for those to `split`, who may go anywhere one
    by one.
    """
    sides = Sides(instance)
    if not sides.exist:
        return instance, result
    closed = sides.minimum.keys() | sides.shared.keys()
    held = [row for row in result.assignments if row.group in instance.units or row.offer in closed]
    names = {_place(row): " ".join(_place(row)) for row in held}
    gone, kept = Counter[str](), [row for row in result.assignments if _place(row) not in names]
    for row in held:
        gone[row.group] += row.count
    for name in instance.units - split:
        gone[name] = instance.group[name].count
    groups = [replace(row, count=row.count - gone[row.id]) for row in instance.groups if gone[row.id] < row.count]
    standing = [_standing(instance, row, names[_place(row)]) for row in held]
    pins = [pin for pin in instance.pins if _place(pin) not in names]
    pins += [Pin(names[_place(row)], row.offer, row.period, row.count) for row in held]
    there = {row.id for row in groups}
    offers = (replace(row, min_group=None, admits=frozenset()) if row.id in closed else row for row in instance.offers)
    plain = replace(
        instance,
        groups=(*groups, *standing),
        offers=tuple(offers),
        pins=tuple(pins),
        bans=tuple(ban for ban in instance.bans if ban.group in there),
        announced=(),
        wholes=(),
        bundles=(),
        sequences=(),
    )
    rows = (*kept, *(Assignment(pin.group, pin.offer, pin.period, pin.count) for pin in pins if pin.group not in there))
    left = tuple(row for row in result.unplaced if row.group in there)
    return plain, replace(result, assignments=rows, unplaced=left)


def _place(row: Row) -> tuple[str, str, str]:
    return row.group, row.offer, row.period


def _standing(instance: Instance, row: Assignment, name: str) -> Group:
    return replace(instance.group[row.group], id=name, count=row.count, periods=frozenset({row.period}))
