"""The instance indexed by identifiers, and what it says by itself: who is received where, draws, lines above lines."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from .documents import Row, canonical


class Asked:
    """An instance as both judges read it, whatever was answered."""

    def __init__(self, instance: Row) -> None:
        self.instance, self.params = instance, instance["params"]
        self.sha256 = hashlib.sha256(canonical(instance).encode()).hexdigest()
        self.departments = {row["code"]: row for row in instance["departments"]}
        self.schools, self.offers, self.groups, self.periods, self.lines = (
            {row["id"]: row for row in instance[name]} for name in ("schools", "offers", "groups", "periods", "lines")
        )
        self.banned: defaultdict[str, set[str]] = defaultdict(set)
        for row in instance["bans"]:
            self.banned[row["group"]].add(row["offer"])

    def above(self, line: str | None) -> list[str]:
        return [] if line is None else [line, *self.above(self.lines[line]["parent"])]

    def category(self, school: str, offer: Row) -> str | None:
        """The reserve for the school's pupils: the one in its name, else the one for its priority class."""
        names = f"school:{school}", self.schools[school]["priority"]
        return next((name for name in names if name in offer["reserved"]), None)

    def is_across_sea(self, *places: Row) -> bool:
        return len({self.departments[place["department"]]["landmass"] for place in places}) > 1

    def is_received(self, school: Row, offer: Row) -> bool:
        """The campaign's territory rule, then the offer's own list of départements."""
        home, host = self.departments[school["department"]], self.departments[offer["department"]]
        near = home["academy"] == host["academy"]
        ruled = {"anywhere": True, "academy": near, "department": home["code"] == host["code"]}
        ruled["academy_or_neighbour"] = near or host["code"] in home["neighbours"]
        return ruled[self.params["territory_rule"]] and (offer["admits"] is None or home["code"] in offer["admits"])

    def is_listed(self, group: Row, offer: Row) -> bool:
        """The group's own list of départements: one that lists none accepts them all."""
        return not group.get("departments") or offer["department"] in group["departments"]

    def lot(self, *parts: str) -> int:
        """Twenty bits that nobody chooses."""
        return int.from_bytes(hashlib.sha256("\x1f".join((self.sha256, *parts)).encode()).digest()[:3], "big") >> 4


def squared_m(school: Row, offer: Row) -> int:
    return sum((a - b) ** 2 for a, b in zip(school["position"], offer["position"], strict=True))
