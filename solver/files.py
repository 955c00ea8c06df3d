"""Instances and results as JSON documents: strict on the way in, canonical on the way out.

The layout is public and `solver.judge` reads it with its own few lines, on purpose. This module never guesses: a key
too many, a key missing, a repeated key, a wrong type or a NaN is refused by its path. The order of rows means nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Hashable, Iterator
from dataclasses import asdict
from enum import StrEnum
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, TypeVar

from solver.instance import (
    Announced,
    Ban,
    Bundle,
    Department,
    Group,
    Instance,
    Offer,
    Period,
    Pin,
    Position,
    QuotaLine,
    School,
    Sequence,
    Whole,
)
from solver.instance_rows import ROWS, frame_of
from solver.judge.plain.documents import opened
from solver.layout import RESULT_FORMAT, check_instance_document, check_result_document
from solver.params import Params, TerritoryRule, Tier
from solver.result import Assignment, Reason, Result, Status, TierValue, Unplaced
from solver.strict_json import parse_document

Document = dict[str, Any]
_Name = TypeVar("_Name", bound=StrEnum)
ROWS_AT_ONCE = 5_000


def canonical_bytes(document: object) -> bytes:
    """The bytes that are hashed: sorted keys, no space, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def instance_sha256(instance: Instance) -> str:
    """The identity of an instance: whatever changes the answer changes it, the order of rows does not.

    An instance never changes, so it is spelled once: its identity stays beside its other derived tables.
    """
    known: dict[str, str] = vars(instance)
    if "sha256" not in known:
        digest = hashlib.sha256()
        for piece in canonical_pieces(instance):
            digest.update(piece)
        known["sha256"] = digest.hexdigest()
    return known["sha256"]


def canonical_pieces(instance: Instance) -> Iterator[bytes]:
    """`canonical_bytes(instance_document(instance))` piece by piece: a national instance is never spelled out whole."""
    frame = frame_of(instance)
    for i, name in enumerate(sorted({*frame, *ROWS})):
        yield b"," if i else b"{"
        yield canonical_bytes(name) + b":"
        yield from _list_pieces(instance, name) if name in ROWS else [canonical_bytes(frame[name])]
    yield b"}"


def _list_pieces(instance: Instance, name: str) -> Iterator[bytes]:
    rows, make, spelled = getattr(instance, name), ROWS[name], Spelled()
    for first in range(0, len(rows), ROWS_AT_ONCE):
        yield b"," if first else b"["
        some = rows[first : first + ROWS_AT_ONCE]
        spell = name == "groups"
        yield ",".join(map(spelled.group, some)).encode() if spell else canonical_bytes(list(map(make, some)))[1:-1]
    yield b"]" if rows else b"[]"


class Spelled(dict[Hashable, str]):
    """The canonical text of values that many groups share, each spelled once; sets as sorted lists."""

    def __missing__(self, value: Hashable) -> str:
        listed = sorted(value) if isinstance(value, frozenset) else value
        return self.setdefault(value, canonical_bytes(listed).decode())

    def group(self, row: Group) -> str:
        """What `canonical_bytes` says of the group's row, in a third of the time: groups are as many as pupils."""
        listed = f'"departments":{self[row.departments]},' if row.departments else ""
        return (
            f'{{"count":{row.count},{listed}"id":{encode_basestring(row.id)},"level":{self[row.level]},"needs":{self[row.needs]},'
            f'"periods":{self[row.periods]},"reach_m":{row.reach_m},"school":{self[row.school]},'
            f'"wishes":{self[row.wishes]}}}'
        )


def instance_document(instance: Instance) -> Document:
    """The instance with its rows in the order of their identifiers and its sets as sorted lists."""
    return frame_of(instance) | {name: [make(row) for row in getattr(instance, name)] for name, make in ROWS.items()}


def instance_from_document(document: object) -> Instance:
    """The instance a document describes.

    Raises:
        ValueError: naming the path of the field at fault.
    """
    return Instance(**rows_from_document(document))


def rows_from_document(document: object) -> dict[str, Any]:
    """What an `Instance` is made of, before it is judged as a whole.

    Raises:
        ValueError: naming the path of the field at fault.
    """
    rows = check_instance_document(document)
    given = rows["params"]
    return {
        "departments": tuple(_department(f"departments[{i}]", dict(row)) for i, row in enumerate(rows["departments"])),
        "schools": tuple(_school(dict(row)) for row in rows["schools"]),
        "periods": tuple(Period(row["id"], tuple(row["slots"])) for row in rows["periods"]),
        "offers": tuple(_offer(f"offers[{i}]", dict(row)) for i, row in enumerate(rows["offers"])),
        "groups": tuple(_group(f"groups[{i}]", dict(row)) for i, row in enumerate(rows["groups"])),
        "lines": tuple(QuotaLine(**row) for row in rows["lines"]),
        "pins": tuple(Pin(**row) for row in rows["pins"]),
        "bans": tuple(Ban(**row) for row in rows["bans"]),
        "announced": tuple(Announced(**row) for row in rows["announced"]),
        "wholes": tuple(Whole(**row) for row in rows["wholes"]),
        "bundles": tuple(Bundle(row["group"], tuple(row["periods"])) for row in rows["bundles"]),
        "sequences": tuple(Sequence(tuple(row["groups"])) for row in rows["sequences"]),
        "params": Params(
            tiers=tuple(_enum(f"params.tiers[{i}]", Tier, name) for i, name in enumerate(given["tiers"])),
            territory_rule=_enum("params.territory_rule", TerritoryRule, given["territory_rule"]),
            priority_weights=given["priority_weights"],
        ),
    }


