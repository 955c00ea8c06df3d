"""Searching as if wide quota lines did not bind: the same cost as one search of the whole, whatever the lines ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

import numpy as np
import pytest

from solver.apart import Apart, search_apart
from solver.arrays import Bools, Ints, ints
from solver.flow import Problem, minimum_cost_flow, minimum_cost_flows

COUNTRY, TIMES = 10**9, 60
"""What a seat under a commitment is worth: more than any trip."""


class Field:
    """Pupils, places in four départements under lines of their own, a line over all, a sink that takes what comes."""

    def __init__(self, random: Random) -> None:
        self.rows: list[tuple[int, int, int, int]] = []
        pupils, places, lines = range(30), range(30, 50), range(50, 54)
        country, sink = 54, 55
        for pupil in pupils:
            near = random.choice(range(4))
            for place in random.sample([one for one in places if one % 4 in (near, (near + 1) % 4)], 4):
                self.rows.append((pupil, place, 1, random.randrange(50)))
            self.rows.append((pupil, sink, 1, 10**6))
        for place in places:
            self.rows.append((place, lines[place % 4], random.randrange(1, 4), 0))
        for line in lines:
            self.line(line, country, random.randrange(4), random.randrange(8))
        self.line(country, sink, random.randrange(16), random.randrange(4, 40))
        self.sent = np.zeros(sink + 1, np.int64)
        self.sent[: len(pupils)] = 1
        self.sent[sink] = -len(pupils)
        self.lines = np.zeros(sink + 1, np.bool_)
        self.lines[50:55] = True

    def line(self, node: int, above: int, promised: int, more: int) -> None:
        self.rows += [(node, above, promised, -COUNTRY), (node, above, more, 0)]

    @property
    def problem(self) -> Problem:
        tail, head, capacity, cost = ints(self.rows).T
        return tail, head, capacity, cost, self.sent

    def at_hand(self, random: Random) -> Ints:
        """A flow to begin with, the best for costs drawn anew."""
        tail, head, capacity, cost, sent = self.problem
        return minimum_cost_flow(tail, head, capacity, ints([random.randrange(90) for _ in cost]), sent)

    def cost_of(self, flow: Ints) -> int:
        """
        Raises:
            AssertionError: it breaks a capacity, or a node sends what it does not have.
        """
        tail, head, capacity, cost, sent = self.problem
        left = sent.copy()
        np.subtract.at(left, tail, flow)
        np.add.at(left, head, flow)
        assert not left.any()
        assert (flow >= 0).all()
        assert (flow <= capacity).all()
        return int(cost @ flow)


def fields(seed: int) -> Iterator[tuple[Field, Ints]]:
    for number in range(TIMES):
        random = Random(f"{seed}/apart/{number}")
        field = Field(random)
        yield field, field.at_hand(random)


def searched(field: Field, flow: Ints) -> int:
    return field.cost_of(search_apart(field.problem, field.lines, len(field.lines) - 1, flow.copy(), None))


def best(field: Field) -> int:
    return field.cost_of(minimum_cost_flow(*field.problem))


def test_the_parts_together_cost_what_the_whole_costs(seed: int) -> None:
    """Lines let go, filled again or put back: the flow keeps to all of them, and none costs less."""
    assert all(searched(field, flow) == best(field) for field, flow in fields(seed))


def test_lines_that_do_not_bind_hold_nothing_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two départements that only a wide line joins are two problems, and what comes to the line is counted again."""
    problem = (ints([0, 1, 2, 3, 4, 4]), ints([2, 3, 4, 4, 5, 5]), ints([1, 1, 1, 1, 1, 9]), ints([1, 1, 1, 1, -7, 0]))
    sizes: list[int] = []

    def counted(problems: Iterable[Problem], executor: None) -> Iterator[Ints]:
        told = list(problems)
        sizes.extend(len(one[0]) for one in told)
        return minimum_cost_flows(told, executor)

    monkeypatch.setattr("solver.apart.minimum_cost_flows", counted)
    monkeypatch.setattr("solver.apart.ARCS_TOGETHER", 1)
    lines: Bools = np.arange(6) == 4
    found = search_apart((*problem, ints([1, 1, 0, 0, 0, -2])), lines, 5, ints([1, 1, 1, 1, 1, 1]), None)
    assert (sizes, found.tolist()) == ([2, 2], [1] * 6)


@pytest.mark.parametrize("forgotten", ["put_back", "fill"])
def test_sabotage_a_line_that_binds_is_let_go_for_good(forgotten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place is free, under a line that takes one pupil: whoever forgets to put the line back sends both there."""
    field = Field.__new__(Field)
    field.rows = [(0, 2, 1, 0), (1, 2, 1, 0), (0, 4, 1, 5), (1, 4, 1, 6), (2, 3, 2, 0), (3, 4, 1, 0)]
    field.sent, field.lines = ints([1, 1, 0, 0, -2]), np.arange(5) == 3
    flow = ints([0, 0, 1, 1, 0, 0])
    assert searched(field, flow) == best(field) == 5
    none = np.zeros(5, np.bool_)
    monkeypatch.setattr(Apart, forgotten, lambda *_: none)
    with pytest.raises(AssertionError):
        searched(field, flow)
