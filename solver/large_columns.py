"""Columns of a file as the judges' fast paths read them: strictly, with their own lines, not the engine's classes.

It knows how a value is stored, spelled and summed, and nothing of placements. What is not as it should be is `Unusual`:
a plain judge then reads the document itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import pairwise
from json.encoder import encode_basestring
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.column_store import Store

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
SPELLED_AT_ONCE = 50_000
OPTIONAL = frozenset({"groups.departments"})
"""Lists that a row leaves out where they are empty, and that are no column when no row has one."""


class Unusual(ValueError):
    """Not for the fast paths. It says nothing against the round: a plain judge has to read it."""


def require(condition: object, what: str) -> None:
    if not condition:
        raise Unusual(what)


def canonical(document: object) -> str:
    """The one spelling of a JSON document that is hashed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def summed(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Each different key, in order, and the sum of its counts."""
    found, at = np.unique(keys, return_inverse=True)
    total = np.zeros(len(found), np.int64)
    np.add.at(total, at, counts)
    return found, total


def looked_up(keys: Ints, values: Ints, wanted: Ints) -> Ints:
    """The value of each wanted key among sorted keys, 0 where it is not."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def by_pair(first: Ints, second: Ints, size: int, judge: Callable[[int, int], object], kind: type) -> NDArray[Any]:
    """`judge` of each pair of codes (`second` below `size`), asked once for each different pair."""
    found, at = np.unique(first * max(1, size) + second, return_inverse=True)
    return np.array([judge(*divmod(key, max(1, size))) for key in found.tolist()], kind)[at]


class Columns:
    """The rows of one kind: each field a column of whole numbers, of texts, or of codes into a table."""

    def __init__(self, store: Store, name: str) -> None:
        head, self.columns = store
        self.name, self.tables = name, head["tables"]
        begin = f"{name}."
        self.fields = sorted({each[len(begin) :].partition(".")[0] for each in self.columns if each.startswith(begin)})
        sizes = {
            len(self.columns[f"{begin}{field}.ends" if self.is_text(field) else begin + field]) for field in self.fields
        }
        require(len(sizes) == 1, f"{name}: no columns, or of different lengths")
        self.size = sizes.pop()

    def is_text(self, field: str) -> bool:
        return f"{self.name}.{field}.ends" in self.columns

    def _sound(self, field: str, kind: str, dimensions: int = 1) -> NDArray[Any]:
        column = self.columns[f"{self.name}.{field}"]
        require(column.dtype.str == kind and column.ndim == dimensions, f"{self.name}.{field}: no such column")
        return column

    def texts(self, field: str) -> list[str]:
        ends, text = self._sound(f"{field}.ends", "<i8"), self._sound(f"{field}.text", "|u1").tobytes()
        bounds = [0, *ends.tolist()]
        require(bounds[-1] == len(text) and (np.diff(ends, prepend=0) >= 0).all(), f"{self.name}.{field}: badly cut")
        return [text[start:end].decode() for start, end in pairwise(bounds)]

    def whole(self, field: str, low: int, high: int) -> Ints:
        column: Ints = self._sound(field, "<i8", 2 if field == "position" else 1)
        require(field != "position" or column.shape[1:] == (3,), f"{self.name}.position: no three metres")
        require(
            not column.size or low <= int(column.min()) <= int(column.max()) <= high, f"{self.name}.{field}: bounds"
        )
        return column

    def coded(self, field: str, is_sound: Callable[[Any], bool]) -> tuple[list[Any], Ints]:
        """The table of a field's values and each row's place in it."""
        table, codes = self.tables[f"{self.name}.{field}"], self._sound(field, "<u4")
        require(type(table) is list and all(map(is_sound, table)), f"{self.name}.{field}: a value of another kind")
        require(not len(codes) or int(codes.max()) < len(table), f"{self.name}.{field}: a code beyond its table")
        return table, codes.astype(np.int64)

    def known(self, field: str, among: Mapping[str, int]) -> Ints:
        """The number of the thing that each row names."""
        if self.is_text(field):
            return numbered(self.texts(field), among)
        table, codes = self.coded(field, is_text)
        return numbered(table, among)[codes]

    def spelled(self) -> Iterable[str]:
        """The rows as canonical JSON, some at a time."""
        pattern = "".join("%s" if self._may_lack(field) else f'"{field}":%s,' for field in self.fields)
        pattern = "{" + pattern[:-1] + "}"  # the last field is one that every row has
        pieces = [self._spellings(field) for field in self.fields]
        for first in range(0, self.size, SPELLED_AT_ONCE):
            rows = zip(*(piece(slice(first, first + SPELLED_AT_ONCE)) for piece in pieces), strict=True)
            yield ",".join(map(pattern.__mod__, rows))

    def _may_lack(self, field: str) -> bool:
        """Whether rows leave the field out where it is empty."""
        return f"{self.name}.{field}" in OPTIONAL

    def _spellings(self, field: str) -> Callable[[slice], list[str]]:
        if self.is_text(field):
            texts = self.texts(field)
            return lambda part: list(map(encode_basestring, texts[part]))
        column = self.columns[f"{self.name}.{field}"]
        if column.dtype.str == "<u4":
            spelled = list(map(canonical, self.tables[f"{self.name}.{field}"]))
            if self._may_lack(field):
                spelled = ["" if text == "[]" else f'"{field}":{text},' for text in spelled]
            return lambda part: [spelled[code] for code in column[part].tolist()]
        return lambda part: [str(value).replace(" ", "") for value in column[part].tolist()]


def is_text(value: Any) -> bool:
    return type(value) is str


def is_list(value: Any) -> bool:
    return type(value) is list and all(map(is_text, value)) and len({*value}) == len(value)


def is_set(value: Any) -> bool:
    return is_list(value) and value == sorted(value)


def is_optional(is_sound: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_sound(value)


def is_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def is_whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def numbered(names: Iterable[str], among: Mapping[str, int]) -> Ints:
    found = np.array([among.get(name, -1) for name in names], np.int64)
    require((found >= 0).all(), "a name nobody knows")
    return found


def numbers(names: list[Any]) -> dict[str, int]:
    """The number of each name; names are in order, and each stands once."""
    require(all(map(is_text, names)) and all(a < b for a, b in pairwise(names)), "names that are not in order")
    return {name: number for number, name in enumerate(names)}


def spelled_sha256(store: Store, in_columns: Collection[str]) -> str:
    """The SHA-256 of the document that these columns hold, spelled some rows at a time."""
    digest, head = hashlib.sha256(), store[0]
    for i, name in enumerate(sorted({*head, *in_columns} - {"tables"})):
        digest.update(f"{'{,'[i > 0]}{canonical(name)}:".encode())
        if name not in in_columns:
            digest.update(canonical(head[name]).encode())
            continue
        for n, rows in enumerate(Columns(store, name).spelled()):
            digest.update(f"{'[,'[n > 0]}{rows}".encode())
        digest.update(b"]" if Columns(store, name).size else b"[]")
    digest.update(b"}")
    return digest.hexdigest()
