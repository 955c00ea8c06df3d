"""One answer beside what was asked: the rows that can be read, and how full they make each thing."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any

from .asked import Asked, squared_m
from .documents import Row

Trip = tuple[str, str, str]
ROW_FIELDS: dict[str, dict[str, type]] = {
    "tiers": {"tier": str, "value": int, "bound": int, "proof": str},
    "assignments": {"group": str, "offer": str, "period": str, "count": int},
    "unplaced": {"group": str, "count": int, "reason": str, "offers": list, "lines": list, "facts": dict},
}


class Case(Asked):
    """The instance, the readable rows of the result, and how full each thing is."""

    def __init__(self, instance: Row, result: Row) -> None:
        super().__init__(instance)
        self.result = result
        hard = ((name, row["ceiling"]) for name, row in self.lines.items() if row["overflow_price"] is None)
        self.ceilings = {name: ceiling for name, ceiling in hard if ceiling is not None}
        self.bundles: dict[str, list[list[str]]] = {}
        for row in instance["bundles"]:
            self.bundles[row["group"]] = [*self.bundles.get(row["group"], ()), row["periods"]]
        self.accepted = {name: {*row["periods"]} for name, row in self.groups.items()}
        for row in instance["bundles"]:
            self.accepted[row["group"]] |= {*row["periods"]}
        self.whole = {row["group"] for row in instance["wholes"]}
        self.sequences = [row["groups"] for row in instance["sequences"]]
        self.mates = {name: {*names} - {name} for names in self.sequences for name in names}
        places = ((self.groups[row["group"]]["school"], row["offer"], row["period"]) for row in instance["pins"])
        self.opened_by_pins = {*places}
        listed = {name: result[name] if type(result.get(name)) is list else [] for name in ROW_FIELDS}
        read = [(name, row, self._fault(name, row)) for name, rows in listed.items() for row in rows]
        self.unreadable = [fault for _, _, fault in read if fault]
        self.rows = {name: [row for kind, row, fault in read if kind == name and not fault] for name in ROW_FIELDS}
        self._fill()

    def _fault(self, name: str, row: Any) -> str:
        fields, known = ROW_FIELDS[name], {"group": self.groups, "offer": self.offers, "period": self.periods}
        if type(row) is not dict or row.keys() != fields.keys():
            return f"{name}: not exactly the fields {', '.join(fields)}"
        for field, kind in fields.items():
            if type(row[field]) is not kind or (field in known and row[field] not in known[field]):
                return f"{name}: {field} {row[field]!r} is unknown, or no {kind.__name__}"
        lies = "count" in row and not 1 <= row["count"] <= 2**53
        return f"{name}: {row['count']} is no number of pupils" if lies else ""

    def _fill(self) -> None:
        self.pupils, self.through = Counter[str](), Counter[str]()
        self.kinds: defaultdict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
        self.seated, self.together = Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
        self.present, self.during = Counter[tuple[str, str]](), defaultdict[str, set[str]](set)
        for group in self.groups.values():
            self.pupils[group["school"]] += group["count"]
        self.told, self.at = (Counter[Trip]() for _ in range(2))
        for row in self.instance["announced"]:
            self.told[row["group"], row["offer"], row["period"]] += row["count"]
        self.told_to = {name for name, *_ in self.told}
        self.left, self.moves = self.pupils.copy(), list[tuple[Row, Row, Row, Row]]()
        for row in self.rows["assignments"]:
            group, offer, when = self.groups[row["group"]], self.offers[row["offer"]], row["period"]
            self.moves.append((row, group, self.schools[group["school"]], offer))
            self.left[group["school"]] -= row["count"] * self.is_counted(row)
            self.during[group["id"]] |= {*self.periods[when]["slots"]}
            for slot in self.periods[when]["slots"] if len(offer["seats"]) > 1 and when in offer["seats"] else ():
                self.present[offer["id"], slot] += row["count"]
            self.seated[offer["id"], when] += row["count"]
            self.at[group["id"], offer["id"], when] += row["count"]
            self.together[group["school"], offer["id"], when] += row["count"]
            if offer["reserved"] and when in offer["seats"]:
                self.kinds[offer["id"], when][self.category(group["school"], offer)] += row["count"]
            self.through.update(dict.fromkeys(self.above(offer["line"]), row["count"]))

    def is_counted(self, row: Row) -> bool:
        """A pupil in a bundle is placed once: counted in its first period."""
        return not any(row.get("period") in bundle[1:] for bundle in self.bundles.get(row["group"], ()))

    def stays_together(self, name: str) -> bool:
        """Whether the group's pupils are placed at once or not at all; one pupil of a group is told from no other."""
        return name in self.bundles or name in self.mates or (name in self.whole and self.groups[name]["count"] > 1)

    def most(self, offer: Row, slot: str) -> int:
        """Seats that the periods under way in a slot share."""
        return int(max(n for when, n in offer["seats"].items() if slot in self.periods[when]["slots"]))

    def free(self, offer: Row, when: str) -> int:
        shared = [self.most(offer, slot) - self.present[offer["id"], slot] for slot in self.periods[when]["slots"]]
        return int(min([offer["seats"][when] - self.seated[offer["id"], when], *shared]))

    def room(self, school: str, offer: Row, when: str) -> float:
        """How many more pupils of a school may come."""
        lines = [self.ceilings.get(line, math.inf) - self.through[line] for line in self.above(offer["line"])]
        most = math.inf if offer["max_per_school"] is None else offer["max_per_school"]
        return float(min(self.free(offer, when), most - self.together[school, offer["id"], when], *lines))

    def released(self, offer: Row, when: str) -> int:
        """Reserved seats taken by pupils they are not reserved for."""
        reserved = offer["reserved"]
        outside = (count - reserved.get(name, 0) for name, count in self.kinds[offer["id"], when].items())
        nobodys = max(0, offer["seats"][when] - sum(reserved.values()))
        return int(max(0, sum(max(0, count) for count in outside) - nobodys))

    def saturated(self, offer: Row) -> list[str]:
        return [line for line in self.above(offer["line"]) if self.through[line] >= self.ceilings.get(line, math.inf)]

    def admits(self, group: Row, offer: Row, when: str) -> bool:
        """Whether nothing but seats and quotas keeps the group from the offer in that period."""
        school = self.schools[group["school"]]
        suits = group["level"] in offer["levels"] and {*group["needs"]} <= {*offer["serves"]}
        near = math.isqrt(squared_m(school, offer)) <= group["reach_m"] and not self.is_across_sea(school, offer)
        free = when in {*group["periods"]} & {*offer["seats"]} and offer["id"] not in self.banned[group["id"]]
        return suits and near and free and self.is_received(school, offer) and self.is_listed(group, offer)
