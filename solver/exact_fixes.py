"""Fixes smaller than those that move nobody held by a side rule, where few enough pupils are concerned to be sure.

`solver.smallest_fix` leaves a group kept together where it is; moving it may make a smaller change do. In a component
that CP-SAT decides whole, every smaller number (a seat, a pupil under a ceiling or a maximum) is tried, the smallest
first: the component is decided again with it, for the first aim alone, and it is a fix when more are placed. In a
larger component or round, or once `TRIALS` are used up, what was found stands. It changes no placement, and tries no
change of a pupil or of a site's rules: those already found stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace

from solver.arrays import Ints
from solver.blocks import SMALL, components
from solver.bundles import place_exactly
from solver.files import instance_sha256
from solver.fix import Fix, FixKind, apply_fix
from solver.geography import trip_m
from solver.instance import Group, Instance
from solver.model import build_network
from solver.params import Tier
from solver.parts import gather
from solver.pins import broken_rule
from solver.sides import pupils_placed
from solver.tiers import names_of

TRIALS, EFFORT = 60, 0.2
"""Changes tried for a whole round, and CP-SAT's deterministic time for each, near a second in five."""
MOST_GROUPS = 20_000
"""In a larger round, listing components would take longer than all that is told of it."""
NUMBERS = (FixKind.SEAT, FixKind.QUOTA, FixKind.MAXIMUM)
Fixes = Mapping[str, tuple[Fix, ...]]


def with_smaller(instance: Instance, found: Fixes) -> dict[str, tuple[Fix, ...]]:
    """The same, each list begun by the smaller change that moving groups kept together makes possible, if there is one.

    In the order of names, as far as the trials go; a fix of the same kind is replaced.
    """
    better, left = dict(found), TRIALS
    if not found or len(instance.groups) > MOST_GROUPS:
        return better
    label = _labels(instance)
    number, bases = {group.id: i for i, group in enumerate(instance.groups)}, dict[int, _Part | None]()
    for name in sorted(found):
        one = int(label[number[name]])
        if one not in bases:
            bases[one] = _Part.of(
                instance, {row.id for row, at in zip(instance.groups, label, strict=True) if at == one}
            )
        part = bases[one]
        for fix in _smaller(instance, instance.group[name], found[name][:1]) if part is not None else ():
            if not left:
                return better
            left -= 1
            if part is not None and part.gains_by(fix):
                better[name] = (fix, *(each for each in found[name] if each.kind is not fix.kind))
                break
    return better


def _labels(instance: Instance) -> Ints:
    """The component of each group, whatever number is raised: with no ceiling, and a seat more everywhere."""
    offers = (replace(row, seats={when: seats + 1 for when, seats in row.seats.items()}) for row in instance.offers)
    loose = replace(
        instance,
        offers=tuple(replace(row, max_per_school=None) for row in offers),
        lines=tuple(replace(row, ceiling=None, overflow_price=None) for row in instance.lines),
    )
    parts = gather(loose)
    return components(parts, build_network(parts))


@dataclass(frozen=True)
class _Part:
    """A component as a round of its own, and the most of its pupils that can be placed."""

    instance: Instance
    most: int

    @classmethod
    def of(cls, instance: Instance, names: Set[str]) -> _Part | None:
        """None if it is too large, or its best answer not sure."""
        if len(names) > SMALL:
            return None
        alone = _alone(instance, names)
        most = _most_placed(alone)
        return None if most is None else cls(alone, most)

    def gains_by(self, fix: Fix) -> bool:
        most = _most_placed(apply_fix(self.instance, fix))
        return most is not None and most > self.most


def _alone(instance: Instance, names: Set[str]) -> Instance:
    """These groups, and of the others those whom pins already place."""
    pinned = dict.fromkeys((pin.group for pin in instance.pins), 0)
    for pin in instance.pins:
        pinned[pin.group] += pin.count
    others = (replace(row, count=pinned[row.id]) for row in instance.groups if row.id not in names and row.id in pinned)
    there = names | pinned.keys()
    return replace(
        instance,
        groups=(*(row for row in instance.groups if row.id in names), *others),
        bans=tuple(row for row in instance.bans if row.group in there),
        announced=tuple(row for row in instance.announced if row.group in names),
        wholes=tuple(row for row in instance.wholes if row.group in names),
        bundles=tuple(row for row in instance.bundles if row.group in names),
        sequences=tuple(row for row in instance.sequences if names >= {*row.groups}),
    )


def _most_placed(instance: Instance) -> int | None:
    """How many pupils can be placed at most; None if that is not sure, or the round too large."""
    parts = gather(instance)
    network = build_network(parts)
    if len(network.tail) > SMALL:
        return None
    exact = place_exactly(parts, network, names_of(parts, instance_sha256(instance)), (Tier.PLACED,), EFFORT)
    if exact is None or exact.gaps[:1] != (0,):
        return None
    return sum(pupils_placed(instance, exact.rows).values())


def _smaller(instance: Instance, group: Group, first: tuple[Fix, ...]) -> Iterator[Fix]:
    """Every change of a number that is smaller than the first found, the smallest first; all of them if none was."""
    for kind in NUMBERS:
        known = next((fix for fix in first if fix.kind is kind), None)
        places = sorted(_places(instance, group, kind))
        for more in range(1, group.count + 1 if group.id in instance.units else 2):
            for _, offer, period, line in places:
                fix = Fix(kind, group.id, offer, period, line, more=more)
                if fix == known or (
                    kind is FixKind.MAXIMUM and known is not None and offer == known.offer and more == known.more
                ):
                    return
                yield fix
        if known is not None:
            return


def _places(instance: Instance, group: Group, kind: FixKind) -> Iterator[tuple[int, str, str, str]]:
    """What may be raised: the trip, the site and period, or the line."""
    if kind is FixKind.QUOTA:
        yield from ((0, "", "", line.id) for line in instance.lines if line.hard_ceiling is not None)
        return
    school = instance.school[group.school]
    for offer in instance.offers:
        trip = trip_m(school.position, offer.position)
        open_to = [
            when for when in offer.seats if broken_rule(instance, group, offer, instance.period[when].id) is None
        ]
        if kind is FixKind.SEAT:
            yield from ((trip, offer.id, when, "") for when in open_to)
        elif open_to and offer.max_per_school is not None:
            yield trip, offer.id, open_to[0], ""
