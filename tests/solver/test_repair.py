"""Something changes after a publication: as many placed as can be, the fewest announced pupils moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from solver.__main__ import main
from solver.changes import Ceiling, Change, Maximum, PinTo, Reach, Seats, Withdraw
from solver.dossier import read_result, write_instance, write_result
from solver.files import canonical_bytes, result_document
from solver.generate import generate
from solver.instance import Announced, Instance, Pin, QuotaLine
from solver.params import Tier
from solver.parts import Parts
from solver.repair import Repair, repair
from solver.residual import Residual, build_residual
from solver.result import Assignment, Result, Status
from solver.solve import solve
from tests.solver.brute_force import exhaust
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.tiny_instances import tiny_instance


def published(seed: int, count: int) -> Iterator[tuple[Random, Instance, Result]]:
    """Tiny rounds with somebody placed; in half of them a chain of moves may save a place."""
    random, found = Random(f"{seed}/repair"), 0
    while found < count:
        instance = ladder(random) if found % 2 else tiny_instance(random)
        result = solve(instance)
        if result.status is Status.OPTIMAL and result.assignments:
            found += 1
            yield random, instance, result


def ladder(random: Random) -> Instance:
    """Hosts ever further from one school, with a seat or two, and pupils of whom each may go a little further."""
    offers = tuple(
        offer(id=f"at-{km:02d}", position=at_km(km), seats={"p": random.choice((1, 1, 2))}) for km in (5, 10, 15, 20)
    )
    reach = random.sample((6_000, 11_000, 16_000, 21_000), random.randint(2, 4))
    limits = (None, None, 1)
    lines = (QuotaLine("nation", ceiling=random.choice((None, 4))),)
    offers = tuple(
        replace(row, line=random.choice((None, "nation")), max_per_school=random.choice(limits)) for row in offers
    )
    return world(offers=offers, groups=tuple(group(id=f"reach-{m}", reach_m=m) for m in reach), lines=lines)


def something_happens(random: Random, instance: Instance, result: Result) -> list[Change]:
    host = instance.offer[random.choice(result.assignments).offer]
    known: list[Change] = [
        Withdraw(host.id),
        Withdraw(host.id),
        Seats(host.id, random.choice(sorted(host.seats)), random.choice((0, 1))),
        Maximum(host.id, 1),
        Ceiling("nation", random.choice((1, 2))),
        Reach(-8_000),
    ]
    return random.sample(known, random.choice((1, 1, 2)))


def same_bytes(one: Result, other: Result) -> bool:
    documents = (canonical_bytes(result_document(replace(result, seconds={}))) for result in (one, other))
    return len(set(documents)) == 1


def moved(result: Result) -> int:
    return next(row.value for row in result.tiers if row.tier is Tier.STABILITY)


def test_holding_pupils_changes_nothing_in_the_answer(seed: int, pytestconfig: pytest.Config) -> None:
    """The repair is the very answer, byte for byte, that solving the whole instance gives, however many are held."""
    ways: Counter[str] = Counter()
    rounds = published(seed, 2_000 if pytestconfig.getoption("--full") else 120)
    for number, (random, instance, result) in enumerate(rounds):
        changes = something_happens(random, instance, result)
        made = repair(instance, result, changes)
        plain = solve(made.instance)
        assert same_bytes(made.result, plain), (number, changes)
        if made.result.status is Status.OPTIMAL:
            ways["held" if made.held else "plain"] += 1
    assert min(ways["held"], ways["plain"]) >= 3, ways


def test_the_fewest_are_moved(seed: int) -> None:
    """No answer at all places more, or as many and moves fewer: every one is looked at."""
    for number, (random, instance, result) in enumerate(published(seed, 60)):
        made = repair(instance, result, something_happens(random, instance, result))
        truth = exhaust(made.instance, made.result.instance_sha256)
        assert tuple(row.value for row in made.result.tiers) == (truth.best if truth else ()), number
        if truth is None:
            continue
        told = sum(row.count for row in result.assignments)
        assert moved(made.result) == made.difference.moved + made.difference.lost, number
        assert told == made.difference.moved + made.difference.lost + sum(kept(made).values())


def kept(made: Repair) -> Counter[tuple[str, str, str]]:
    told = Counter({(row.group, row.offer, row.period): row.count for row in made.instance.announced})
    return told & Counter({(row.group, row.offer, row.period): row.count for row in made.result.assignments})


def chain() -> tuple[Instance, Result]:
    """Ann was told the near host and Bob the one between, where Ann may go too; Bob alone may go to the far one."""
    hosts = (offer(id="near"), offer(id="between", position=at_km(10)), offer(id="far", position=at_km(30)))
    instance = world(offers=hosts, groups=(group(id="ann", reach_m=10_000), group(id="bob", reach_m=30_000)))
    rows = (Assignment("ann", "near", "p", 1), Assignment("bob", "between", "p", 1))
    return instance, replace(solve(instance), assignments=rows)


def test_one_moves_to_let_another_stay_placed() -> None:
    """Ann's host withdraws; Bob, who alone may go further, leaves her his place: two are moved, nobody loses one."""
    instance, result = chain()
    made = repair(instance, result, [Withdraw("near")])
    assert {(row.group, row.offer) for row in made.result.assignments} == {("ann", "between"), ("bob", "far")}
    assert (made.difference.moved, made.difference.lost, moved(made.result)) == (2, 0, 2)
    assert made.touched == (Announced("ann", "near", "p"),)


