"""A large round as arrays, for the two judges' fast paths: read strictly, believed by nobody.

It knows the layout and nothing of the engine. A field that the fast paths do not read must say nothing, or the round is
`Unusual`: a plain judge then reads the document itself, so that a rule unknown here is never passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from solver.column_store import Store
from solver.large_columns import (
    Bools,
    Columns,
    Encoded,
    Ints,
    encoded,
    is_list,
    is_of,
    is_optional,
    is_rising,
    is_set,
    is_text,
    is_whole,
    joined,
    numbers,
    places,
    require,
    summed,
)
from solver.large_layout import IN_COLUMNS, require_usual
from solver.large_spelling import spelled_sha256

RULES = ("anywhere", "academy_or_neighbour", "academy", "department")
MAX_COUNT, MAX_TOTAL, MAX_REACH_M, EARTH_LIMIT_M, MAX_WEIGHT = 2_000_000, 10_000_000, 2_000_000, 6_400_000, 1_000
"""With these limits no sum of the judges can leave 62 bits: a trip is under 2**24 m, its square under 2**48."""
MAX_OPENINGS, NO_LIMIT = 50_000_000, 10**15


@dataclass(frozen=True)
class Offers:
    """The offers, in the order of their names; codes point into the tables of the same name."""

    names: list[str]
    department: Ints
    place: Ints
    sectors: list[str]
    sector: Ints
    levels: tuple[list[list[str]], Ints]
    serves: tuple[list[list[str]], Ints]
    admits: tuple[list[list[str] | None], Ints]
    seats: Ints
    """By offer and period; -1 where the period is not open."""
    most: Ints
    """Of one school in one period."""
    line: Ints
    """-1 without a line."""


@dataclass(frozen=True)
class Groups:
    """The groups, in the order of their names."""

    names: Encoded
    school: Ints
    levels: list[str]
    level: Ints
    count: Ints
    periods: tuple[list[list[str]], Ints]
    wishes: tuple[list[list[str]], Ints]
    reach_m: Ints
    needs: tuple[list[list[str]], Ints]
    departments: tuple[list[list[str]], Ints]
    """Those each group accepts; none listed: all."""


@dataclass(frozen=True)
class Trips:
    """Rows that send pupils somewhere: numbers of the group, the offer and the period."""

    group: Ints
    offer: Ints
    period: Ints
    count: Ints


@dataclass(frozen=True)
class Left:
    """Rows about pupils without a place: the group's number, how many, and for each field what they are told."""

    group: Ints
    count: Ints
    told: dict[str, tuple[list[Any], Ints]]


