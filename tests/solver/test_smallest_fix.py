"""The smallest changes that place one more, against solving the changed instance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from solver.fix import AT_LEAST_ONE, Fix, FixKind, apply_fix
from solver.generate import generate
from solver.geography import trip_m
from solver.instance import Ban, Instance, QuotaLine
from solver.occupancy import Occupancy
from solver.pins import broken_rule
from solver.result import Assignment, Result
from solver.rules import Rule
from solver.smallest_fix import find_fixes
from solver.solve import solve
from solver.validation import MAX_REACH_M
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.test_marginal import rounds_with_unplaced, without_moves

LONGEST = MAX_REACH_M


def gain(instance: Instance, result: Result, fix: Fix) -> int:
    """How many more are placed once this is changed: by solving again."""
    return solve(apply_fix(instance, fix)).placed - result.placed


def other_changes(instance: Instance, result: Result, name: str, found: dict[FixKind, Fix]) -> Iterator[Fix]:
    """Changes of the same kinds that were not proposed, and would be if they were smaller and placed one more."""
    row, occupancy = instance.group[name], Occupancy(instance, result.assignments)
    position = instance.school[row.school].position
    openings = [(host, period) for host in instance.offers for period, seats in host.seats.items() if seats]

    def farther(kind: FixKind, host: str) -> bool:
        return kind in found and trip(host) >= trip(found[kind].offer)

    def trip(host: str) -> int:
        return trip_m(position, instance.offer[host].position)

    for host, period in openings:
        rule = broken_rule(instance, row, host, period)
        full = occupancy.by_school[row.school, host.id, period] >= (host.max_per_school or LONGEST)
        kinds = {None: FixKind.MAXIMUM if full else FixKind.SEAT, Rule.NEEDS: FixKind.NEEDS, Rule.BAN: FixKind.BAN}
        kinds[Rule.DEPARTMENTS] = FixKind.DEPARTMENT
        kind = FixKind.PERIOD if rule is Rule.PERIOD and row.periods else kinds.get(rule)
        if (kind is FixKind.NEEDS and full) or (kind is FixKind.MAXIMUM and len(host.seats) > 1):
            continue  # a site changed for everybody may place others, in another period, and free a place by moves
        whole = kind in (FixKind.PERIOD, FixKind.DEPARTMENT)  # opens many sites at once: there is one, or none would do
        if kind is not None and not (kind in found if whole else farther(kind, host.id)):
            yield Fix(kind, name, host.id, period)
        if not {FixKind.SEAT, FixKind.ELSEWHERE} & found.keys():
            yield Fix(FixKind.ELSEWHERE, name, host.id, period)
    if FixKind.QUOTA not in found:
        yield from (Fix(FixKind.QUOTA, name, line=line.id) for line in instance.lines if line.ceiling is not None)
    shorter = found[FixKind.REACH].reach_m - 1_000 if FixKind.REACH in found else LONGEST
    yield Fix(FixKind.REACH, name, reach_m=shorter)


def test_every_fix_places_one_more(seed: int) -> None:
    """Every change proposed to a group places one more pupil: exactly one, unless it opens a site to everybody."""
    kinds: Counter[FixKind] = Counter()
    for number, (instance, result) in enumerate(rounds_with_unplaced(seed)):
        fixes = find_fixes(instance, result)
        assert fixes.keys() == {row.group for row in result.unplaced}
        for fix in (fix for each in fixes.values() for fix in each):
            kinds[fix.kind] += 1
            more = gain(instance, result, fix)
            assert more == 1 or (more > 1 and fix.kind in AT_LEAST_ONE), (number, fix, more)
    assert len(kinds) >= 4, kinds


def test_nothing_smaller_would_do(seed: int) -> None:
    """A kilometre less, a nearer site or a kind that is not proposed places nobody of the group."""
    looked = 0
    for number, (instance, result) in enumerate(rounds_with_unplaced(seed, 40)):
        for name, fixes in find_fixes(instance, result).items():
            for other in other_changes(instance, result, name, {fix.kind: fix for fix in fixes}):
                looked += 1
                alone = only(instance, result, name)
                assert gain(*alone, other) == 0, (number, name, other)
    assert looked > 100


def only(instance: Instance, result: Result, name: str) -> tuple[Instance, Result]:
    """The round in which nobody else is without a place: the other unplaced pupils never asked."""
    left = {row.group: row.count for row in result.unplaced if row.group != name}
    rows = (replace(row, count=row.count - left.get(row.id, 0)) for row in instance.groups)
    asking = tuple(row for row in rows if row.count)
    kept = {row.id for row in asking}
    bans = tuple(ban for ban in instance.bans if ban.group in kept)
    announced = tuple(row for row in instance.announced if row.group in kept)
    return replace(instance, groups=asking, bans=bans, announced=announced), result


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({"lines": (QuotaLine("line", ceiling=0),), "offers": (offer(line="line"),)}, ("quota", "", "", "line", 0, 0)),
        ({"groups": (group(reach_m=2_500),)}, ("reach", "offer", "p", "", 5_500, 3)),
        ({"groups": (group(departments=frozenset("B")),)}, ("department", "offer", "p", "", 0, 0)),
        ({"offers": (offer(seats={"q": 1}),)}, ("period", "offer", "q", "", 0, 0)),
        ({"groups": (group(needs=frozenset({"step-free"})),)}, ("needs", "offer", "p", "", 0, 0)),
        ({"bans": (Ban("group", "offer"),)}, ("ban", "offer", "p", "", 0, 0)),
        (
            {"groups": (group(count=3),), "offers": (offer(max_per_school=1, seats={"p": 9}),)},
            ("maximum", "offer", "p", "", 0, 0),
        ),
        ({"offers": (offer(levels=frozenset({"2de_gt"})),)}, None),
    ],
)
def test_each_kind_of_fix(changes: dict[str, object], fix: tuple[object, ...] | None) -> None:
    """A closed quota, a site too far, a week not accepted: each has its own fix, and what none can fix has none."""
    instance = world(**changes)
    found = find_fixes(instance, solve(instance))["group"]
    assert found[:1] == ((Fix(FixKind(fix[0]), "group", *fix[1:]),) if fix else ())  # type: ignore[arg-type]


def bob_left_out() -> tuple[Instance, Result]:
    """Bob reaches one site alone, which takes one pupil of a school: Ann has it, and Carl the only seat far away."""
    near, far = offer(id="near", max_per_school=1, seats={"p": 5}), offer(id="far", position=at_km(20))
    people = (group(id="ann"), group(id="bob", reach_m=10_000), group(id="carl"))
    instance = world(offers=(near, far), groups=people)
    result = solve(instance)
    rows = (Assignment("ann", "near", "p", 1), Assignment("carl", "far", "p", 1))
    return instance, replace(result, assignments=rows, unplaced=(replace(result.unplaced[0], group="bob"),))


def test_a_seat_elsewhere_frees_a_place() -> None:
    """One more seat far away, where Bob may not go, lets Ann go there and Bob take her place."""
    instance, result = bob_left_out()
    first, second = find_fixes(instance, result)["bob"]
    assert first == Fix(FixKind.MAXIMUM, "bob", "near", "p")
    assert second == Fix(FixKind.ELSEWHERE, "bob", "far", "p")
    assert gain(instance, result, second) == 1


def test_sabotage_a_search_that_forgets_the_moves_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Following only the original arcs, never moving a placed pupil, loses the seat far away."""
    monkeypatch.setattr("solver.marginal.build_residual", without_moves)
    assert [fix.kind for fix in find_fixes(*bob_left_out())["bob"]] == [FixKind.MAXIMUM]


