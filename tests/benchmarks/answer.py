"""What every engine under test hands back, and how answers compare: lexicographically, on aims counted again here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np

from solver.arrays import Ints
from solver.instance import Instance
from solver.result import Assignment, Result
from tests.benchmarks.pairs import Pairs

STOPPED = "stopped_after_s"
"""Note of an engine that would have gone on."""
EARLY, LATE = "mib_after_a_tenth", "mib_after_all"
"""Notes of a work done piece by piece: what its process holds then."""


@dataclass(frozen=True)
class Answer:
    """Values to minimise, in order (unplaced pupils, sum of ranks, metres), and what describes the quality.

    `proven` is false when the engine stopped before the optimum, or never looks for it; `gap` is then the most that is
    missing, as a share of the pupils who could be placed (none known: 1).
    """

    unplaced: int
    ranks: int
    metres: int
    proven: bool
    first_wishes: float = 0.0
    mean_rank: float = 0.0
    mean_metres: float = 0.0
    worst_school: float = 0.0
    gap: float = 1.0
    notes: dict[str, float] = field(default_factory=dict)

    @property
    def values(self) -> tuple[int, int, int]:
        return self.unplaced, self.ranks, self.metres

    def as_row(self) -> dict[str, object]:
        return asdict(self)


def answer_of_pairs(pairs: Pairs, taken: Ints, proven: bool, notes: dict[str, float] | None = None) -> Answer:
    """The answer that places `taken[i]` pupils on pair i."""
    placed = int(taken.sum())
    metres = int(taken @ pairs.metres)
    first = int(taken[pairs.rank == 1].sum())
    by_school = np.bincount(pairs.school[pairs.group], taken, len(pairs.pupils_of_school))
    return Answer(
        unplaced=int(pairs.pupils.sum()) - placed,
        ranks=int(taken @ pairs.rank),
        metres=metres,
        proven=proven,
        first_wishes=first / max(1, placed),
        mean_rank=int(taken @ pairs.rank) / max(1, placed),
        mean_metres=metres / max(1, placed),
        worst_school=_worst_rate(by_school.astype(np.int64), pairs.pupils_of_school),
        notes=notes or {},
    )


def answer_of_result(instance: Instance, result: Result, proven: bool, notes: dict[str, float]) -> Answer:
    """The answer a `Result` announces."""
    values = {row.tier.value: row.value for row in result.tiers}
    placed = result.placed
    first = sum(row.count for row in result.assignments if _is_first_wish(instance, row))
    number = {school.id: i for i, school in enumerate(instance.schools)}
    by_school = np.zeros(len(number), np.int64)
    for row in result.assignments:
        by_school[number[instance.group[row.group].school]] += row.count
    pupils = np.array([instance.pupils_by_school.get(name, 0) for name in number], np.int64)
    return Answer(
        unplaced=values["placed"],
        ranks=values["wishes"],
        metres=values["distance"],
        proven=proven,
        first_wishes=first / max(1, placed),
        mean_rank=values["wishes"] / max(1, placed),
        mean_metres=values["distance"] / max(1, placed),
        worst_school=_worst_rate(by_school, pupils),
        gap=_gap(result),
        notes=notes,
    )


def _gap(result: Result) -> float:
    """How many more pupils might be placed, against all who might."""
    first = result.tiers[0]
    missing = first.value - first.bound
    return missing / max(1, result.placed + missing)


def _is_first_wish(instance: Instance, row: Assignment) -> bool:
    return instance.rank(instance.group[row.group], instance.offer[row.offer].sector) == 1


def _worst_rate(placed: Ints, pupils: Ints) -> float:
    """The lowest share of pupils placed among schools that ask."""
    asking = pupils > 0
    return float((placed[asking] / pupils[asking]).min(initial=1.0))
