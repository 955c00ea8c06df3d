"""One function per tier: what each arc of the network costs for it.

A tier's value is the sum of cost times flow, plus what does not depend on the flow (`solver.solve` adds it): the pins'
share, the commitments nobody has met yet, and the placements announced that nobody has kept yet.

The draw (last tier, see `solver.draw`) has a term for each profile's trip, on the choice arcs, and one for each class
and sector, on the arcs that leave the classes. Hashing is slow, so costs are asked for arc by arc: the draw is only
computed where the earlier tiers leave something to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from solver.arrays import Ints, Shorts
from solver.demand import ClassNames
from solver.draw import SEPARATOR, drawn_numbers
from solver.network import Kind, Network
from solver.params import Tier
from solver.parts import Parts

CYCLE = 16
"""A later tier may weigh this many of its largest unit costs before it could disturb an earlier one in a joint search.

Too small only costs time: what the search gets wrong, the proof refuses.
"""


@dataclass(frozen=True)
class Names:
    """The public words the draw is made of, for the rows of a network."""

    sha256: str
    schools: tuple[str, ...]
    sectors: tuple[str, ...]
    openings: tuple[tuple[str, str], ...]
    classes: ClassNames


def names_of(parts: Parts, sha256: str) -> Names:
    """The words of a network built from these parts."""
    instance, supply = parts.instance, parts.supply
    rows = zip(supply.opening_offer.tolist(), supply.opening_period.tolist(), strict=True)
    return Names(
        sha256=sha256,
        schools=tuple(school.id for school in instance.schools),
        sectors=tuple(supply.sectors),
        openings=tuple((instance.offers[offer].id, instance.periods[period].id) for offer, period in rows),
        classes=parts.demand.names(instance),
    )


def arc_costs(tier: Tier, network: Network, arcs: Ints, names: Names) -> Ints:
    """Cost per unit of flow of the given arcs."""
    return _COSTS[tier](network, arcs, names)


def _placed(network: Network, arcs: Ints, _names: Names) -> Ints:
    return np.where(network.kind[arcs] == Kind.LEFT, 1, 0)


def _equity(network: Network, arcs: Ints, _names: Names) -> Ints:
    return _number_of(network, arcs, (Kind.UNPLACED,))


def _reserves(network: Network, arcs: Ints, _names: Names) -> Ints:
    return np.where(network.kind[arcs] == Kind.RELEASED, 1, 0)


def _commitments(network: Network, arcs: Ints, _names: Names) -> Ints:
    saved = np.where(network.kind[arcs] == Kind.PROMISED, 1, 0)
    return _number_of(network, arcs, (Kind.OVERFLOW,)) - saved


def _stability(network: Network, arcs: Ints, _names: Names) -> Ints:
    return np.where(network.kind[arcs] == Kind.KEPT, -1, 0)


def _wishes(network: Network, arcs: Ints, _names: Names) -> Ints:
    return _number_of(network, arcs, (Kind.WISH, Kind.KEPT))


def _distance(network: Network, arcs: Ints, _names: Names) -> Ints:
    return _number_of(network, arcs, (Kind.CHOICE,))


def _longest(_network: Network, arcs: Ints, _names: Names) -> Ints:
    """No arc costs anything: a maximum is decided by `solver.longest`."""
    return np.zeros(len(arcs), np.int64)


def _number_of(network: Network, arcs: Ints, kinds: tuple[Kind, ...]) -> Ints:
    return np.where(np.isin(network.kind[arcs], kinds), network.number[arcs], 0).astype(np.int64)


def _draw(network: Network, arcs: Ints, names: Names) -> Ints:
    costs, kinds, classes = np.zeros(len(arcs), np.int64), network.kind[arcs], names.classes
    openings, sectors = names.openings, (*names.sectors, "")  # -1, any sector, is the last
    place: Callable[[int], str] = lambda number: SEPARATOR.join(openings[number])  # noqa: E731
    for kind, word, who, what in (
        (Kind.CHOICE, "trip", classes.profile, place),
        (Kind.WISH, "class", classes.__getitem__, sectors.__getitem__),
        (Kind.KEPT, "kept", classes.__getitem__, place),
    ):
        rows = np.flatnonzero(kinds == kind)
        texts = zip(_spelled(who, network.left[arcs[rows]]), _spelled(what, network.right[arcs[rows]]), strict=True)
        costs[rows] = drawn_numbers(names.sha256, word, texts)
    return costs


def _spelled(spell: Callable[[int], str], numbers: Shorts) -> Iterator[str]:
    """The text of each number; each different one is spelled once."""
    different, at = np.unique(numbers, return_inverse=True)
    return map([spell(number) for number in different.tolist()].__getitem__, at.tolist())


_COSTS: Mapping[Tier, Callable[[Network, Ints, Names], Ints]] = MappingProxyType(
    {
        Tier.PLACED: _placed,
        Tier.RESERVES: _reserves,
        Tier.EQUITY: _equity,
        Tier.COMMITMENTS: _commitments,
        Tier.STABILITY: _stability,
        Tier.WISHES: _wishes,
        Tier.DISTANCE: _distance,
        Tier.LONGEST: _longest,
        Tier.DRAW: _draw,
    }
)


def joint_weights(largest: Sequence[int]) -> list[int]:
    """What each tier is multiplied by, so that it outweighs the later ones."""
    weights = [1]
    for cost in reversed(largest[1:]):
        weights.append(weights[-1] * (CYCLE * cost + 1))
    return weights[::-1]


def largest_of(cost: Ints) -> int:
    return int(np.abs(cost).max(initial=0))
