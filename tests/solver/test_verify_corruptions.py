"""A falsified round is refused under the right name, and no check of the verifier is there for show."""

from __future__ import annotations

from random import Random

import pytest

from solver.judge.plain import verify
from solver.rules import PROPERTIES
from tests.solver.verify_corruptions import MIXED, OPERATORS, corrupted


def named(faults: list[str]) -> set[str]:
    return {fault.split(":")[0] for fault in faults}


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    """Cases per corruption: a thousand in all in the full profile."""
    return 20 if pytestconfig.getoption("--full") else 4


@pytest.mark.parametrize("name", OPERATORS)
def test_a_corruption_is_named(name: str, seed: int, times: int) -> None:
    """A falsified document is refused, and the property that was falsified is the one that is named."""
    random = Random(f"{seed} {name}")
    for _ in range(times):
        found = named(verify.verify_documents(*corrupted(name, random)))
        expected = OPERATORS[name][0]
        assert expected in found
        assert name in MIXED or found == {expected}


@pytest.mark.parametrize("name", [name for name in OPERATORS if name not in MIXED])
def test_each_check_is_needed(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the one check that names it, the same corruption would be published in silence."""
    monkeypatch.setitem(verify.CHECKS, OPERATORS[name][0], lambda _: iter(()))
    assert verify.verify_documents(*corrupted(name, Random(f"{seed} {name}"))) == []


def test_every_property_is_checked_and_sabotaged() -> None:
    """The verifier's table holds the published properties, in their order, and each has a corruption of its own."""
    assert tuple(verify.CHECKS) == PROPERTIES
    assert {OPERATORS[name][0] for name in OPERATORS if name not in MIXED} == set(PROPERTIES)
