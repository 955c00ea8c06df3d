"""Compact columnar files: nothing lost, nothing believed, nothing executed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from solver.columns import read_instance_columns, read_result_columns, write_instance_columns, write_result_columns
from solver.files import instance_document, result_document, write_instance
from solver.generate import generate
from solver.greedy import greedy
from solver.instance import Instance, Whole
from tests.solver.small_world import group, world
from tests.solver.verify_cases import random_instance

Members = dict[str, bytes]


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members: Members, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def column(values: object, kind: str = "<i8") -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array(values, kind), allow_pickle=False)
    return stream.getvalue()


@pytest.fixture
def written(tmp_path: Path) -> Members:
    write_instance_columns(generate(40, 3), tmp_path / "sound.npz")
    return members_of(tmp_path / "sound.npz")


@pytest.mark.parametrize("seed", range(12))
def test_instances_come_back_whole(seed: int, tmp_path: Path) -> None:
    """What is written in columns is read back as the same instance, quotas, pins, bans and all."""
    instance = random_instance(Random(seed))
    write_instance_columns(instance, tmp_path / "case.npz")
    again = read_instance_columns(tmp_path / "case.npz")
    assert again == instance
    assert instance_document(again) == instance_document(instance)


def test_short_lists_may_speak_of_long_ones(tmp_path: Path) -> None:
    """Groups that stay whole are named in the head of the file, and the groups themselves stand in its columns."""
    instance = world(groups=(group(count=2), group(id="other")), wholes=(Whole("group"),))
    write_instance_columns(instance, tmp_path / "case.npz")
    assert read_instance_columns(tmp_path / "case.npz") == instance


@pytest.mark.parametrize("pupils", [0, 1, 700])
def test_results_come_back_whole(pupils: int, tmp_path: Path) -> None:
    """A result read from columns says what the result written said, down to the facts of each reason."""
    result = greedy(generate(pupils, 5))
    write_result_columns(result, tmp_path / "result.npz")
    again = read_result_columns(tmp_path / "result.npz")
    assert result_document(again) == result_document(result)
    assert bool(again.unplaced) == (pupils > 0)


def test_same_content_same_bytes(tmp_path: Path) -> None:
    """The same instance gives the same file, whatever the order of its rows, and a much smaller one than JSON."""
    instance = generate(2000, 1)
    shuffled = Instance(
        instance.departments,
        instance.schools[::-1],
        instance.periods,
        instance.offers[::-1],
        instance.groups[::-1],
        instance.lines,
        bans=instance.bans,
    )
    for name, rows in (("a.npz", instance), ("b.npz", shuffled)):
        write_instance_columns(rows, tmp_path / name)
    write_instance(instance, tmp_path / "a.json")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (tmp_path / "a.npz").stat().st_size * 5 < (tmp_path / "a.json").stat().st_size


def edit_head(field: str, value: object) -> Callable[[Members], None]:
    def edit(members: Members) -> None:
        members["head.json"] = json.dumps(json.loads(members["head.json"]) | {field: value}).encode()

    return edit


def edit_table(name: str, value: object) -> Callable[[Members], None]:
    def edit(members: Members) -> None:
        head = json.loads(members["head.json"])
        head["tables"][name] = value
        members["head.json"] = json.dumps(head).encode()

    return edit


def put(name: str, content: bytes) -> Callable[[Members], None]:
    return lambda members: members.update({name: content})


def pickled() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return stream.getvalue()


FAULTS: dict[str, tuple[Callable[[Members], object], str]] = {
    "a format of another program": (edit_head("format", "other/1"), "format"),
    "a head that is no object": (put("head.json", b"[]"), "head.json"),
    "a repeated key": (put("head.json", b'{"format": 1, "format": 2}'), "format"),
    "a field nobody knows": (edit_head("extra", 1), "extra"),
    "no head": (lambda members: members.pop("head.json"), "head.json"),
    "a missing column": (lambda members: members.pop("groups.count.npy"), "groups.count"),
    "a column nobody knows": (put("groups.name.npy", column([1])), "groups.name"),
    "columns of different lengths": (put("groups.count.npy", column([1])), "groups"),
    "a number of pupils that is none": (put("groups.count.npy", column([0] * 40)), "count"),
    "fractions of pupils": (put("groups.count.npy", column([0.5] * 40, "<f8")), "groups.count"),
    "pickled objects": (put("groups.count.npy", pickled()), "groups.count"),
    "no column at all": (put("groups.count.npy", b"hello"), "groups.count"),
    "a column shorter than it says": (
        put("groups.count.npy", column([1] * 40).replace(b"(40,)", b"(99,)")),
        "groups.count",
    ),
    "a flat position": (put("offers.position.npy", column([1] * 15)), "offers.position"),
    "a code beyond its table": (put("groups.school.npy", column([77] * 40, "<u4")), "groups.school"),
    "a text cut past its end": (put("groups.id.ends.npy", column([10**9] * 40)), "groups.id"),
    "a text cut backwards": (put("groups.id.ends.npy", column(list(range(40))[::-1])), "groups.id"),
    "a table of numbers": (edit_table("groups.school", [1, 2]), "groups.school"),
    "a set with a value twice": (edit_table("groups.periods", [["p", "p"]] * 9), "groups.periods"),
    "no tables": (edit_head("tables", None), "tables"),
    "a school nobody knows": (edit_table("groups.school", ["nowhere"] * 40), "school"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named(fault: str, written: Members, tmp_path: Path) -> None:
    """A file that is not what it should be is refused, and the refusal names the field."""
    spoil, field = FAULTS[fault]
    pack(dict(written), tmp_path / "sound.npz")
    assert read_instance_columns(tmp_path / "sound.npz") == generate(40, 3)
    spoil(written)
    with pytest.raises(ValueError, match=field):
        read_instance_columns(pack(written, tmp_path / "spoilt.npz"))


def test_no_column_file(tmp_path: Path) -> None:
    """A file of another kind, or cut short, is refused."""
    write_instance_columns(generate(40, 3), tmp_path / "whole.npz")
    content = (tmp_path / "whole.npz").read_bytes()
    for number, spoilt in enumerate((b"", b"{}", content[: len(content) // 2], content[:-30])):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(spoilt)
        with pytest.raises(ValueError, match="document"):
            read_instance_columns(path)


def test_a_small_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    """The declared sizes are added up before anything is unpacked."""
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"{number}.npy", b"")
        for member in archive.infolist():
            member.file_size = 2**30
    with pytest.raises(ValueError, match="bytes once unpacked"):
        read_instance_columns(path)
