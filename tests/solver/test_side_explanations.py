"""What is told from the residual network is refused where the network does not say every rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.instance import Instance, Whole
from solver.marginal import marginal_values
from solver.result import Result
from solver.smallest_fix import find_fixes
from solver.solve import solve
from solver.unused_seats import unused_seats
from solver.why_here import why_here
from tests.solver.small_world import group, offer, world


@pytest.mark.parametrize("tell", [find_fixes, marginal_values, unused_seats, why_here])
def test_nothing_false_is_told_of_groups_that_stay_whole(tell: Callable[[Instance, Result], Any]) -> None:
    """Four pupils who stay together before three seats: one more seat places four, not one; nothing is told instead."""
    seats = (offer(seats={"p": 3}),)
    plain = world(offers=seats, groups=(group(count=4),))
    tell(plain, solve(plain))
    whole = world(offers=seats, groups=(group(count=4),), wholes=(Whole("group"),))
    with pytest.raises(ValueError, match="no network says"):
        tell(whole, solve(whole))
