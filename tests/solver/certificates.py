"""Proven rounds, and false claims about them: lawful answers that are worse, announced as optimal with a certificate.

A claim is told honestly in everything but its bounds. Its certificate is the true round's ("borrowed"), or that of a
poorer instance in which the worse answer is the best ("recomputed").
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

import pytest

from solver.certificate import solve_with_certificate
from solver.files import Document, instance_document, instance_sha256, result_document
from solver.instance import Instance
from solver.occupancy import Occupancy
from solver.pins import broken_rule
from solver.result import Assignment, Result
from solver.score import score
from tests.solver.tiny_instances import tiny_instance
from tests.solver.verify_cases import lawful_placements, random_instance


@dataclass(frozen=True)
class Round:
    """A proven round and its documents."""

    instance: Instance
    best: Result
    asked: Document
    result: Document
    certificate: Document


@dataclass(frozen=True)
class Claim:
    """A false claim about a round. `kind` says where its certificate is from, `values` what it reaches per tier."""

    kind: str
    about: Round
    values: tuple[int, ...]
    result: Document
    certificate: Document


def proven_round(instance: Instance) -> Round | None:
    """None when the pins cannot hold."""
    best, certificate = solve_with_certificate(instance)
    if certificate is None:
        return None
    return Round(instance, best, instance_document(instance), result_document(best), certificate)


def rounds(random: Random, times: int) -> Iterator[Round]:
    """Rounds of every kind: quotas, commitments, pins, bans, maxima, other orders of the aims."""
    for number in range(times):
        make = (tiny_instance, random_instance)[number % 2]
        if (found := proven_round(make(random))) is not None:
            yield found


def announced(instance: Instance, rows: Iterable[Assignment]) -> Document:
    """The document that announces these placements as optimal."""
    rows = tuple(rows)
    sha256, placed = instance_sha256(instance), Counter[str]()
    values = score(instance, sha256, rows)
    for row in rows:
        placed[row.group] += row.count
    left = [{"group": group.id, "count": group.count - placed[group.id]} for group in instance.groups]
    tiers = [(tier.value, values[tier]) for tier in instance.params.tiers]
    return {
        "format": "sequence-result/1",
        "instance_sha256": sha256,
        "status": "OPTIMAL",
        "tiers": [{"tier": name, "value": value, "bound": value, "proof": "potentials"} for name, value in tiers],
        "assignments": [dataclasses.asdict(row) for row in rows],
        "unplaced": [row for row in left if row["count"] > 0],
    }


def values_of(result: Document) -> tuple[int, ...]:
    return tuple(row["value"] for row in result["tiers"])


def claims(random: Random, about: Round, monkeypatch: pytest.MonkeyPatch) -> Iterator[Claim]:
    """False claims: placements made at random, one placement fewer or elsewhere, the best of a poorer instance."""
    best = values_of(about.result)
    for rows, made in _worse_answers(random, about, monkeypatch):
        result = announced(about.instance, rows)
        values = values_of(result)
        assert values >= best, "a lawful answer beats the proven one"
        if values > best:
            yield Claim("borrowed", about, values, result, about.certificate)
            if made is not None:
                yield Claim("recomputed", about, values, result, made)


def _worse_answers(
    random: Random, about: Round, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[tuple[Assignment, ...], Document | None]]:
    instance = about.instance
    yield _rows(lawful_placements(instance, random)), None
    pinned = {(pin.group, pin.offer, pin.period) for pin in instance.pins}
    free = [row for row in about.best.assignments if (row.group, row.offer, row.period) not in pinned]
    if not free:
        return
    row = random.choice(free)
    trips = Counter({(each.group, each.offer, each.period): each.count for each in about.best.assignments})
    trips[row.group, row.offer, row.period] -= 1
    yield _rows(trips), None
    yield _rows(trips + _elsewhere(random, instance, _rows(trips), row)), None
    poorer = _poorer(instance, about.best, random.choice(free), random)
    with monkeypatch.context() as patched:
        patched.setattr("solver.solve.instance_sha256", lambda _instance: instance_sha256(instance))
        result, certificate = solve_with_certificate(poorer)
    if certificate is not None:
        yield result.assignments, certificate


def _elsewhere(
    random: Random, instance: Instance, rows: tuple[Assignment, ...], row: Assignment
) -> Counter[tuple[str, str, str]]:
    """The pupil taken from `row` in any other seat it may have, if there is one."""
    occupancy, who = Occupancy(instance, rows), instance.group[row.group]
    openings = [(offer, when) for offer in instance.offers for when in offer.seats]
    for offer, when in random.sample(openings, len(openings)):
        free = occupancy.room(who.school, offer.id, when)[0] > 0 and (offer.id, when) != (row.offer, row.period)
        if free and broken_rule(instance, who, offer, when) is None:
            return Counter({(row.group, offer.id, when): 1})
    return Counter()


def _rows(placements: Mapping[tuple[str, str, str], int]) -> tuple[Assignment, ...]:
    return tuple(Assignment(*trip, count) for trip, count in sorted(placements.items()) if count > 0)


def _poorer(instance: Instance, best: Result, row: Assignment, random: Random) -> Instance:
    """The same without a seat that the best answer uses, or with lower ceilings over it. Classes stay what they are."""
    taken = sum(each.count for each in best.assignments if (each.offer, each.period) == (row.offer, row.period))
    through = Counter(line for each in best.assignments for line in instance.ancestry(instance.offer[each.offer].line))
    lines, offers = instance.lines, instance.offers
    above = set(instance.ancestry(instance.offer[row.offer].line))
    if above and random.random() < 0.5:
        lines = tuple(
            dataclasses.replace(line, ceiling=max(0, through[line.id] - 1)) if line.id in above else line
            for line in lines
        )
    else:
        offers = tuple(
            dataclasses.replace(offer, seats={**offer.seats, row.period: taken - 1}) if offer.id == row.offer else offer
            for offer in offers
        )
    return dataclasses.replace(instance, lines=lines, offers=offers)
