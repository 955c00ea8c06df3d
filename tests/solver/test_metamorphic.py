"""What must stay true of an answer when the question changes: no right answer needs to be known.

Each property runs on the engine, where it holds, and on a broken stand-in, where it must not.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pytest

from solver import tiers
from solver.files import instance_document, instance_from_document, instance_sha256
from solver.greedy import greedy
from solver.instance import ROW_KEYS, Instance
from solver.params import Tier
from solver.result import Result
from solver.solve import solve
from tests.solver.archipelago import filed
from tests.solver.changed_instances import WIDER, metres_times, ranks_times, renamed, weights_times
from tests.solver.linear_programme import Programme, total
from tests.solver.medium_instances import medium_instance

ROOT = Path(__file__).parents[2]
ENOUGH = 60
"""Instances among which every broken stand-in shows."""
Values = dict[Tier, int]
Engine = Callable[[Instance], Values]


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 250 if pytestconfig.getoption("--full") else 25


def instances(seed: int, about: str, times: int) -> Iterator[tuple[Instance, Random]]:
    for number in range(times):
        random = Random(f"{seed}/{about}/{number}")
        yield medium_instance(random), random


def values_of(result: Result) -> Values:
    """What can be compared between two questions: the draw is another one as soon as anything is."""
    return {row.tier: row.value for row in result.tiers if row.tier is not Tier.DRAW}


def engine(instance: Instance) -> Values:
    return values_of(solve(instance))


def first_come(instance: Instance) -> Values:
    return values_of(greedy(instance))


def worsened(seed: int, times: int, answer: Engine) -> Iterator[str]:
    """Changes after which the aims, in order, are worse than before."""
    for instance, random in instances(seed, "wider", times):
        widen = random.choice(WIDER)
        before, after = answer(instance), answer(widen(instance, random))
        if tuple(after.values()) > tuple(before.values()):
            yield widen.__name__


def test_more_room_never_makes_a_round_worse(seed: int, times: int) -> None:
    """One more seat, period, offer, kilometre: the aims, compared in their order, are as good or better."""
    assert list(worsened(seed, times, engine)) == []


def test_sabotage_first_come_gets_worse_with_more_room(seed: int) -> None:
    """Serving requests one after the other does get worse, now and then, when something is added."""
    assert any(worsened(seed, 10 * ENOUGH, first_come))


SCALES: dict[Tier, Callable[[Instance, int], Instance]] = {
    Tier.EQUITY: weights_times,
    Tier.WISHES: ranks_times,
    Tier.DISTANCE: metres_times,
}


WITH: dict[Tier, tuple[Tier, ...]] = {Tier.DISTANCE: (Tier.LONGEST,)}
"""Aims that have the same unit."""


def moved_by_the_scale(seed: int, times: int, scaled: Tier, answer: Engine) -> Iterator[tuple[Values, Values]]:
    """Rounds whose values are not the same but for the scaled aim, so many times larger."""
    for instance, random in instances(seed, f"scale {scaled}", times):
        factor = random.choice((2, 3))
        once, more = (answer(SCALES[scaled](instance, each)) for each in (1, factor))
        if more != once | {tier: factor * once[tier] for tier in (scaled, *WITH.get(scaled, ())) if tier in once}:
            yield once, more


@pytest.mark.parametrize("scaled", SCALES)
def test_the_unit_of_an_aim_changes_nothing(scaled: Tier, seed: int, times: int) -> None:
    """Heavier priorities, higher ranks, longer roads, all alike: the same round, since aims are never added up."""
    assert list(moved_by_the_scale(seed, times, scaled, engine)) == []


NO_SUM = (Tier.LONGEST, Tier.DRAW)
"""Aims left out when the others are added up: a maximum, and what decides nothing."""


def added_up(instance: Instance) -> Values:
    """An engine that weighs its aims and adds them up, as many do."""
    programme = Programme(instance)
    aims = {tier: programme.aim(tier.value) for tier in instance.params.tiers if tier not in NO_SUM}
    weights = dict.fromkeys(aims, 200_000) | {Tier.PLACED: 2_000_000, Tier.EQUITY: 1, Tier.DISTANCE: 20}
    programme.improve([(number, weights[tier] * price) for tier, aim in aims.items() for number, price in aim])
    return {tier: total(aim, programme.answer) for tier, aim in aims.items()}


@pytest.mark.parametrize("scaled", SCALES)
def test_sabotage_aims_added_up(scaled: Tier, seed: int) -> None:
    """When aims are added up, the unit of one decides what the others get."""
    assert any(moved_by_the_scale(seed, ENOUGH, scaled, added_up))


def told_apart_by_names(seed: int, times: int, answer: Engine) -> Iterator[tuple[Values, Values]]:
    for instance, random in instances(seed, "names", times):
        found = answer(instance), answer(renamed(instance, random))
        if found[0] != found[1]:
            yield found


def test_names_decide_nothing(seed: int, times: int) -> None:
    """Other names for everybody and everything: every aim has the same value; only the draw may differ."""
    assert list(told_apart_by_names(seed, times, engine)) == []


def test_sabotage_names_that_decide(seed: int) -> None:
    """First come, first served, where the identifier says who came first, gives other values."""
    assert any(told_apart_by_names(seed, ENOUGH, first_come))


def with_a_copy(instance: Instance, random: Random) -> Instance:
    """The instance with a row doubled under another name: a class, a host, a school, a line."""
    table = random.choice(("groups", "offers", "schools", "lines"))
    twin = dataclasses.replace(random.choice(getattr(instance, table)), id="twin")
    return dataclasses.replace(instance, **{table: (*getattr(instance, table), twin)})


def without_the_copy(instance: Instance) -> Instance:
    document = instance_document(instance)
    for table in ("groups", "offers", "schools", "lines"):
        document[table] = [row for row in document[table] if row["id"] != "twin"]
    return instance_from_document(document)


def changed_by_a_copy(seed: int, times: int, answer: Callable[[Instance], bytes]) -> Iterator[int]:
    for number, (instance, random) in enumerate(instances(seed, "copy", times)):
        before, doubled = answer(instance), with_a_copy(instance, random)
        answer(doubled)
        if answer(without_the_copy(doubled)) != before:
            yield number


def test_a_row_doubled_then_removed_leaves_no_trace(seed: int, times: int) -> None:
    """Solve, double a row, solve, remove it, solve: the third answer is the first, byte for byte."""
    assert list(changed_by_a_copy(seed, times, lambda instance: filed(solve(instance)))) == []


def test_sabotage_an_engine_that_remembers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose lots are still those of the question before does not come back to its first answer."""
    asked = [""]

    def late(instance: Instance) -> str:
        asked.append(instance_sha256(instance))
        return asked[-2]

    monkeypatch.setattr("solver.solve.instance_sha256", late)
    assert any(changed_by_a_copy(seed, ENOUGH, lambda instance: filed(solve(instance))))


