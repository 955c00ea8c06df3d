"""Bounds of rounds with side constraints: true, recomputed by a judge from prices alone, and refused when they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from random import Random

import pytest

from solver import blocks, certificate
from solver.certificate import solve_with_certificate
from solver.files import instance_document, instance_sha256, result_document
from solver.instance import Announced, Bundle, Instance, Whole
from solver.judge.plain import bounds
from solver.judge.plain.bounds import bound_documents, judge_documents
from solver.judge.plain.verify import verify_documents
from solver.params import OFFICIAL_TIERS, Params, Tier
from solver.result import Result, Status, TierValue
from solver.solve import solve
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.tiny_sides import SideExhaustion, tiny_sides
from tests.solver.verify_oracle import Document


@dataclass(frozen=True)
class Round:
    """A round that side constraints leave open, and its certificate of bounds."""

    instance: Instance
    result: Result
    certificate: Document

    @property
    def asked(self) -> Document:
        return instance_document(self.instance)

    @property
    def told(self) -> Document:
        return result_document(self.result)

    def faults(self, **changes: Document) -> list[str]:
        return bound_documents(self.asked, changes.get("result", self.told), changes.get("prices", self.certificate))


@pytest.fixture
def little_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    """CP-SAT may hardly work, so that tiers are left open; no component is small."""
    monkeypatch.setattr(blocks, "SMALL", 0)
    monkeypatch.setattr(certificate, "solve", partial(solve, effort=0.0001))


def open_rounds(seed: object, times: int, draw: Callable[[Random], Instance] = tiny_sides) -> Iterator[Round]:
    for number in range(times):
        instance = draw(Random(f"{seed}/bounds/{number}"))
        result, prices = solve_with_certificate(instance)
        if prices is not None and result.status is Status.FEASIBLE:
            yield Round(instance, result, prices)


@cache
def hardly_tried(seed: int, times: int) -> tuple[Round, ...]:
    """Rounds that CP-SAT had `little_effort` for: the same for every test that asks for them."""
    return tuple(open_rounds(seed, times))


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 1_000 if pytestconfig.getoption("--full") else 100


@pytest.mark.usefixtures("little_effort")
def test_bounds_are_true_and_recomputed(seed: int, times: int) -> None:
    """No answer that keeps the tiers before at their values beats a bound, and the judge finds each of them again."""
    held, longest = 0, 0
    for found in hardly_tried(seed, times):
        assert verify_documents(found.asked, found.told) == []
        assert found.faults() == []
        answers = SideExhaustion(found.instance, instance_sha256(found.instance))
        vectors = [answers.vector(rows) for rows in answers.answers()]
        for i, row in enumerate(found.result.tiers):
            if row.proof in ("potentials", "held"):
                values = [each.value for each in found.result.tiers[:i]]
                as_good = [one[i] for one in vectors if all(a <= b for a, b in zip(one, values, strict=False))]
                assert row.bound <= min(as_good) <= row.value, row
            held += row.proof == "held" and row.bound > 0
            longest += row.tier is Tier.LONGEST and row.bound > 0
        assert {row.proof for row in found.result.tiers} <= {"potentials", "held", "solver"}, "a tier without a bound"
    assert held, "no tier after one left open was bounded"
    assert longest, "no longest trip was bounded"


def test_what_cpsat_declares_is_between_what_is_proven_and_the_value(seed: int, times: int) -> None:
    """With all its effort, CP-SAT's own bounds are none lower than what is proven, and none above the value."""
    short = 0
    for found in open_rounds(f"{seed} declared", times // 2):
        assert found.faults() == []
        for i, row in enumerate(found.result.tiers):
            if row.proof == "solver":
                low, high = (replace(row, bound=bound) for bound in (0, row.value + 1))
                assert found.faults(result=with_row(found.result, i, high))
                short += bool(found.faults(result=with_row(found.result, i, low)))
    assert short


def with_row(result: Result, at: int, row: TierValue) -> Document:
    return result_document(replace(result, tiers=(*result.tiers[:at], row, *result.tiers[at + 1 :])))


def two_classes() -> Round:
    """Two classes of three that stay whole before five near seats and, far away, three more: one must go far.

    The network would send one pupil of six there.
    """
    near = offer(seats={"p": 5}, position=at_km(2))
    far = offer(id="far", seats={"p": 3}, position=at_km(20), sector="y")
    classes = tuple(group(id=name, count=3, wishes=("x",)) for name in ("one", "two"))
    instance = world(offers=(near, far), groups=classes, wholes=(Whole("one"), Whole("two")))
    result, prices = solve_with_certificate(instance)
    assert prices is not None
    return Round(instance, result, prices)


def tier_of(result: Document, tier: Tier) -> Document:
    row: Document = next(row for row in result["tiers"] if row["tier"] == tier.value)
    return row


def test_an_open_tier_and_one_after_it() -> None:
    """Wishes are two above what the network can; distance is bounded for those who obtain as few wishes."""
    found = two_classes()
    rows = {row.tier: (row.value, row.bound, row.proof) for row in found.result.tiers}
    assert rows[Tier.PLACED] == (0, 0, "potentials")
    assert rows[Tier.WISHES][0] == 3 * 1 + 3 * 2
    assert rows[Tier.DISTANCE] == (3 * 2_000 + 3 * 20_000, rows[Tier.DISTANCE][1], rows[Tier.DISTANCE][2])
    assert rows[Tier.LONGEST] == (20_000, 20_000, "held")
    assert rows[Tier.DRAW][1:] == (0, "held")
    assert found.faults() == []


def _above(row: Document) -> None:
    row["bound"] += 1


def _below(row: Document) -> None:
    row["bound"] -= 1


def _vouched_otherwise(row: Document) -> None:
    row["proof"] = "potentials" if row["proof"] == "held" else "held"


def _believed(row: Document) -> None:
    row |= {"proof": "potentials", "bound": row["value"]}


@pytest.mark.usefixtures("little_effort")
def test_a_tier_at_nothing_is_not_closed_by_what_the_network_hides() -> None:
    """What a bundle keeps unseen may make a bound of -1: 0 is reached, but later tiers are only held to it."""
    pupil, host = group(periods=frozenset(), wishes=("x",)), offer(seats={"p": 1, "q": 1})
    told = tuple(Announced("group", "offer", when, 1) for when in ("p", "q"))
    instance = replace(world(offers=(host,), groups=(pupil,)), bundles=(Bundle("group", ("p", "q")),), announced=told)
    result, prices = solve_with_certificate(instance)
    rows = {row.tier: (row.value, row.bound, row.proof) for row in result.tiers}
    assert rows[Tier.STABILITY] == (0, 0, "potentials")
    assert rows[Tier.WISHES] == (2, 1, "held")
    assert prices is not None
    assert bound_documents(instance_document(instance), result_document(result), prices) == []


@pytest.mark.usefixtures("little_effort")
@pytest.mark.parametrize("lie", [_above, _below, _vouched_otherwise, _believed])
def test_lies_about_a_bound_are_refused(lie: Callable[[Document], None], seed: int, times: int) -> None:
    """A bound one higher or one lower than the prices prove, or called what it is not: the tier is named."""
    lies = 0
    for found in hardly_tried(seed, times):
        for tier in found.instance.params.tiers:
            result = found.told
            row = tier_of(result, tier)
            if row["proof"] not in ("potentials", "held") or row["bound"] in (0, row["value"]):
                continue
            lie(row)
            assert any(fault.startswith(f"tier {tier.value}:") for fault in found.faults(result=result)), tier
            lies += 1
    assert lies


@pytest.mark.usefixtures("little_effort")
def test_bounds_of_another_round_are_refused(seed: int, times: int) -> None:
    """A certificate kept from another round proves nothing here, even under this round's name."""
    found = [each for each in hardly_tried(seed, times) if each.instance.params.tiers == OFFICIAL_TIERS]
    strangers = 0
    for mine, other in pairwise(found):
        assert any(fault.startswith("identity:") for fault in mine.faults(prices=other.certificate))
        renamed = other.certificate | {"instance_sha256": mine.certificate["instance_sha256"]}
        try:
            strangers += bool(mine.faults(prices=renamed))
        except LookupError:
            strangers += 1
    assert strangers


def moved(certificate: Document, random: Random) -> Document:
    prices = deepcopy(certificate)
    for row in prices["bounds"]:
        row["weights"] = [[name, max(1, weight + random.choice((-1, 0, 5)))] for name, weight in row["weights"]]
        for name in ("lines", "schools", "openings", "reserves", "maxima"):
            row[name] = [[*each[:-1], [n + random.choice((-1, 0, 0, 1)) for n in each[-1]]] for each in row[name]]
    return prices


@pytest.mark.usefixtures("little_effort")
def test_prices_moved_at_random_bound_nothing_too_high(seed: int, times: int) -> None:
    """Whatever numbers a certificate holds, a bound above what some answer reaches is never accepted."""
    random = Random(f"{seed} moved")
    for found in hardly_tried(seed, times)[: times // 4]:
        best = SideExhaustion(found.instance, instance_sha256(found.instance)).best()
        assert best is not None
        prices = moved(found.certificate, random)
        first = found.instance.params.tiers.index(Tier(prices["bounds"][0]["tier"]))
        if found.result.tiers[first].value == best[first] and best[:first] == _values(found.result)[:first]:
            result = found.told
            result["tiers"][first] |= {"bound": best[first] + 1, "proof": "potentials"}
            assert found.faults(result=result, prices=prices)


def _values(result: Result) -> tuple[int, ...]:
    return tuple(row.value for row in result.tiers)


@pytest.mark.parametrize(
    "weights", [[], [["wishes", -1]], [["wishes", 0]], [["wishes", 0.5]], [["draw", 1]], [["placed", 1]]]
)
def test_weights_that_are_none_are_unreadable(weights: list[list[object]]) -> None:
    """Weights are whole, not negative, and of the tiers left open so far; the tier's own is not nothing."""
    found = two_classes()
    prices = deepcopy(found.certificate)
    prices["bounds"][-1]["weights"] = weights
    with pytest.raises(ValueError, match=r"weigh|min\(\)"):
        found.faults(prices=prices)


def test_a_bound_left_out_is_refused() -> None:
    """One for each tier from the first left open to the longest trip, in order."""
    found = two_classes()
    for rows in (found.certificate["bounds"][1:], found.certificate["bounds"][:-1], found.certificate["bounds"][::-1]):
        if rows:
            assert found.faults(prices=found.certificate | {"bounds": rows})


@pytest.mark.usefixtures("little_effort")
def test_sabotage_tiers_held_cost_nothing(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that forgets what the tiers held may cost finds other bounds than ours: the checks above would see it."""
    found = hardly_tried(seed, times)
    monkeypatch.setattr(bounds, "least", lambda row, low, weights, _values: max(0, low // weights[row["tier"]]))
    assert any(each.faults() for each in found)


@pytest.mark.usefixtures("little_effort")
def test_sabotage_bounds_believed(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that compares nothing lets every lie pass."""
    monkeypatch.setattr(bounds, "announced", lambda *_: ())
    for found in hardly_tried(seed, times)[: times // 4]:
        result = found.told
        for row in result["tiers"]:
            row["bound"] = row["value"]
        assert found.faults(result=result) == []


@pytest.mark.usefixtures("little_effort")
def test_sabotage_lengths_believed(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that takes the length without counting the trips as long lets a bound above the value's own pass."""
    monkeypatch.setattr(bounds, "least", lambda row, *_: row["metres"] if row["tier"] == "longest" else 0)
    lies = 0
    for found in hardly_tried(seed, times):
        prices, told = deepcopy(found.certificate), tier_of(found.told, Tier.LONGEST)
        row = next(row for row in prices["bounds"] if row["tier"] == "longest")
        if told["proof"] != "held" or told["bound"] == told["value"]:
            continue
        row["metres"], result = told["value"], found.told
        tier_of(result, Tier.LONGEST)["bound"] = told["value"]
        of_it = [fault for fault in found.faults(result=result, prices=prices) if fault.startswith("tier longest:")]
        assert of_it == []
        lies += 1
    assert lies


def test_a_network_round_is_judged_optimal_by_the_same_command() -> None:
    """What is proven is proven, what is bounded is bounded: the certificate says which."""
    instance = world(params=Params())
    result, prices = solve_with_certificate(instance)
    assert prices is not None
    assert result.status is Status.OPTIMAL
    assert judge_documents(instance_document(instance), result_document(result), prices) == []
    found = two_classes()
    told = result_document(replace(found.result, status=Status.OPTIMAL))
    assert judge_documents(found.asked, told, found.certificate)
