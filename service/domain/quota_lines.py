"""Under which line of its convention an offer counts: the narrowest one that covers its level and its département.

Responsible for that choice alone, so that a round, an export and a ledger can never disagree on it. Refuses to know how
many pupils a line holds. Only the latest version of each convention has lines in force.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from service.persistence.bulk import fetch
from service.persistence.tables import Commitment, Convention, QuotaLine, QuotaLineDepartment
from service.vocabulary import Level

_WIDE_LEVELS: Mapping[str, frozenset[str]] = {
    "college_5e_3e": frozenset({Level.TROISIEME, Level.TROISIEME_PREPA_METIERS}),
    "lycee": frozenset({Level.SECONDE_GT}),
    "secondary": frozenset(Level),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One quota line. `departments` is None when it covers the convention's whole territory."""

    id: int
    convention_key: str
    commitment_code: str
    parent: int | None
    level: str
    label: str
    ceiling: int | None
    commitment: int | None
    departments: frozenset[str] | None
    territory: str = ""
    """Whose share of the convention's commitment it is; empty for any other line."""

    def covers(self, level: str, department: str) -> bool:
        levels = _WIDE_LEVELS.get(self.level, frozenset({self.level}))
        return level in levels and (self.departments is None or department in self.departments)


class QuotaTree:
    """The lines of every convention, and the narrowest one for an offer."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = {line.id: line for line in lines}
        self._by_convention: dict[str, list[Line]] = defaultdict(list)
        for line in sorted(lines, key=lambda line: (-len(self.ancestry(line.id)), line.id)):
            self._by_convention[line.convention_key].append(line)

    def ancestry(self, line: int | None) -> list[int]:
        """The line and every wider one above it, narrowest first."""
        path: list[int] = []
        while line is not None and line not in path:
            path.append(line)
            line = self.lines[line].parent
        return path

    def line_of(self, convention_key: str | None, commitment_code: str, level: str, department: str) -> int | None:
        """The offer's own commitment's line when one covers it, else the narrowest of its convention, else none."""
        fitting = [line for line in self._by_convention.get(convention_key or "", []) if line.covers(level, department)]
        own = [line for line in fitting if commitment_code and self._serves(line, commitment_code)]
        return next((line.id for line in own + fitting), None)

    def _serves(self, line: Line, commitment_code: str) -> bool:
        """A line that a partner cuts out of a commitment's own still counts for that commitment."""
        return any(self.lines[one].commitment_code == commitment_code for one in self.ancestry(line.id))


def load_quota_tree(session: Session) -> QuotaTree:
    """The lines of the latest version of every convention, in two queries."""
    latest = select(func.max(col(Convention.id))).group_by(col(Convention.key)).scalar_subquery()
    departments: dict[int, set[str]] = defaultdict(set)
    for line_id, code in fetch(
        session, select(col(QuotaLineDepartment.line_id), col(QuotaLineDepartment.department_code))
    ):
        departments[line_id].add(code)
    rows = fetch(
        session,
        select(
            col(QuotaLine.id),
            col(Convention.key),
            col(Commitment.code),
            col(QuotaLine.parent_id),
            col(QuotaLine.level),
            col(QuotaLine.label),
            col(QuotaLine.ceiling),
            col(QuotaLine.commitment),
            col(QuotaLine.territory),
        )
        .join(Convention, col(Convention.id) == col(QuotaLine.convention_id))
        .outerjoin(Commitment, col(Commitment.id) == col(QuotaLine.commitment_id))
        .where(col(QuotaLine.convention_id).in_(latest), col(QuotaLine.retired_at).is_(None)),
    )
    return QuotaTree([_line(row, departments.get(row[0])) for row in rows])


def _line(row: Sequence[Any], departments: set[str] | None) -> Line:
    line_id, key, code, parent, level, label, ceiling, commitment, where = row
    territory = None if departments is None else frozenset(departments)
    return Line(line_id, key, code or "", parent, level, label, ceiling, commitment, territory, where)
