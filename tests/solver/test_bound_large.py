"""The judge of bounds in columns: it finds what the plain one finds, in rounds whose groups stay whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random

import pytest

from solver import blocks, certificate, judges
from solver.bound_large import bound_large, is_bounded
from solver.columns import instance_store, result_store
from solver.judges import Claimed
from solver.solve import solve
from tests.solver.ordinary import ordinary_wholes
from tests.solver.test_bounds import Round, moved, open_rounds, with_row
from tests.solver.verify_oracle import Document


@pytest.fixture(autouse=True)
def large_and_hardly_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every round is large, CP-SAT may hardly work, and weights are as small as a large round's."""
    monkeypatch.setattr(judges, "LARGE", 0)
    monkeypatch.setattr(blocks, "SMALL", 0)
    monkeypatch.setattr(certificate, "solve", partial(solve, effort=0.0001))
    monkeypatch.setattr("solver.held.LARGEST_COST", 2**30)


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 1_000 if pytestconfig.getoption("--full") else 100


def never() -> tuple[Document, Document]:
    raise AssertionError("the documents are not needed")


def whole_rounds(seed: object, times: int) -> Iterator[Round]:
    """Rounds left open by groups that stay whole alone, which the judge of large rounds reads."""
    yield from open_rounds(f"{seed} whole", times, ordinary_wholes)


def test_bounds_are_recomputed_in_columns(seed: int, times: int) -> None:
    """The judge of large rounds finds every bound again by itself, and believes none that is one off, either way."""
    random, met = Random(f"{seed} columns"), 0
    for found in whole_rounds(seed, times):
        asked, told = instance_store(found.asked), result_store(found.told)
        assert is_bounded(asked, told, found.certificate)
        assert bound_large(asked, told, found.certificate, never) == []
        at = random.randrange(len(found.result.tiers))
        row = found.result.tiers[at]
        lie = random.choice((replace(row, bound=row.bound + 1), replace(row, value=row.value + 1)))
        document = with_row(found.result, at, lie)
        assert Claimed(found.asked, document).prove(found.certificate) == found.faults(result=document) != []
        met += 1
    assert met


def test_prices_moved_at_random_prove_the_same_in_columns(seed: int, times: int) -> None:
    """Whatever numbers a certificate holds, both judges of bounds find the same faults in it."""
    random, met = Random(f"{seed} moved alike"), 0
    for found in whole_rounds(seed, times):
        prices = moved(found.certificate, random)
        fast = is_bounded(instance_store(found.asked), result_store(found.told), prices)
        assert fast == (found.faults(prices=prices) == [])
        met += 1
    assert met
