"""What was announced is moved as little as possible, and only counts as kept for the pupils who were told."""

from __future__ import annotations

from random import Random

import pytest

from solver.instance import Announced, Instance, Pin
from solver.judge.plain import arcs, prices, prove
from solver.judge.plain.prices import Case, Stay
from solver.params import OFFICIAL_TIERS, Params, Tier
from solver.result import Result, Status
from solver.solve import solve
from tests.solver.certificates import proven_round, rounds
from tests.solver.small_world import at_km, group, offer, world


def moved(result: Result) -> int:
    return next(row.value for row in result.tiers if row.tier is Tier.STABILITY)


def where(result: Result) -> set[tuple[str, str, int]]:
    return {(row.group, row.offer, row.count) for row in result.assignments}


def twins(number: int) -> Instance:
    """Two pupils told apart by nothing but what was announced to each."""
    one, other = f"one-{number}", f"other-{number}"
    return world(
        offers=(offer(id="near"), offer(id="next", position=at_km(6))),
        groups=(group(id=one), group(id=other)),
        announced=(Announced(one, "near", "p"), Announced(other, "next", "p")),
    )


def test_pupils_told_different_things_are_not_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two pupils alike in everything, each keeps their own announced place; merging them would not be proven."""
    for number in range(20):
        result = solve(twins(number))
        assert where(result) == {(f"one-{number}", "near", 1), (f"other-{number}", "next", 1)}
        assert (moved(result), result.status) == (0, Status.OPTIMAL)
    monkeypatch.setattr(Instance, "announced_groups", frozenset())
    assert any(solve(twins(number)).status is not Status.OPTIMAL for number in range(20))


def test_as_many_stay_as_were_told_and_no_more() -> None:
    """Two of a group's three pupils were told a far host: two go there, the third where it is nearer."""
    instance = world(
        offers=(offer(seats={"p": 3}), offer(id="far", position=at_km(20), seats={"p": 3})),
        groups=(group(count=3),),
        announced=(Announced("group", "far", "p", 2),),
    )
    result = solve(instance)
    assert where(result) == {("group", "offer", 1), ("group", "far", 2)}
    assert moved(result) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"offers": (offer(seats={"p": 0}), offer(id="other"))},
        {"offers": (offer(seats={"q": 1}), offer(id="other"))},
        {"offers": (offer(), offer(id="other", position=at_km(1))), "groups": (group(reach_m=1_000),)},
    ],
    ids=["no seat left", "another week", "out of reach"],
)
def test_what_can_no_longer_hold_counts_as_moved(changes: dict[str, object]) -> None:
    """A host that has withdrawn since is no reason to fail: its pupil is placed elsewhere and counts as moved."""
    result = solve(world(announced=(Announced("group", "offer", "p"),), **changes))
    assert where(result) == {("group", "other", 1)}
    assert (moved(result), result.status) == (1, Status.OPTIMAL)


def test_a_pin_may_keep_or_move_an_announced_pupil() -> None:
    """A pupil pinned where they were told stays; pinned elsewhere, they are moved."""
    offers = (offer(), offer(id="other"))
    for place, count in (("offer", 0), ("other", 1)):
        result = solve(
            world(offers=offers, announced=(Announced("group", "offer", "p"),), pins=(Pin("group", place, "p"),))
        )
        assert moved(result) == count


def test_the_order_of_the_aims_decides_who_yields() -> None:
    """After the wishes, stability yields to them; before the wishes, it does not."""
    wished = {"groups": (group(wishes=("y",)),), "offers": (offer(), offer(id="wished", sector="y"))}
    others = tuple(tier for tier in OFFICIAL_TIERS[2:-1] if tier is not Tier.STABILITY)
    first = (*OFFICIAL_TIERS[:2], Tier.STABILITY, *others, Tier.DRAW)
    last = (*OFFICIAL_TIERS[:2], *others, Tier.STABILITY, Tier.DRAW)
    for tiers, place in ((first, "offer"), (last, "wished")):
        told = (Announced("group", "offer", "p"),)
        assert where(solve(world(announced=told, params=Params(tiers), **wished))) == {("group", place, 1)}


def test_sabotage_an_announced_place_without_limit(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that lets the announced places count for more pupils than were told refuses good rounds."""
    found = [each for each in rounds(Random(f"{seed} told"), 120) if each.instance.announced]
    assert not any(prove.prove_documents(each.asked, each.result, each.certificate) for each in found)
    honest = prices.stays
    for module in (prices, arcs):
        monkeypatch.setattr(
            module, "stays", lambda case, name: (stay._replace(room=stay.room + 1) for stay in honest(case, name))
        )
    assert any(prove.prove_documents(each.asked, each.result, each.certificate) for each in found)


def test_sabotage_announced_places_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that overlooks what was announced finds a kept place badly chosen."""
    instance = world(offers=(offer(), offer(id="far", position=at_km(20))), announced=(Announced("group", "far", "p"),))
    found = proven_round(instance)
    assert found is not None
    assert prove.prove_documents(found.asked, found.result, found.certificate) == []

    def none(_case: Case, _name: str) -> tuple[Stay, ...]:
        return ()

    for module in (prices, arcs):
        monkeypatch.setattr(module, "stays", none)
    assert prove.prove_documents(found.asked, found.result, found.certificate)
