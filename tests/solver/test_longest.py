"""Of the answers that are equally short in all, the one whose longest trip is shortest; and nobody can lie about it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from solver.arrays import Ints
from solver.columns import instance_store, result_store
from solver.files import Document, instance_sha256
from solver.instance import Department, Group, Instance, Offer, Pin
from solver.judge.plain import prices, prove
from solver.judge.plain.prove import prove_documents
from solver.network import Kind, Network
from solver.params import Tier
from solver.prove_large import is_proven
from solver.result import Assignment, Result, Status
from solver.solve import solve
from tests.solver.brute_force import exhaust
from tests.solver.certificates import Round, announced, proven_round
from tests.solver.small_world import DEPARTMENTS, at_km, group, offer, school, world


def on_a_line(random: Random) -> Instance:
    """Schools on one side, hosts on the other: whoever goes where, the trips make the same sum."""
    schools = tuple(school(id=f"s{n}", position=at_km(random.randrange(8))) for n in range(random.randint(2, 3)))
    most = random.choices((None, None, 1), k=random.randint(2, 4))
    offers = tuple(_host(random, n, limit) for n, limit in enumerate(most))
    groups = tuple(_class(random, n, random.choice(schools).id) for n in range(random.randint(2, 4)))
    return world(schools=schools, offers=offers, groups=groups)


def _host(random: Random, number: int, limit: int | None) -> Offer:
    place, seats = at_km(random.randrange(10, 24)), {"p": random.choice((1, 1, 2))}
    return offer(id=f"o{number}", position=place, seats=seats, max_per_school=limit)


def _class(random: Random, number: int, name: str) -> Group:
    reach = random.choice((14_000, 30_000))
    return group(id=f"g{number}", school=name, count=random.choice((1, 1, 2)), reach_m=reach)


def instances(seed: int, times: int) -> Iterator[Instance]:
    return (on_a_line(Random(f"{seed}/line/{number}")) for number in range(times))


def values(result: Result) -> dict[Tier, int]:
    return {row.tier: row.value for row in result.tiers}


def proven(instance: Instance) -> Round:
    found = proven_round(instance)
    assert found is not None
    return found


def longest_now(network: Network, flow: Ints, _bundles: object) -> int:
    """What an engine would say that does not try to shorten anything."""
    return int(network.number[(network.kind == Kind.CHOICE) & (flow > 0)].max(initial=0))


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 1_000 if pytestconfig.getoption("--full") else 80


def test_no_answer_has_a_shorter_longest_trip(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many answers are equally short in all, the longest trip is the least there is, and its proof holds."""
    chosen = 0
    for number, instance in enumerate(instances(seed, times)):
        truth, found = exhaust(instance, instance_sha256(instance)), proven(instance)
        assert truth is not None
        assert tuple(row.value for row in found.best.tiers) == truth.best, number
        assert prove_documents(found.asked, found.result, found.certificate) == [], number
        with monkeypatch.context() as patched:
            patched.setattr("solver.faces.least_longest", longest_now)
            chosen += solve(instance).status is not Status.OPTIMAL
    assert chosen > times // 20, "there was hardly ever anything to shorten"


def test_a_lie_about_the_longest_trip_is_refused(seed: int) -> None:
    """Announced one metre shorter or longer, with the true certificate: refused, under the name of that aim."""
    for instance in instances(seed, 20):
        found = proven(instance)
        for lie in (-1, 1):
            tiers = [
                row | {"value": row["value"] + lie, "bound": row["bound"] + lie} if row["tier"] == "longest" else row
                for row in found.result["tiers"]
            ]
            [fault] = prove_documents(found.asked, found.result | {"tiers": tiers}, found.certificate)
            assert fault.startswith("tier longest: ")


