"""Long lists: which page, how many, and addresses that keep the filters."""

from __future__ import annotations

import pytest
from flask import Flask

from service.web.paging import cut


@pytest.mark.parametrize(
    ("asked", "number"),
    [("1", 1), ("3", 3), ("99", 3), ("0", 1), ("-1", 1), ("x", 1), ("²", 1), ("9" * 30, 1), ("", 1)],
)
def test_any_page_number_gives_a_page(asked: str, number: int) -> None:
    """A hundred and one rows make three pages; a number that makes no sense gives the nearest."""
    page = cut(list(range(101)), {"page": asked})
    assert (page.number, page.count, page.total) == (number, 3, 101)
    assert list(page.rows) == list(range(101))[(number - 1) * 50 : number * 50]


def test_an_empty_list_is_one_page() -> None:
    assert (cut([], {}).count, cut([], {}).total) == (1, 0)


def test_the_next_page_keeps_the_search(app: Flask) -> None:
    """The filter stays in the address from page to page."""
    with app.test_request_context("/partenaires/1/sites?q=lyon&page=1"):
        assert cut(list(range(101)), {}).address(2) == "/partenaires/1/sites?q=lyon&page=2"
