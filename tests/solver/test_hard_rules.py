"""A truth table per hard rule: the same tiny round on both sides of each rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.choices import FILTERS
from solver.greedy import greedy
from solver.instance import Ban, Bundle, Instance, Period, Pin, QuotaLine, Sequence, Whole
from solver.params import Params, TerritoryRule
from solver.result import Result, Status
from solver.rules import Rule
from solver.solve import solve
from tests.solver.small_world import PERIODS, at_km, group, offer, school, world

STEP_FREE = frozenset({"step-free"})
TWO_WEEKS = {"p": 1, "q": 1}
LONG_TOO = (*PERIODS, Period("long", ("2027-W10", "2027-W11")))


def _territory(rule: TerritoryRule, host: str) -> Instance:
    return world(offers=(offer(department=host),), params=Params(territory_rule=rule))


def _listing(codes: str, host: str, **asked: Any) -> Instance:
    """A pupil of A who accepts these départements, and a host in `host`."""
    return world(offers=(offer(department=host),), groups=(group(departments=frozenset(codes), **asked),))


def _ceilings(wide: int | None, narrow: int | None) -> Instance:
    lines = (QuotaLine("wide", ceiling=wide), QuotaLine("narrow", "wide", "3e", narrow))
    return world(offers=(offer(seats={"p": 9}, line="narrow"),), groups=(group(count=4),), lines=lines)


def _school_maximum(most: int | None) -> Instance:
    """Two profiles of one school (a longer limit makes the second) share the school's maximum in one period."""
    groups = (group(count=2), group(id="other", count=2, reach_m=40_000))
    return world(offers=(offer(seats={"p": 9}, max_per_school=most),), groups=groups)


def _reserved(reserved: dict[str, int], priority: str, seats: int = 1) -> Instance:
    """A pupil of an ordinary school comes first, then one of another school."""
    return world(
        schools=(school(), school(id="theirs", priority=priority)),
        offers=(offer(seats={"p": seats}, reserved=reserved),),
        groups=(group(id="first"), group(id="second", school="theirs")),
    )


def _whole(*seats: int, periods: frozenset[str] = frozenset({"p"})) -> Instance:
    """Three pupils who stay together, and offers with so many seats in the first week."""
    offers = tuple(offer(id=f"offer-{i}", seats={"p": count}, position=at_km(5 + i)) for i, count in enumerate(seats))
    return world(offers=offers, groups=(group(count=3, periods=periods),), wholes=(Whole("group"),))


def _minimum(least: int | None, pupils: int, others: int = 0, pins: tuple[Pin, ...] = ()) -> Instance:
    """Pupils of one school, perhaps some of another, before a host that receives them only in numbers."""
    groups = [group(count=pupils), *([group(id="theirs", school="other", count=others)] if others else [])]
    schools = (school(), school(id="other"))
    host = offer(seats={"p": 9}, min_group=least)
    return world(schools=schools, offers=(host,), groups=tuple(groups), pins=pins)


def _bundle(here: dict[str, int], there: dict[str, int], alone: frozenset[str] = frozenset()) -> Instance:
    """A pupil of two one-week placements, at one host or two."""
    offers = (offer(seats=here), offer(id="there", seats=there, position=at_km(7)))
    asking = group(periods=alone)
    return world(periods=LONG_TOO, offers=offers, groups=(asking,), bundles=(Bundle("group", ("p", "q")),))


def _sequence(seats: dict[str, int]) -> Instance:
    """One pupil owed two placements, who accepts any period."""
    groups = (group(periods=frozenset({"p"})), group(id="later", periods=frozenset({"p", "q", "long"})))
    return world(
        periods=LONG_TOO, offers=(offer(seats=seats),), groups=groups, sequences=(Sequence(("group", "later")),)
    )


def _overlapping(seats: dict[str, int]) -> Instance:
    """Many pupils for each period of one host."""
    groups = tuple(group(id=f"group-{period}", count=4, periods=frozenset({period})) for period in seats)
    return world(periods=LONG_TOO, offers=(offer(seats=seats),), groups=groups)


