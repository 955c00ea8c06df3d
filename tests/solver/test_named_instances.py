"""The named tiny instances: what each round must answer, and the reasons it must give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from solver.files import instance_document, read_instance, result_document
from solver.judge.plain.verify import verify_documents
from solver.result import Status
from solver.solve import solve

FOLDER = Path(__file__).parents[2] / "fixtures" / "instances"

PLACED: dict[str, set[tuple[str, str, int]]] = {
    "one_pupil_one_seat": {("pupil", "atelier", 1)},
    "worst_served_first": {("large-class", "host", 1), ("rep-class", "host", 1), ("small-class", "host", 1)},
    "wish_before_distance": {("baker", "far-bakery", 1), ("whoever", "near-garage", 1)},
    "commitment_before_wish": {("pupil", "partner", 1)},
    "quota_tree": {("east-class", "east-site", 2), ("west-class", "west-site", 3)},
    "school_maximum": {("first-class", "host", 2), ("second-class", "host", 1)},
    "island_and_far_hosts": set(),
    "closed_week": set(),
    "needs_and_ban": {("wheelchair", "ramp", 1)},
    "reserve_kept": {("first", "host", 1)},
    "reserve_released": {("first", "host", 2), ("second", "near-rep", 1)},
    "overflow": {("class", "east-site", 3)},
    "repair_keeps": {("first", "bakery", 1), ("second", "garage", 1)},
    "longest_trip": {("far-class", "first-host", 1), ("near-class", "second-host", 1)},
    "pinned_pupil": {("pinned", "far", 1), ("twin", "near", 1)},
}

Facts = tuple[int, str, tuple[str, ...], tuple[str, ...], dict[str, Any]]
UNPLACED: dict[str, dict[str, Facts]] = {
    "worst_served_first": {
        "large-class": (3, "all_seats_taken", ("host",), (), {"reachable_offers": 1}),
        "rep-class": (1, "all_seats_taken", ("host",), (), {"reachable_offers": 1}),
        "small-class": (1, "all_seats_taken", ("host",), (), {"reachable_offers": 1}),
    },
    "quota_tree": {
        "east-class": (2, "quota_ceiling", (), ("nation",), {"reachable_offers": 2}),
        "west-class": (1, "quota_ceiling", (), ("nation",), {"reachable_offers": 2}),
    },
    "reserve_kept": {"second": (1, "all_seats_taken", ("host",), (), {"reachable_offers": 1})},
    "overflow": {"class": (1, "quota_ceiling", (), ("region",), {"reachable_offers": 1})},
    "school_maximum": {"first-class": (1, "school_maximum", (), (), {"reachable_offers": 1})},
    "island_and_far_hosts": {
        "isle-class": (2, "no_offer_of_level_in_reach", (), (), {"reachable_offers": 0}),
        "remote-class": (1, "no_offer_of_level_in_reach", (), (), {"reachable_offers": 0, "nearest_m": 1000}),
        "southern-class": (1, "no_offer_of_level_in_reach", (), (), {"reachable_offers": 0}),
    },
    "closed_week": {"class": (2, "periods_not_open", (), (), {"reachable_offers": 2})},
    "needs_and_ban": {
        "banned": (1, "banned", (), (), {"reachable_offers": 2}),
        "interpreter": (1, "needs_not_served", (), (), {"reachable_offers": 2}),
    },
}


def test_every_named_instance_has_its_answer_here() -> None:
    """A tiny instance nobody says anything about would prove nothing."""
    assert {path.stem for path in FOLDER.glob("*.json")} == PLACED.keys()


@pytest.mark.parametrize("name", PLACED)
def test_a_named_instance_gets_the_answer_worked_out_by_hand(name: str) -> None:
    """The round places exactly whom it should, and tells the others the reason that is theirs, with its facts."""
    instance = read_instance(FOLDER / f"{name}.json")
    result = solve(instance)
    assert result.status is Status.OPTIMAL
    assert {(row.group, row.offer, row.count) for row in result.assignments} == PLACED[name]
    found = {
        row.group: (row.count, row.reason.value, row.offers, row.lines, dict(row.facts)) for row in result.unplaced
    }
    assert found == UNPLACED.get(name, {})
    assert verify_documents(instance_document(instance), result_document(result)) == []
