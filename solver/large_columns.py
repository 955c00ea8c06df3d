"""Columns of a file as the judges' fast paths read them: strictly, with their own lines, not the engine's classes.

It knows how a value is stored, spelled and summed, and nothing of placements. What is not as it should be is `Unusual`:
a plain judge then reads the document itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice, pairwise, repeat
from json.encoder import JSONEncoder
from operator import lt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.column_store import Store

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Encoded = NDArray[np.bytes_]
"""Names in UTF-8, none with a zero byte in it; their order is that of the texts."""
MAX_NAME = 200
"""Bytes of a group's name: all are as wide as the widest."""
OPTIONAL = frozenset({"groups.departments"})
"""Lists that a row leaves out where they are empty, and that are no column when no row has one."""


class Unusual(ValueError):
    """Not for the fast paths. It says nothing against the round: a plain judge has to read it."""


def require(condition: object, what: str) -> None:
    if not condition:
        raise Unusual(what)


canonical = JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""The one spelling of a JSON document that is hashed."""


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


def joined(*columns: Ints) -> tuple[Ints, Ints]:
    """For rows of several columns: where each different row first stands, in their order, and each row's number.

    No number is below 0, and none beyond 2**31 while there are fewer rows than that: no key can leave 62 bits.
    """
    keys, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if size * width >= 2**62:
            different, keys = np.unique(keys, return_inverse=True)
            size = len(different)
        keys, size = keys * width + column, size * width
    _, first, numbers = np.unique(keys, return_index=True, return_inverse=True)
    return first, numbers


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

    def _cut(self, field: str) -> tuple[Ints, NDArray[np.uint8]]:
        """Where each text ends, and all of them."""
        ends, text = self._sound(f"{field}.ends", "<i8"), self._sound(f"{field}.text", "|u1")
        last = int(ends[-1]) if len(ends) else 0
        require(last == len(text) and (np.diff(ends, prepend=0) >= 0).all(), f"{self.name}.{field}: badly cut")
        return ends, text

    def texts(self, field: str) -> list[str]:
        ends, column = self._cut(field)
        text, bounds = column.tobytes(), pairwise([0, *ends.tolist()])
        if not text.isascii():
            return [text[start:end].decode() for start, end in bounds]
        whole = text.decode()  # a character is a byte: all are decoded at once
        return [whole[start:end] for start, end in bounds]

    def encoded(self, field: str) -> Encoded:
        """The texts as they are stored: no Python object for each."""
        ends, text = self._cut(field)
        lengths = np.diff(ends, prepend=0)
        widest = int(lengths.max(initial=1))
        require(widest <= MAX_NAME and text.all(), f"{self.name}.{field}: a name too long, or with a zero in it")
        if not (lengths == widest).all():
            cells = np.zeros((len(ends), widest), np.uint8)
            cells[np.arange(widest) < lengths[:, None]] = text
            text = cells
        encoded: Encoded = text.reshape(-1, widest).view(f"S{widest}").ravel()
        return encoded

    def whole(self, field: str, low: int, high: int) -> Ints:
        column: Ints = self._sound(field, "<i8", 2 if field == "position" else 1)
        require(field != "position" or column.shape[1:] == (3,), f"{self.name}.position: no three metres")
        require(
            not column.size or low <= int(column.min()) <= int(column.max()) <= high, f"{self.name}.{field}: bounds"
        )
        return column

    def coded(self, field: str, is_sound: Callable[[Any], bool]) -> tuple[list[Any], Ints]:
        """The table of a field's values and each row's place in it."""
        if f"{self.name}.{field}" in OPTIONAL and field not in self.fields:
            return [[]], np.zeros(self.size, np.int64)
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

    def found_in(self, names: Encoded, field: str) -> Ints:
        """The same where the things are many: among all their names, in order."""
        if self.is_text(field):
            return places(names, self.encoded(field))
        table, codes = self.coded(field, is_text)
        return places(names, encoded(table))[codes]


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
    found = np.fromiter(map(among.get, names, repeat(-1)), np.int64)
    require((found >= 0).all(), "a name nobody knows")
    return found


def numbers(names: list[Any]) -> dict[str, int]:
    """The number of each name; names are in order, and each stands once."""
    rising = {*map(type, names)} <= {str} and all(map(lt, names, islice(names, 1, None)))
    require(rising, "names that are not in order")
    return dict(zip(names, range(len(names)), strict=True))


def is_rising(keys: Ints) -> bool:
    return bool((np.diff(keys) > 0).all())


def encoded(names: list[str]) -> Encoded:
    require("\0" not in "".join(names), "a name with a zero in it")
    return np.array([name.encode() for name in names], np.bytes_)


def places(names: Encoded, wanted: Encoded) -> Ints:
    """Where each wanted name stands among names in order."""
    at = np.searchsorted(names, wanted)
    require((at < len(names)).all() and (names[at] == wanted).all(), "a name nobody knows")
    return at