def test_asked_together_or_alone(seed: int) -> None:
    """A group is told the same whoever else asks."""
    for instance, result in rounds_with_unplaced(seed, 10):
        together = find_fixes(instance, result)
        assert together == {
            name: fix for each in together for name, fix in find_fixes(instance, result, [each]).items()
        }


def test_what_needs_no_fix_is_refused() -> None:
    """A stranger, a group already placed, a round that could place more, another's result: each is named."""
    instance, other = world(), world(offers=())
    result = solve(instance)
    idle = replace(solve(other), instance_sha256=result.instance_sha256)
    with pytest.raises(ValueError, match="could be placed without any change"):
        find_fixes(instance, idle)
    with pytest.raises(ValueError, match="another instance"):
        find_fixes(other, result)
    with pytest.raises(ValueError, match="unknown 'nobody'"):
        find_fixes(instance, result, ["nobody"])
    with pytest.raises(ValueError, match="no pupil without a place"):
        find_fixes(instance, result, ["group"])
    assert find_fixes(instance, result) == {}


def test_a_whole_region_at_once(seed: int, pytestconfig: pytest.Config) -> None:
    """Every group left out of a large round has its fixes; a sample of them, solved again, place one more."""
    instance = generate(20_000 if pytestconfig.getoption("--full") else 2_000, seed)
    result = solve(instance)
    fixes = find_fixes(instance, result)
    assert fixes.keys() == {row.group for row in result.unplaced}
    kinds: dict[FixKind, Fix] = {}
    for fix in (fix for each in fixes.values() for fix in each):
        kinds.setdefault(fix.kind, fix)
    assert {FixKind.SEAT, FixKind.REACH} <= kinds.keys()
    for fix in kinds.values():
        more = gain(instance, result, fix)
        assert more == 1 or (more > 1 and fix.kind in AT_LEAST_ONE), (fix, more)
