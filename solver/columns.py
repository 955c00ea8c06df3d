"""Instances and results of national size as compact columns: the same facts as the JSON documents, and no others.

Schools, offers, groups, pins, bans, announced rows, assignments and unplaced rows are columns: whole numbers as they
are, names of rows as one text cut at its ends, any other field as a code into a table. The tables, and everything that
is short, stand in the head with the JSON layout. The fields and their types are those of `solver.layout`; nothing is
converted. A list that rows may leave out is a column when one of them has it, empty for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from operator import getitem
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from solver.arrays import numbered
from solver.column_store import Column, Store, read_store, write_store
from solver.files import (
    Document,
    instance_document,
    result_document,
    result_from_document,
    rows_from_document,
)
from solver.instance import Announced, Ban, Group, Instance, Offer, Pin, School
from solver.layout import OPTIONAL, AssignmentRow, BanRow, GroupRow, OfferRow, SchoolRow, UnplacedRow
from solver.result import Assignment, Reason, Result, Unplaced
from solver.rows import make_rows

Row = TypeVar("Row", School, Offer, Group, Pin, Ban, Announced, Assignment, Unplaced)
Make = Callable[[Any], Any]

INSTANCE_ROWS: dict[str, type] = {
    "schools": SchoolRow,
    "offers": OfferRow,
    "groups": GroupRow,
    "pins": AssignmentRow,
    "bans": BanRow,
    "announced": AssignmentRow,
}
RESULT_ROWS: dict[str, type] = {"assignments": AssignmentRow, "unplaced": UnplacedRow}
NAMES = ("id", "group")
"""Text fields whose values seldom repeat."""


def write_instance_columns(instance: Instance, path: Path) -> None:
    """Write an instance: whole or not at all, the same bytes for the same instance."""
    write_store(*instance_store(instance_document(instance)), path)


def write_result_columns(result: Result, path: Path) -> None:
    """Write a result, with the same promises: its rows are never spelled as documents."""
    head = result_document(replace(result, assignments=(), unplaced=()))
    rows = {"assignments": result.assignments, "unplaced": result.unplaced}
    write_store(*_stored(head | rows, RESULT_ROWS, getattr), path)


def read_claim_columns(path: Path) -> Document:
    """The document of a result that nobody believes yet: its columns are sound, its head is as it is."""
    file = _File(path, RESULT_ROWS)
    return file.head | {name: file.documents(name) for name in RESULT_ROWS}


def instance_store(document: Document) -> Store:
    """An instance's document, of the layout, as the head and the columns of a file."""
    return _stored(document, INSTANCE_ROWS)


def result_store(document: Document) -> Store:
    """The same for a result."""
    return _stored(document, RESULT_ROWS)


def read_instance_columns(path: Path) -> Instance:
    """The instance in a columnar file.

    Raises:
        ValueError: naming the field at fault.
        OSError: the file cannot be read.
    """
    file = _File(path, INSTANCE_ROWS)
    short = rows_from_document(file.head | {name: [] for name in INSTANCE_ROWS})
    sets: dict[str, Make] = dict.fromkeys(("levels", "serves", "periods", "needs", "departments"), _set)
    long = {
        "schools": file.rows("schools", School, {}),
        "offers": file.rows("offers", Offer, sets | {"admits": _optional_set}),
        "groups": file.rows("groups", Group, sets | {"wishes": tuple}),
        "pins": file.rows("pins", Pin, {}),
        "bans": file.rows("bans", Ban, {}),
        "announced": file.rows("announced", Announced, {}),
    }
    return Instance(**short | long)


def read_result_columns(path: Path) -> Result:
    """The result in a columnar file, with the same refusals; whether it is true is for the verifier to say."""
    file = _File(path, RESULT_ROWS)
    frame = result_from_document(file.head | {name: [] for name in RESULT_ROWS})
    return replace(
        frame,
        assignments=file.rows("assignments", Assignment, {}),
        unplaced=file.rows("unplaced", Unplaced, {"reason": Reason, "offers": tuple, "lines": tuple}),
    )


def _stored(document: Document, kinds: Mapping[str, type], cell: Callable[[Any, str], Any] = getitem) -> Store:
    """The head, and a column of each field of the rows, which `cell` takes from a row."""
    tables: dict[str, list[object]] = {}
    columns: dict[str, Column] = {}
    for name, kind in kinds.items():
        rows = document[name]
        for field, shape in _shapes(name, kind).items():
            column = f"{name}.{field}"
            if column in OPTIONAL and not any(field in row for row in rows):
                continue
            values = [row.get(field, []) for row in rows] if column in OPTIONAL else [cell(row, field) for row in rows]
            if shape is int or field == "position":
                columns[column] = np.array(values, np.int64).reshape((-1,) if shape is int else (-1, 3))
            elif field in NAMES:
                encoded = [value.encode() for value in values]
                columns[f"{column}.text"] = np.frombuffer(b"".join(encoded), np.uint8)
                columns[f"{column}.ends"] = np.cumsum([len(text) for text in encoded], dtype=np.int64)
            elif shape is str:
                texts, codes = numbered(values)
                tables[column], columns[column] = [*texts], codes.astype(np.uint32)
            else:
                tables[column], columns[column] = _coded(values)
    return {name: value for name, value in document.items() if name not in kinds} | {"tables": tables}, columns


def _coded(values: list[Any]) -> tuple[list[object], Column]:
    """The different values in the order they are met, and each row's place among them.

    A value that many rows hold is looked at once, the next times known by its identity.
    """
    number: dict[object, int] = {}
    code: dict[int, int] = {}
    table: list[object] = []
    for place, value in dict(zip(map(id, values), values, strict=True)).items():
        code[place] = number.setdefault(_told_apart(value), len(table))
        if len(number) > len(table):
            table.append(value)
    return table, np.fromiter(map(code.__getitem__, map(id, values)), np.uint32, len(values))


