"""Where one more seat would help, against solving again with one more seat."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import pytest

from solver.__main__ import main
from solver.files import write_instance, write_result
from solver.fix import Fix, FixKind, apply_fix
from solver.greedy import greedy
from solver.instance import Group, Instance, Offer, QuotaLine
from solver.marginal import MarginalValues, NewSeat, marginal_values
from solver.parts import Parts
from solver.residual import Residual, build_residual
from solver.result import Assignment, Result, Status
from solver.smallest_fix import find_fixes
from solver.solve import solve
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.tiny_instances import tiny_instance

ROUNDS = 120


def rounds_with_unplaced(seed: int, rounds: int = ROUNDS) -> Iterator[tuple[Instance, Result]]:
    """Tiny rounds in which somebody is left without a place, in one of two because quotas are scarce."""
    random, found = Random(f"{seed}/marginal"), 0
    while found < rounds:
        instance = tiny_instance(random)
        instance = squeezed(random, instance) if found % 2 else instance
        result = solve(instance)
        if result.status is Status.OPTIMAL and result.unplaced:
            found += 1
            yield instance, result


def squeezed(random: Random, instance: Instance) -> Instance:
    """The same with every offer under a line, low ceilings, and nobody whom distance alone keeps out."""
    lines = [replace(row, ceiling=random.choice((None, 0, 1, 2)), overflow_price=None) for row in instance.lines]
    offers = [replace(row, line=row.line or random.choice(("nation", "west", "east"))) for row in instance.offers]
    groups = [replace(row, reach_m=25_000) for row in instance.groups]
    return replace(instance, lines=tuple(lines), offers=tuple(offers), groups=tuple(groups))


def with_seat(instance: Instance, name: str, period: str) -> Instance:
    return apply_fix(instance, Fix(FixKind.SEAT, instance.groups[0].id, name, period))


def with_line(instance: Instance, name: str) -> Instance:
    return apply_fix(instance, Fix(FixKind.QUOTA, instance.groups[0].id, line=name))


def gains(instance: Instance, result: Result) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """How many more are placed with one more seat at each opening, and one more under each line: by solving again."""
    names = [(row.id, period) for row in instance.offers for period, seats in row.seats.items() if seats]
    lines = [row.id for row in instance.lines if row.ceiling is not None]
    return (
        {name: solve(with_seat(instance, *name)).placed - result.placed for name in names},
        {name: solve(with_line(instance, name)).placed - result.placed for name in lines},
    )


def claims(values: MarginalValues, truth: tuple[dict[tuple[str, str], int], dict[str, int]]) -> bool:
    """Whether every opening and line said to be worth one places one more, and every other none."""
    return (
        truth
        == (
            {name: int(name in values.openings) for name in truth[0]},
            {name: int(name in values.lines) for name in truth[1]},
        )
        and set(values.openings) <= truth[0].keys()
        and set(values.lines) <= truth[1].keys()
    )


def test_one_more_seat_places_whom_it_is_said_to_place(seed: int) -> None:
    """A seat or a line said to be worth one places one more pupil, and any other places nobody more."""
    openings = lines = blocked = 0
    for number, (instance, result) in enumerate(rounds_with_unplaced(seed)):
        values, truth = marginal_values(instance, result), gains(instance, result)
        assert claims(values, truth), (number, values, truth)
        assert values.unplaced == sum(row.count for row in result.unplaced)
        openings, lines = openings + len(values.openings), lines + len(values.lines)
        blocked += sum(not gain for gain in truth[0].values())
    assert min(openings, lines, blocked) >= 5, "the comparison says less than it should"


def new_offer(instance: Instance, school: str, cell: NewSeat) -> Instance:
    """One seat of the cell at the school's own door, outside every quota, for schools of the département alone."""
    needs = frozenset(need for row in instance.groups for need in row.needs)
    where, admits = instance.school[school].position, frozenset({cell.department})
    row = Offer("new", cell.department, where, cell.sector, frozenset({cell.level}), {cell.period: 1}, needs)
    return replace(instance, offers=(*instance.offers, replace(row, admits=admits)))


def is_taker(instance: Instance, row: Group, cell: NewSeat) -> bool:
    ranks_it = not row.wishes or cell.sector in row.wishes
    at_home = instance.school[row.school].department == cell.department
    may_stay = not row.departments or cell.department in row.departments
    return at_home and may_stay and row.level == cell.level and cell.period in row.periods and ranks_it


def test_a_new_seat_places_one_more_where_it_has_takers(seed: int) -> None:
    """A seat that opens where takers are counted places one more; where no sector has takers, it places nobody more."""
    counted = empty = 0
    for number, (instance, result) in enumerate(rounds_with_unplaced(seed, 60)):
        cells = marginal_values(instance, result).new_seats
        left = {row.group: row.count for row in result.unplaced}
        for cell in cells:
            takers = [row for row in instance.groups if is_taker(instance, row, cell)]
            assert cell.unplaced == sum(left.get(row.id, 0) for row in takers), (number, cell)
            near = {row.school for row in takers}
            gained = {school: solve(new_offer(instance, school, cell)).placed - result.placed for school in near}
            assert 1 in gained.values(), (number, cell, gained)
            counted += 1
        known = {(row.department, row.level, row.period) for row in cells}
        for row, period in product(instance.groups, ("p", "q")):
            home = instance.school[row.school].department
            if (home, row.level, period) not in known:
                cell = NewSeat(home, row.level, period, "x", 0, 0)
                assert solve(new_offer(instance, row.school, cell)).placed == result.placed, (number, cell)
                empty += 1
    assert min(counted, empty) >= 5, "the comparison says less than it should"


