"""Why pupils are where they are, against a plain reading of the round and against solving with the pupil pinned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from solver.certificate import solve_with_certificate
from solver.files import Document
from solver.generate import generate
from solver.higher import Higher, HigherReason, WhyHere
from solver.instance import Ban, Instance, Pin, QuotaLine
from solver.params import TerritoryRule, Tier
from solver.pins import broken_rule
from solver.result import Result, Status
from solver.solve import solve
from solver.why_here import why_here
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.tiny_instances import tiny_instance

Vector = tuple[int, ...]


def rounds(seed: int, count: int) -> Iterator[tuple[Instance, Result, Document]]:
    """Proven tiny rounds; in two of three, everybody may go everywhere and wants one of few seats."""
    random = Random(f"{seed}/why-here")
    for number in range(count):
        instance = tiny_instance(random)
        instance = crowded(random, instance) if number % 3 else instance
        result, certificate = solve_with_certificate(instance)
        if certificate is not None:
            yield instance, result, certificate


def crowded(random: Random, instance: Instance) -> Instance:
    """The same with one level, no need, no ban, one seat an opening, and three wishes in some order for everybody."""
    levels, lines = frozenset({"3e"}), ("nation", "west", "east", None, None, None)
    groups = (
        replace(row, level="3e", reach_m=25_000, needs=frozenset(), wishes=tuple(random.sample("xyz", 3)))
        for row in instance.groups
    )
    offers = (
        replace(row, levels=levels, department="A", admits=None, seats={"p": 1, "q": 1}, line=random.choice(lines))
        for row in instance.offers
    )
    params = replace(instance.params, territory_rule=TerritoryRule.ANYWHERE)
    return replace(instance, groups=tuple(groups), offers=tuple(offers), bans=(), pins=(), params=params)


def vector(result: Result) -> Vector:
    """Every tier's value but the draw's, which another instance draws again."""
    return tuple(row.value for row in result.tiers[:-1])


def pinned_there(instance: Instance, result: Result, why: WhyHere, sector: str) -> Vector | None:
    """The best answer with one more pupil of the group in the sector: by solving, pinned to each place in turn."""
    already = Counter({(row.group, row.offer, row.period): row.count for row in result.assignments})
    found = []
    for host in instance.offers:
        for period in host.seats if host.sector == sector else ():
            if broken_rule(instance, instance.group[why.group], host, period) is None:
                pin = Pin(why.group, host.id, period, already[why.group, host.id, period] + 1)
                answer = solve(replace(instance, pins=(*instance.pins, pin)))
                found += [vector(answer)] if answer.status is Status.OPTIMAL else []
    return min(found, default=None)


def is_true(instance: Instance, result: Result, why: WhyHere, higher: Higher) -> bool:
    """Whether an answer with the pupil there is as much worse as it is said to be, in the tier said, or more."""
    truth = pinned_there(instance, result, why, higher.sector)
    if truth is None:  # pins hold every place: no answer at all sends the pupil there
        return True
    if higher.tier is None or higher.at_least is None:
        return truth >= vector(result)
    at = instance.params.tiers.index(higher.tier)
    claimed = (*vector(result)[:at], vector(result)[at] + higher.at_least)
    return higher.at_least > 0 and truth[: at + 1] >= claimed


def may_be_tested(instance: Instance, why: WhyHere) -> bool:
    """One pupil more pinned is this pupil moved, unless others of the group are told from it by what was announced."""
    announced = any(row.group == why.group for row in instance.announced)
    return not any(pin.group == why.group for pin in instance.pins) and (
        instance.group[why.group].count == 1 or not announced
    )


def test_going_higher_costs_what_is_said(seed: int) -> None:
    """A pupil pinned in a sector it ranks higher makes the tier named worse by at least so much, none before better."""
    told: Counter[Tier | None] = Counter()
    for number, (instance, result, certificate) in enumerate(rounds(seed, 150)):
        for why in why_here(instance, result, certificate):
            for higher in why.higher if may_be_tested(instance, why) else ():
                told[higher.tier] += 1
                assert is_true(instance, result, why, higher), (number, why.group, higher)
    assert sum(told.values()) - told[None] >= 10, told


def test_sabotage_prices_of_nothing_are_caught(seed: int) -> None:
    """Prices raised out of thin air, as if a seat taken cost a pupil's place, claim more than pinning shows."""
    wrong = 0
    for instance, result, certificate in rounds(seed, 60):
        worth = [1] * len(instance.params.tiers)
        hosts = [row for row in instance.offers if row.sector == "x"]
        dear = certificate | {"openings": [[row.id, p, worth] for row in hosts for p, n in row.seats.items() if n]}
        for why in why_here(instance, result, dear):
            asked = why.higher if may_be_tested(instance, why) else ()
            wrong += sum(not is_true(instance, result, why, higher) for higher in asked)
    assert wrong


