"""The composition root: an instance goes in, a proven result comes out.

It decides nothing itself: it puts the stages in order, times them, and refuses to announce more than was proven. Import
it explicitly (`from solver.solve import solve`): it loads OR-Tools.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from operator import add
from time import perf_counter

from solver.blocks import Settlement, settle
from solver.components import optimise_parts
from solver.demand import Demand
from solver.explain import explain
from solver.faces import Optimum
from solver.files import instance_sha256
from solver.flow import ENGINE, FlowError
from solver.greedy import greedy
from solver.held import Held, Reached, hold
from solver.instance import Instance
from solver.machine import beside, hand_back
from solver.model import build_network
from solver.network import Network
from solver.pairing import broken_rule, pair
from solver.params import Tier
from solver.parts import Parts, gather
from solver.pins import diagnose_pins
from solver.result import Assignment, Result, Status, TierValue
from solver.score import Lots, longest_trip, score
from solver.sides import Sides
from solver.tiers import Names, names_of

Progress = Callable[[str, float], None]
"""Told the phase that begins (`reachable`, `optimise:<tier>`, `prove`, `explain`) and the share of the work done."""
Keep = Callable[[Network, Names, Optimum, tuple[Held, ...]], None]
"""Given the network, its names and the optimum, and what bounds the tiers that it does not prove: for a certificate."""

EFFORT = 20.0
"""Deterministic time of CP-SAT, near a second each on the machine of the README; a pure network uses none."""
SHARE_BEFORE, SHARE_OPTIMISING = 0.1, 0.8


def solve(
    instance: Instance,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
    parts: Parts | None = None,
    sha256: str | None = None,
    effort: float = EFFORT,
) -> Result:
    """Place the pupils: every hard rule held, the tiers optimal in the order of `instance.params`.

    `executor` solves separate parts of the network side by side; the answer does not depend on it. A pin that breaks a
    hard rule gives INFEASIBLE with its diagnosis. If the flow library fails or memory runs out, the best correct answer
    at hand is returned as FEASIBLE; nothing is called OPTIMAL unless primal and dual values are equal on every tier.

    A caller who holds pupils by pins that are known to stand gives the `parts` already gathered, and the `sha256` of
    the instance that the answer is for: draws and names are then that instance's (`solver.repair`).

    Side constraints (`solver.sides`) are held by what `solver.blocks` decides on the components that have them, within
    `effort` (deterministic time of CP-SAT); the network's potentials still bound every answer.
    """
    watch = Stopwatch(progress)
    diagnosis = "" if parts else diagnose_pins(instance)
    if diagnosis:
        sha256 = sha256 or instance_sha256(instance)
        return Result(sha256, Status.INFEASIBLE, (), (), (), ENGINE, watch.stop(), diagnosis)
    watch("reachable", 0.0)
    demand, names, network = _lay_out(instance, parts, sha256, executor)
    tiers, sha256 = instance.params.tiers, names.sha256

    def announce(tier: Tier, done: float) -> None:
        watch(f"optimise:{tier.value}", SHARE_BEFORE + SHARE_OPTIMISING * done)

    try:
        optimum = optimise_parts(network, tiers, names, executor, announce, longest_trip(instance, instance.pins))
        if len(optimum.bounds) < 2:  # until the second aim is proven, reserved seats may have gone to others
            raise FlowError("not even the first aim could be proven")
        watch("prove", SHARE_BEFORE + SHARE_OPTIMISING)
        hand_back(executor)
        rows = pair(instance, demand, network, optimum.flow, names, instance.pins)
        settled = _settle(instance, parts, network, names, rows, effort)
    except (FlowError, MemoryError) as error:
        diagnosis = f"engine: {str(error) or type(error).__name__}"
    if diagnosis:
        del demand, network, names  # the baseline needs little, but that little must be free
        return replace(greedy(instance), instance_sha256=sha256, diagnosis=diagnosis)
    with beside(executor, partial(_bounded, instance, network, names, optimum, settled)) as bounded:
        watch("explain", 0.95)
        unplaced = explain(instance, settled.rows)
        values, held = bounded()
    proven = all(row.proof == "potentials" and row.bound == row.value for row in values)
    if keep is not None and (proven or held):
        keep(network, names, optimum, held)
    status = Status.OPTIMAL if proven else Status.FEASIBLE
    return Result(sha256, status, values, settled.rows, unplaced, ENGINE, watch.stop())


def _lay_out(
    instance: Instance, parts: Parts | None, sha256: str | None, executor: Executor | None
) -> tuple[Demand, Names, Network]:
    """What the engine works on; the choices, once they are arcs, are let go."""
    with beside(executor, lambda: sha256 or instance_sha256(instance)) as digest:
        parts = parts or gather(instance)
        names = names_of(parts, digest())
    demand, network = parts.demand, build_network(parts)
    del parts
    hand_back(executor)
    return demand, names, network


def _settle(
    instance: Instance,
    parts: Parts | None,
    network: Network,
    names: Names,
    rows: tuple[Assignment, ...],
    effort: float,
) -> Settlement:
    """The network's placements, or what side constraints make of them.

    Raises:
        FlowError: they break a rule.
    """
    settled = Settlement(rows, ())
    if Sides(instance).exist:
        settled = settle(parts or gather(instance), network, names, rows, effort)
    if rule := broken_rule(instance, settled.rows):
        raise FlowError(f"the placements break the rule {rule.value}")
    return settled


def _announced(
    instance: Instance, values: dict[Tier, int], fixed: dict[Tier, int], settled: Settlement, bounds: tuple[int, ...]
) -> tuple[TierValue, ...]:
    """Each tier's value, counted again from the placements, beside the best bound known.

    While every tier before is proven, the network's potentials bound a tier: it is proven when the two are equal. While
    every tier before is closed, CP-SAT may declare a higher bound. After a tier left open a bound is 0: no tier can be
    less.
    """
    announced, proven, closed = list[TierValue](), True, True
    for i, tier in enumerate(instance.params.tiers):
        value, bound, proof = values[tier], 0, "none"
        if closed and i < len(settled.gaps):
            bound, proof = value - settled.gaps[i], "solver"
        join = max if tier is Tier.LONGEST else add
        certified = join(fixed[tier], bounds[i]) - _hidden(instance, tier) if proven and i < len(bounds) else 0
        if proven and i < len(bounds) and bound <= certified <= value:
            bound, proof = certified, "potentials"
        announced.append(TierValue(tier, value, max(0, bound), proof if bound > 0 or value == 0 else "none"))
        closed = closed and bound == value
        proven = proven and closed and proof == "potentials"
    return tuple(announced)


def _bounded(
    instance: Instance, network: Network, names: Names, optimum: Optimum, settled: Settlement
) -> tuple[tuple[TierValue, ...], tuple[Held, ...]]:
    """The values, with the network's bounds also after a tier left open: of answers as good on the tiers before.

    The draw, once another tier is open, is at least 0. CP-SAT's own bound stays where it is higher. `fixed` is what
    each tier owes to no arc: the pins' share (their longest, for the longest trip); those without a place are all
    counted on arcs.
    """
    tiers, lots = instance.params.tiers, Lots(instance, names.sha256)
    reached, fixed = (score(instance, names.sha256, rows, lots) for rows in (settled.rows, instance.pins))
    fixed |= {Tier.PLACED: 0, Tier.EQUITY: 0}
    values = _announced(instance, reached, fixed, settled, optimum.bounds)
    closed = next((i for i, row in enumerate(values) if row.proof != "potentials" or row.bound < row.value), None)
    if closed is None:
        return values, ()
    aside = {tier: fixed[tier] - _hidden(instance, tier) for tier in tiers}
    found = tuple(hold(network, names, tiers, optimum, Reached(reached, aside), closed))
    proven = {
        each.tier: (max(0, each.bound), "potentials" if each.closed == tiers.index(each.tier) else "held")
        for each in found
    }
    if Tier.DRAW not in proven and tiers[-2] in proven:
        proven[Tier.DRAW] = 0, "held"  # no lot is less
    announced = list[TierValue]()
    for row in values:
        bound, words = proven.get(row.tier, (-1, "none"))
        is_better = bound > row.bound or (bound == row.bound and row.proof != "potentials")
        announced.append(TierValue(row.tier, row.value, bound, words) if is_better else row)
    return tuple(announced), found


def _hidden(instance: Instance, tier: Tier) -> int:
    """What the network may overstate: it sees a bundle in one period, and the others may fill commitments, or stay."""
    if tier is Tier.COMMITMENTS:
        more = sum(instance.group[row.group].count * (len(row.periods) - 1) for row in instance.bundles)
        above = (instance.ancestry(line.id) for line in instance.lines)
        return more * max((sum(bool(instance.line[name].commitment) for name in names) for names in above), default=0)
    if tier is Tier.STABILITY:
        return sum(row.count for row in instance.announced if row.group in instance.bundles_of)
    return 0


class Stopwatch:
    """Passes progress on and remembers how long each phase took."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._phase, self._since = "read", perf_counter()

    def __call__(self, phase: str, done: float) -> None:
        self._close()
        self._phase = phase
        if self.progress is not None:
            self.progress(phase, done)

    def stop(self) -> dict[str, float]:
        self._close()
        return self.seconds

    def _close(self) -> None:
        now = perf_counter()
        self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._since
        self._since = now
