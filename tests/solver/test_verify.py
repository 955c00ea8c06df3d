"""The verifier is silent on true documents, wherever they come from, and agrees with a second reading of the rules."""

from __future__ import annotations

import dataclasses
from collections import Counter
from random import Random

import pytest

from solver.files import instance_document, result_document
from solver.greedy import greedy
from solver.judge.plain.verify import verify_documents
from solver.rules import Rule
from solver.solve import solve
from tests.solver.side_corruptions import LOOSENED
from tests.solver.verify_cases import at_the_site, documents, random_case, random_instance, scattered, triangle
from tests.solver.verify_oracle import broken_rules, honest, left_of, reason

HARD_RULES = {rule.value for rule in Rule if rule not in LOOSENED}
"""Those of single pupils and capacities; side constraints have `test_sides`."""


def named(faults: list[str]) -> set[str]:
    return {fault.split(":")[0] for fault in faults}


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 500 if pytestconfig.getoption("--full") else 50


def test_silent_on_honest_documents(seed: int, times: int) -> None:
    """A lawful placement told truthfully raises no alarm, and every reason of the list is met on the way."""
    random, told = Random(f"{seed} honest"), Counter[str]()
    for _ in range(times):
        asked, result = documents(*random_case(random))
        assert verify_documents(asked, result) == []
        told.update(row["reason"] for row in result["unplaced"])
    assert len(told) >= 5


def test_silent_on_the_engine(seed: int, times: int) -> None:
    """The engine's rounds and the first-come-first-served baseline's pass the verifier as they are."""
    random = Random(f"{seed} engine")
    for _ in range(times):
        instance = random_instance(random)
        for result in (solve(instance), greedy(instance)):
            assert verify_documents(instance_document(instance), result_document(result)) == []


def test_says_what_a_second_reading_says(seed: int, times: int) -> None:
    """For pupils sent anywhere at random, the rules named are exactly those that a slow reading finds broken."""
    random, met = Random(f"{seed} anywhere"), set[str]()
    for number in range(times * 40):
        if number >= times * 4 and met == HARD_RULES:  # some rules are seldom broken: go on until each has been
            break
        instance, placements = random_case(random)
        for _ in range(random.randint(0, 3)):
            trip = random.choice(instance.groups), random.choice(instance.offers), random.choice(instance.periods)
            placements[trip[0].id, trip[1].id, trip[2].id] += random.choice((1, 1, 2))
        for name in random.sample(sorted(placements), min(len(placements), random.randint(0, 2))):
            del placements[name]
        broken = broken_rules(instance, placements)
        left = [group for group in instance.groups if left_of(placements, group) > 0]
        is_one_left_for_nothing = any(reason(instance, placements, group)[1] for group in left)
        pair = honest(instance, placements, excusing=True)
        assert pair is not None
        assert named(verify_documents(*pair)) == broken | ({"reasons"} if is_one_left_for_nothing else set())
        met |= broken
    assert met == HARD_RULES


def test_far_and_wide(seed: int) -> None:
    """Offers scattered over the globe: those in reach and the nearest one are the same as by looking at all of them."""
    random = Random(f"{seed} globe")
    for spread in (60_000, 600_000, 6_000_000):
        assert verify_documents(*documents(scattered(random, spread), Counter())) == []


def test_values_worked_out_by_hand() -> None:
    """Two of four REP pupils left: 125 % of a quarter, then of a half; ranks 1 and 3; twice 5 km; one seat short."""
    asked, result = documents(triangle(), at_the_site("a", "b"))
    values = {row["tier"]: row["value"] for row in result["tiers"]}
    assert 0 <= values.pop("draw") < 4 * 2**20
    expected = {
        "placed": 2,
        "equity": 312_500 + 625_000,
        "reserves": 0,
        "commitments": 1,
        "stability": 0,
        "wishes": 1 + 3,
    }
    assert values == expected | {"distance": 10_000, "longest": 5_000}
    assert verify_documents(asked, result) == []


@pytest.mark.parametrize(("reach_m", "expected"), [(4_999, {"reach"}), (5_000, set()), (5_001, set())])
def test_reach_to_the_metre(reach_m: int, expected: set[str]) -> None:
    """A trip exactly as long as the limit is allowed; one metre more is not."""
    pair = honest(triangle(reach_m), at_the_site("a", "b"))
    assert pair is not None
    assert named(verify_documents(*pair)) == expected


def test_nobody_asks_or_nobody_offers() -> None:
    """An instance without any pupil, or without any offer, is verified like another."""
    assert verify_documents(*documents(dataclasses.replace(triangle(), groups=()), Counter())) == []
    asked, result = documents(dataclasses.replace(triangle(), offers=()), Counter())
    assert [(row["reason"], row["facts"]) for row in result["unplaced"]] == [
        ("no_offer_of_level_in_reach", {"reachable_offers": 0})
    ] * 3
    assert verify_documents(asked, result) == []
