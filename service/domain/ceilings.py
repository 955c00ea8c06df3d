"""The ceilings of a convention, which its partner chooses: how many pupils at most, by level and by département.

Responsible for what fills each line and for the choices made. No deed sets a ceiling, and rounds count those they place
over all periods. Which line an offer counts under is `quota_lines`' to say, who may change one `ceiling_choices`'.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import case, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from service.domain.quota_lines import Line, QuotaTree, load_quota_tree
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import CeilingChoice, Commitment, Convention, Offer, Opening, QuotaLine, Site
from service.vocabulary import Level, OfferStatus


@dataclass(frozen=True, slots=True)
class CeilingRow:
    """One line in force, under the line that contains it: `depth` 0 stands alone. Seats and pupils of one year."""

    line: Line
    depth: int
    published: int
    allocated: int

    @property
    def is_own(self) -> bool:
        """Cut out by the partner: not made with the deed, nor a territory's share of it."""
        return not self.line.commitment_code and not self.line.territory


@dataclass(frozen=True, slots=True)
class _Used:
    """Seats of the offers of one commitment, level and département, in one school year."""

    school_year: str
    commitment_code: str
    level: str
    department: str
    published: int
    allocated: int


def ceilings_of(session: Session, convention: Convention, school_year: str) -> list[CeilingRow]:
    """The lines of a convention, each before those it contains; two conventions never share a line."""
    tree = lines_of(session, convention)
    published, allocated = Counter[int](), Counter[int]()
    for one in _used(session, convention, school_year):
        if one.school_year == school_year:
            path = tree.ancestry(tree.line_of(convention.key, one.commitment_code, one.level, one.department))
            published.update(dict.fromkeys(path, one.published))
            allocated.update(dict.fromkeys(path, one.allocated))
    return [
        CeilingRow(line, len(tree.ancestry(line.id)) - 1, published[line.id], allocated[line.id])
        for line in in_order(tree)
    ]


def choices_made(session: Session, convention: Convention) -> list[tuple[CeilingChoice, str]]:
    """Every choice and the label of its line, the last one first, under whichever version of the deed."""
    query = (
        select(CeilingChoice, col(QuotaLine.label))
        .join(QuotaLine, col(QuotaLine.id) == col(CeilingChoice.line_id))
        .join(Convention, col(Convention.id) == col(QuotaLine.convention_id))
        .where(col(Convention.key) == convention.key)
        .order_by(col(CeilingChoice.id).desc())
    )
    return [(choice, label) for choice, label in session.exec(query)]


def state_seen(session: Session, convention: Convention) -> int:
    """What a form shows the state of: the number of the last choice, 0 before the first."""
    query = (
        select_columns(func.max(col(CeilingChoice.id)))
        .join(QuotaLine, col(QuotaLine.id) == col(CeilingChoice.line_id))
        .join(Convention, col(Convention.id) == col(QuotaLine.convention_id))
        .where(col(Convention.key) == convention.key)
    )
    return fetch(session, query)[0][0] or 0


def lines_of(session: Session, convention: Convention) -> QuotaTree:
    """The lines in force of one convention."""
    lines = load_quota_tree(session).lines.values()
    return QuotaTree([line for line in lines if line.convention_key == convention.key])


def in_order(tree: QuotaTree) -> list[Line]:
    """Level by level, each line before those it contains."""
    rank = {level: number for number, level in enumerate(Level)}
    ordered = sorted(tree.lines.values(), key=lambda line: (rank.get(line.level, len(rank)), line.id))  # type: ignore[call-overload]
    under: dict[int | None, list[Line]] = {}
    for line in ordered:
        under.setdefault(line.parent, []).append(line)

    def from_line(line: Line) -> list[Line]:
        return [line, *(found for one in under.get(line.id, []) for found in from_line(one))]

    return [found for one in under.get(None, []) for found in from_line(one)]


def most_allocated(session: Session, convention: Convention, tree: QuotaTree, since: str) -> dict[int, int]:
    """The pupils under each line of `tree`, in the year that has the most of them, from the school year `since` on."""
    held: dict[int, Counter[str]] = defaultdict(Counter)
    for one in _used(session, convention, since):
        for line_id in tree.ancestry(tree.line_of(convention.key, one.commitment_code, one.level, one.department)):
            held[line_id][one.school_year] += one.allocated
    return {line_id: max(years.values()) for line_id, years in held.items()}


def _used(session: Session, convention: Convention, since: str) -> list[_Used]:
    """Of this school year and those after: a ceiling no longer bears on those that are over."""
    seats = case((col(Offer.status) == OfferStatus.PUBLISHED, col(Opening.capacity)), else_=0)
    place = (col(Offer.school_year), col(Commitment.code), col(Offer.level), col(Site.department_code))
    query = (
        select_columns(*place, func.sum(seats), func.sum(col(Opening.used)))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .outerjoin(Commitment, col(Commitment.id) == col(Offer.commitment_id))
        .where(col(Offer.convention_id) == row_id(convention), col(Offer.school_year) >= since)
        .group_by(*place)
    )
    return [
        _Used(year, code or "", str(level), department, int(published), int(used))
        for year, code, level, department, published, used in fetch(session, query)
    ]
