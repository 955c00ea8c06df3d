"""JSON as the format defines it: what Python's reader lets through without a word is refused, by its path.

It knows nothing of what a document says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class _Constant:
    """NaN or an infinity, kept until its place is known."""

    name: str


def parse_document(content: bytes) -> object:
    """The JSON value in these bytes.

    Raises:
        ValueError: a repeated key, NaN or an infinity, absurd nesting, a number without end, what is not UTF-8.
    """
    constants: list[str] = []

    def keep(name: str) -> _Constant:
        constants.append(name)
        return _Constant(name)

    try:
        text = content.decode("utf-8")
        value: object = json.loads(text, object_pairs_hook=_no_repeated_key, parse_constant=keep)
    except RecursionError:
        raise ValueError("document: nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"document: not UTF-8 text at byte {error.start}") from None
    if constants:
        where, constant = next(_constants(value))
        raise ValueError(f"{where}: {constant.name} is not a number")
    return value


def _no_repeated_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"document: the key {key!r} appears twice in one object")
        found[key] = value
    return found


def _constants(document: object) -> Iterator[tuple[str, _Constant]]:
    """Each constant and where it stands: `groups[3].count`."""
    waiting = [("", document)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, _Constant):
            yield where or "document", value
        elif isinstance(value, dict):
            waiting += [(f"{where}.{key}" if where else key, each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{where}[{i}]", each) for i, each in enumerate(value)]
