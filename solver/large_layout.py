"""What the judges' fast paths read of a round's documents; anything else must say nothing, or a plain judge reads it.

So a field, a list or a rule that is added to the plain judges only is never passed over: where it says something, the
fast paths stand aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from solver.column_store import Store
from solver.large_columns import OPTIONAL, Columns, require

READ: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "params": ("tiers", "territory_rule", "priority_weights"),
        "departments": ("code", "academy", "landmass", "neighbours"),
        "periods": ("id", "slots"),
        "lines": ("id", "parent", "level", "ceiling", "commitment"),
        "schools": ("id", "department", "position", "priority"),
        "offers": (
            *("id", "department", "position", "sector", "levels", "seats", "serves"),
            *("max_per_school", "line", "admits"),
        ),
        "groups": ("id", "school", "level", "count", "periods", "wishes", "reach_m", "needs"),
        "pins": ("group", "offer", "period", "count"),
        "bans": ("group", "offer"),
        "wholes": ("group",),
    }
)
"""The lists of an instance and the fields that the fast paths read, as the rules of the plain judges do.

They read those of `OPTIONAL` too, where there are any."""

ORDINARY: Mapping[str, Any] = MappingProxyType(
    {
        "lines.overflow_price": None,
        "offers.reserved": {},
        "offers.min_group": None,
        "announced": [],
        "bundles": [],
        "sequences": [],
    }
)
"""What they do not read, at the value that says nothing. Any other value, or any other field, is unusual."""

SILENT_TIERS = ("reserves", "stability")
"""Tiers that only count what is not read: nothing, in an ordinary round."""

RESULT_ROWS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "assignments": ("group", "offer", "period", "count"),
        "unplaced": ("group", "count", "reason", "offers", "lines", "facts"),
    }
)
IN_COLUMNS = ("schools", "offers", "groups", "pins", "bans", "announced")


def require_usual(instance: Store, result: Store) -> None:
    """Every list and field is one that the fast paths read, or says nothing.

    Raises:
        Unusual: one does not.
    """
    head, columns = instance
    silent = {name for name in ORDINARY if "." not in name}
    listed = {*head} - {"tables", "format"} | {name.partition(".")[0] for name in columns}
    require(listed == {*READ, *silent}, "a list too many, or missing")
    for name in silent:
        require(head[name] == [] if name in head else Columns(instance, name).size == 0, f"{name}: not empty")
    for name, read in READ.items():
        ordinary = {key.partition(".")[2]: value for key, value in ORDINARY.items() if key.startswith(f"{name}.")}
        expected = sorted({*read, *ordinary})
        if name in IN_COLUMNS:
            optional = {field for field in Columns(instance, name).fields if f"{name}.{field}" in OPTIONAL}
            require(Columns(instance, name).fields == sorted({*expected, *optional}), f"{name}: other fields")
            said = {field: Columns(instance, name).coded(field, lambda _: True)[0] for field in ordinary}
        else:
            rows = [head[name]] if name == "params" else head[name]
            require(all(sorted(row) == expected for row in rows), f"{name}: other fields")
            said = {field: [row[field] for row in rows] for field in ordinary}
        for field, value in ordinary.items():
            require(all(each == value for each in said[field]), f"{name}.{field}: not ordinary")
    require({name.partition(".")[0] for name in result[1]} == {*RESULT_ROWS}, "a list too many, or missing")
    for name, read in RESULT_ROWS.items():
        require(Columns(result, name).fields == sorted(read), f"{name}: other fields")
