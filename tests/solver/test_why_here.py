"""Why pupils are where they are, against a plain reading of the round and against solving with the pupil pinned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from solver.certificate import solve_with_certificate
from solver.files import Document
from solver.instance import Instance, Pin
from solver.params import TerritoryRule, Tier
from solver.pins import broken_rule
from solver.result import Result, Status
from solver.solve import solve
from solver.why_here import Higher, WhyHere, why_here
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
    """The same with one level, no need, no ban, one seat an opening, and three wishes in another order for everybody."""
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
    """The best answer in which one more pupil of the group is in the sector: by solving, pinned to each place in turn."""
    already = Counter({(row.group, row.offer, row.period): row.count for row in result.assignments})
    others = tuple(pin for pin in instance.pins if pin.group != why.group)
    found = []
    for host in instance.offers:
        for period in host.seats if host.sector == sector else ():
            pin = Pin(why.group, host.id, period, already[why.group, host.id, period] + 1)
            mine = [
                row for row in instance.pins if row.group == why.group and (row.offer, row.period) != (host.id, period)
            ]
            if host_is_lawful(instance, why.group, host.id, period):
                answer = solve(replace(instance, pins=(*others, *mine, pin)))
                found += [vector(answer)] if answer.status is Status.OPTIMAL else []
    return min(found, default=None)


def host_is_lawful(instance: Instance, name: str, host: str, period: str) -> bool:
    return broken_rule(instance, instance.group[name], instance.offer[host], period) is None


def is_true(instance: Instance, result: Result, why: WhyHere, higher: Higher) -> bool:
    """Whether an answer with the pupil there is as much worse as it is said to be, in the tier said, or more."""
    truth = pinned_there(instance, result, why, higher.sector)
    if truth is None or higher.tier is None or higher.at_least is None:
        return higher.tier is None or truth is None
    if higher.tier is Tier.DRAW:
        return truth >= vector(result)
    tiers = list(instance.params.tiers)
    at = tiers.index(higher.tier)
    claimed = tuple(value + higher.at_least * (i == at) for i, value in enumerate(vector(result)))
    return higher.at_least > 0 and truth[: at + 1] >= claimed[: at + 1]


def test_going_higher_costs_what_is_said(seed: int) -> None:
    """A pupil pinned in a sector it ranks higher makes the tier named worse by at least so much, and none before better."""
    told: Counter[Tier | None] = Counter()
    exact = 0
    for number, (instance, result, certificate) in enumerate(rounds(seed, 150)):
        for why in why_here(instance, result, certificate):
            if any(pin.group == why.group for pin in instance.pins):
                continue
            for higher in why.higher:
                told[higher.tier] += 1
                truth = pinned_there(instance, result, why, higher.sector)
                if truth and higher.at_least:
                    at = list(instance.params.tiers).index(higher.tier)
                    d = tuple(a - b for a, b in zip(truth, vector(result)))
                    exact += d[: at + 1] == (0,) * at + (higher.at_least,)
                assert is_true(instance, result, why, higher), (number, why.group, higher)
    print(told, exact)
