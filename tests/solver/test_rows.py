"""Shortcuts by columns give what the plain way gives, row by row."""

from __future__ import annotations

import numpy as np
import pytest

from solver.arrays import distinct, numbered, places
from solver.instance import Group
from solver.rows import make_rows


def test_rows_made_by_columns_are_those_their_class_makes() -> None:
    """Groups read from columns are the groups their fields describe, what no column says left as it is by default."""
    names, counts, ways = ["a", "b", "c"], [1, 30, 2], [frozenset({"w1"}), frozenset({"w1", "w2"}), frozenset[str]()]
    plain = [Group(*row) for row in zip(names, ["s", "s", "t"], ["seconde"] * 3, counts, ways, strict=True)]
    columns = {"id": names, "school": ["s", "s", "t"], "level": ["seconde"] * 3, "count": counts, "periods": ways}
    made = make_rows(Group, 3, columns)
    assert made == tuple(plain)
    assert [hash(row) for row in made] == [hash(row) for row in plain]


@pytest.mark.parametrize("spread", [1, 2, 1_000_000])
def test_a_key_is_found_where_it_stands_close_together_or_far_apart(spread: int) -> None:
    """The hub of a choice is the same whether it is looked up in a table or searched for."""
    wanted = np.array([7, 0, 3, 3, 9, 7, 0, 1, 9, 3, 3, 7], np.int64) * spread
    keys = distinct(wanted)
    assert keys.tolist() == [0, spread, 3 * spread, 7 * spread, 9 * spread]
    assert keys[places(keys, wanted)].tolist() == wanted.tolist()


def test_numbers_follow_the_order_in_which_keys_are_met() -> None:
    """Those given first come first, whether they are met or not."""
    keys, numbers = numbered(["b", "a", "b", "c"], ["c", "d"])
    assert keys == ("c", "d", "b", "a")
    assert numbers.tolist() == [2, 3, 2, 0]