TABLE: dict[Rule, list[tuple[str, Instance, int]]] = {
    Rule.DEMAND: [
        ("as many seats as pupils", world(groups=(group(count=3),), offers=(offer(seats={"p": 3}),)), 3),
        ("more seats than pupils", world(groups=(group(count=3),), offers=(offer(seats={"p": 30}),)), 3),
    ],
    Rule.LEVEL: [
        ("the level admitted", world(), 1),
        ("one of the levels admitted", world(offers=(offer(levels=frozenset({"3e", "2de_gt"})),)), 1),
        ("another level", world(offers=(offer(levels=frozenset({"2de_gt"})),)), 0),
    ],
    Rule.PERIOD: [
        ("the week both have", world(groups=(group(periods=frozenset({"p", "q"})),)), 1),
        ("another week", world(offers=(offer(seats={"q": 1}),)), 0),
        ("no week accepted", world(groups=(group(periods=frozenset()),)), 0),
        ("goes once", world(offers=(offer(seats=TWO_WEEKS),), groups=(group(periods=frozenset(TWO_WEEKS)),)), 1),
    ],
    Rule.NEEDS: [
        ("the need served", world(groups=(group(needs=STEP_FREE),), offers=(offer(serves=STEP_FREE),)), 1),
        ("more than needed", world(offers=(offer(serves=STEP_FREE),)), 1),
        ("the need not served", world(groups=(group(needs=STEP_FREE),)), 0),
        ("one of two needs", world(groups=(group(needs=STEP_FREE | {"sign"}),), offers=(offer(serves=STEP_FREE),)), 0),
    ],
    Rule.REACH: [
        ("exactly at the limit", world(groups=(group(reach_m=5_000),)), 1),
        ("one metre beyond", world(groups=(group(reach_m=4_999),)), 0),
        (
            "a schoolmate's longer limit",
            world(groups=(group(reach_m=4_999), group(id="b")), offers=(offer(seats={"p": 2}),)),
            1,
        ),
        ("across the sea", _territory(TerritoryRule.ANYWHERE, "I"), 0),
    ],
    Rule.TERRITORY: [
        *((f"anywhere, {host}", _territory(TerritoryRule.ANYWHERE, host), 1) for host in "ABEC"),
        *((f"académie or next, {host}", _territory(TerritoryRule.ACADEMY_OR_NEIGHBOUR, host), 1) for host in "ABE"),
        ("académie or neighbour, C", _territory(TerritoryRule.ACADEMY_OR_NEIGHBOUR, "C"), 0),
        *((f"académie, {host}", _territory(TerritoryRule.ACADEMY, host), 1) for host in "AE"),
        *((f"académie, {host}", _territory(TerritoryRule.ACADEMY, host), 0) for host in "BC"),
        ("département, A", _territory(TerritoryRule.DEPARTMENT, "A"), 1),
        *((f"département, {host}", _territory(TerritoryRule.DEPARTMENT, host), 0) for host in "BEC"),
        ("on the offer's list", world(offers=(offer(admits=frozenset("A")),)), 1),
        ("not on the offer's list", world(offers=(offer(admits=frozenset("BE")),)), 0),
        ("an empty list", world(offers=(offer(admits=frozenset()),)), 0),
    ],
    Rule.DEPARTMENTS: [
        ("on the group's list", _listing("AB", "A"), 1),
        ("not on the group's list", _listing("BE", "A"), 0),
        ("a neighbour on the list", _listing("B", "B"), 1),
        ("a neighbour left out", _listing("A", "B"), 0),
        ("on the list, outside the territory", _listing("C", "C"), 0),
        ("on the list, too far", _listing("A", "A", reach_m=4_999), 0),
        ("no list", _listing("", "B"), 1),
    ],
    Rule.SEATS: [
        ("two seats for three", world(groups=(group(count=3),), offers=(offer(seats={"p": 2}),)), 2),
        ("no seat", world(offers=(offer(seats={"p": 0}),)), 0),
        ("one week after the other", _overlapping({"p": 1, "q": 2}), 3),
        ("overlapping periods share their seats", _overlapping({"p": 1, "long": 2}), 2),
        ("up to the largest of them", _overlapping({"p": 4, "long": 5}), 5),
    ],
    Rule.RESERVE: [
        ("a seat for a rep school, and nobody of one", _reserved({"rep": 1}, "none"), 1),
        ("a seat for a rep school, and a pupil of one", _reserved({"rep": 1}, "rep"), 1),
        ("two seats, one reserved", _reserved({"rep": 1}, "rep", seats=2), 2),
        ("more seats reserved than there are", _reserved({"rep": 3, "none": 2}, "rep", seats=2), 2),
    ],
    Rule.SCHOOL_MAXIMUM: [
        ("no maximum", _school_maximum(None), 4),
        ("three of one school", _school_maximum(3), 3),
        ("one of one school", _school_maximum(1), 1),
        (
            "counted per period",
            world(
                offers=(offer(seats={"p": 9, "q": 9}, max_per_school=1),),
                groups=(group(count=5, periods=frozenset(TWO_WEEKS)),),
            ),
            2,
        ),
        (
            "counted per school",
            world(
                schools=(school(), school(id="other")),
                offers=(offer(seats={"p": 9}, max_per_school=1),),
                groups=(group(count=2), group(id="theirs", school="other", count=2)),
            ),
            2,
        ),
    ],
    Rule.QUOTA_CEILING: [
        ("no ceiling", _ceilings(None, None), 4),
        ("the narrow line", _ceilings(None, 3), 3),
        ("the wider line", _ceilings(2, 3), 2),
        ("nobody", _ceilings(0, 3), 0),
    ],
    Rule.PIN: [
        (
            "far because pinned",
            world(offers=(offer(), offer(id="far", position=at_km(20))), pins=(Pin("group", "far", "p"),)),
            1,
        ),
        ("the last seat is pinned", world(groups=(group(), group(id="b")), pins=(Pin("b", "offer", "p"),)), 1),
    ],
    Rule.BAN: [
        ("banned elsewhere", world(groups=(group(), group(id="b")), bans=(Ban("b", "offer"),)), 1),
        ("banned", world(bans=(Ban("group", "offer"),)), 0),
    ],
    Rule.WHOLE: [
        ("room for all", _whole(3), 3),
        ("room for two of three", _whole(2), 0),
        ("two and one elsewhere", _whole(2, 1), 0),
        ("all elsewhere", _whole(2, 3), 3),
        ("one pupil is whole", world(wholes=(Whole("group"),)), 1),
        ("in one week of the two", _whole(3, periods=frozenset(TWO_WEEKS)), 3),
    ],
    Rule.MINIMUM_GROUP: [
        ("no minimum", _minimum(None, 1), 1),
        ("fewer than the minimum", _minimum(3, 2), 0),
        ("exactly the minimum", _minimum(3, 3), 3),
        ("one of each of two schools", _minimum(2, 1, others=1), 0),
        ("a pin opens the meeting", _minimum(3, 1, pins=(Pin("group", "offer", "p"),)), 1),
        ("a minimum of one", _minimum(1, 1), 1),
    ],
    Rule.BUNDLE: [
        ("both weeks at one host", _bundle({"p": 1, "q": 1}, {}), 2),
        ("a week at each host", _bundle({"p": 1}, {"q": 1}), 2),
        ("one week only", _bundle({"p": 1}, {}), 0),
        ("rather a long period alone", _bundle({"p": 1, "q": 1}, {"long": 1}, frozenset({"long"})), 1),
    ],
    Rule.SEQUENCE: [
        ("one after the other", _sequence({"p": 1, "q": 1}), 2),
        ("at once", _sequence({"p": 1, "long": 1}), 1),
        ("in the same week", _sequence({"p": 2}), 1),
    ],
}


