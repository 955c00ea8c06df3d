"""The draw decides between answers that every other aim finds equal: no two of them may have the same number."""

from __future__ import annotations

from dataclasses import replace

from solver.files import instance_sha256
from solver.instance import Department, Group, Instance, Offer, Period, School
from solver.params import Tier
from solver.result import Assignment
from solver.score import score
from solver.solve import solve

WEEK = "2027-W05"


def two_pupils(first: Group, second: Group, sectors: tuple[str, str], number: int) -> Instance:
    """Two pupils of one school before two seats of two offers at the same place."""
    offers = tuple(
        Offer(
            f"offer-{number}-{i}", "69", (1_000, 0, 0), sector, frozenset({"3e"}), {WEEK: 1}, frozenset({"step-free"})
        )
        for i, sector in enumerate(sectors)
    )
    schools = (School("school", "69", (0, 0, 0)),)
    return Instance((Department("69", "Lyon"),), schools, (Period(WEEK, (WEEK,)),), offers, (first, second))


def pupil(name: str, *wishes: str, **others: object) -> Group:
    return replace(Group(name, "school", "3e", 1, frozenset({WEEK}), wishes), **others)


def assert_drawn(instance: Instance) -> None:
    """Both ways of seating the two pupils are equal but for the draw, which the answer has at its least."""
    (a, b), (x, y), sha256 = instance.groups, instance.offers, instance_sha256(instance)
    ways = [[(a, x), (b, y)], [(a, y), (b, x)]]
    rows = [tuple(Assignment(group.id, offer.id, WEEK, 1) for group, offer in way) for way in ways]
    one, other = (score(instance, sha256, placed) for placed in rows)
    drawn = one.pop(Tier.DRAW), other.pop(Tier.DRAW)
    assert one == other
    assert drawn[0] != drawn[1]
    assert solve(instance).assignments == rows[drawn.index(min(drawn))]


def test_two_classes_may_not_swap_sectors_unseen() -> None:
    """Two pupils who rank two sectors alike, and differ in a third, are told apart by the draw of class and sector."""
    for number in range(20):
        first, second = pupil("a", "care", "trade"), pupil("b", "care", "trade", "law")
        assert_drawn(two_pupils(first, second, ("care", "trade"), number))


def test_two_profiles_may_not_swap_offers_unseen() -> None:
    """A pupil with a need and one without, in one sector, are told apart by the draw of profile and offer."""
    for number in range(20):
        first, second = pupil("a", "care"), pupil("b", "care", needs=frozenset({"step-free"}))
        assert_drawn(two_pupils(first, second, ("care", "care"), number))


def test_two_reaches_may_not_swap_offers_unseen() -> None:
    """A pupil who may go farther and one who may not are told apart too, wishes or none."""
    for number in range(20):
        assert_drawn(two_pupils(pupil("a"), pupil("b", reach_m=35_000), ("care", "trade"), number))
