"""Instance and result files: what is written is read back, what is malformed is refused by the path of its field."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from solver.files import (
    instance_document,
    instance_from_document,
    instance_sha256,
    read_instance,
    read_result,
    result_document,
    result_from_document,
    write_instance,
    write_result,
)
from solver.solve import solve
from tests.solver.tiny_instances import tiny_instance

NAMED = Path(__file__).parents[2] / "fixtures" / "instances" / "quota_tree.json"
Path_ = tuple[str | int, ...]


def test_instances_and_results_survive_the_journey(seed: int, tmp_path: Path) -> None:
    """What a round froze and what it answered are read back equal, to the byte."""
    for number in range(60):
        instance = tiny_instance(Random(f"{seed}/{number}"))
        result = solve(instance)
        write_instance(instance, tmp_path / "instance.json")
        write_result(result, tmp_path / "result.json")
        assert read_instance(tmp_path / "instance.json") == instance
        assert read_result(tmp_path / "result.json") == result
        assert result.instance_sha256 == instance_sha256(read_instance(tmp_path / "instance.json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["instance.json", "result.json"]


def test_the_fingerprint_changes_with_whatever_counts(seed: int) -> None:
    """Changing any value of an instance changes its fingerprint."""
    document = json.loads(NAMED.read_bytes())
    before, changed = instance_sha256(instance_from_document(document)), 0
    for table, field, value in (
        ("groups", "count", 3),
        ("groups", "reach_m", 29_999),
        ("offers", "max_per_school", 4),
        ("lines", "ceiling", 6),
        ("schools", "priority", "rep"),
    ):
        other = copy.deepcopy(document)
        other[table][0][field] = value
        changed += instance_sha256(instance_from_document(other)) != before
    assert changed == 5


def test_a_round_without_lists_of_departements_is_what_it_was() -> None:
    """A group that accepts any département says nothing of it: dossiers frozen before keep their fingerprint."""
    instance = instance_from_document(json.loads(NAMED.read_bytes()))
    assert instance_sha256(instance) == "b9713d644a7fd11ca846cd9b8e6aa95f1cce73b149cdf02b663bd5a05fa31db3"
    assert all("departments" not in row for row in instance_document(instance)["groups"])
    listing = replace(
        instance, groups=(replace(instance.groups[0], departments=frozenset({"B"})), *instance.groups[1:])
    )
    first, *others = instance_document(listing)["groups"]
    assert first["departments"] == ["B"]
    assert all("departments" not in row for row in others)
    assert instance_from_document(instance_document(listing)) == listing
    assert instance_sha256(listing) != instance_sha256(instance)


MALFORMED: dict[str, tuple[Path_, Any]] = {
    "groups[0].count": (("groups", 0, "count"), "4"),
    "groups[1].count": (("groups", 1, "count"), 2.0),
    "groups[0].reach_m": (("groups", 0, "reach_m"), True),
    "groups[0].periods[0]": (("groups", 0, "periods", 0), 10),
    "groups[0].departments": (("groups", 0, "departments"), []),
    "groups[1].departments": (("groups", 1, "departments"), ["59", "59"]),
    "groups[0].surprise": (("groups", 0, "surprise"), 1),
    "offers[1].position": (("offers", 1, "position"), [1, 2]),
    "offers[1].position[2]": (("offers", 1, "position"), [1, 2, float("nan")]),
    "offers[0].levels": (("offers", 0, "levels"), ["3e", "3e"]),
    "offers[0].seats.2027-W10": (("offers", 0, "seats", "2027-W10"), None),
    "params.tiers[1]": (("params", "tiers", 1), "justice"),
    "params.territory_rule": (("params", "territory_rule"), "everywhere"),
    "params.priority_weights.rep": (("params", "priority_weights", "rep"), "heavy"),
    "format": (("format",), "sequence-instance/1"),
    "groups": (("groups",), {}),
}


@pytest.mark.parametrize("field", MALFORMED)
def test_a_malformed_instance_is_refused_by_the_path_of_its_field(field: str) -> None:
    """A file that is not what it should be is refused, and the message says where."""
    document = json.loads(NAMED.read_bytes())
    path, value = MALFORMED[field]
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ValueError, match="^" + field.replace("[", r"\[").replace("]", r"\]") + ":"):
        instance_from_document(document)


@pytest.mark.parametrize("read", [instance_from_document, result_from_document])
def test_each_missing_key_is_named(read: Callable[[object], object]) -> None:
    """No key has a default: forgetting one is refused by its name."""
    instance = instance_from_document(json.loads(NAMED.read_bytes()))
    document = instance_document(instance) if read is instance_from_document else result_document(solve(instance))
    rows = [(document, "")] + [(values[0], f"{table}[0].") for table, values in document.items() if _has_rows(values)]
    for row, prefix in rows:
        for key in list(row):
            kept = row.pop(key)
            with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the message is judged below
                read(document)
            assert str(refusal.value).startswith(f"{prefix}{key}: ")
            row[key] = kept
    read(document)


def _has_rows(values: object) -> bool:
    return isinstance(values, list) and bool(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 1, "format": 2}', "the key 'format' appears twice"),
        ('{"format": NaN}', "format: NaN is not a number"),
        ('{"groups": [{"count": 1}, {"count": -Infinity}]}', r"groups\[1\].count: -Infinity is not a number"),
        ("NaN", "document: NaN is not a number"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "document"),
        ("", "Expecting value"),
        ('{"format": ', "Expecting value"),
        ('{"a": 1' + "0" * 5_000 + "}", "Exceeds the limit"),
    ],
)
def test_what_python_reads_without_a_word_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """Repeated keys, NaN, endless nesting and unfinished files are refused with a reason."""
    path = tmp_path / "instance.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_instance(path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """A file in another encoding is refused, not misread."""
    (tmp_path / "instance.json").write_bytes('{"format": "é"}'.encode("latin-1"))
    with pytest.raises(ValueError, match="not UTF-8"):
        read_instance(tmp_path / "instance.json")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk never leaves half a file behind."""
    instance = read_instance(NAMED)
    path = tmp_path / "instance.json"
    write_instance(instance, path)
    before = path.read_bytes()

    def no_space(_descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="no space left"):
        write_instance(tiny_instance(Random(0)), path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["instance.json"]