def crossed() -> tuple[Round, Document]:
    """Two schools 4 km apart, hosts beyond: the same sum of trips with one of 10 km as with two of 6."""
    schools = (school(), school(id="nearer", position=at_km(4)))
    offers = (offer(id="first", position=at_km(6)), offer(id="second", position=at_km(10)))
    found = proven(world(schools=schools, offers=offers, groups=(group(), group(id="other", school="nearer"))))
    rows = (Assignment("group", "second", "p", 1), Assignment("other", "first", "p", 1))
    return found, announced(found.instance, rows)


def test_a_longer_trip_that_makes_the_same_sum_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lawful answer as short in all, with one longer trip, is not proven by the best one's certificate or its own."""
    found, worse = crossed()
    assert values(found.best)[Tier.LONGEST] == 6_000
    assert [row["value"] for row in worse["tiers"] if row["tier"] in ("distance", "longest")] == [12_000, 10_000]
    at = found.asked["params"]["tiers"].index("longest")
    silent = {
        name: [[*row[:-1], [n if i != at else 0 for i, n in enumerate(row[-1])]] for row in found.certificate[name]]
        for name in prices.PRICES
    }
    for certificate in (found.certificate, found.certificate | silent):
        faults = prove_documents(found.asked, worse, certificate)
        assert any(fault.startswith("tier longest: value 10000, and 0 is") for fault in faults)
    monkeypatch.setattr(prove, "shortest", lambda _asked, _result, _certificate, longest: longest)
    faults = prove_documents(found.asked, worse, found.certificate)
    assert not any(fault.startswith("tier longest") for fault in faults), "the sabotage changed nothing"


def test_prices_of_the_longest_trip_moved_at_random_prove_nothing_false(seed: int) -> None:
    """Whatever numbers stand for the longest trip in a certificate, a longer one is not proven."""
    random, (found, worse) = Random(f"{seed} longest"), crossed()
    at = found.asked["params"]["tiers"].index("longest")
    for _ in range(200):
        edited = {
            name: [
                [*row[:-1], [n + (i == at) * random.choice((-2, -1, 0, 1, 2)) for i, n in enumerate(row[-1])]]
                for row in found.certificate[name]
            ]
            for name in prices.PRICES
        }
        assert prove_documents(found.asked, worse, found.certificate | edited)


def test_the_longest_trip_is_one_for_all_parts() -> None:
    """A part that cannot avoid a long trip lets the others have one as long, for the aims that follow."""
    schools = (school(), school(id="island", department="I", position=at_km(50)))
    offers = (offer(), offer(id="boat", department="I", position=at_km(70)))
    departments = (*DEPARTMENTS[:-1], Department("I", "east", landmass="island"))
    instance = world(
        departments=departments, schools=schools, offers=offers, groups=(group(), group(id="theirs", school="island"))
    )
    found = proven(instance)
    assert values(found.best)[Tier.LONGEST] == 20_000
    assert prove_documents(found.asked, found.result, found.certificate) == []
    with ThreadPoolExecutor(2) as executor:
        assert solve(instance, executor=executor) == found.best


def test_a_pin_may_be_the_longest_trip() -> None:
    """The longest trip is that of a pinned pupil when it is longer than all the others."""
    far = offer(id="far", position=at_km(25))
    instance = world(offers=(offer(), far), groups=(group(), group(id="b")), pins=(Pin("b", "far", "p"),))
    found = proven(instance)
    assert values(found.best)[Tier.LONGEST] == 25_000
    assert prove_documents(found.asked, found.result, found.certificate) == []


def test_columns_prove_the_longest_trip_too(seed: int) -> None:
    """The fast judge proves the same rounds, and none of the worse ones."""
    told = {"engine": "", "seconds": {}, "diagnosis": ""}
    why = {"reason": "all_seats_taken", "offers": [], "lines": [], "facts": {}}

    def believed(found: Round, result: Document) -> bool:
        rows = [why | row for row in result["unplaced"]]
        store = result_store(told | result | {"unplaced": rows})
        return is_proven(instance_store(found.asked), store, found.certificate)

    for instance in instances(seed, 20):
        found = proven(instance)
        assert believed(found, found.result)
    found, worse = crossed()
    assert believed(found, found.result)
    assert not believed(found, worse)