class Round:
    """The arrays of an instance and of a result. Raises `Unusual`, or what a malformed file makes Python raise."""

    def __init__(self, instance: Store, result: Store) -> None:
        self.head, self.result, self._instance = instance[0], result[0], instance
        require_usual(instance, result)
        self.departments: list[dict[str, Any]] = self.head["departments"]
        self.lines: list[dict[str, Any]] = self.head["lines"]
        self.params: dict[str, Any] = self.head["params"]
        self.department_number = numbers([row["code"] for row in self.departments])
        self.period_names = [row["id"] for row in self.head["periods"]]
        self.period_number, self.periods = numbers(self.period_names), len(self.period_names)
        self.line_number = numbers([row["id"] for row in self.lines])
        self._check_frame()
        schools = Columns(instance, "schools")
        self.schools = schools.texts("id")
        self.school_number = numbers(self.schools)
        self.home = schools.known("department", self.department_number)
        self.school_place = schools.whole("position", -EARTH_LIMIT_M, EARTH_LIMIT_M)
        weights, codes = schools.coded("priority", is_text)
        self.weight = np.array([self.params["priority_weights"][name] for name in weights], np.int64)[codes]
        self.offers, self.groups = self._offers(Columns(instance, "offers")), self._groups(Columns(instance, "groups"))
        openings = len(self.offers.names) * self.periods
        require(max(len(self.groups.names), len(self.schools)) * openings < 2**62, "too many trips to be numbered")
        self.pupils = np.zeros(len(self.schools), np.int64)
        np.add.at(self.pupils, self.groups.school, self.groups.count)
        require(int(self.groups.count.sum()) <= MAX_TOTAL, "too many pupils")
        self.pins, self.bans = self._trips(Columns(instance, "pins")), self._bans(Columns(instance, "bans"))
        require(is_rising(self.keys(self.pins)) and is_rising(self.bans), "rows that are not in order")
        self.whole = self._whole()
        self.trips, self.left = self._trips(Columns(result, "assignments")), self._left(Columns(result, "unplaced"))

    @cached_property
    def sha256(self) -> str:
        """The instance's identity; it raises as the round does."""
        return spelled_sha256(self._instance, IN_COLUMNS)

    def openings(self, trips: Trips) -> Ints:
        """The number of each row's opening: by offer, then by period."""
        return trips.offer * self.periods + trips.period

    def keys(self, trips: Trips) -> Ints:
        """One number for each different (group, offer, period)."""
        return trips.group * (len(self.offers.names) * self.periods) + self.openings(trips)

    def seated(self, trips: Trips) -> Ints:
        """Pupils by offer and period."""
        found = np.zeros(len(self.offers.names) * self.periods, np.int64)
        np.add.at(found, self.openings(trips), trips.count)
        return found.reshape(-1, self.periods)

    def together(self, trips: Trips) -> tuple[Ints, Ints]:
        """Pupils of one school at one opening that limits them: the keys (school, then opening) and the counts."""
        limited = self.offers.most[trips.offer] < NO_LIMIT
        school = self.groups.school[trips.group]
        keys = school * (len(self.offers.names) * self.periods) + self.openings(trips)
        return summed(keys[limited], trips.count[limited])

    def through(self, trips: Trips) -> Ints:
        """Pupils under each quota line."""
        at = np.zeros(len(self.lines) + 1, np.int64)
        np.add.at(at, self.offers.line[trips.offer], trips.count)
        found = np.zeros(len(self.lines), np.int64)
        for line in range(len(self.lines)):
            found[self.above[line]] += at[line]
        return found

    @cached_property
    def ban_lists(self) -> tuple[list[tuple[int, ...]], Ints]:
        """The different lists of banned offers, in order, the empty one first; and the place of each group's own."""
        banned, codes = dict[int, list[int]](), dict[tuple[int, ...], int]({(): 0})
        for key in self.bans.tolist():
            group, offer = divmod(key, len(self.offers.names))
            banned.setdefault(group, []).append(offer)
        at = np.zeros(len(self.groups.names), np.int64)
        at[[*banned]] = [codes.setdefault(tuple(offers), len(codes)) for offers in banned.values()]
        return [*codes], at

    @cached_property
    def profiles(self) -> tuple[Ints, Ints]:
        """What groups may reach, whatever they wish: the first group of each profile, and each group's profile."""
        groups = self.groups
        where = groups.school, groups.level, groups.reach_m, groups.departments[1]
        return joined(*where, groups.needs[1], self.ban_lists[1])

    @cached_property
    def above(self) -> list[list[int]]:
        """Each quota line and every wider one, as numbers, narrowest first."""
        paths = []
        for row in self.lines:
            path: list[int] = []
            name: str | None = row["id"]
            while name is not None:
                path.append(self.line_number[name])
                require(len(path) <= len(self.lines), "quota lines that go round in circles")
                name = self.lines[path[-1]]["parent"]
            paths.append(path)
        return paths

    @cached_property
    def received(self) -> dict[int, Bools]:
        """By school's département: the offers its pupils may go to, by territory and over land."""
        rule, offers = self.params["territory_rule"], self.offers
        found = {}
        for number in np.unique(self.home).tolist():
            home = self.departments[number]
            near = [row["academy"] == home["academy"] for row in self.departments]
            border = [row["code"] in home["neighbours"] or n for row, n in zip(self.departments, near, strict=True)]
            same = [row is home for row in self.departments]
            ruled = dict(zip(RULES, ([True] * len(near), border, near, same), strict=True))[rule]
            land = [row["landmass"] == home["landmass"] for row in self.departments]
            table, codes = offers.admits
            listed = np.array([each is None or home["code"] in each for each in table], np.bool_)[codes]
            found[number] = (np.array(ruled) & np.array(land))[offers.department] & listed
        return found

    def _check_frame(self) -> None:
        params, periods = self.params, self.head["periods"]
        require(is_list(params["tiers"]) and params["territory_rule"] in RULES, "params")
        require(all(map(is_whole(1, MAX_WEIGHT), params["priority_weights"].values())), "params.priority_weights")
        require(periods and all(is_list(row["slots"]) for row in periods), "periods")
        for row in self.departments:
            require(is_text(row["academy"]) and is_text(row["landmass"]) and is_set(row["neighbours"]), "departments")
        limit = is_optional(is_whole(0, MAX_COUNT))
        for row in self.lines:
            require(row["parent"] is None or row["parent"] in self.line_number, "lines.parent")
            require(limit(row["ceiling"]) and limit(row["commitment"]), "lines")
        require(len(self.above) == len(self.lines), "lines")

    def _offers(self, rows: Columns) -> Offers:
        names, (sectors, sector) = rows.texts("id"), rows.coded("sector", is_text)
        self.offer_number = numbers(names)
        require(is_list(sectors), "offers.sector: a sector twice")
        require(len(names) * self.periods < MAX_OPENINGS, "offers: too many openings")
        tables, codes = rows.coded("seats", lambda value: type(value) is dict)
        slots = {row["id"]: row["slots"] for row in self.head["periods"]}
        seats = np.full((len(tables), self.periods), -1, np.int64)
        for number, table in enumerate(tables):
            require(is_list([slot for name in table for slot in slots[name]]), "offers.seats: periods that overlap")
            require(all(map(is_whole(0, MAX_COUNT), table.values())), "offers.seats")
            seats[number, [self.period_number[name] for name in table]] = [*table.values()]
        maxima, most = rows.coded("max_per_school", is_optional(is_whole(1, MAX_COUNT)))
        lines, line = rows.coded("line", is_optional(is_text))
        return Offers(
            names=names,
            department=rows.known("department", self.department_number),
            place=rows.whole("position", -EARTH_LIMIT_M, EARTH_LIMIT_M),
            sectors=sectors,
            sector=sector,
            levels=rows.coded("levels", is_set),
            serves=rows.coded("serves", is_set),
            admits=rows.coded("admits", is_optional(is_set)),
            seats=seats[codes],
            most=np.array([NO_LIMIT if value is None else value for value in maxima], np.int64)[most],
            line=np.array([-1 if name is None else self.line_number[name] for name in lines], np.int64)[line],
        )

    def _groups(self, rows: Columns) -> Groups:
        names, (levels, level) = rows.encoded("id"), rows.coded("level", is_text)
        require((names[:-1] < names[1:]).all(), "names that are not in order")
        return Groups(
            names=names,
            school=rows.known("school", self.school_number),
            levels=levels,
            level=level,
            count=rows.whole("count", 1, MAX_COUNT),
            periods=rows.coded("periods", is_set),
            wishes=rows.coded("wishes", is_list),
            reach_m=rows.whole("reach_m", 0, MAX_REACH_M),
            needs=rows.coded("needs", is_set),
            departments=rows.coded("departments", is_set),
        )

    def _trips(self, rows: Columns) -> Trips:
        count = rows.whole("count", 1, MAX_COUNT)
        require(int(count.sum()) <= MAX_TOTAL, f"{rows.name}: too many pupils")
        return Trips(
            group=rows.found_in(self.groups.names, "group"),
            offer=rows.known("offer", self.offer_number),
            period=rows.known("period", self.period_number),
            count=count,
        )

    def _left(self, rows: Columns) -> Left:
        count = rows.whole("count", 1, MAX_COUNT)
        require(int(count.sum()) <= MAX_TOTAL, "unplaced: too many pupils")
        kinds = {"reason": str, "offers": list, "lines": list, "facts": dict}
        told = {field: rows.coded(field, is_of(kind)) for field, kind in kinds.items()}
        return Left(group=rows.found_in(self.groups.names, "group"), count=count, told=told)

    def _bans(self, rows: Columns) -> Ints:
        """One number for each banned (group, offer), by group."""
        banned = rows.found_in(self.groups.names, "group") * len(self.offers.names)
        return banned + rows.known("offer", self.offer_number)

    def _whole(self) -> Bools:
        """Whether each group's pupils stay together; one pupil of a group is told from no other."""
        found = np.zeros(len(self.groups.names), np.bool_)
        found[places(self.groups.names, encoded([row["group"] for row in self.head["wholes"]]))] = True
        return found & (self.groups.count > 1)
