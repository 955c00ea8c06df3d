"""Targets by territory: shares of what a convention promises at a level, given to territories and moved between them.

A share is a quota line of its own under the convention's, with the territory's départements and its part of the
commitment: the next round counts its missing places as it counts any commitment's. Responsible for every move (its
reason, its date, its author) and for never sharing more than is promised. Refuses to know who signs in: it is told
which area the person answers for.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from service.domain.audit import record
from service.domain.ceiling_choices import line_place
from service.domain.perimeters import NATION, Area, Geography, area_of, contains, read_geography
from service.domain.quota_lines import Line, QuotaTree, load_quota_tree
from service.domain.texts import clean_text, plural
from service.errors import NotFound, ServiceError
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import (
    Commitment,
    Convention,
    Offer,
    Opening,
    QuotaLine,
    QuotaLineDepartment,
    Site,
    TargetShift,
)
from service.vocabulary import OfferStatus

_CANDIDATE = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """So many places of a line's commitment, from a territory to another; `NATION` is what nobody has been given."""

    line_id: int
    source: str
    destination: str
    seats: int
    why: str


@dataclass(frozen=True, slots=True)
class Share:
    """A territory's part: what it should reach, what its sites publish, what rounds have placed there."""

    territory: str
    name: str
    target: int
    published: int
    allocated: int


@dataclass(frozen=True, slots=True)
class SharedLine:
    """A line of a deed with a figure, and the shares of the area asked for. `left` is what nobody has been given."""

    line: Line
    promised: int
    left: int
    shares: list[Share]


def shift_target(session: Session, shift: Shift, area: Area, actor: str) -> TargetShift:
    """Moves a part of a commitment between two territories of `area`; the next round works with it.

    Raises:
        NotFound: no such line, or a territory outside the area: only the whole country gives and takes back.
        ServiceError: `why`, `seats` or a territory that cannot be meant, with the field at fault.
    """
    why = clean_text(shift.why, "why", "Le motif", at_most=300)
    # Two moves at once: one after the other, so that neither gives what the other has just given (PostgreSQL).
    fetch(session, select(col(QuotaLine.id)).order_by(col(QuotaLine.id)).with_for_update())
    tree = load_quota_tree(session)
    line = tree.lines.get(shift.line_id)
    if line is None or line.commitment is None or not line.commitment_code:
        raise NotFound
    tree = QuotaTree([one for one in tree.lines.values() if one.convention_key == line.convention_key])
    ends = (shift.source, shift.destination)
    if not all(contains(area, area_of(session, key)) for key in ends):
        raise NotFound
    geography, shares = read_geography(session), _shares(tree, line)
    _check(geography, line, shares, shift)
    if shift.source != NATION:
        _add(session, shares[shift.source], -shift.seats)
    if shift.destination != NATION:
        share = shares.get(shift.destination)
        _add(session, share if share is not None else _new_share(session, tree, line, shift.destination), shift.seats)
    made = TargetShift(
        line_id=line.id, source=shift.source, destination=shift.destination, seats=shift.seats, why=why, made_by=actor
    )
    session.add(made)
    session.flush()
    said = {"line": line.id, "source": shift.source, "destination": shift.destination, "seats": shift.seats}
    record(session, actor, "shift_target", f"convention:{line.convention_key}", why=why, **said)
    return made


def _check(geography: Geography, line: Line, shares: dict[str, Line], shift: Shift) -> None:
    if shift.source == shift.destination:
        raise ServiceError("same_territory", "Choisissez deux territoires différents.", "destination")
    kinds = {key.partition(":")[0] for key in (*shares, shift.source, shift.destination) if key != NATION}
    if len(kinds) > 1:
        message = (
            "Les objectifs d’une ligne se partagent entre territoires de même sorte\u00a0: tous des départements, tous "
            "des académies ou toutes des régions académiques."
        )
        raise ServiceError("mixed_territories", message, "destination")
    here = geography.area(shift.destination)
    if here is not None and line.departments is not None and not here & line.departments:
        message = "La convention ne s’applique pas dans ce territoire. Choisissez-en un autre."
        raise ServiceError("outside_territory", message, "destination")
    if here is not None and line.departments is not None and line.departments <= here:
        message = "Toute la ligne est déjà dans ce territoire\u00a0: il n’y a rien à partager."
        raise ServiceError("whole_line", message, "destination")
    has = _left(line, shares)
    if shift.source != NATION:
        share = shares.get(shift.source)
        has = 0 if share is None else share.commitment or 0
    if not 1 <= shift.seats <= has:
        holder = "la part commune" if shift.source == NATION else geography.name(shift.source)
        message = f"{holder[0].upper()}{holder[1:]} a {plural(has, 'place')} à donner. Indiquez de 1 à ce nombre."
        raise ServiceError("too_many_seats", message if has else f"{message[: message.index('.')]}.", "seats")