def as_typed(instance: Instance, random: Random) -> Instance:
    """The same rows in another order."""
    rows = {table: random.sample(getattr(instance, table), len(getattr(instance, table))) for table in ROW_KEYS}
    return Instance(**{table: tuple(shuffled) for table, shuffled in rows.items()}, params=instance.params)


def changed_by_order(seed: int, times: int, typed: Callable[[Instance, Random], Instance]) -> Iterator[int]:
    """Rounds that are not the same bytes with rows in another order, solved in parts by two threads."""
    with ThreadPoolExecutor(2) as threads:
        for number, (instance, random) in enumerate(instances(seed, "order", times)):
            if filed(solve(typed(instance, random), executor=threads)) != filed(solve(instance)):
                yield number


def test_order_and_executor_change_no_byte(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows typed in any order, parts solved side by side: the same bytes."""
    monkeypatch.setattr("solver.components.ARCS_PER_PART", 50)
    assert list(changed_by_order(seed, times, as_typed)) == []


def test_sabotage_rows_left_as_they_came(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the canonical order of rows and without the draw, whoever types the rows in picks the pupils."""

    def left_as_they_came(instance: Instance, random: Random) -> Instance:
        shuffled = as_typed(instance, random)
        for table in ("groups", "offers"):
            rows = getattr(shuffled, table)
            object.__setattr__(shuffled, table, tuple(random.sample(rows, len(rows))))
        return shuffled

    same = ["0" * 64]
    monkeypatch.setattr("solver.solve.instance_sha256", lambda _instance: same[0])
    costs = dict(tiers._COSTS) | {Tier.DRAW: lambda _network, arcs, _names: np.zeros(len(arcs), np.int64)}
    monkeypatch.setattr(tiers, "_COSTS", costs)
    monkeypatch.setattr("solver.score.Lots.total", lambda *_arguments: 0)
    assert any(changed_by_order(seed, ENOUGH, left_as_they_came))


FINGERPRINTS = """
import hashlib, sys
from random import Random
import solver.files
from solver.solve import solve
from tests.solver.archipelago import filed
from tests.solver.medium_instances import medium_instance
seed, times, careless = sys.argv[1:]
if careless == "True":
    solver.files.sorted = list
for number in range(int(times)):
    print(hashlib.sha256(filed(solve(medium_instance(Random(f"{seed}/hash/{number}"))))).hexdigest())
"""


def fingerprints(hash_seed: int, *arguments: object) -> list[str]:
    command = [sys.executable, "-c", FINGERPRINTS, *map(str, arguments)]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_the_hash_seed_changes_no_byte(seed: int, times: int) -> None:
    """Two processes whose sets come in two different orders give the same bytes."""
    one, other = (fingerprints(hash_seed, seed, times, False) for hash_seed in (1, 2))
    assert len(one) == times
    assert one == other


def test_sabotage_sets_in_whatever_order(seed: int) -> None:
    """If sets are written as they come, two processes do not even ask the same question."""
    one, other = (fingerprints(hash_seed, seed, 3, True) for hash_seed in (1, 2))
    assert one != other
