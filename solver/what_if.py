"""What another choice would give: the instance with some changes, solved, beside the answer already known.

Pure: neither the first instance nor the first answer is touched. Import it explicitly: it loads OR-Tools.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass

from solver.changes import Change, apply_changes
from solver.difference import Difference, compare
from solver.files import instance_sha256
from solver.instance import Instance
from solver.result import Result
from solver.solve import solve


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The changed instance, its answer, and what it changes for whom."""

    instance: Instance
    result: Result
    difference: Difference


def what_if(
    instance: Instance, result: Result, changes: Iterable[Change], *, executor: Executor | None = None
) -> WhatIf:
    """Solve the instance with these changes and compare with `result`.

    Raises:
        ValueError: the result is another instance's, or a change names what the instance does not know.
    """
    if result.instance_sha256 != instance_sha256(instance):
        raise ValueError("instance_sha256: the result belongs to another instance")
    changed = apply_changes(instance, changes)
    answer = solve(changed, executor=executor)
    return WhatIf(changed, answer, compare(instance, result, answer))
