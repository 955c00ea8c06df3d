"""The problem as data: who asks, who offers, when, within which quotas. Frozen, validated, integer.

It refuses to know where rows come from, and it holds no floating-point number: positions are geocentric metres rounded
once when the instance is frozen (`solver.geography.position`), so every machine computes the same trips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType

from solver.params import Params
from solver.validation import validate

Position = tuple[int, int, int]
"""Geocentric x, y, z in whole metres."""

ROW_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "departments": ("code",),
        "schools": ("id",),
        "periods": ("id",),
        "offers": ("id",),
        "groups": ("id",),
        "lines": ("id",),
        "pins": ("group", "offer", "period"),
        "bans": ("group", "offer"),
        "announced": ("group", "offer", "period"),
        "wholes": ("group",),
        "bundles": ("group", "periods"),
        "sequences": ("groups",),
    }
)
"""The lists of an instance and what tells their rows apart; rows are kept in the order of these fields."""


@dataclass(frozen=True, slots=True)
class Department:
    """A département as the territory rules see it. `landmass`: no trip joins two different ones."""

    code: str
    academy: str
    landmass: str = "mainland"
    neighbours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class School:
    """Where pupils leave from. `priority` is a key of `Params.priority_weights`."""

    id: str
    department: str
    position: Position
    priority: str = "none"


@dataclass(frozen=True, slots=True)
class Period:
    """An atomic stretch of time capacity is counted over. `slots` are the ISO weeks it occupies."""

    id: str
    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One line of a convention's tree: at most `ceiling` pupils, and if possible at least `commitment`.

    `level`, when given, is the only level the offers below may admit. `parent` is the wider line. With an
    `overflow_price` the ceiling may be passed inside the wider line, each pupil above it counting that many missing
    seats in the tier `commitments`.
    """

    id: str
    parent: str | None = None
    level: str | None = None
    ceiling: int | None = None
    commitment: int | None = None
    overflow_price: int | None = None

    @property
    def hard_ceiling(self) -> int | None:
        """The ceiling, unless it may be passed at a price."""
        return self.ceiling if self.overflow_price is None else None


