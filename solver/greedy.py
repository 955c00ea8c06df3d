"""First come, first served: what the engine is compared with, and the answer of last resort.

Groups come in the order of their identifiers; each pupil takes its best wish, then the nearest free seat. Reserved
seats are released once everybody has had a turn. Every hard rule holds, no aim is optimised, nothing is proven. It
needs no optimiser.
"""

from __future__ import annotations

from collections import Counter, deque
from time import perf_counter

import numpy as np

from solver.arrays import starts_of
from solver.explain import explain
from solver.files import instance_sha256
from solver.instance import Instance
from solver.parts import gather
from solver.pins import diagnose_pins
from solver.result import Assignment, Result, Status, TierValue
from solver.score import score

ENGINE = "first come, first served"


def greedy(instance: Instance) -> Result:
    """A correct answer, quickly. FEASIBLE with no bound worth the name, or INFEASIBLE when the pins cannot hold."""
    started, sha256 = perf_counter(), instance_sha256(instance)
    diagnosis = diagnose_pins(instance)
    if diagnosis:
        return Result(sha256, Status.INFEASIBLE, (), (), (), ENGINE, diagnosis=diagnosis)
    rows = _Queue(instance).serve()
    values = score(instance, sha256, rows)
    tiers = tuple(TierValue(tier, values[tier], 0, "none") for tier in instance.params.tiers)
    unplaced = explain(instance, rows)
    seconds = {"greedy": perf_counter() - started}
    return Result(sha256, Status.FEASIBLE, tiers, rows, unplaced, ENGINE, seconds)


class _Queue:
    """Serves one group after the other. An opening that blocks a school once blocks it for ever, so it is dropped."""

    def __init__(self, instance: Instance) -> None:
        parts = gather(instance)
        self.instance, self.occupancy = instance, parts.pinned
        self.supply, self.demand, self.choices = parts.supply, parts.demand, parts.choices
        self.start = starts_of(self.choices.profile, len(self.demand.profiles))
        self.taken = Counter({(pin.group, pin.offer, pin.period): pin.count for pin in instance.pins})
        self._lists: dict[tuple[int, int, str | None], deque[tuple[str, str]]] = {}

    def serve(self) -> tuple[Assignment, ...]:
        left = self.demand.group_left.tolist()
        for released in self._turns():
            self._lists.clear()
            for i in range(len(left)):
                left[i] = self._serve(i, left[i], released)
        return tuple(Assignment(*key, count) for key, count in sorted(self.taken.items()))

    def _turns(self) -> tuple[bool, ...]:
        """Whether reserves are released, turn by turn: everybody has one before they are, if there are any."""
        return (False, True) if any(offer.reserved for offer in self.instance.offers) else (True,)

    def _serve(self, i: int, left: int, released: bool) -> int:
        """Place up to `left` pupils of the group, its wishes first; how many remain."""
        member = int(self.demand.group_class[i])
        profile, periods = int(self.demand.class_profile[member]), int(self.demand.class_periods[member])
        for sector in (*self.instance.groups[i].wishes, None):
            left = self._take(i, left, self._openings(profile, periods, sector), released)
        return left

    def _take(self, i: int, left: int, openings: deque[tuple[str, str]], released: bool) -> int:
        """Place up to `left` pupils of the group in the openings, in order; how many remain."""
        group = self.instance.groups[i]
        while left and openings:
            offer, period = openings[0]
            count = min(left, self.occupancy.room(group.school, offer, period, released=released)[0])
            if count <= 0:
                openings.popleft()
                continue
            self.occupancy.add(group.school, offer, period, count)
            self.taken[group.id, offer, period] += count
            left -= count
        return left

    def _openings(self, profile: int, periods: int, sector: str | None) -> deque[tuple[str, str]]:
        """Openings of a sector (None: any) in the accepted periods, nearest first, then by identifier."""
        key = (profile, periods, sector)
        if key not in self._lists:
            rows = np.arange(self.start[profile], self.start[profile + 1])
            rows = rows[np.argsort(self.choices.trip_m[rows], kind="stable")]
            opening = self.choices.opening[rows]
            kept = np.isin(self.supply.opening_period[opening], self.demand.period_sets[periods])
            if sector is not None:
                number = self.supply.sectors.get(sector, -1)
                kept &= self.supply.sector[self.supply.opening_offer[opening]] == number
            self._lists[key] = deque(self._names(opening) for opening in opening[kept].tolist())
        return self._lists[key]

    def _names(self, opening: int) -> tuple[str, str]:
        offer, period = self.supply.opening_offer[opening], self.supply.opening_period[opening]
        return self.instance.offers[offer].id, self.instance.periods[period].id