def chain() -> Instance:
    """Bob reaches the near site alone, Ann and Carl both: a second seat far away would free the near one for Bob."""
    near, far = offer(id="near", position=at_km(5)), offer(id="far", position=at_km(20), seats={"p": 1})
    ann, bob = group(id="ann", reach_m=30_000), group(id="bob", reach_m=10_000, wishes=("x",))
    carl = group(id="carl", reach_m=30_000)
    return world(offers=(near, far), groups=(ann, bob, carl))


def test_a_chain_of_moves_counts() -> None:
    """Bob cannot go to the far site; one more seat there still gives him the near one, by moving its pupil."""
    instance = chain()
    result = bob_left_out(solve(instance))
    values = marginal_values(instance, result)
    assert {row.group for row in result.unplaced} == {"bob"}
    assert claims(values, gains(instance, result))
    assert values.openings == (("far", "p"), ("near", "p"))
    assert values.new_seats == (NewSeat("A", "3e", "p", "x", 1, 2),)
    assert find_fixes(instance, result)["bob"][0] == Fix(FixKind.SEAT, "bob", "near", "p")


def bob_left_out(result: Result) -> Result:
    """The same round with Bob left out, whoever the aims leave out: as many are placed, so the values still hold."""
    rows = [replace(result.assignments[0], group=name, offer=at) for name, at in (("ann", "near"), ("carl", "far"))]
    return replace(result, assignments=tuple(rows), unplaced=(replace(result.unplaced[0], group="bob"),))


def test_a_chain_goes_through_a_quota_line() -> None:
    """Dan's site is free but its line is full: a seat outside the line, taken by a pupil under it, lets Dan in."""
    sites = (("dans", 2, "line"), ("under", 20, "line"), ("outside", 25, None))
    offers = tuple(offer(id=name, position=at_km(km), line=line) for name, km, line in sites)
    groups = (group(id="ann"), group(id="carl"), group(id="dan", reach_m=5_000))
    instance = world(offers=offers, groups=groups, lines=(QuotaLine("line", ceiling=1),))
    result = solve(instance)
    rows = (Assignment("ann", "under", "p", 1), Assignment("carl", "outside", "p", 1))
    result = replace(result, assignments=rows, unplaced=(replace(result.unplaced[0], group="dan"),))
    values = marginal_values(instance, result)
    assert claims(values, gains(instance, result))
    assert (values.openings, values.lines) == ((("outside", "p"),), ("line",))


def test_what_has_no_value_yet_is_refused() -> None:
    """A round that could place more and another instance's result are refused by name; a full round has no value."""
    instance, other = world(), world(offers=())
    result = solve(instance)
    idle = replace(solve(other), instance_sha256=result.instance_sha256)
    with pytest.raises(ValueError, match="more pupils could be placed"):
        marginal_values(instance, idle)
    with pytest.raises(ValueError, match="another instance"):
        marginal_values(other, result)
    assert marginal_values(instance, greedy(instance)) == MarginalValues(0, (), (), ())


def test_sabotage_ways_that_forget_the_moves_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Following only the original arcs, never moving a placed pupil, gives values that solving again contradicts."""
    monkeypatch.setattr("solver.marginal.build_residual", without_moves)
    instance = chain()
    result = bob_left_out(solve(instance))
    assert not claims(marginal_values(instance, result), gains(instance, result))


def without_moves(parts: Parts, rows: Iterable[Assignment]) -> Residual:
    """The residual network's forward arcs alone: nodes are numbered from the classes to the sink, lines apart."""
    made = build_residual(parts, rows)
    above = dict(zip(made.line.tolist(), made.above_line.tolist(), strict=True))
    arcs = enumerate(zip(made.tail.tolist(), made.head.tolist(), strict=True))
    kept = [i for i, (tail, head) in arcs if above.get(tail, head) == head and (tail in above or tail < head)]
    return replace(made, tail=made.tail[kept], head=made.head[kept])


def test_the_values_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`marginal` prints the same values as a table or as JSON, and refuses another instance's result."""
    instance = chain()
    write_instance(instance, tmp_path / "instance.json")
    write_result(bob_left_out(solve(instance)), tmp_path / "result.json")
    files = [str(tmp_path / "instance.json"), str(tmp_path / "result.json")]
    assert main(["marginal", *files]) == 0
    assert "  far in p\n  near in p\n" in (table := capsys.readouterr().out)
    assert "  A 3e p x: 1 2\n" in table
    assert main(["marginal", "--json", *files]) == 0
    assert json.loads(capsys.readouterr().out)["openings"] == [["far", "p"], ["near", "p"]]
    write_instance(world(), tmp_path / "instance.json")
    assert main(["marginal", *files]) == 2
    assert "another instance" in capsys.readouterr().err