def _told_apart(value: object) -> object:
    """What two equal values share and no others: 3 and 3.0 are two. Much faster than by their spelling."""
    if isinstance(value, dict):
        return frozenset((name, type(one), one) for name, one in value.items())
    return (*value,) if isinstance(value, list) else (type(value), value)


class _File:
    """A file read and not yet believed: every column is checked when its rows are made."""

    def __init__(self, path: Path, kinds: Mapping[str, type]) -> None:
        self.head, self.columns = read_store(path)
        self.tables = self.head.pop("tables", None)
        self.kinds = kinds
        expected = {name for kind in kinds for name in _members(kind, kinds[kind])}
        expected -= {*OPTIONAL} - self.columns.keys()
        if self.columns.keys() != expected:
            raise ValueError(f"document: columns {sorted(self.columns.keys() ^ expected)} are missing or unknown")
        coded = {name for kind in kinds for name in _coded_fields(kind, kinds[kind])} & expected
        if not isinstance(self.tables, dict) or self.tables.keys() != coded:
            raise ValueError(f"tables: exactly one for each of {sorted(coded)}")
        self._left_out = {*OPTIONAL} - expected

    def rows(self, name: str, row: type[Row], make: Mapping[str, Make]) -> tuple[Row, ...]:
        """The rows of one kind; `make` turns the JSON value of a field into the value the row holds."""
        values = self._fields(name, make)
        return make_rows(row, len(next(iter(values.values()))), values)

    def documents(self, name: str) -> list[Document]:
        """The rows of one kind as the layout spells them."""
        values = self._fields(name, {})
        return [dict(zip(values, cells, strict=True)) for cells in zip(*values.values(), strict=True)]

    def _fields(self, name: str, make: Mapping[str, Make]) -> dict[str, list[Any]]:
        """The values of each field, as many of each; without what no row has, which is a row's last field."""
        shapes = {
            field: shape
            for field, shape in _shapes(name, self.kinds[name]).items()
            if f"{name}.{field}" not in self._left_out
        }
        values = {
            field: self._values(f"{name}.{field}", field, shape, make.get(field)) for field, shape in shapes.items()
        }
        if len({len(column) for column in values.values()}) > 1:
            raise ValueError(f"{name}: columns of different lengths")
        return values

    def _values(self, column: str, field: str, shape: Any, make: Make | None) -> list[Any]:
        if shape is int:
            whole: list[Any] = self._sound(column, "<i8", 1).tolist()
            return whole
        if field == "position":
            return [tuple(place) for place in self._sound(column, "<i8", 2).tolist()]
        return self._texts(column) if field in NAMES else self._decoded(column, shape, make)

    def _sound(self, name: str, kind: str, dimensions: int) -> Column:
        found = self.columns[name]
        if found.dtype.str != kind or found.ndim != dimensions or (dimensions == 2 and found.shape[1] != 3):
            raise ValueError(f"{name}: {kind} in {dimensions} dimensions, not {found.dtype.str} of {found.shape}")
        return found

    def _texts(self, column: str) -> list[str]:
        ends, content = self._sound(f"{column}.ends", "<i8", 1), self._sound(f"{column}.text", "|u1", 1).tobytes()
        starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
        if (starts > ends).any() or (ends[-1] if len(ends) else 0) != len(content):
            raise ValueError(f"{column}.ends: the text is not cut in order, to its last byte")
        try:
            return [content[a:b].decode() for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        except UnicodeDecodeError:
            raise ValueError(f"{column}.text: not UTF-8 text") from None

    def _decoded(self, column: str, shape: Any, make: Make | None) -> list[Any]:
        codes, where = self._sound(column, "<u4", 1), f"tables[{column!r}]"
        try:
            table = _checker(shape).validate_python(self.tables[column])
            made = table if make is None else [make(value) for value in table]
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ValueError(f"{where}{list(first['loc'])}: {first['msg']}") from None
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        if len(codes) and int(codes.max()) >= len(made):
            raise ValueError(f"{column}: code {int(codes.max())}, the table has {len(made)} values")
        return [made[code] for code in codes.tolist()]


@cache
def _checker(shape: Any) -> TypeAdapter[list[Any]]:
    return TypeAdapter(list[shape], config=ConfigDict(strict=True))


def _shapes(name: str, kind: type) -> dict[str, Any]:
    """The type of each field of a kind of row; where rows may leave a list out, it stands empty in its column."""
    hints = get_type_hints(kind, include_extras=True)
    return {field: list[str] if f"{name}.{field}" in OPTIONAL else shape for field, shape in hints.items()}


def _coded_fields(name: str, kind: type) -> list[str]:
    hints = _shapes(name, kind)
    plain = {field for field, shape in hints.items() if shape is int or field in (*NAMES, "position")}
    return [f"{name}.{field}" for field in hints if field not in plain]


def _members(name: str, kind: type) -> set[str]:
    """The columns a kind of row is made of."""
    hints = get_type_hints(kind)
    names = {f"{name}.{field}" for field in hints if field not in NAMES}
    return names | {f"{name}.{field}.{part}" for field in hints if field in NAMES for part in ("text", "ends")}


def _set(values: list[str]) -> frozenset[str]:
    found = frozenset(values)
    if len(found) != len(values):
        raise ValueError(f"the same value twice in {values}")
    return found


def _optional_set(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else _set(values)
