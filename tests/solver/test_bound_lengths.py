"""The longest trip of rounds that side constraints leave open: a length bounds it, and no other length does."""

from __future__ import annotations

from copy import deepcopy

import pytest

from solver.certificate import solve_with_certificate
from solver.instance import Whole
from solver.params import Tier
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.test_bounds import Round, two_classes


def far_seats() -> Round:
    """Three classes of two that stay whole; three seats near, four a little further and as many very far.

    Two classes go a little further at best. The network would send three pupils near and three a little further.
    """
    seats = {2: 3, 9: 2, 11: 2, 30: 4}
    hosts = tuple(offer(id=f"at {km}", seats={"p": count}, position=at_km(km)) for km, count in seats.items())
    classes = tuple(group(id=name, count=2, wishes=("x",)) for name in ("one", "two", "three"))
    instance = world(offers=hosts, groups=classes, wholes=tuple(Whole(row.id) for row in classes))
    result, prices = solve_with_certificate(instance)
    assert prices is not None
    return Round(instance, result, prices)


def test_the_longest_trip_of_those_who_go_no_further_in_all() -> None:
    """With six pupils in 2 + 9 + 11 km by twos, nobody does with less than 11: a shorter longest trip costs the sum."""
    found = far_seats()
    rows = {row.tier: row for row in found.result.tiers}
    assert rows[Tier.DISTANCE].value == 2 * (2_000 + 9_000 + 11_000)
    assert (rows[Tier.LONGEST].value, rows[Tier.LONGEST].proof) == (11_000, "held")
    assert 9_000 <= rows[Tier.LONGEST].bound <= 11_000
    assert found.faults() == []


@pytest.mark.parametrize("metres", [0, 1, 10_000, 12_000, -1])
def test_another_length_than_the_prices_say_is_refused(metres: int) -> None:
    """A certificate that counts longer trips, or shorter ones, than the bound announced says so of itself."""
    found = far_seats()
    prices = deepcopy(found.certificate)
    row = next(row for row in prices["bounds"] if row["tier"] == "longest")
    row["metres"] += metres
    assert bool(found.faults(prices=prices)) == (metres != 0)


@pytest.mark.parametrize("metres", [None, 1.5, True, "9000"])
def test_a_length_that_is_none_is_unreadable(metres: object) -> None:
    """What the longest trip is bounded by is a whole number of metres."""
    found = two_classes()
    prices = deepcopy(found.certificate)
    next(row for row in prices["bounds"] if row["tier"] == "longest")["metres"] = metres
    with pytest.raises(ValueError, match="metres"):
        found.faults(prices=prices)
