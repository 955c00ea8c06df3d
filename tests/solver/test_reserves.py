"""Reserved seats go to their category first, to others when nobody of it is left; some ceilings have a price."""

from __future__ import annotations

import numpy as np
import pytest

from solver import tiers
from solver.files import instance_document, result_document
from solver.greedy import Queue, greedy
from solver.instance import Instance, Pin, QuotaLine
from solver.judge.plain.verify import verify_documents
from solver.params import Tier
from solver.result import Result, Status
from solver.solve import solve
from tests.solver.certificates import proven_round
from tests.solver.small_world import at_km, group, offer, school, world


def faults(instance: Instance, result: Result) -> list[str]:
    return verify_documents(instance_document(instance), result_document(result))


def where(result: Result) -> dict[tuple[str, str], int]:
    return {(row.group, row.offer): row.count for row in result.assignments}


def value(result: Result, tier: Tier) -> int:
    return next(row.value for row in result.tiers if row.tier is tier)


def two_schools(reserved: dict[str, int], **changes: object) -> Instance:
    """Three pupils of an ordinary school and two of a rural one; three seats."""
    return world(
        schools=(school(), school(id="rural", priority="rural")),
        offers=(offer(seats={"p": 3}, reserved=reserved),),
        groups=(group(count=3), group(id="theirs", school="rural", count=2)),
        **changes,
    )


@pytest.mark.parametrize(
    ("reserved", "ours", "theirs"),
    [
        ({"school:school": 3}, 3, 0),
        ({"school:school": 2, "rural": 1}, 2, 1),
        ({"none": 1, "rural": 2}, 1, 2),
        ({"rep": 3}, 2, 1),
        ({"rural": 3}, 1, 2),
    ],
)
def test_a_reserve_goes_to_its_category_first(reserved: dict[str, int], ours: int, theirs: int) -> None:
    """Seats go to those they are reserved for, as far as they ask; the rest is shared as if nothing was reserved."""
    instance = two_schools(reserved)
    result = solve(instance)
    assert where(result).get(("group", "offer"), 0) == ours
    assert where(result).get(("theirs", "offer"), 0) == theirs
    assert faults(instance, result) == []


def test_the_name_of_a_school_goes_before_its_class() -> None:
    """A pupil for whose school seats are reserved by name takes those, and leaves its priority class the others."""
    groups = (group(), group(id="theirs", school="rural"), group(id="neighbour", school="near"))
    schools = (school(), school(id="rural", priority="rural"), school(id="near", priority="rural"))
    both = offer(seats={"p": 2}, reserved={"rural": 1, "school:rural": 1})
    result = solve(world(schools=schools, groups=groups, offers=(both,)))
    assert where(result) == {("theirs", "offer"): 1, ("neighbour", "offer"): 1}
    assert value(result, Tier.RESERVES) == 0


def test_a_pin_holds_on_a_reserved_seat() -> None:
    """A pupil pinned on a seat reserved for others stays, and the round is still the best there is."""
    pinned = two_schools({"rural": 3}, pins=(Pin("group", "offer", "p", 2),))
    result = solve(pinned)
    assert where(result) == {("group", "offer"): 2, ("theirs", "offer"): 1}
    assert (result.status, value(result, Tier.RESERVES)) == (Status.OPTIMAL, 2)
    assert faults(pinned, result) == []


def test_nobody_sits_on_the_seat_of_a_pupil_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round keeps reserves; an engine for which they cost nothing is refused by the rule's name."""
    instance = two_schools({"school:school": 3})
    assert faults(instance, solve(instance)) == []
    nothing = {Tier.RESERVES: lambda _network, arcs, _names: np.zeros(len(arcs), np.int64)}
    monkeypatch.setattr(tiers, "_COSTS", dict(tiers._COSTS) | nothing)
    assert any(fault.startswith("reserve:") for fault in faults(instance, solve(instance)))


def test_who_comes_first_does_not_take_what_is_reserved(monkeypatch: pytest.MonkeyPatch) -> None:
    """First come, first served keeps reserves too; released at once, they are refused by the rule's name."""
    instance = two_schools({"rural": 2})
    assert where(greedy(instance)) == {("group", "offer"): 1, ("theirs", "offer"): 2}
    assert faults(instance, greedy(instance)) == []
    monkeypatch.setattr(Queue, "_turns", lambda _queue: (True,))
    assert any(fault.startswith("reserve:") for fault in faults(instance, greedy(instance)))


def _region(price: int | None, pupils: int, region: int | None = None, commitment: int | None = None) -> Instance:
    """A département's line of two seats in a region, with a site 5 km away, and another site of the region at 20 km."""
    lines = (
        QuotaLine("region", ceiling=region),
        QuotaLine("east", "region", ceiling=2, commitment=commitment, overflow_price=price),
        QuotaLine("west", "region", commitment=2),
    )
    far = offer(id="far", position=at_km(20), seats={"p": 2}, line="west")
    return world(lines=lines, offers=(offer(seats={"p": 9}, line="east"), far), groups=(group(count=pupils),))


@pytest.mark.parametrize(
    ("instance", "near", "far", "short"),
    [
        (_region(None, 6), 2, 2, 0),
        (_region(1, 6), 4, 2, 2),
        (_region(3, 6), 4, 2, 6),
        (_region(3, 6, region=5), 3, 2, 3),
        (_region(1, 4), 2, 2, 0),
        (_region(1, 6, commitment=5), 4, 2, 1 + 2),
        (_region(1, 6, commitment=3), 4, 2, 2),
    ],
    ids=["hard", "price 1", "price 3", "the region's ceiling", "not needed", "promised more", "promised one more"],
)
def test_a_ceiling_is_passed_at_its_price(instance: Instance, near: int, far: int, short: int) -> None:
    """Pupils beyond a ceiling with a price are placed inside the wider line, each counted as so many seats missing."""
    found = proven_round(instance)
    assert found is not None
    assert where(found.best) == {("group", "offer"): near, ("group", "far"): far}
    assert value(found.best, Tier.COMMITMENTS) == short
    assert faults(instance, found.best) == []
