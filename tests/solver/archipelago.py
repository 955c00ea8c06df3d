"""An instance in several parts that share nothing, and a result as it is filed: what an executor must not change."""

from __future__ import annotations

import dataclasses

from solver.files import canonical_bytes, instance_document, instance_from_document, result_document
from solver.generate import generate
from solver.instance import ROW_KEYS, Instance
from solver.result import Result


def filed(result: Result) -> bytes:
    """The result as it is filed, without how long it took."""
    return canonical_bytes(result_document(dataclasses.replace(result, seconds={})))


def archipelago(seed: int) -> Instance:
    """Four countries that share nothing, in one instance."""
    parts = [_renamed(generate(250, seed + number, seats_per_pupil=0.9), f"{number}:") for number in range(4)]
    rows = {name: tuple(row for part in parts for row in getattr(part, name)) for name in ROW_KEYS if name != "periods"}
    return Instance(**rows, periods=parts[0].periods)


def _renamed(instance: Instance, prefix: str) -> Instance:
    document = instance_document(instance)
    references = {"id", "department", "school", "group", "offer", "line", "parent", "code", "academy", "landmass"}
    for name in ROW_KEYS.keys() - {"periods"}:
        for row in document[name]:
            row |= {key: prefix + row[key] for key in references & row.keys() if row[key] is not None}
            if "neighbours" in row:
                row["neighbours"] = [prefix + code for code in row["neighbours"]]
    return instance_from_document(document)
