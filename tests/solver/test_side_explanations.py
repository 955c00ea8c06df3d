"""Rounds with groups kept together are explained too: what is told of them is true of them, not of single pupils."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from solver.files import instance_sha256
from solver.fix import Fix, FixKind, apply_fix
from solver.higher import HigherReason
from solver.instance import Bundle, Group, Instance, Offer, Pin, QuotaLine, Whole
from solver.marginal import marginal_values
from solver.pins import broken_rule
from solver.result import Result
from solver.sides import Sides
from solver.smallest_fix import find_fixes
from solver.solve import solve
from solver.unused_seats import UnusedReason, unused_seats
from solver.why_here import why_here
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.tiny_sides import SideExhaustion, tiny_sides


@cache
def explained_rounds(seed: int, times: int) -> tuple[tuple[Instance, Result], ...]:
    return tuple(_draw(Random(f"{seed} explained"), times))


def _draw(random: Random, times: int) -> Iterator[tuple[Instance, Result]]:
    for _ in range(times):
        instance = tiny_sides(random)
        result = solve(instance)
        if Sides(instance).exist and result.unplaced and not result.diagnosis:
            yield instance, result


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 500 if pytestconfig.getoption("--full") else 50


def fewest_left(instance: Instance) -> int:
    """Pupils without a place in the best of all answers, listed one by one."""
    best = SideExhaustion(instance, instance_sha256(instance)).best()
    assert best is not None
    return best[0]


def test_every_fix_places_more(seed: int, times: int) -> None:
    """Whatever is proposed to a group kept together, or to a pupil beside one, fewer are then left out at best."""
    kinds = Counter[FixKind]()
    for instance, result in explained_rounds(seed, times):
        fixes = find_fixes(instance, result)
        assert fixes.keys() == {row.group for row in result.unplaced}
        for fix in (fix for each in fixes.values() for fix in each):
            kinds[fix.kind] += 1
            assert fewest_left(apply_fix(instance, fix)) < fewest_left(instance), fix
    assert len(kinds) >= 3, kinds


def test_every_opening_said_to_be_worth_one_is(seed: int, times: int) -> None:
    """One more seat where the map says so, or one more pupil under a line, and fewer are left out."""
    for instance, result in explained_rounds(seed, times):
        values = marginal_values(instance, result)
        assert values.unplaced == sum(row.count for row in result.unplaced)
        raised = [Fix(FixKind.SEAT, instance.groups[0].id, *opening) for opening in values.openings]
        raised += [Fix(FixKind.QUOTA, instance.groups[0].id, line=line) for line in values.lines]
        for change in raised:
            assert fewest_left(apply_fix(instance, change)) < fewest_left(instance), change


def test_free_seats_said_to_be_too_few_are(seed: int, times: int) -> None:
    """Who has no place and could come is more than there is room for, or fewer than is received, and never alone."""
    for instance, result in explained_rounds(seed, times):
        left = {row.group for row in result.unplaced}
        for row in unused_seats(instance, result):
            assert row.reason is not UnusedReason.COULD_BE_USED or result.tiers[0].bound < result.tiers[0].value
            if row.reason is UnusedReason.GROUP_TOO_LARGE:
                coming = [instance.group[name] for name in left if _may_come(instance, name, row.offer, row.period)]
                assert coming
                assert any(one.count > 1 and one.id in instance.units for one in coming)


def _may_come(instance: Instance, name: str, host: str, period: str) -> bool:
    return broken_rule(instance, instance.group[name], instance.offer[host], period) is None


def class_of_four(*offers: Offer, count: int = 4, **changes: Any) -> tuple[Instance, Result]:
    """A class that stays whole before these offers."""
    instance = world(
        offers=offers,
        groups=(group(count=count, **changes),),
        wholes=(Whole("group"),),
        lines=(QuotaLine("line", ceiling=2),),
    )
    return instance, solve(instance)


@pytest.mark.parametrize(
    ("host", "fix"),
    [
        (offer(seats={"p": 3}), Fix(FixKind.SEAT, "group", "offer", "p")),
        (offer(seats={"p": 2}), Fix(FixKind.SEAT, "group", "offer", "p", more=2)),
        (offer(seats={"p": 9}, line="line"), Fix(FixKind.QUOTA, "group", line="line", more=2)),
        (offer(seats={"p": 9}, max_per_school=3), Fix(FixKind.MAXIMUM, "group", "offer", "p")),
        (offer(seats={"q": 4}), Fix(FixKind.PERIOD, "group", "offer", "q")),
        (offer(seats={"p": 4}, department="E"), Fix(FixKind.DEPARTMENT, "group", "offer", "p")),
        (offer(seats={"p": 4}, position=at_km(33)), Fix(FixKind.REACH, "group", "offer", "p", "", 33_000, 3)),
    ],
)
def test_a_class_is_told_by_how_much(host: Offer, fix: Fix) -> None:
    """Four who stay together before three seats miss one, before two they miss two; so with a ceiling or a maximum."""
    instance, result = class_of_four(host, departments=frozenset("A"))
    first = find_fixes(instance, result)["group"][0]
    assert first == fix
    assert solve(apply_fix(instance, first)).placed == 4


def test_a_class_that_could_be_split_is_told_so() -> None:
    """Before three seats the class itself may give way: three of its four pupils would go."""
    instance, result = class_of_four(offer(seats={"p": 3}))
    kinds = {fix.kind: fix for fix in find_fixes(instance, result)["group"]}
    assert solve(apply_fix(instance, kinds[FixKind.SPLIT])).placed == 3
    assert FixKind.SPLIT not in {fix.kind for fix in find_fixes(*class_of_four(offer(seats={"q": 4})))["group"]}


def test_seats_too_few_for_a_class() -> None:
    """Three seats stay empty before a class of four, or for want of a second week, or of mates of the same school."""
    assert [row.reason for row in unused_seats(*class_of_four(offer(seats={"p": 3})))] == [UnusedReason.GROUP_TOO_LARGE]
    alone = world(offers=(offer(seats={"p": 3}, min_group=2),), groups=(group(),))
    assert [row.reason for row in unused_seats(alone, solve(alone))] == [UnusedReason.MINIMUM_GROUP]
    twice = replace(
        world(offers=(offer(seats={"p": 3}),), groups=(group(periods=frozenset()),)),
        bundles=(Bundle("group", ("p", "q")),),
    )
    assert [row.reason for row in unused_seats(twice, solve(twice))] == [UnusedReason.OTHER_PLACEMENT]


def ranked(near: Offer, **changes: Any) -> HigherReason:
    """Why a class of four placed in its second wish is not in its first, at `near`."""
    far = offer(id="far", seats={"p": 4}, sector="y")
    people: Group = group(count=4, wishes=("x", "y"))
    instance = world(offers=(replace(near, sector="x"), far), groups=(people,), wholes=(Whole("group"),), **changes)
    (row,) = why_here(instance, solve(instance))
    assert row.rank == 2
    return row.higher[0].reason


def test_why_a_class_is_not_in_its_first_wish() -> None:
    """Three free seats there are too few for four; five are received at least; pinned, it stays."""
    assert ranked(offer(seats={"p": 3})) is HigherReason.GROUP_TOO_LARGE
    assert ranked(offer(seats={"p": 9}, min_group=5)) is HigherReason.MINIMUM_GROUP
    assert ranked(offer(seats={"p": 9}), pins=(Pin("group", "far", "p", 4),)) is HigherReason.PINNED


def test_sabotage_a_class_taken_for_single_pupils(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more seat beside a pupil places nobody of a class of four; read as single pupils, it would."""
    people = group(id="alone"), group(id="class", count=4)
    instance = world(offers=(offer(seats={"p": 1}),), groups=people, wholes=(Whole("class"),))
    result = solve(instance)
    assert marginal_values(instance, result).openings == ()
    monkeypatch.setattr("solver.marginal.loosen", lambda instance, result, _split: (instance, result))
    assert marginal_values(instance, result).openings == (("offer", "p"),)
    assert solve(apply_fix(instance, Fix(FixKind.SEAT, "class", "offer", "p"))).placed == result.placed