def _department(where: str, row: Document) -> Department:
    return Department(**row | {"neighbours": _set(f"{where}.neighbours", row["neighbours"])})


def _school(row: Document) -> School:
    return School(**row | {"position": _position(row["position"])})


def _offer(where: str, row: Document) -> Offer:
    sets = {name: _set(f"{where}.{name}", row[name]) for name in ("levels", "serves")}
    admits = None if row["admits"] is None else _set(f"{where}.admits", row["admits"])
    return Offer(**row | sets | {"position": _position(row["position"]), "admits": admits})


def _group(where: str, row: Document) -> Group:
    sets = {name: _set(f"{where}.{name}", row.get(name, [])) for name in ("periods", "needs", "departments")}
    return Group(**row | sets | {"wishes": tuple(row["wishes"])})


def _set(where: str, values: list[str]) -> frozenset[str]:
    found = frozenset(values)
    if len(found) != len(values):
        raise ValueError(f"{where}: the same value twice in {values}")
    return found


def _position(values: list[int]) -> Position:
    x, y, z = values
    return x, y, z


def _enum(where: str, kind: type[_Name], value: str) -> _Name:
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"{where}: one of {[member.value for member in kind]}, not {value!r}") from None


def result_document(result: Result) -> Document:
    """The result with its rows in the order the engine promises (sorted by identifiers)."""
    return {
        "format": RESULT_FORMAT,
        "instance_sha256": result.instance_sha256,
        "status": result.status.value,
        "tiers": [asdict(row) | {"tier": row.tier.value} for row in result.tiers],
        "assignments": [
            {"group": row.group, "offer": row.offer, "period": row.period, "count": row.count}
            for row in result.assignments
        ],
        "unplaced": [
            {
                "group": row.group,
                "count": row.count,
                "reason": row.reason.value,
                "offers": list(row.offers),
                "lines": list(row.lines),
                "facts": dict(row.facts),
            }
            for row in result.unplaced
        ],
        "engine": result.engine,
        "seconds": dict(result.seconds),
        "diagnosis": result.diagnosis,
    }


def result_from_document(document: object) -> Result:
    """The result a document describes; whether it is true is for `solver.judge` to say.

    Raises:
        ValueError: naming the path of the field at fault.
    """
    rows = check_result_document(document)
    return Result(
        instance_sha256=rows["instance_sha256"],
        status=_enum("status", Status, rows["status"]),
        tiers=tuple(
            TierValue(_enum(f"tiers[{i}].tier", Tier, row["tier"]), row["value"], row["bound"], row["proof"])
            for i, row in enumerate(rows["tiers"])
        ),
        assignments=tuple(Assignment(**row) for row in rows["assignments"]),
        unplaced=tuple(
            Unplaced(
                group=row["group"],
                count=row["count"],
                reason=_enum(f"unplaced[{i}].reason", Reason, row["reason"]),
                offers=tuple(row["offers"]),
                lines=tuple(row["lines"]),
                facts=row["facts"],
            )
            for i, row in enumerate(rows["unplaced"])
        ),
        engine=rows["engine"],
        seconds=rows["seconds"],
        diagnosis=rows["diagnosis"],
    )


def read_instance(path: Path) -> Instance:
    """Read an instance file.

    Raises:
        ValueError: naming the field at fault.
        OSError: the file cannot be read.
    """
    return instance_from_document(read_document(path))


def read_result(path: Path) -> Result:
    """Read a result file, with the same refusals."""
    return result_from_document(read_document(path))


def write_instance(instance: Instance, path: Path) -> None:
    """Write an instance file: whole or not at all."""
    write_document(instance_document(instance), path)


def write_result(result: Result, path: Path) -> None:
    """Write a result file: whole or not at all."""
    write_document(result_document(result), path)


def write_document(document: Document, path: Path) -> None:
    """Write a document, compressed or not (`.gz`): the same bytes for the same content."""
    content = canonical_bytes(document) + b"\n"
    write_whole(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content, path)


def read_document(path: Path) -> object:
    """The JSON value in a file, compressed or not (`.gz`, as a round's dossier is downloaded)."""
    if path.suffix != ".gz":
        return parse_document(path.read_bytes())
    try:
        return parse_document(opened(path.read_bytes()))
    except (EOFError, zlib.error) as error:
        raise ValueError(f"document: not a whole gzip file ({error})") from None


def write_whole(content: bytes, path: Path) -> None:
    """Write a file: whole or not at all."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
