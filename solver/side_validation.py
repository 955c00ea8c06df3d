"""What makes the side constraints of an instance impossible to read: groups, periods or pins that cannot mean anything.

Like `solver.validation`, it judges the question and names the field at fault; everything else of the instance is known
to be readable when this is called.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solver.instance import Instance


def validate_sides(instance: Instance) -> None:
    """Check wholes, bundles, sequences, minimum groups, and that pins place such groups entirely.

    Raises:
        ValueError: naming the field, its row and the value.
    """
    _check_wholes(instance)
    _check_bundles(instance)
    _check_sequences(instance)
    _check_minimums(instance)
    _check_pins(instance)


def _check_wholes(instance: Instance) -> None:
    for name, times in Counter(row.group for row in instance.wholes).items():
        _known_group("wholes.group", name, instance)
        if times > 1:
            raise ValueError(f"wholes: {name!r} appears {times} times")


def _known_group(field: str, name: str, instance: Instance) -> None:
    if name not in instance.group:
        raise ValueError(f"{field}: unknown {name!r}")


def _check_together(field: str, name: str, instance: Instance) -> None:
    """Bundles and sequences are of one pupil, or of pupils who stay together: otherwise who goes where is not said."""
    if instance.group[name].count > 1 and all(row.group != name for row in instance.wholes):
        raise ValueError(f"{field}: group {name!r} counts several pupils and does not stay whole")


def _check_bundles(instance: Instance) -> None:
    known, taken = {row.id: row for row in instance.periods}, defaultdict[str, set[str]](set)
    for row in instance.bundles:
        _known_group("bundles.group", row.group, instance)
        _check_together("bundles.group", row.group, instance)
        where, slots = f"bundles[{row.group!r}].periods", set[str]()
        if len(row.periods) < 2:
            raise ValueError(f"{where}: at least two periods, not {list(row.periods)}")
        taken[row.group] |= instance.group[row.group].periods & set(row.periods)
        for period in row.periods:
            if period not in known:
                raise ValueError(f"{where}: unknown {period!r}")
            if period in taken[row.group]:
                raise ValueError(f"{where}: {period!r} is already a way to place this group")
            taken[row.group].add(period)
            if slots & set(known[period].slots):
                raise ValueError(f"{where}: {period!r} overlaps another period of the bundle")
            slots |= set(known[period].slots)


def _check_sequences(instance: Instance) -> None:
    seen = set[str]()
    for row in instance.sequences:
        where = f"sequences[{list(row.groups)}]"
        if len(row.groups) < 2:
            raise ValueError(f"{where}: at least two groups")
        for name in row.groups:
            _known_group(f"{where}.groups", name, instance)
            _check_together(f"{where}.groups", name, instance)
            if name in seen:
                raise ValueError(f"{where}.groups: {name!r} appears twice among the sequences")
            seen.add(name)
        groups = [instance.group[name] for name in row.groups]
        if len({(group.school, group.count) for group in groups}) > 1:
            raise ValueError(f"{where}: the same pupils are of one school and as many in each group")


def _check_minimums(instance: Instance) -> None:
    for offer in instance.offers:
        where, most = f"offers[{offer.id!r}].min_group", offer.max_per_school
        if offer.min_group is None:
            continue
        if type(offer.min_group) is not int or not 1 <= offer.min_group <= 2_000_000:
            raise ValueError(f"{where}: a whole number between 1 and 2000000, not {offer.min_group!r}")
        if most is not None and offer.min_group > most:
            raise ValueError(f"{where}: {offer.min_group}, and at most {most} pupils of one school")


def _check_pins(instance: Instance) -> None:
    """A pin on pupils who stay together decides for all of them, and for every period of the bundle it is in."""
    rows = defaultdict[str, list[tuple[str, int]]](list)
    for pin in instance.pins:
        if pin.group in instance.units:
            rows[pin.group].append((pin.period, pin.count))
    for name, pinned in rows.items():
        group = instance.group[name]
        ways = [(period,) for period in sorted(group.periods)] + list(instance.bundles_of.get(name, ()))
        foreign = [period for period, _ in pinned if period not in instance.accepted(group)]
        if not foreign and sorted(pinned) not in [sorted((period, group.count) for period in way) for way in ways]:
            raise ValueError(f"pins[{name!r}]: all {group.count} pupils in one period or one bundle, not {pinned}")
