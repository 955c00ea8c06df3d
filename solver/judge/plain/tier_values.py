"""The announced tiers: values counted again from the placements alone, bounds and proofs that agree with the status."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from .asked import squared_m
from .case import Case
from .documents import Row, canonical


def announced_tiers(case: Case) -> Iterator[str]:
    """The tiers in the campaign's order, at the values recomputed; bounds and proofs that agree with the status."""
    return tier_faults(case.result.get("status"), case.rows["tiers"], case.params["tiers"], tier_values(case))


def tier_faults(status: Any, rows: list[Row], order: list[str], values: dict[str, int]) -> Iterator[str]:
    if status not in ("OPTIMAL", "FEASIBLE"):
        yield "status: it announces no answer"
    if [row["tier"] for row in rows] != order:
        yield f"not the campaign's order, {order}"
    for row in rows:
        if row["value"] != values.get(row["tier"]):
            yield f"{row}: {values.get(row['tier'])} recomputed"
        proven = row["bound"] == row["value"] and row["proof"] == "potentials"
        honest = row["bound"] <= row["value"] and row["proof"] in ("potentials", "held", "solver", "none")
        if not (proven if status == "OPTIMAL" else honest):
            yield f"{row}: bound or proof disagree with the status"


def tier_values(case: Case) -> dict[str, int]:
    """Each tier's value, recomputed from the assignments alone."""
    unranked = 1 + max((len(group["wishes"]) for group in case.groups.values()), default=0)
    values = dict.fromkeys(("placed", "equity", "commitments", "wishes", "distance", "longest", "draw"), 0)
    kept = case.told & case.at
    values["reserves"] = sum(case.released(case.offers[offer], when) for offer, when in case.kinds)
    values["stability"] = case.told.total() - kept.total()
    for name, left in case.left.items():
        weight = case.params["priority_weights"][case.schools[name]["priority"]]
        values["placed"] += left
        values["equity"] += sum(k * weight * 1_000_000 // (100 * case.pupils[name]) for k in range(1, left + 1))
    for name, line in case.lines.items():
        values["commitments"] += max(0, (line["commitment"] or 0) - case.through[name])
        if line["overflow_price"] is not None:
            values["commitments"] += line["overflow_price"] * max(0, case.through[name] - line["ceiling"])
    for row, group, school, offer in case.moves:
        ranks = {sector: rank for rank, sector in enumerate(group["wishes"], 1)}
        values["wishes"] += row["count"] * (ranks.get(offer["sector"], unranked) if ranks else 1)
        metres = math.isqrt(squared_m(school, offer))
        values["distance"] += row["count"] * metres
        values["longest"] = max(values["longest"], metres)
        trip, drawn, _ = lots(case, group, offer, row["period"])
        values["draw"] += row["count"] * (trip + drawn)
    for (name, place, when), count in kept.items():
        _, drawn, stays = lots(case, case.groups[name], case.offers[place], when)
        values["draw"] += count * (stays - drawn)
    return values


def lots(case: Case, group: Row, offer: Row, when: str) -> tuple[int, int, int]:
    """The lots of a profile for a trip, of a class for a sector, and of a class that keeps what it was told."""
    profile = [group["school"], group["level"], group["reach_m"], sorted(group["needs"])]
    listed = [sorted(group["departments"])] if group.get("departments") else []
    profile, sector = [*profile, sorted(case.banned[group["id"]]), *listed], offer["sector"]
    told_to = [group["id"]] if group["id"] in case.told_to else []
    name = canonical([*profile, sorted(case.accepted[group["id"]]), group["wishes"], *told_to])
    drawn = case.lot("class", name, sector if sector in group["wishes"] else "")
    stays = case.lot("kept", name, offer["id"], when) if told_to else drawn
    return case.lot("trip", canonical(profile), offer["id"], when), drawn, stays