FAR = {"position": at_km(60)}
CASES: list[tuple[dict[str, object], HigherReason]] = [
    ({"offers": (offer(sector="y"),)}, HigherReason.NO_OFFER_IN_REACH),
    ({"offers": (offer(sector="y"), offer(id="x", **FAR))}, HigherReason.NO_OFFER_IN_REACH),
    ({"offers": (offer(sector="y"), offer(id="x", levels=frozenset({"2de_gt"})))}, HigherReason.NO_OFFER_IN_REACH),
    ({"offers": (offer(sector="y"), offer(id="x", seats={"q": 1}))}, HigherReason.PERIODS_NOT_OPEN),
    (
        {
            "offers": (offer(sector="y", serves=frozenset({"lift"})), offer(id="x")),
            "groups": (group(wishes=("x", "y"), needs=frozenset({"lift"})),),
        },
        HigherReason.NEEDS_NOT_SERVED,
    ),
    ({"offers": (offer(sector="y"), offer(id="x")), "bans": (Ban("group", "x"),)}, HigherReason.BANNED),
    ({"offers": (offer(sector="y"), offer(id="x")), "pins": (Pin("group", "offer", "p"),)}, HigherReason.PINNED),
    (
        {"offers": (offer(sector="y"), offer(id="x", line="l")), "lines": (QuotaLine("l", ceiling=0),)},
        HigherReason.QUOTA_CEILING,
    ),
    (
        {"offers": (offer(sector="y", line="l"), offer(id="x")), "lines": (QuotaLine("l", commitment=1),)},
        HigherReason.EARLIER_AIM,
    ),
]


@pytest.mark.parametrize(("changes", "reason"), CASES)
def test_each_reason(changes: dict[str, object], reason: HigherReason) -> None:
    """The pupil wanted x and is in y: each time for another reason, which is named."""
    instance = world(**{"groups": (group(wishes=("x", "y")),)} | changes)
    result, certificate = solve_with_certificate(instance)
    (why,) = why_here(instance, result, certificate)
    (higher,) = why.higher
    assert (why.offer, why.rank, higher.sector, higher.rank, higher.reason) == ("offer", 2, "x", 1, reason)
    assert type(higher.reason) is HigherReason, "the word alone, and nobody can ask it for its value"
    assert (higher.tier is Tier.COMMITMENTS) == (reason is HigherReason.EARLIER_AIM)


def test_a_seat_taken_by_whoever_would_lose_more() -> None:
    """Bob ranks nothing but x: giving Ann his seat would cost him his place in a wish, by more than Ann would gain."""
    offers = (offer(id="x", seats={"p": 1}), offer(id="y", sector="y", seats={"p": 2}))
    instance = world(offers=offers, groups=(group(id="ann", wishes=("x", "y")), group(id="bob", wishes=("x",))))
    result, certificate = solve_with_certificate(instance)
    ann, bob = why_here(instance, result, certificate)
    assert (ann.offer, bob.offer, bob.higher) == ("y", "x", ())
    assert ann.higher[0].reason is HigherReason.ALL_SEATS_TAKEN
    assert (ann.higher[0].offer, ann.higher[0].period, ann.higher[0].openings) == ("x", "p", 1)


def test_the_schools_maximum_keeps_one_out() -> None:
    """The site has seats, and Ann's school its one pupil there already."""
    offers = (offer(id="x", seats={"p": 5}, max_per_school=1), offer(id="y", sector="y", seats={"p": 2}))
    instance = world(offers=offers, groups=(group(id="ann", wishes=("x", "y")), group(id="bob", wishes=("x",))))
    result = solve(instance)
    assert why_here(instance, result, groups=["ann"])[0].higher == (
        Higher("x", 1, HigherReason.SCHOOL_MAXIMUM, openings=1),
    )


def test_what_cannot_be_explained_is_refused() -> None:
    """A stranger, another instance's result or certificate: each is named."""
    instance, other = world(), world(offers=(offer(seats={"p": 2}),))
    result, (_, certificate) = solve(instance), solve_with_certificate(other)
    with pytest.raises(ValueError, match="unknown 'nobody'"):
        why_here(instance, result, groups=["nobody"])
    with pytest.raises(ValueError, match="the result belongs to another instance"):
        why_here(other, result)
    with pytest.raises(ValueError, match="the certificate belongs to another instance"):
        why_here(instance, result, certificate)


def test_a_whole_region_at_once(seed: int, pytestconfig: pytest.Config) -> None:
    """Everybody placed in a large round has an answer for every sector ranked higher, and most have their price."""
    instance = generate(20_000 if pytestconfig.getoption("--full") else 2_000, seed)
    result, certificate = solve_with_certificate(instance)
    told = why_here(instance, result, certificate)
    assert [(row.group, row.offer, row.count) for row in told] == [
        (row.group, row.offer, row.count) for row in result.assignments
    ]
    assert all(len(why.higher) == min(why.rank, 4) - 1 for why in told)
    priced = [higher for why in told for higher in why.higher if higher.openings]
    assert sum(higher.tier is not None for higher in priced) > len(priced) / 2
