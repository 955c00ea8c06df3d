"""Long lists cut into pages whose number stays in the address, with the filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request, url_for

Row = TypeVar("Row")
PER_PAGE = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list: its rows, its number from 1, how many pages and rows there are in all."""

    rows: Sequence[Row]
    number: int
    count: int
    total: int

    def address(self, number: int) -> str:
        """The same list, filters kept, at another page."""
        kept = {**request.args.to_dict(), **(request.view_args or {}), "page": number}
        return url_for(request.endpoint or "", **kept)


def cut(rows: Sequence[Row], arguments: Mapping[str, str], per_page: int = PER_PAGE) -> Page[Row]:
    """The page asked for; a number that makes no sense gives the nearest page."""
    count = max(1, -(-len(rows) // per_page))
    asked = arguments.get("page", "1")
    number = min(max(int(asked), 1), count) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    return Page(rows[(number - 1) * per_page : number * per_page], number, count, len(rows))
