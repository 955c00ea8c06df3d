"""Keeping pupils by cuts alone: as few as possible, at the least levels, as one flow with costs would."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from solver.arrays import Ints, Shorts, ints
from solver.cuts import Part, Schools, settle
from solver.flow import minimum_cost_flow

HUBS, PLACES, SCHOOLS, TIMES = 12, 14, 6, 80
SINK = HUBS + PLACES + SCHOOLS
DEAR = 10**6
"""What a pupil kept costs before its level: more than all levels together."""


class Country:
    """Hubs of six schools that reach places near them, lines of two places; each hub may leave pupils to its school."""

    def __init__(self, random: Random) -> None:
        self.pupils = [random.randrange(6) for _ in range(HUBS)]
        self.rows: list[tuple[int, int, int]] = []
        for hub in range(HUBS):
            school = HUBS + PLACES + hub % SCHOOLS
            self.rows += [(hub, HUBS + (hub + step) % PLACES, 40) for step in random.sample(range(5), 2)]
            self.rows += [(hub, school, self.pupils[hub])] if self.pupils[hub] else []
        self.rows += [(HUBS + place, SINK, random.randrange(1, 4)) for place in range(PLACES)]
        self.levels = []
        for school in range(SCHOOLS):
            most = sum(self.pupils[school::SCHOOLS])
            self.levels += [(school, level) for level in sorted(random.sample(range(1, 40), most))]

    def part(self) -> Part:
        tail, head, capacity = ints(self.rows).astype(np.int32).T
        need = np.zeros(SINK + 1, np.int64)
        need[:HUBS] = self.pupils
        keys = ints([school * 41 + level for school, level in self.levels])
        schools = Schools(np.arange(HUBS + PLACES, SINK), keys, 41)
        nothing, piece = np.zeros(len(tail), np.int32), np.zeros(SINK + 1, np.int64)
        return Part(tail, head, capacity, nothing, need, piece, ints([0]), ints([40]), schools, SINK)

    def least(self) -> int:
        """What one flow with costs finds."""
        kept = [(HUBS + PLACES + school, SINK, 1, DEAR + level) for school, level in self.levels]
        tail, head, capacity, cost = ints([(*row, 0) for row in self.rows] + kept).T
        supply = ints([*self.pupils, *[0] * (PLACES + SCHOOLS), -sum(self.pupils)])
        return int(minimum_cost_flow(tail, head, capacity, cost, supply) @ cost)

    def cost_of(self, flow: Shorts, kept: Ints) -> int:
        """
        Raises:
            AssertionError: it breaks a capacity, or a node loses or invents pupils.
        """
        part = self.part()
        left = part.need - np.bincount(part.tail, flow, SINK + 1) + np.bincount(part.head, flow, SINK + 1)
        left[HUBS + PLACES : SINK] -= kept
        assert (flow >= 0).all()
        assert (flow <= part.capacity).all()
        assert not left[:SINK].any()
        held = [level for school, level in self.levels if self._rank(school, level) < kept[school]]
        assert len(held) == kept.sum()
        return sum(DEAR + level for level in held)

    def _rank(self, school: int, level: int) -> int:
        return sum(at == school and other < level for at, other in self.levels)


@pytest.mark.parametrize(("together", "apart"), [(1, 500_000), (1, 0), (20_000, 0)])
def test_cuts_cost_what_one_flow_with_costs_does(
    together: int, apart: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As few pupils as possible stay without a place, and at the fairest schools, however the pieces are bundled."""
    monkeypatch.setattr("solver.cuts.ARCS_TOGETHER", together)
    monkeypatch.setattr("solver.cuts.ARCS_APART", apart)
    for time in range(TIMES):
        country = Country(Random(f"{seed} {time}"))
        assert country.cost_of(*settle(country.part())) == country.least()
