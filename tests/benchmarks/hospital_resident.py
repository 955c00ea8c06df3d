"""Rival: the stable assignment of pupils to openings by the `matching` library (capacitated Gale and Shapley).

Its model knows preferences and seats, nothing else: it is run on `instances.plain`, where no other rule binds. Openings
prefer the nearest pupils, which is the only preference anybody has declared for them.
The library copies its game by recursion, which Python stops at two thousand pupils of ours: hence the size of the row.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matching.games import HospitalResident

from solver.arrays import Ints, starts_of
from solver.instance import Instance
from solver.parts import gather
from tests.benchmarks.answer import Answer, answer_of_pairs
from tests.benchmarks.clock import Clock
from tests.benchmarks.pairs import Pairs, list_pairs


def solve_by_stable_matching(pairs: Pairs) -> Ints:
    """How many pupils take each pair: 0 or 1, groups are of one pupil here."""
    residents = _ranked(pairs.group, pairs.opening, np.lexsort((pairs.metres, pairs.rank, pairs.group)))
    hospitals = _ranked(pairs.opening, pairs.group, np.lexsort((pairs.group, pairs.metres, pairs.opening)))
    capacities = {name: int(pairs.seats[name]) for name in hospitals}
    game = HospitalResident.create_from_dictionaries(residents, hospitals, capacities)
    matching = game.solve(optimal="resident")
    seated = {(pupil.name, host.name) for host, pupils in matching.items() for pupil in pupils}
    rows = zip(pairs.group.tolist(), pairs.opening.tolist(), strict=True)
    return np.array([row in seated for row in rows], np.int64)


def _ranked(who: Ints, whom: Ints, order: Ints) -> dict[int, list[int]]:
    bounds = starts_of(who[order], int(who.max(initial=-1)) + 1).tolist()
    listed = whom[order].tolist()
    return {i: listed[a:b] for i, (a, b) in enumerate(pairwise(bounds)) if b > a}


def run(instance: Instance, clock: Clock) -> Answer:
    """Every pair the rules allow."""
    pairs = list_pairs(gather(instance))
    with clock.running():
        taken = solve_by_stable_matching(pairs)
    return answer_of_pairs(pairs, taken, proven=False)
