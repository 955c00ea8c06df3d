"""The rows of the table: which engines on which instance, how often, and what must hold between their answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ENGINES = {
    "round": "tests.benchmarks.whole_round",
    "repair": "tests.benchmarks.repairing",
    "first come": "tests.benchmarks.first_come",
    "factored flow": "tests.benchmarks.factored_flow",
    "one arc per pair": "tests.benchmarks.pairs_flow",
    "one arc per nearest pair": "tests.benchmarks.nearest_pairs_flow",
    "HiGHS LP": "tests.benchmarks.highs_lp",
    "naive CP-SAT": "tests.benchmarks.naive_cpsat",
    "stable matching": "tests.benchmarks.hospital_resident",
    "agreements": "tests.benchmarks.agreements",
}
"""Each module has `run(instance, clock)`."""
SECONDS, TIMES_FASTER, TIMES_LONGER, BETTER, GAP = "s", "times faster", "times longer", "better", "% gap"
"""What a row's figure is: our seconds; the rival's over ours; the larger size's over the smaller's; places; a share."""


@dataclass(frozen=True)
class Row:
    """The first engine is ours; `same_aims` engines optimise the same three aims, so they may not do better.

    `make` names a function of `tests.benchmarks.instances`. `must` and `aim` bound the figure, from below for
    `TIMES_FASTER` and `BETTER`, which asks for a lower mean rank and a shorter mean trip as well. With `gap_within`
    (the seconds of the must and of the aim) they bound the gap in percent.
    """

    name: str
    make: str
    pupils: int
    engines: tuple[str, ...]
    repetitions: int = 1
    same_aims: bool = True
    must: float | None = None
    aim: float | None = None
    must_mib: int | None = None
    gap_within: tuple[float, float] | None = None
    smaller: int | None = None

    @property
    def figure(self) -> str:
        if self.smaller is not None:
            return TIMES_LONGER
        if self.gap_within is not None:
            return GAP
        if len(self.engines) == 1:
            return SECONDS
        return TIMES_FASTER if self.same_aims else BETTER


def quick() -> tuple[Row, ...]:
    """Every comparison at sizes that take two minutes in all: ratios mean little, correctness means everything."""
    first_come = ("round", "first come")
    return (
        Row("national seconde", "seconde", 8_000, ("round",), 3),
        Row("full year", "full_year", 12_000, ("round",)),
        Row("against one arc per pair", "seconde", 4_000, ("factored flow", "one arc per pair"), 3),
        Row("against the nearest 30", "seconde", 8_000, ("factored flow", "one arc per nearest pair")),
        Row("against HiGHS LP", "seconde", 2_000, ("factored flow", "HiGHS LP")),
        Row("against naive CP-SAT", "seconde", 500, ("factored flow", "naive CP-SAT")),
        Row("indivisible groups", "with_wholes", 3_000, ("round",), must=1, aim=0.2, gap_within=(120, 60)),
        Row("repair", "with_a_large_host", 8_000, ("repair",)),
        Row("growth", "seconde", 8_000, ("round",), smaller=800),
        Row("agreements in one job", "seconde", 50, ("agreements",)),
        Row("against first come", "seconde", 8_000, first_come, same_aims=False, must=0),
        Row("against first come, distance before wishes", "nearest_first", 8_000, first_come, same_aims=False, must=0),
        Row("against stable matching", "plain", 500, ("round", "stable matching"), same_aims=False),
    )


def full() -> tuple[Row, ...]:
    """The real sizes, with the bounds of the design."""
    pairs, near = ("factored flow", "one arc per pair"), ("factored flow", "one arc per nearest pair")
    first_come = ("round", "first come")
    return (
        Row("national seconde", "seconde", 560_000, ("round",), 3, must=60, aim=20, must_mib=2048),
        Row("full year", "full_year", 1_430_000, ("round",), must=180, aim=60, must_mib=4096),
        Row("against one arc per pair", "seconde", 20_000, pairs, 3, must=4, aim=8),
        Row("against the nearest 30", "seconde", 560_000, near, must=4, aim=8),
        Row("against HiGHS LP", "seconde", 20_000, ("factored flow", "HiGHS LP"), must=15, aim=30),
        Row("against naive CP-SAT", "seconde", 5_000, ("factored flow", "naive CP-SAT"), must=300, aim=1000),
        Row("indivisible groups", "with_wholes", 58_000, ("round",), must=1, aim=0.2, gap_within=(120, 60)),
        Row("repair", "with_a_large_host", 58_000, ("repair",), must=5, aim=2),
        Row("growth", "seconde", 560_000, ("round",), must=20, aim=13, smaller=56_000),
        Row("agreements in one job", "seconde", 1_000, ("agreements",)),
        Row("against first come", "seconde", 560_000, first_come, same_aims=False, must=0),
        Row(
            "against first come, distance before wishes", "nearest_first", 560_000, first_come, same_aims=False, must=0
        ),
        Row("against stable matching", "plain", 500, ("round", "stable matching"), same_aims=False),
    )


PROFILES: dict[str, Callable[[], tuple[Row, ...]]] = {"quick": quick, "full": full}