def _shares(tree: QuotaTree, line: Line) -> dict[str, Line]:
    """The shares of a line, by territory: under it, if need be inside a line that the partner has cut out of it."""
    return {one.territory: one for one in tree.lines.values() if one.territory and line.id in tree.ancestry(one.id)}


def _left(line: Line, shares: dict[str, Line]) -> int:
    return (line.commitment or 0) - sum(one.commitment or 0 for one in shares.values())


def _new_share(session: Session, tree: QuotaTree, line: Line, territory: str) -> Line:
    area = area_of(session, territory) or frozenset()
    here = area if line.departments is None else area & line.departments
    label = f"{line.label}, {read_geography(session).name(territory)}"
    share = Line(_CANDIDATE, line.convention_key, "", None, line.level, label, None, 0, here, territory)
    parent, inside = line_place(tree, share)
    row = QuotaLine(
        convention_id=session.get_one(QuotaLine, line.id).convention_id,
        parent_id=parent,
        level=line.level,
        label=label,
        commitment=0,
        territory=territory,
    )
    session.add(row)
    session.flush()
    session.add_all(QuotaLineDepartment(line_id=row_id(row), department_code=code) for code in sorted(here))
    for line_id in inside:
        session.get_one(QuotaLine, line_id).parent_id = row_id(row)
    session.flush()
    return Line(row_id(row), line.convention_key, "", parent, line.level, label, None, 0, here, territory)


def _add(session: Session, share: Line, seats: int) -> None:
    row = session.get_one(QuotaLine, share.id)
    row.commitment = (row.commitment or 0) + seats
    session.add(row)


def shared_lines(session: Session, area: Area, school_year: str) -> list[SharedLine]:
    """Every line of a deed with a figure, with the shares that lie in the area, in four queries."""
    tree, geography = load_quota_tree(session), read_geography(session)
    published, allocated = _filled(session, tree, school_year)
    found = []
    for line in sorted(tree.lines.values(), key=lambda one: (one.convention_key, one.id)):
        if line.commitment is None or not line.commitment_code:
            continue
        shares = _shares(tree, line)
        own = [
            Share(key, geography.name(key), one.commitment or 0, published[one.id], allocated[one.id])
            for key, one in sorted(shares.items(), key=lambda item: geography.name(item[0]))
            if contains(area, geography.area(key))
        ]
        found.append(SharedLine(line, line.commitment, _left(line, shares), own))
    return found


def _filled(session: Session, tree: QuotaTree, school_year: str) -> tuple[Counter[int], Counter[int]]:
    """Seats published and pupils placed under each line in one school year."""
    seats = case((col(Offer.status) == OfferStatus.PUBLISHED, col(Opening.capacity)), else_=0)
    place = (col(Convention.key), col(Commitment.code), col(Offer.level), col(Site.department_code))
    query = (
        select(*place, func.sum(seats), func.sum(col(Opening.used)))
        .select_from(Offer)
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Opening, col(Opening.offer_id) == col(Offer.id))
        .join(Convention, col(Convention.id) == col(Offer.convention_id))
        .outerjoin(Commitment, col(Commitment.id) == col(Offer.commitment_id))
        .where(col(Offer.school_year) == school_year)
        .group_by(*place)
    )
    published, allocated = Counter[int](), Counter[int]()
    for key, code, level, department, there, used in fetch(session, query):
        path = tree.ancestry(tree.line_of(key, code or "", str(level), department))
        published.update(dict.fromkeys(path, int(there)))
        allocated.update(dict.fromkeys(path, int(used)))
    return published, allocated


def shifts_made(session: Session, area: Area) -> list[tuple[TargetShift, str]]:
    """Every move that concerns the area alone, with the label of its line, the last first."""
    geography = read_geography(session)
    rows = session.execute(
        select(TargetShift, col(QuotaLine.label))
        .join(QuotaLine, col(QuotaLine.id) == col(TargetShift.line_id))
        .order_by(col(TargetShift.id).desc())
    )
    return [
        (shift, label)
        for shift, label in rows
        if any(key and contains(area, geography.area(key)) for key in (shift.source, shift.destination))
    ]
