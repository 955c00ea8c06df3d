"""Invented classes that stay whole, put into an invented campaign: the same seed always gives the same bytes.

Classes of 5 to 30 pupils take the place of single pupils, and some hosts become large enough to receive one: a museum,
a barracks, a town hall. Their seats are half of what the classes would fill, like everybody else's.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from solver.generate import LEVEL, PERIODS
from solver.instance import Group, Instance, Offer, Whole

LEAST, MOST = 5, 30
SEATS_PER_LARGE_HOST = 25


def with_classes(instance: Instance, share: float, seed: int) -> Instance:
    """The same campaign, with about `share` of its pupils in classes that stay whole.

    Raises:
        ValueError: a share that is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share of pupils in classes: between 0 and 1, not {share!r}")
    random, pupils = Random(f"{seed}/classes"), sum(group.count for group in instance.groups)
    wanted, classes, kept = int(share * pupils), list[Group](), list(instance.groups)
    while wanted > 0:
        count = min(len(kept), LEAST + int(random.random() * (MOST - LEAST + 1)))
        model, kept = kept[-1], kept[: len(kept) - count]
        classes.append(replace(model, id=f"class-{len(classes):05d}", count=count, level=LEVEL, needs=frozenset()))
        wanted -= count
    names = {group.id for group in kept}
    hosts = max(1, int(share * pupils / 2) // SEATS_PER_LARGE_HOST) if classes else 0
    return replace(
        instance,
        offers=_enlarged(random, instance.offers, hosts),
        groups=(*kept, *classes),
        bans=tuple(ban for ban in instance.bans if ban.group in names),
        wholes=tuple(Whole(group.id) for group in classes),
    )


def _enlarged(random: Random, offers: tuple[Offer, ...], hosts: int) -> tuple[Offer, ...]:
    """Some offers, spread over the list, with seats for a class in one of the weeks and no limit by school."""
    step, changed = max(1, len(offers) // max(1, hosts)), list(offers)
    for i in range(0, min(len(offers), step * hosts), step):
        week = PERIODS[int(random.random() * len(PERIODS))].id
        seats = {week: 10 + int(random.random() * (2 * SEATS_PER_LARGE_HOST - 19))}
        changed[i] = replace(offers[i], seats=seats, levels=frozenset({LEVEL}), max_per_school=None, line=None)
    return tuple(changed)
