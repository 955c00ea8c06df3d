"""The smallest number that would place one more, where moving those whom a side rule holds is what makes it enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from solver import exact_fixes
from solver.files import instance_sha256
from solver.fix import Fix, FixKind, apply_fix
from solver.instance import Instance
from solver.pins import broken_rule
from solver.result import Result
from solver.sides import Sides
from solver.smallest_fix import find_fixes
from solver.solve import solve
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.test_side_explanations import explained_rounds, fewest_left
from tests.solver.tiny_sides import SideExhaustion


def two_meet_and_one_is_left() -> tuple[Instance, Result]:
    """A site takes two pupils of a school at least and has two seats; the next site is three kilometres too far."""
    meeting, far = offer(seats={"p": 2}, min_group=2), offer(id="far", seats={"p": 1}, position=at_km(33))
    instance = world(offers=(meeting, far), groups=(group(count=3),))
    return instance, solve(instance)


def test_a_seat_where_pupils_only_come_together() -> None:
    """One more seat lets the third pupil join the two: said before the kilometres it would take to go elsewhere."""
    instance, result = two_meet_and_one_is_left()
    fixes = find_fixes(instance, result)["group"]
    assert fixes[0] == Fix(FixKind.SEAT, "group", "offer", "p")
    assert solve(apply_fix(instance, fixes[0])).placed == 3
    assert FixKind.REACH in {fix.kind for fix in fixes[1:]}


def test_a_larger_round_keeps_what_moves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the component is too large, or no trial is left, fixes are those that leave everybody held where he is."""
    instance, result = two_meet_and_one_is_left()
    for name, value in (("SMALL", 0), ("TRIALS", 0)):
        with monkeypatch.context() as changed:
            changed.setattr(exact_fixes, name, value)
            assert find_fixes(instance, result)["group"][0].kind is FixKind.REACH


def numbers(instance: Instance, name: str) -> Iterator[Fix]:
    """Every number that may be raised for a group, the first kind first, then by how much, then the nearest.

    A ceiling only counts above a host where the group may go: another's place is not the group's.
    """
    asking = instance.group[name]
    most = asking.count if name in instance.units else 1
    school = instance.school[asking.school].position
    near = sorted(
        instance.offers, key=lambda row: (sum((a - b) ** 2 for a, b in zip(school, row.position, strict=True)), row.id)
    )
    open_to = [
        (host, when) for host in near for when in sorted(host.seats) if not broken_rule(instance, asking, host, when)
    ]
    above = {line for host, _ in open_to if host.line is not None for line in instance.ancestry(host.line)}
    for more in range(1, most + 1):
        yield from (Fix(FixKind.SEAT, name, host.id, when, more=more) for host, when in open_to)
    for more in range(1, most + 1):
        yield from (
            Fix(FixKind.QUOTA, name, line=line.id, more=more)
            for line in instance.lines
            if line.hard_ceiling is not None and line.id in above
        )


def missed(instance: Instance, result: Result) -> list[Fix]:
    """The numbers smaller than the first fix told, after which fewer are left out in the best of all answers."""
    found = list[Fix]()
    best = fewest_left(instance)
    for name, fixes in find_fixes(instance, result).items():
        first = fixes[0] if fixes else None
        for fix in numbers(instance, name):
            if first is not None and (fix.kind, fix.more) == (first.kind, first.more):
                break
            if first is not None and list(FixKind).index(first.kind) < list(FixKind).index(fix.kind):
                break
            if fewest_left(apply_fix(instance, fix)) < best:
                found.append(fix)
    return found


def settled_rounds(seed: int, times: int) -> Iterator[tuple[Instance, Result]]:
    """Rounds with side rules in which as many are placed as can be."""
    for instance, result in explained_rounds(seed, times):
        best = SideExhaustion(instance, instance_sha256(instance)).best()
        if Sides(instance).exist and best is not None and result.tiers[0].value == best[0]:
            yield instance, result


def test_no_smaller_number_would_do(seed: int, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among all answers, listed one by one, no smaller seat or ceiling than the one told places one more."""
    monkeypatch.setattr(exact_fixes, "TRIALS", 10_000)
    rounds = [*settled_rounds(seed, 300 if pytestconfig.getoption("--full") else 15)]
    assert rounds
    for instance, result in rounds:
        assert missed(instance, result) == [], instance


def test_sabotage_those_held_are_never_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the trials a smaller number is missed, and the list of all answers shows it."""
    instance, result = two_meet_and_one_is_left()
    assert missed(instance, result) == []
    monkeypatch.setattr(exact_fixes, "TRIALS", 0)
    assert missed(instance, result) == [Fix(FixKind.SEAT, "group", "offer", "p")]
