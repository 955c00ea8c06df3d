"""One pupil's part of a round's frozen bytes, found without reading the others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.domain.frozen_parts import frozen_row, frozen_value
from service.domain.together import pseudonyms_of
from service.errors import NotFound

GROUPS: list[dict[str, Any]] = [
    {"blocks": [{"on": "AB2"}], "id": "AA1", "school": "0690001A", "wishes": ['un "{" seul', "}"]},
    {"id": "AB2", "school": "0690001A", "wishes": ["AA1"]},
    {"id": "AC3+AD4", "school": "0590002B", "wishes": []},
]
DOCUMENT = {
    "announced": [["AB2", "1"]],
    "groups": GROUPS,
    "params": {"tiers": ["placed"], "weights": {"rep": 125}},
    "schools": [{"id": "0590002B", "priority": "rep"}, {"id": "0690001A", "priority": "none"}],
}
TEXT = json.dumps(DOCUMENT, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("row", GROUPS, ids=lambda row: str(row["id"]))
def test_a_pupil_finds_their_own_group_and_no_other(row: dict[str, Any]) -> None:
    """Named in another's row, beside braces in a text or in a group of two: the object is the pupil's own, whole."""
    for name in pseudonyms_of(row["id"]):
        assert frozen_row(TEXT, "groups", name) == row


def test_the_rules_and_the_school_are_read_as_they_were_frozen() -> None:
    """A value by its key, a school by its number."""
    assert frozen_value(TEXT, "params") == DOCUMENT["params"]
    assert frozen_row(TEXT, "schools", "0690001A") == {"id": "0690001A", "priority": "none"}


@pytest.mark.parametrize("name", ["AZ9", "AC", "AC3+AD4"])
def test_who_is_not_there_is_not_found(name: str) -> None:
    """Neither a stranger nor a part of somebody's name gives anybody's data."""
    with pytest.raises(NotFound):
        frozen_row(TEXT, "groups", name)
