"""The one spelling of a document that columns hold, for its hash: canonical JSON, some rows at a time.

It knows how values are written and nothing of what they mean. Most fields of a large list are said in few ways: each
way is spelled once, together with the fields beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from json.encoder import encode_basestring

import numpy as np

from solver.column_store import Store
from solver.large_columns import OPTIONAL, Columns, Ints, canonical

ROWS_AT_ONCE = 50_000
ROWS_BY_TEXT = 16
"""Fields are spelled together while each text serves about so many rows."""


@dataclass(frozen=True)
class Said:
    """A piece of each row's spelling, as its place in a table of texts."""

    table: list[str]
    codes: Ints

    def of(self, part: slice) -> Iterator[str]:
        return map(self.table.__getitem__, self.codes[part].tolist())

    def before(self, other: Said) -> Iterator[Said]:
        """This piece and the next one: a single one unless too few rows would share each text."""
        size = len(self.table) * len(other.table)
        if size > max(len(self.table), len(other.table), len(self.codes) // ROWS_BY_TEXT):
            yield from (self, other)
        else:
            yield Said([a + b for a in self.table for b in other.table], self.codes * len(other.table) + other.codes)


@dataclass(frozen=True)
class Names:
    """A piece of each row's spelling that hardly any other row shares."""

    texts: list[str]

    def of(self, part: slice) -> Iterator[str]:
        return map(encode_basestring, self.texts[part])


Piece = Said | Names


def spelled(rows: Columns) -> Iterator[str]:
    """The rows as canonical JSON, a comma before each, some at a time."""
    pieces = _pieces(rows)
    for first in range(0, rows.size, ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        yield "".join(chain.from_iterable(zip(*(piece.of(part) for piece in pieces), strict=True)))


def spelled_sha256(store: Store, in_columns: Collection[str]) -> str:
    """The SHA-256 of the document that these columns hold."""
    digest, head = hashlib.sha256(), store[0]
    for i, name in enumerate(sorted({*head, *in_columns} - {"tables"})):
        digest.update(f"{'{,'[i > 0]}{canonical(name)}:".encode())
        if name not in in_columns:
            digest.update(canonical(head[name]).encode())
            continue
        digest.update(b"[")
        for n, text in enumerate(spelled(Columns(store, name))):
            digest.update((text if n else text[1:]).encode())
        digest.update(b"]")
    digest.update(b"}")
    return digest.hexdigest()


def _pieces(rows: Columns) -> list[Piece]:
    """What every row is spelled with, one after the other."""
    pieces: list[Piece] = [_everywhere(rows, ",{")]
    for field in rows.fields:
        for piece in _said(rows, field, "}" if field == rows.fields[-1] else ","):
            last = pieces.pop()
            pieces += last.before(piece) if isinstance(last, Said) and isinstance(piece, Said) else (last, piece)
    return pieces


def _everywhere(rows: Columns, text: str) -> Said:
    return Said([text], np.zeros(rows.size, np.int64))


def _said(rows: Columns, field: str, end: str) -> Iterator[Piece]:
    """A field with its name. Rows may leave it out where it is empty; never the last one, whose end is theirs."""
    name, key = f"{rows.name}.{field}", f'"{field}":'
    if rows.is_text(field):
        yield from (_everywhere(rows, key), Names(rows.texts(field)), _everywhere(rows, end))
    elif rows.columns[name].dtype.str == "<u4":
        table, codes = rows.coded(field, lambda _: True)
        lacking = "[]" if name in OPTIONAL else None
        yield Said(["" if text == lacking else f"{key}{text}{end}" for text in map(canonical, table)], codes)
    else:
        column = rows.columns[name]
        values, codes = np.unique(column, return_inverse=True) if column.ndim == 1 else (column, np.arange(rows.size))
        yield Said([f"{key}{str(value).replace(' ', '')}{end}" for value in values.tolist()], codes)
