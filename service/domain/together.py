"""Pupils who are placed at once: those who stay together are one group of the solver's, everybody else a group alone.

Responsible for which pupils make a group, for its identifier (which says who is in it) and for the wishes it shares.
Refuses to know the solver: `service.domain.bridge` and `service.domain.decisions` are its two readers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.domain.snapshot import PlacedAlready, PupilAsking

MOST_WISHES = 10
"""Sectors that a pupil, or a group of them, may rank."""
_BETWEEN = "+"
"""Between the pseudonyms of a group: none of them holds it."""
Place = tuple[int, str]
"""An offer and a period."""


@dataclass(frozen=True, slots=True)
class Together:
    """Pupils placed at once, one or several; the places each of them has for good, and those that may still move."""

    members: tuple[PupilAsking, ...]
    held: tuple[Place, ...] = ()
    told: tuple[Place, ...] = ()

    @property
    def id(self) -> str:
        return _BETWEEN.join(one.pseudonym for one in self.members)

    @property
    def wishes(self) -> tuple[str, ...]:
        return shared_wishes([one.wishes for one in self.members])

    @property
    def needs(self) -> frozenset[str]:
        """Their host serves the needs of all."""
        return frozenset[str]().union(*(one.needs for one in self.members))


def pseudonyms_of(group_id: str) -> tuple[str, ...]:
    """Who is in a group, from its identifier alone: the kept bytes of a round say it without the rows."""
    return tuple(group_id.split(_BETWEEN))


def gather_groups(
    pupils: Iterable[PupilAsking], stands: Iterable[PlacedAlready], told: Iterable[PlacedAlready] = ()
) -> list[Together]:
    """Every pupil in exactly one group. Pupils who were not sent to the same places are no longer together."""
    held, moving = _places(stands), _places(told)
    found: dict[tuple[int, bool, str, tuple[Place, ...], tuple[Place, ...]], list[PupilAsking]] = defaultdict(list)
    for pupil in pupils:
        name = pupil.together or pupil.pseudonym
        places = held.get(pupil.pseudonym, ()), moving.get(pupil.pseudonym, ())
        found[pupil.class_id, bool(pupil.together), name, *places].append(pupil)
    return [
        Together(tuple(sorted(members, key=lambda one: one.pseudonym)), here, maybe)
        for (*_, here, maybe), members in found.items()
    ]


def _places(rows: Iterable[PlacedAlready]) -> dict[str, tuple[Place, ...]]:
    found: dict[str, list[Place]] = defaultdict(list)
    for row in rows:
        found[row.pseudonym].append((row.offer_id, row.period_id))
    return {pseudonym: tuple(sorted(places)) for pseudonym, places in found.items()}


def shared_wishes(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """One list for those who stay together: the sectors by the sum of their ranks, the least first, then by name.

    A sector that a pupil does not name counts one more than the longest list; a pupil without wishes has no say.
    """
    heard = [wishes for wishes in lists if wishes]
    if len(set(heard)) == 1:
        return heard[0]
    outside = 1 + max(map(len, heard), default=0)
    ranks = {
        sector: sum(wishes.index(sector) + 1 if sector in wishes else outside for wishes in heard)
        for sector in {sector for wishes in heard for sector in wishes}
    }
    return tuple(sorted(ranks, key=lambda sector: (ranks[sector], sector)))[:MOST_WISHES]
