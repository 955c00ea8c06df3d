"""Rounds that break one side constraint and nothing else: answered as if it were not there, and told honestly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from solver.explain import explain
from solver.files import instance_document, instance_sha256, result_document
from solver.instance import Instance
from solver.result import Reason, Status, TierValue
from solver.rules import Rule
from solver.score import score
from solver.sides import Sides
from solver.solve import solve
from tests.solver.tiny_sides import tiny_sides
from tests.solver.verify_oracle import Document, Placements


def _without_wholes(instance: Instance) -> tuple[Instance, Instance]:
    asked = replace(instance, bundles=(), sequences=())
    return asked, replace(asked, wholes=())


def _without_minimums(instance: Instance) -> tuple[Instance, Instance]:
    return instance, replace(instance, offers=tuple(replace(offer, min_group=None) for offer in instance.offers))


def _with_halves_of_bundles(instance: Instance) -> tuple[Instance, Instance]:
    """Each period of a bundle is taken for a way to place the pupil by itself."""
    asked = replace(instance, sequences=())
    groups = tuple(replace(group, periods=asked.accepted(group)) for group in asked.groups)
    return asked, replace(asked, groups=groups, bundles=())


def _without_sequences(instance: Instance) -> tuple[Instance, Instance]:
    return instance, replace(instance, sequences=())


LOOSENED: dict[Rule, Callable[[Instance], tuple[Instance, Instance]]] = {
    Rule.WHOLE: _without_wholes,
    Rule.MINIMUM_GROUP: _without_minimums,
    Rule.BUNDLE: _with_halves_of_bundles,
    Rule.SEQUENCE: _without_sequences,
}
"""For each rule: the instance asked, and the same without the rule."""


def breaking_side(rule: Rule) -> Callable[[Random, Instance, Placements], tuple[Document, Document] | None]:
    """Answer a tiny round without the rule; None when the answer happens to hold it, or breaks another."""

    def operate(random: Random, _instance: Instance, _placements: Placements) -> tuple[Document, Document] | None:
        asked, loose = LOOSENED[rule](tiny_sides(random))
        answer = solve(loose)
        if {broken for broken, _ in Sides(asked).faults(answer.assignments)} != {rule}:
            return None
        sha256, unplaced = instance_sha256(asked), explain(asked, answer.assignments)
        if any(row.reason is Reason.QUOTA_CEILING and not row.lines for row in unplaced):
            return None  # somebody left could be placed: another property would tell
        values = score(asked, sha256, answer.assignments)
        tiers = tuple(TierValue(tier, values[tier], 0, "none") for tier in asked.params.tiers)
        told = replace(
            answer, instance_sha256=sha256, status=Status.FEASIBLE, tiers=tiers, unplaced=unplaced, diagnosis=""
        )
        return instance_document(asked), result_document(told)

    return operate