def test_every_hard_rule_has_its_truth_table() -> None:
    """No rule is announced that the engine does not show it holds."""
    assert TABLE.keys() == set(Rule)


@pytest.mark.parametrize("answer", [solve, greedy])
@pytest.mark.parametrize(
    ("instance", "placed"),
    [
        pytest.param(instance, placed, id=f"{rule}: {name}")
        for rule, rows in TABLE.items()
        for name, instance, placed in rows
    ],
)
def test_a_rule_lets_through_exactly_whom_it_should(
    answer: Callable[[Instance], Result], instance: Instance, placed: int
) -> None:
    """On each side of a rule, the round and the first-come baseline make as many placements as the rule allows."""
    assert answer(instance).placed == placed


def test_a_pin_is_kept_at_any_cost() -> None:
    """A pinned pupil goes where they are pinned, and everybody else makes the best of it."""
    offers = (offer(), offer(id="far", position=at_km(20)))
    for pinned in ("group", "twin"):
        result = solve(world(offers=offers, groups=(group(), group(id="twin")), pins=(Pin(pinned, "far", "p"),)))
        assert {(row.group, row.offer) for row in result.assignments} >= {(pinned, "far")}
        assert result.status is Status.OPTIMAL
        assert result.placed == 2


IMPOSSIBLE: dict[str, tuple[Instance, Rule]] = {
    "week": (world(offers=(offer(seats=TWO_WEEKS),), pins=(Pin("group", "offer", "q"),)), Rule.PERIOD),
    "need": (world(groups=(group(needs=STEP_FREE),), pins=(Pin("group", "offer", "p"),)), Rule.NEEDS),
    "limit": (world(groups=(group(reach_m=1),), pins=(Pin("group", "offer", "p"),)), Rule.REACH),
    "sea": (world(offers=(offer(department="I"),), pins=(Pin("group", "offer", "p"),)), Rule.REACH),
    "territory": (world(offers=(offer(department="C"),), pins=(Pin("group", "offer", "p"),)), Rule.TERRITORY),
    "list": (world(offers=(offer(admits=frozenset("B")),), pins=(Pin("group", "offer", "p"),)), Rule.TERRITORY),
    "own list": (
        world(groups=(group(departments=frozenset("B")),), pins=(Pin("group", "offer", "p"),)),
        Rule.DEPARTMENTS,
    ),
    "seats": (world(groups=(group(count=2),), pins=(Pin("group", "offer", "p", 2),)), Rule.SEATS),
    "maximum": (
        world(
            offers=(offer(seats={"p": 5}, max_per_school=1),),
            groups=(group(), group(id="b")),
            pins=(Pin("b", "offer", "p"), Pin("group", "offer", "p")),
        ),
        Rule.SCHOOL_MAXIMUM,
    ),
    "ceiling": (
        world(offers=(offer(line="q"),), lines=(QuotaLine("q", ceiling=0),), pins=(Pin("group", "offer", "p"),)),
        Rule.QUOTA_CEILING,
    ),
}


@pytest.mark.parametrize("answer", [solve, greedy])
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_pin_that_cannot_hold_is_named_with_its_rule(answer: Callable[[Instance], Result], name: str) -> None:
    """A round whose pins contradict a rule is declared impossible, and says which pin and which rule."""
    instance, rule = IMPOSSIBLE[name]
    result = answer(instance)
    assert result.status is Status.INFEASIBLE
    assert f"pin of group 'group' to offer 'offer' in '{instance.pins[0].period}': {rule}" in result.diagnosis
    assert not result.assignments


@pytest.mark.parametrize("rule", FILTERS)
def test_a_rule_left_out_does_not_go_unnoticed(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking one filter away lets pupils through that its truth table refuses."""
    kept = {name: allows for name, allows in FILTERS.items() if name is not rule}
    monkeypatch.setattr("solver.choices.FILTERS", kept)
    assert any(solve(instance).placed > placed for _, instance, placed in TABLE[rule])
