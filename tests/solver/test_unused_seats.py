"""Why seats stay empty, against a plain reading of the round, pupil by pupil."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from solver.__main__ import main
from solver.files import write_instance, write_result
from solver.generate import generate
from solver.greedy import greedy
from solver.instance import Ban, Group, Instance, Offer, Pin, QuotaLine
from solver.occupancy import Occupancy
from solver.pins import broken_rule
from solver.result import Result, Status
from solver.rules import Rule
from solver.solve import solve
from solver.unused_seats import UnusedReason, UnusedSeats, unused_seats
from tests.solver.small_world import group, offer, world
from tests.solver.tiny_instances import tiny_instance

NEVER = {
    UnusedReason.NOBODY_IN_REACH: {Rule.LEVEL, Rule.REACH, Rule.TERRITORY, Rule.DEPARTMENTS},
    UnusedReason.PERIOD_NOT_ASKED: {Rule.PERIOD},
    UnusedReason.NEEDS_NOT_SERVED: {Rule.NEEDS},
    UnusedReason.BANNED: {Rule.BAN},
}


def plain_reading(instance: Instance, result: Result) -> list[UnusedSeats]:
    """Each free opening looked at alone, every group before it."""
    occupancy = Occupancy(instance, result.assignments)
    rows = []
    for host in instance.offers:
        for period, seats in sorted(host.seats.items()):
            if seats > occupancy.seats[host.id, period]:
                rows.append(_read(instance, result, occupancy, host, period))
    return rows


def _broken(instance: Instance, row: Group, host: Offer, period: str) -> set[Rule]:
    """Every rule of a single placement that keeps the group out, not only the first."""
    held = {
        Rule.LEVEL: row.level in host.levels,
        Rule.PERIOD: period in row.periods,
        Rule.NEEDS: row.needs <= host.serves,
        Rule.BAN: Ban(row.id, host.id) not in instance.bans,
    }
    bare = replace(row, id="nobody", level=min(host.levels), periods=frozenset({period}), needs=frozenset())
    place = broken_rule(instance, bare, host, period)
    return {rule for rule, holds in held.items() if not holds} | ({place} if place else set())


def _read(instance: Instance, result: Result, occupancy: Occupancy, host: Offer, period: str) -> UnusedSeats:
    left = {row.group: row.count for row in result.unplaced}
    broken = {row.id: _broken(instance, row, host, period) for row in instance.groups}
    lines = occupancy.saturated_lines(host.id)
    may = [row for row in instance.groups if not broken[row.id]]
    told = UnusedSeats(
        offer=host.id,
        period=period,
        seats=host.seats[period] - occupancy.seats[host.id, period],
        reason=UnusedReason.EVERYBODY_PLACED,
        pupils=sum(row.count for row in may),
        unplaced=sum(left.get(row.id, 0) for row in may),
        prefer=sum(_preferring(instance, result, row, host) for row in may),
        lines=lines,
    )
    coming = list(instance.groups)
    for reason, rules in NEVER.items():
        others = [row for row in coming if not broken[row.id] & rules]
        if not others:
            far = reason is UnusedReason.NOBODY_IN_REACH
            return replace(told, reason=reason, kept_out=0 if far else sum(row.count for row in coming))
        coming = others
    if not told.unplaced:
        return told
    welcome = any(occupancy.room(row.school, host.id, period)[0] > 0 for row in may if row.id in left)
    blocked = UnusedReason.COULD_BE_USED if welcome else UnusedReason.SCHOOL_MAXIMUM
    return replace(told, reason=UnusedReason.QUOTA_CEILING if lines else blocked)


def _preferring(instance: Instance, result: Result, row: Group, host: Offer) -> int:
    pinned = {(pin.group, pin.offer, pin.period): pin.count for pin in instance.pins}
    here = instance.rank(row, host.sector)
    return sum(
        placed.count - pinned.get((row.id, placed.offer, placed.period), 0)
        for placed in result.assignments
        if placed.group == row.id and instance.rank(row, instance.offer[placed.offer].sector) > here
    )


def rounds(seed: int, count: int) -> list[tuple[Instance, Result]]:
    random = Random(f"{seed}/unused")
    solved = ((instance, solve(instance)) for instance in (tiny_instance(random) for _ in range(count)))
    return [(instance, result) for instance, result in solved if result.status is Status.OPTIMAL]


def test_every_empty_seat_has_its_reason(seed: int) -> None:
    """The reason and every count are those of a plain reading, and no seat is free that a pupil could have."""
    reasons: Counter[UnusedReason] = Counter()
    for number, (instance, result) in enumerate(rounds(seed, 300)):
        told = unused_seats(instance, result)
        assert list(told) == plain_reading(instance, result), number
        reasons.update(row.reason for row in told)
    assert not reasons[UnusedReason.COULD_BE_USED]
    assert len(reasons) >= 5, reasons


def test_sabotage_reasons_of_an_earlier_answer_are_caught(seed: int) -> None:
    """Reasons read in the first-come answer are not those of the answer kept."""
    wrong = 0
    for instance, result in rounds(seed, 100):
        earlier = replace(greedy(instance), instance_sha256=result.instance_sha256)
        wrong += list(unused_seats(instance, earlier)) != plain_reading(instance, result)
    assert wrong


@pytest.mark.parametrize(
    ("changes", "reason", "facts"),
    [
        ({"groups": (group(reach_m=100),)}, "nobody_in_reach", {}),
        ({"groups": (group(level="2de_gt"),)}, "nobody_in_reach", {}),
        ({"groups": (group(periods=frozenset({"q"}), count=4),)}, "period_not_asked", {"kept_out": 4}),
        ({"groups": (group(needs=frozenset({"step-free"})),)}, "needs_not_served", {"kept_out": 1}),
        ({"bans": (Ban("group", "offer"),)}, "banned", {"kept_out": 1}),
        ({"offers": (offer(seats={"p": 2}),)}, "everybody_placed", {"pupils": 1}),
        (
            {"offers": (offer(line="line"),), "lines": (QuotaLine("line", ceiling=0),)},
            "quota_ceiling",
            {"pupils": 1, "unplaced": 1, "lines": ("line",)},
        ),
        (
            {"offers": (offer(seats={"p": 2}, max_per_school=1),), "groups": (group(count=2),)},
            "school_maximum",
            {"pupils": 2, "unplaced": 1},
        ),
    ],
)
def test_each_reason(changes: dict[str, object], reason: str, facts: dict[str, object]) -> None:
    """One seat left over for one reason: it is named, with the pupils it is about."""
    instance = world(**changes)
    (told,) = unused_seats(instance, solve(instance))
    assert told == UnusedSeats("offer", "p", 1, UnusedReason(reason), **facts)  # type: ignore[arg-type]


def test_a_pupil_held_elsewhere_would_prefer_the_seat() -> None:
    """Ann ranks the free site first and a full ceiling keeps her out: she is counted, a pinned pupil is not."""
    line = (QuotaLine("line", ceiling=0),)
    offers = (offer(sector="y"), offer(id="first", line="line", seats={"p": 3}))
    instance = world(offers=offers, groups=(group(wishes=("x", "y")),), lines=line)
    (told,) = unused_seats(instance, solve(instance))
    assert (told.reason, told.prefer, told.lines) == (UnusedReason.EVERYBODY_PLACED, 1, ("line",))
    pinned = replace(instance, pins=(Pin("group", "offer", "p"),))
    assert [row.prefer for row in unused_seats(pinned, solve(pinned))] == [0]


def test_a_seat_that_could_be_used_is_not_explained_away() -> None:
    """An answer that leaves a pupil out for nothing is told so."""
    instance = world()
    idle = replace(solve(world(offers=())), instance_sha256=solve(instance).instance_sha256)
    (told,) = unused_seats(instance, idle)
    assert told.reason is UnusedReason.COULD_BE_USED


def test_a_whole_region_at_once(seed: int, pytestconfig: pytest.Config) -> None:
    """Every empty seat of a large round is explained, and together they are the seats nobody has."""
    instance = generate(20_000 if pytestconfig.getoption("--full") else 2_000, seed)
    result = solve(instance)
    told = unused_seats(instance, result)
    offered = sum(seats for row in instance.offers for seats in row.seats.values())
    assert sum(row.seats for row in told) == offered - result.placed
    assert UnusedReason.COULD_BE_USED not in {row.reason for row in told}


def test_unused_seats_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`unused` prints a line per opening with free seats, or JSON."""
    instance = world(bans=(Ban("group", "offer"),))
    write_instance(instance, tmp_path / "instance.json")
    write_result(solve(instance), tmp_path / "result.json")
    files = [str(tmp_path / "instance.json"), str(tmp_path / "result.json")]
    assert main(["unused", *files]) == 0
    line = "offer in p: 1 free, banned (pupils=0 unplaced=0 prefer=0 kept_out=1)\n"
    assert capsys.readouterr().out == line
    assert main(["unused", "--json", *files]) == 0
    assert json.loads(capsys.readouterr().out)[0]["reason"] == "banned"
