"""Questions that make no sense are refused by the field at fault; extreme ones that do make sense are answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from solver.instance import Announced, Ban, Bundle, Instance, Period, Pin, QuotaLine, Sequence, Whole
from solver.params import OFFICIAL_TIERS, Params, Tier
from solver.result import Reason, Status
from solver.solve import solve
from tests.solver.small_world import DEPARTMENTS, group, offer, school, world

Build = Callable[[], Any]
OVERLAPPING = (Period("p", ("2027-W10", "2027-W11")), Period("q", ("2027-W11",)))

BAD: dict[str, Build] = {
    "groups['group'].school: unknown 'nowhere'": lambda: world(groups=(group(school="nowhere"),)),
    "groups['group'].periods: unknown 'never'": lambda: world(groups=(group(periods=frozenset({"never"})),)),
    "groups['group'].departments: unknown '99'": lambda: world(groups=(group(departments=frozenset({"99"})),)),
    "groups['group'].count: a whole number between 1 and": lambda: world(groups=(group(count=0),)),
    "groups['group'].count: a whole number": lambda: world(groups=(group(count=True),)),
    "groups['group'].reach_m: a whole number": lambda: world(groups=(group(reach_m=float("nan")),)),
    "groups['group'].wishes: the same sector": lambda: world(groups=(group(wishes=("x", "x")),)),
    "groups: 'group' appears 2 times": lambda: world(groups=(group(), group())),
    "groups: 20000000 pupils in all": lambda: world(groups=tuple(group(id=str(i), count=2_000_000) for i in range(10))),
    "groups: an identifier is a non-empty string": lambda: world(groups=(group(id=""),)),
    "offers['offer'].seats['p']: a whole number": lambda: world(offers=(offer(seats={"p": -1}),)),
    "offers['offer'].seats['p']: a whole number between 0 and 2000000, not 1000000000000": lambda: world(
        offers=(offer(seats={"p": 10**12}),)
    ),
    "offers['offer'].seats: unknown 'never'": lambda: world(offers=(offer(seats={"never": 1}),)),
    "offers['offer'].min_group: a whole number between 1": lambda: world(offers=(offer(min_group=0),)),
    "offers['offer'].min_group: 3, and at most 2": lambda: world(offers=(offer(min_group=3, max_per_school=2),)),
    "wholes.group: unknown 'nobody'": lambda: world(wholes=(Whole("nobody"),)),
    "wholes: 'group' appears 2 times": lambda: world(wholes=(Whole("group"), Whole("group"))),
    "bundles['group'].periods: at least two": lambda: world(bundles=(Bundle("group", ("q",)),)),
    "bundles['group'].periods: unknown 'never'": lambda: world(bundles=(Bundle("group", ("q", "never")),)),
    "bundles['group'].periods: 'p' is already": lambda: world(bundles=(Bundle("group", ("p", "q")),)),
    "bundles['group'].periods: 'q' overlaps": lambda: world(
        periods=OVERLAPPING, groups=(group(periods=frozenset()),), bundles=(Bundle("group", ("p", "q")),)
    ),
    "bundles.group: group 'group' counts several": lambda: world(
        groups=(group(count=2, periods=frozenset()),), bundles=(Bundle("group", ("p", "q")),)
    ),
    "sequences[['group']]: at least two": lambda: world(sequences=(Sequence(("group",)),)),
    "sequences[['group', 'group']].groups: 'group' appears twice": lambda: world(
        sequences=(Sequence(("group", "group")),)
    ),
    "sequences[['group', 'b']]: the same pupils": lambda: world(
        schools=(school(), school(id="other")),
        groups=(group(), group(id="b", school="other")),
        sequences=(Sequence(("group", "b")),),
    ),
    "offers['offer'].levels: at least one": lambda: world(offers=(offer(levels=frozenset()),)),
    "offers['offer'].levels: under line 'line' only '2de_gt'": lambda: world(
        offers=(offer(line="line"),), lines=(QuotaLine("line", level="2de_gt"),)
    ),
    "offers['offer'].max_per_school": lambda: world(offers=(offer(max_per_school=0),)),
    "offers['offer'].line: unknown": lambda: world(offers=(offer(line="line"),)),
    "offers['offer'].admits: unknown": lambda: world(offers=(offer(admits=frozenset({"99"})),)),
    "offers['offer'].position: a whole number": lambda: world(offers=(offer(position=(0, 0, float("nan"))),)),
    "offers['offer'].department: unknown": lambda: world(offers=(offer(department="99"),)),
    "lines['a'].parent: 'a' is its own ancestor": lambda: world(lines=(QuotaLine("a", "b"), QuotaLine("b", "a"))),
    "lines['a'].parent: 'a' is its own": lambda: world(lines=(QuotaLine("a", "a"),)),
    "lines['a'].parent: 'c' is its own ancestor": lambda: world(
        lines=(QuotaLine("a", "b"), QuotaLine("b", "c"), QuotaLine("c", "d"), QuotaLine("d", "c"))
    ),
    "lines: 'a' appears 2 times": lambda: world(
        lines=(QuotaLine("a", "b"), QuotaLine("a", "c"), *map(QuotaLine, "bc"))
    ),
    "lines['0'].parent: more than 50 lines": lambda: world(
        lines=(*(QuotaLine(str(n), str(n + 1)) for n in range(20_000)), QuotaLine("20000"))
    ),
    "lines['a'].parent: unknown": lambda: world(lines=(QuotaLine("a", "b"),)),
    "lines['a'].ceiling": lambda: world(lines=(QuotaLine("a", ceiling=-1),)),
    "lines['a'].commitment": lambda: world(lines=(QuotaLine("a", commitment=10**12),)),
    "schools['school'].priority: unknown 'king'": lambda: world(schools=(school(priority="king"),)),
    "schools['school'].position": lambda: world(schools=(school(position=(0, 0)),)),
    "periods['p'].slots": lambda: world(periods=(Period("p", ()),)),
    "departments: 'A' appears 2 times": lambda: world(departments=(*DEPARTMENTS, DEPARTMENTS[0])),
    "pins['group'].count: 2 pins for 1 pupils": lambda: world(pins=(Pin("group", "offer", "p", 2),)),
    "pins['group']: also banned": lambda: world(pins=(Pin("group", "offer", "p"),), bans=(Ban("group", "offer"),)),
    "pins['group'].period: offer 'offer' does not open 'q'": lambda: world(pins=(Pin("group", "offer", "q"),)),
    "pins['group']: offer 'offer' does not admit": lambda: world(
        groups=(group(level="2de_gt"),), pins=(Pin("group", "offer", "p"),)
    ),
    "pins: ['group', 'offer', 'p'] appears 2 times": lambda: world(
        groups=(group(count=2),), pins=(Pin("group", "offer", "p"),) * 2
    ),
    "pins.group: unknown": lambda: world(pins=(Pin("nobody", "offer", "p"),)),
    "bans.offer: unknown": lambda: world(bans=(Ban("group", "nowhere"),)),
    "bans: ['group', 'offer'] appears 2 times": lambda: world(bans=(Ban("group", "offer"),) * 2),
    "announced.group: unknown": lambda: world(announced=(Announced("nobody", "offer", "p"),)),
    "announced.offer: unknown": lambda: world(announced=(Announced("group", "nowhere", "p"),)),
    "announced.period: unknown": lambda: world(announced=(Announced("group", "offer", "never"),)),
    "announced['group'].count: a whole number": lambda: world(announced=(Announced("group", "offer", "p", 0),)),
    "announced: ['group', 'offer', 'p'] appears 2 times": lambda: world(
        announced=(Announced("group", "offer", "p"),) * 2
    ),
    "params.tiers: 'placed' comes first, 'reserves' second": lambda: Params(tiers=(*OFFICIAL_TIERS[1:], Tier.PLACED)),
    "lines['q'].overflow_price: a whole number": lambda: world(lines=(QuotaLine("q", ceiling=1, overflow_price=0),)),
    "lines['q'].overflow_price: only of a ceiling": lambda: world(
        lines=(QuotaLine("p"), QuotaLine("q", parent="p", overflow_price=1))
    ),
    "lines['r'].overflow_price: only of a ceiling, and inside": lambda: world(
        lines=(QuotaLine("r", ceiling=1, overflow_price=1),)
    ),
    "offers['offer'].reserved: a priority class": lambda: world(offers=(offer(reserved={"gifted": 1}),)),
    "offers['offer'].reserved: unknown 'nowhere'": lambda: world(offers=(offer(reserved={"school:nowhere": 1}),)),
    "offers['offer'].reserved['rep']: a whole number": lambda: world(offers=(offer(reserved={"rep": 0}),)),
    "params.tiers: 'longest' comes right after": lambda: Params(
        tiers=(*OFFICIAL_TIERS[:2], Tier.LONGEST, *(tier for tier in OFFICIAL_TIERS[2:] if tier is not Tier.LONGEST))
    ),
    "params.tiers: each of": lambda: Params(tiers=OFFICIAL_TIERS[:-1]),
    "params.priority_weights['none']": lambda: Params(priority_weights={"none": 0}),
    "params.priority_weights: the class 'none' is missing": lambda: Params(priority_weights={"rep": 150}),
}


@pytest.mark.parametrize("message", BAD)
def test_a_senseless_question_is_refused_by_the_field_at_fault(message: str) -> None:
    """Unknown names, absurd counts, circular quotas, clashing pins: refused, and the message names the field."""
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        BAD[message]()


def test_no_demand_is_a_round_where_nothing_is_left_to_do() -> None:
    """Without a pupil the round is optimal, and every aim is at zero but the commitments."""
    for instance in (world(groups=()), _empty()):
        result = solve(instance)
        assert result.status is Status.OPTIMAL
        assert [row.value for row in result.tiers] == [0] * len(OFFICIAL_TIERS)
        assert (result.assignments, result.unplaced) == ((), ())
    promised = solve(world(groups=(), offers=(offer(line="q"),), lines=(QuotaLine("q", commitment=7),)))
    assert {row.tier: row.value for row in promised.tiers}[Tier.COMMITMENTS] == 7


def _empty() -> Instance:
    return Instance(departments=(), schools=(), periods=(), offers=(), groups=())


def test_no_supply_leaves_everybody_with_a_reason() -> None:
    """Without a host nobody is placed, the round is still proven, and each group is told why."""
    result = solve(world(offers=(), groups=(group(count=3), group(id="b", wishes=("x",)))))
    assert result.status is Status.OPTIMAL
    assert [(row.group, row.count, row.reason) for row in result.unplaced] == [
        ("b", 1, Reason.NO_OFFER_OF_LEVEL_IN_REACH),
        ("group", 3, Reason.NO_OFFER_OF_LEVEL_IN_REACH),
    ]


def test_a_school_of_a_million_pupils_is_answered() -> None:
    """An absurd but lawful size is counted exactly, without overflow."""
    result = solve(world(groups=(group(count=1_000_000),), offers=(offer(seats={"p": 400_000}),)))
    assert result.status is Status.OPTIMAL
    assert result.placed == 400_000
    values = {row.tier: row.value for row in result.tiers}
    assert values[Tier.EQUITY] == sum(nth * 100 * 1_000_000 // 100_000_000 for nth in range(1, 600_001))
