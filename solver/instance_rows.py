"""Each row of an instance as the JSON object of the public layout: sets as sorted lists, nothing converted.

It knows how a row is written, not how a file is read or what identifies an instance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from solver.instance import (
    Announced,
    Bundle,
    Department,
    Group,
    Instance,
    Offer,
    Period,
    Pin,
    School,
    Sequence,
)
from solver.layout import INSTANCE_FORMAT


def frame_of(instance: Instance) -> dict[str, Any]:
    """Everything but the lists."""
    params = instance.params
    return {
        "format": INSTANCE_FORMAT,
        "params": {
            "tiers": [tier.value for tier in params.tiers],
            "territory_rule": params.territory_rule.value,
            "priority_weights": dict(params.priority_weights),
        },
    }


def _department_row(row: Department) -> dict[str, Any]:
    return asdict(row) | {"neighbours": sorted(row.neighbours)}


def _school_row(row: School) -> dict[str, Any]:
    return asdict(row) | {"position": list(row.position)}


def _period_row(row: Period) -> dict[str, Any]:
    return {"id": row.id, "slots": list(row.slots)}


def _offer_row(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.id,
        "department": offer.department,
        "position": list(offer.position),
        "sector": offer.sector,
        "levels": sorted(offer.levels),
        "seats": dict(offer.seats),
        "serves": sorted(offer.serves),
        "max_per_school": offer.max_per_school,
        "line": offer.line,
        "admits": None if offer.admits is None else sorted(offer.admits),
        "reserved": dict(offer.reserved),
        "min_group": offer.min_group,
    }


def _group_row(group: Group) -> dict[str, Any]:
    """A list of départements stands only where there is one: an instance without any keeps the identity it had."""
    listed = {"departments": sorted(group.departments)} if group.departments else {}
    return {
        "id": group.id,
        "school": group.school,
        "level": group.level,
        "count": group.count,
        "periods": sorted(group.periods),
        "wishes": list(group.wishes),
        "reach_m": group.reach_m,
        "needs": sorted(group.needs),
        **listed,
    }


def _bundle_row(row: Bundle) -> dict[str, Any]:
    return {"group": row.group, "periods": list(row.periods)}


def _sequence_row(row: Sequence) -> dict[str, Any]:
    return {"groups": list(row.groups)}


def _placement_row(row: Pin | Announced) -> dict[str, Any]:
    """There may be one for each pupil: spelled out, it costs a tenth of `asdict`."""
    return {"group": row.group, "offer": row.offer, "period": row.period, "count": row.count}


ROWS: Mapping[str, Callable[[Any], dict[str, Any]]] = MappingProxyType(
    {
        "departments": _department_row,
        "schools": _school_row,
        "periods": _period_row,
        "lines": asdict,
        "offers": _offer_row,
        "groups": _group_row,
        "pins": _placement_row,
        "bans": asdict,
        "announced": _placement_row,
        "wholes": asdict,
        "bundles": _bundle_row,
        "sequences": _sequence_row,
    }
)
