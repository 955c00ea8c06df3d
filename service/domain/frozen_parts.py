"""What one pupil's page needs of a round's frozen bytes, without reading the twenty thousand others.

Responsible for finding one object in a document written by `solver.files` (JSON, keys in order, no spaces). Refuses to
know what the object says.
"""

from __future__ import annotations

from json import JSONDecodeError, JSONDecoder
from typing import Any

from service.domain.together import pseudonyms_of
from service.errors import NotFound

_DECODER = JSONDecoder()


def frozen_value(document: str, key: str) -> Any:
    """The value of a key that the document has once.

    Raises:
        ValueError: it has none.
    """
    mark = f'"{key}":'
    return _DECODER.raw_decode(document, document.index(mark) + len(mark))[0]


def frozen_row(document: str, table: str, name: str) -> dict[str, Any]:
    """The first object of the list `table` whose `id` is `name`, or the group of pupils of whom `name` is one.

    Raises:
        NotFound: there is none.
    """
    first = document.index(f'"{table}":[')
    at = document.find(name, first)
    while at >= 0:
        row = _object_around(document, first, at)
        if row is not None and name in pseudonyms_of(str(row.get("id", ""))):
            return row
        at = document.find(name, at + 1)
    raise NotFound


def _object_around(document: str, first: int, at: int) -> dict[str, Any] | None:
    """The smallest object that begins after `first` and holds the position `at`."""
    start = document.rfind("{", first, at)
    while start >= 0:
        try:
            row, end = _DECODER.raw_decode(document, start)
        except JSONDecodeError:
            end = start
        if end > at:
            found: dict[str, Any] = row
            return found
        start = document.rfind("{", first, start)
    return None