def test_nobody_is_moved_for_nothing() -> None:
    """Where no seat is left, whoever had the lost seat is without a place and everybody else stays."""
    hosts = (offer(id="a", seats={"p": 2}), offer(id="b", seats={"p": 2}))
    people = tuple(group(id=f"pupil-{i}", wishes=("x",)) for i in range(5))
    instance = world(offers=hosts, groups=people)
    result = solve(instance)
    made = repair(instance, result, [Withdraw("a")])
    gone = {row.group for row in result.assignments if row.offer == "a"}
    assert {row.group for row in made.result.assignments} == {row.group for row in result.assignments} - gone
    assert (made.difference.lost, made.difference.gained, made.difference.moved, made.held) == (2, 0, 0, 2)


def test_a_host_that_shrinks_keeps_as_many_as_it_can() -> None:
    """Three were told a host that keeps two seats: two stay, the third goes to the free host, and nobody else moves."""
    hosts = (offer(id="a", seats={"p": 3}), offer(id="b", seats={"p": 2}, position=at_km(9)))
    people = tuple(group(id=f"pupil-{i}", wishes=("x",)) for i in range(4))
    instance = world(offers=hosts, groups=people)
    made = repair(instance, solve(instance), [Seats("a", "p", 2)])
    assert Counter(row.offer for row in made.result.assignments) == {"a": 2, "b": 2}
    assert (made.difference.moved, made.held) == (1, 1)


def test_what_no_limit_says_is_solved_plainly() -> None:
    """A pin nobody was told of: nobody is held, and the answer is the same as ever."""
    instance = world(offers=(offer(), offer(id="far", position=at_km(9))))
    made = repair(instance, solve(instance), [PinTo("group", "far", "p", 1)])
    assert made.held == 0
    assert made.instance.pins == (Pin("group", "far", "p"),)
    assert same_bytes(made.result, solve(made.instance))
    assert moved(made.result) == 1


def test_sabotage_never_letting_go_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blind to the ways that moves would open, the repair leaves Ann without a place: it is not the plain answer."""
    instance, result = chain()
    monkeypatch.setattr("solver.repair.build_residual", without_arcs)
    made = repair(instance, result, [Withdraw("near")])
    assert not same_bytes(made.result, solve(made.instance))


def without_arcs(parts: Parts, rows: Iterable[Assignment]) -> Residual:
    none = np.zeros(0, np.int64)
    return replace(build_residual(parts, rows), tail=none, head=none)


def test_a_whole_region(seed: int, pytestconfig: pytest.Config) -> None:
    """A large host withdraws from a large round: only its pupils are touched, and the answer is the plain one."""
    instance = generate(20_000 if pytestconfig.getoption("--full") else 1_500, seed)
    host = max(instance.offers, key=lambda row: sum(row.seats.values()))
    result = solve(instance)
    made = repair(instance, result, [Withdraw(host.id)])
    assert {row.offer for row in made.touched} <= {host.id}
    assert 0 < made.held <= result.placed - sum(row.count for row in made.touched)
    assert same_bytes(made.result, solve(made.instance))


def test_repair_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`repair` tells who is touched and who moves, and writes an instance and an answer that the judge accepts."""
    instance, result = chain()
    write_instance(instance, tmp_path / "instance.json")
    write_result(result, tmp_path / "result.json")
    files = [str(tmp_path / name) for name in ("instance.json", "result.json", "changed.json", "after.json")]
    change = ["--change", '{"change": "withdraw", "offer": "near"}']
    assert main(["repair", *files[:2], *change, "--changed", files[2], "-o", files[3]]) == 0
    told = capsys.readouterr().out
    assert "1 announced pupils touched" in told
    assert "0 gain a place, 0 lose theirs, 2 move\n" in told
    assert "  bob: 1 from between in p to far in p\n" in told
    assert read_result(tmp_path / "after.json").placed == 2
    assert main(["verify", *files[2:]]) == 0
