"""After a publication, a host withdraws or shrinks: the answer that places as many as can be and moves the fewest.

The instance of the repair is the changed one, with everything that was announced (`Instance.announced`) and the aims in
the order placed, stability, then the others; its answer is `solve`'s, byte for byte. It is found faster because most
announced pupils cannot move in any optimal answer, so they are held where they are like pins:

1. No answer keeps more announced pupils than the limits leave room for; limits nest (a school's maximum, an opening, a
   line, a wider line), so the most that can be kept is counted from the bottom up. Rows under a limit that is exceeded,
   or that no rule admits any more, are left to the engine; the others are held.
2. If the answer found places as many as can be (no way through the residual network of the first aim, nobody being
   held), takes no reserved seat for others and moves no more than that, every optimal answer moves that many, all of
   them among the rows not held. So the rows held are kept by all of them, and nothing was lost by holding them.
3. If it moves no more but more could be placed, only pupils on some way from a pupil without a place to a free one need
   be let go: an optimal answer differs from this one by such ways and by cycles, and a cycle that moves a pupil held
   costs a move for nothing. What is found then is optimal by the same argument.
4. Otherwise, or where rules stand that no network says, nobody is held: plain `solve`.

Import it explicitly: it loads OR-Tools.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from solver.changes import Change, Draft, Edit, apply_changes
from solver.difference import Difference, compare
from solver.files import instance_sha256
from solver.holding import Holding, hold
from solver.instance import Announced, Instance
from solver.params import Tier
from solver.parts import gather
from solver.pins import diagnose_pins
from solver.residual import build_residual
from solver.result import Result, Status
from solver.solve import solve


@dataclass(frozen=True, slots=True)
class Repair:
    """The instance of the repair, its answer, what it changes for whom, and the announced rows it cannot all keep.

    `touched` are the rows under a limit that is exceeded or that no rule admits any more; `held` tells how many
    announced pupils were held where they are while solving (the answer does not depend on it).
    """

    instance: Instance
    result: Result
    difference: Difference
    touched: tuple[Announced, ...]
    held: int


def repair(
    instance: Instance, result: Result, changes: Iterable[Change], *, executor: Executor | None = None
) -> Repair:
    """The answer to the changed instance that moves as few of the announced pupils (those of `result`) as can be.

    Raises:
        ValueError: the result is another instance's, or a change names what the instance does not know.
    """
    if result.instance_sha256 != instance_sha256(instance):
        raise ValueError("instance_sha256: the result belongs to another instance")
    changed = repair_instance(instance, result, changes)
    holding = hold(gather(changed))
    found = None if _must_solve_plainly(changed) else _solve_held(changed, holding, executor)
    answer, held = found or (solve(changed, executor=executor), 0)
    return Repair(changed, answer, compare(instance, result, answer), holding.touched, held)


def repair_instance(instance: Instance, result: Result, changes: Iterable[Edit]) -> Instance:
    """The instance with these changes, the placements of `result` announced, and as few of them moved as can be.

    Only `placed`, and the reserves that hang on it, come before.
    """
    return apply_changes(instance, (*changes, _Announce(result)))


@dataclass(frozen=True, slots=True)
class _Announce:
    result: Result

    def edit(self, draft: Draft) -> None:
        rows = self.result.assignments
        draft.announced = tuple(Announced(row.group, row.offer, row.period, row.count) for row in rows)
        first = [tier for tier in draft.params.tiers if tier in ("placed", "reserves")]
        others = [tier for tier in draft.params.tiers if tier not in (*first, Tier.STABILITY)]
        draft.params = replace(draft.params, tiers=(*first, Tier.STABILITY, *others))


def _must_solve_plainly(instance: Instance) -> bool:
    """Whether a rule stands that is no limit of a network, or a pin holds more than was announced."""
    told = Counter({(row.group, row.offer, row.period): row.count for row in instance.announced})
    slots = [slot for period in instance.periods for slot in period.slots]
    return bool(
        instance.wholes
        or instance.bundles
        or instance.sequences
        or len(slots) != len(set(slots))
        or any(row.min_group is not None for row in instance.offers)
        or any(told[pin.group, pin.offer, pin.period] < pin.count for pin in instance.pins)
        or diagnose_pins(instance)
    )


def _solve_held(instance: Instance, holding: Holding, executor: Executor | None) -> tuple[Result, int] | None:
    """The answer and how many pupils were held; None when holding them may have cost something."""
    sha256, held = instance_sha256(instance), holding.admissible
    for first in (True, False):
        parts = holding.parts_with(held)
        answer = solve(parts.instance, executor=executor, parts=parts, sha256=sha256)
        value = {row.tier: row.value for row in answer.tiers}
        least = value.get(Tier.STABILITY) == holding.fewest_moved and value.get(Tier.RESERVES) == 0
        if answer.status is not Status.OPTIMAL or (first and not least):
            return None
        residual = build_residual(holding.parts, answer.assignments)
        reached = residual.reached_from(np.flatnonzero(residual.unplaced))
        if not reached[-1]:
            return answer, sum(pin.count for pin in parts.instance.pins)
        held = held & ~(reached & residual.reaches_sink)[holding.member]
    return None