@dataclass(frozen=True, slots=True)
class Offer:
    """One site's opening. `seats` per period id; `admits` lists the schools' départements received (None: no list).

    `max_per_school` counts the pupils of one school present in the same period, and so does `min_group`: none of them,
    or at least that many. `reserved` seats of each period belong first to a category: a priority class, or one school
    written `school:<id>`.
    """

    id: str
    department: str
    position: Position
    sector: str
    levels: frozenset[str]
    seats: Mapping[str, int]
    serves: frozenset[str] = frozenset()
    max_per_school: int | None = None
    line: str | None = None
    admits: frozenset[str] | None = None
    reserved: Mapping[str, int] = field(default_factory=dict)
    min_group: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Pupils that the caller does not tell apart (often one). The engine merges identical groups by itself.

    `departments` are the codes of those they may go to, within what reach and territory allow; empty: all of these.
    """

    id: str
    school: str
    level: str
    count: int
    periods: frozenset[str]
    wishes: tuple[str, ...] = ()
    reach_m: int = 30_000
    needs: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pin:
    """`count` pupils of this group go to this offer in this period, whatever it costs."""

    group: str
    offer: str
    period: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Ban:
    """No pupil of this group goes to this offer."""

    group: str
    offer: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What was already told: `count` pupils of this group go to this offer in this period. Moving one is a cost."""

    group: str
    offer: str
    period: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Whole:
    """The pupils of this group stay together: all at one offer in one period, or none placed."""

    group: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Another way to place a pupil of this group: in all of these periods, at one host or several."""

    group: str
    periods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """These groups are the same pupils, owed several placements in the year that may not overlap in time."""

    groups: tuple[str, ...]


@dataclass(frozen=True)
class Instance:
    """A whole problem. Rows are kept in the order of their identifiers, so the caller's order never matters.

    Raises:
        ValueError: naming the field, for a repeated or unknown identifier, a count out of bounds, a quota line
            that is its own ancestor or contradicts its offers' levels, a side constraint that cannot mean anything
            (`solver.side_validation`), a pin that cannot hold whatever the others do.
    """

    departments: tuple[Department, ...]
    schools: tuple[School, ...]
    periods: tuple[Period, ...]
    offers: tuple[Offer, ...]
    groups: tuple[Group, ...]
    lines: tuple[QuotaLine, ...] = ()
    pins: tuple[Pin, ...] = ()
    bans: tuple[Ban, ...] = ()
    announced: tuple[Announced, ...] = ()
    wholes: tuple[Whole, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    params: Params = field(default_factory=Params)

    def __post_init__(self) -> None:
        for name, key in ROW_KEYS.items():
            rows = sorted(getattr(self, name), key=attrgetter(*key))
            object.__setattr__(self, name, tuple(rows))
        validate(self)

    @cached_property
    def department(self) -> Mapping[str, Department]:
        return {row.code: row for row in self.departments}

    @cached_property
    def school(self) -> Mapping[str, School]:
        return {row.id: row for row in self.schools}

    @cached_property
    def period(self) -> Mapping[str, Period]:
        return {row.id: row for row in self.periods}

    @cached_property
    def offer(self) -> Mapping[str, Offer]:
        return {row.id: row for row in self.offers}

    @cached_property
    def group(self) -> Mapping[str, Group]:
        return {row.id: row for row in self.groups}

    @cached_property
    def line(self) -> Mapping[str, QuotaLine]:
        return {row.id: row for row in self.lines}

    @cached_property
    def announced_groups(self) -> frozenset[str]:
        """Groups to whom something was announced: pupils of two of them are never merged."""
        return frozenset(row.group for row in self.announced)

    @cached_property
    def banned(self) -> frozenset[tuple[str, str]]:
        """Group and offer of each ban."""
        return frozenset((ban.group, ban.offer) for ban in self.bans)

    @cached_property
    def pupils_by_school(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for group in self.groups:
            counts[group.school] = counts.get(group.school, 0) + group.count
        return counts

    @cached_property
    def unranked_rank(self) -> int:
        """The rank counted for a sector outside a pupil's wishes: one more than the longest list of the campaign.

        The same for everybody, so that nobody gains by ranking fewer sectors.
        """
        return 1 + max((len(group.wishes) for group in self.groups), default=0)

    @cached_property
    def bundles_of(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """The bundles of each group that has some."""
        found: dict[str, tuple[tuple[str, ...], ...]] = {}
        for row in self.bundles:
            found[row.group] = (*found.get(row.group, ()), row.periods)
        return found

    @cached_property
    def units(self) -> frozenset[str]:
        """Groups that are placed at once or not at all, which no network can say. One pupil alone needs no network."""
        whole = {row.group for row in self.wholes if self.group[row.group].count > 1}
        linked = {name for row in self.sequences for name in row.groups}
        return frozenset(whole | linked | self.bundles_of.keys())

    def accepted(self, group: Group) -> frozenset[str]:
        """Periods in which a pupil of the group may be somewhere, alone or in a bundle."""
        return group.periods.union(*more) if (more := self.bundles_of.get(group.id)) else group.periods

    def is_counted(self, group: str, period: str) -> bool:
        """Whether a row in this period counts its pupils: those of a bundle count in its first period only."""
        return not any(period in bundle[1:] for bundle in self.bundles_of.get(group, ()))

    def rank(self, group: Group, sector: str) -> int:
        """Rank obtained by a pupil of `group` in `sector`: 1 is the first wish, or any sector without wishes."""
        if not group.wishes:
            return 1
        return group.wishes.index(sector) + 1 if sector in group.wishes else self.unranked_rank

    def category(self, school: str, offer: Offer) -> str | None:
        """Which of the offer's reserves is for the school's pupils: that in its name, else that of its priority."""
        priority = self.school[school].priority
        return next((name for name in (f"school:{school}", priority) if name in offer.reserved), None)

    def ancestry(self, line: str | None) -> tuple[str, ...]:
        """A quota line and every wider line above it, narrowest first."""
        path: list[str] = []
        while line is not None:
            path.append(line)
            line = self.line[line].parent
        return tuple(path)
