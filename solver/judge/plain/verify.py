"""The judge of a round: every hard rule, every announced value and every reason, from the two documents alone.

It does not prove that no better answer exists: it checks that announced bounds and proofs agree with the status.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from .case import ROW_FIELDS, Case
from .documents import Row
from .hard_rules import HARD_RULES
from .reasons import reasons
from .tier_values import announced_tiers

TEXTS = ("format", "instance_sha256", "status", "engine", "diagnosis")
RESULT_FIELDS: dict[str, type] = dict.fromkeys(TEXTS, str) | dict.fromkeys(ROW_FIELDS, list) | {"seconds": dict}
LISTED_FAULTS = 20


def identity(case: Case) -> Iterator[str]:
    """The result is of this instance and this layout, and every row is another row about known things."""
    result = case.result
    if (case.instance["format"], result.get("format")) != ("sequence-instance/2", "sequence-result/1"):
        yield "format: only sequence-instance/2 and sequence-result/1 are read here"
    if result.get("instance_sha256") != case.sha256:
        yield f"instance_sha256: the instance has {case.sha256}"
    wrong = (field for field in {**RESULT_FIELDS, **result} if type(result.get(field)) is not RESULT_FIELDS.get(field))
    yield from (f"field {field!r} is missing, unknown or of another type" for field in wrong)
    yield from case.unreadable
    rows = case.rows["assignments"] + case.rows["unplaced"]
    times = Counter((row["group"], row.get("offer"), row.get("period")) for row in rows)
    yield from (f"{name} appears {times[name]} times" for name in times if times[name] > 1)


CHECKS = {check.__name__: check for check in (*HARD_RULES, identity, announced_tiers, reasons)}


def verify_documents(instance: Row, result: Row) -> list[str]:
    """Every fault as "property: detail", at most twenty per property, in the order of `CHECKS`; [] when silent."""
    case = Case(instance, result if type(result) is dict else {})
    return [f"{name}: {detail}" for name, check in CHECKS.items() for detail in islice(check(case), LISTED_FAULTS)]
