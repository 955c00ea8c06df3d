"""From the deeds as data to rows: versions, territory, commitments and the lines a round enforces.

A deed that has not changed is left alone; a changed one becomes a new version and the old one stays as it was. What is
in no deed (ceilings a partner declared, facts invented for the sample) is loaded only on request, marked as such.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from fixtures import readers
from service.domain.audit import record
from service.domain.convention_events import events_of
from service.domain.dates import french_day
from service.errors import ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import (
    Commitment,
    Convention,
    ConventionDepartment,
    ConventionEvent,
    Offer,
    Partner,
    QuotaLine,
    QuotaLineDepartment,
)
from service.vocabulary import LEVEL_LABELS, ConventionEventKind, Level, PartnerKind

_NOT_THE_DEED = ("operational_ceilings", "sample_events")
_DEFAULT_PERIOD = "school_year"


@dataclass(frozen=True, slots=True)
class ImportedConvention:
    """`outcome` is `new`, `changed` (a new version) or `unchanged`."""

    convention: Convention
    outcome: str


def import_conventions(
    session: Session,
    today: date,
    with_sample_events: bool,
    deeds: Iterable[readers.Convention] | None = None,
) -> list[ImportedConvention]:
    """Loads the deeds (the five by default). Twice is the same as once.

    Raises:
        ServiceError: `signed_later`, a deed dated after today.
    """
    imported = []
    for deed in readers.read_conventions() if deeds is None else deeds:
        if deed.signed_on is not None and deed.signed_on > today:
            raise ServiceError(
                "signed_later",
                f"{deed.title}\u00a0: signée le {french_day(deed.signed_on)}, après aujourd’hui. Corrigez la date.",
                "signed_on",
            )
        one = _import_deed(session, deed)
        if with_sample_events:
            _declare_ceilings(session, one.convention, deed)
            _record_sample_events(session, one.convention, deed)
        imported.append(one)
    return imported


def _import_deed(session: Session, deed: readers.Convention) -> ImportedConvention:
    document = _document(deed)
    query = select(Convention).where(Convention.key == deed.key).order_by(col(Convention.version).desc())
    previous = session.exec(query).first()
    if previous is not None and previous.document == document:
        return ImportedConvention(previous, "unchanged")
    convention = Convention(
        key=deed.key,
        version=deed.version if previous is None else max(deed.version, previous.version + 1),
        title=deed.title,
        partner_id=row_id(_partner(session, deed)),
        scope_kind=deed.scope.kind,
        signed_on=deed.signed_on,
        term_years=deed.term_years,
        document=document,
    )
    session.add(convention)
    session.flush()
    _add_territory(session, convention, deed)
    commitments = _add_commitments(session, convention, deed)
    _add_lines(session, convention, deed, commitments)
    if previous is not None:
        _move_to_new_version(session, previous, convention, commitments)
    record(session, "cli", "import_convention", f"convention:{deed.key}", version=convention.version)
    return ImportedConvention(convention, "new" if previous is None else "changed")


def _document(deed: readers.Convention) -> dict[str, Any]:
    """The deed alone, as JSON values, so that a stored version can be compared with a file."""
    whole = {key: value for key, value in asdict(deed).items() if key not in _NOT_THE_DEED}
    document: dict[str, Any] = json.loads(json.dumps(whole, default=str))
    return document


def _partner(session: Session, deed: readers.Convention) -> Partner:
    partner = session.exec(select(Partner).where(Partner.name == deed.partner.name)).first()
    if partner is None:
        partner = Partner(name=deed.partner.name, kind=PartnerKind(deed.partner.kind))
    partner.kind = PartnerKind(deed.partner.kind)
    partner.siren = partner.siren or deed.partner.siren
    partner.city = deed.partner.city or ""
    partner.department_code = deed.partner.department
    partner.sector = deed.partner.sector
    session.add(partner)
    session.flush()
    return partner


def _add_territory(session: Session, convention: Convention, deed: readers.Convention) -> None:
    for code in deed.scope.departments:
        session.add(ConventionDepartment(convention_id=row_id(convention), department_code=code))


def _add_commitments(session: Session, convention: Convention, deed: readers.Convention) -> dict[str, Commitment]:
    commitments = {
        one.id: Commitment(
            convention_id=row_id(convention),
            code=one.id,
            level=one.level,
            action=one.action,
            unit=one.unit,
            minimum=one.minimum,
            # A figure «par an» and one whose period is not written both count by school year, until someone decides.
            period=_DEFAULT_PERIOD,
            counting_unit=one.counting_unit,
            through=one.through,
            note=one.note,
            article=one.article,
        )
        for one in deed.commitments
    }
    session.add_all(commitments.values())
    session.flush()
    return commitments


def _add_lines(
    session: Session, convention: Convention, deed: readers.Convention, commitments: dict[str, Commitment]
) -> None:
    """One line per promise to host pupils of a level; staff and class activities have no place to allocate."""
    for one in deed.commitments:
        if one.unit != "hosting" or one.level not in set(Level):
            continue
        line = QuotaLine(
            convention_id=row_id(convention),
            commitment_id=row_id(commitments[one.id]),
            level=one.level,
            label=f"{deed.partner.name}, {LEVEL_LABELS[one.level]}",
            commitment=one.minimum,
        )
        session.add(line)
        session.flush()
        for code in one.territory.departments if one.territory else ():
            session.add(QuotaLineDepartment(line_id=row_id(line), department_code=code))


def _move_to_new_version(
    session: Session, previous: Convention, convention: Convention, commitments: dict[str, Commitment]
) -> None:
    """Offers live under the deed as it now reads; a partner's ceilings outlive a change of the text."""
    old = session.exec(select(Commitment).where(Commitment.convention_id == row_id(previous))).all()
    heirs: dict[int, int] = {}
    for commitment in old:
        heir = commitments.get(commitment.code)
        session.connection().execute(
            update(Offer)
            .where(col(Offer.commitment_id) == commitment.id)
            # both at once: a promise and its deed never part, not even between two statements
            .values(commitment_id=heir.id if heir else None, convention_id=convention.id)
        )
        old_line = session.exec(select(QuotaLine).where(QuotaLine.commitment_id == commitment.id)).first()
        new_line = session.exec(select(QuotaLine).where(QuotaLine.commitment_id == heir.id)).first() if heir else None
        if old_line is not None and new_line is not None:
            new_line.ceiling, new_line.ceiling_source = old_line.ceiling, old_line.ceiling_source
            heirs[row_id(old_line)] = row_id(new_line)
    session.connection().execute(
        update(Offer).where(col(Offer.convention_id) == previous.id).values(convention_id=convention.id)
    )
    _carry_own_lines(session, previous, convention, heirs)
    session.expire_all()


def _carry_own_lines(session: Session, previous: Convention, convention: Convention, heirs: Mapping[int, int]) -> None:
    """Under a deed's new version, the lines added to the previous one and not taken back.

    `heirs` leads from each line of the old version made with the deed to the new version's.
    """
    in_force = (QuotaLine.convention_id == row_id(previous), col(QuotaLine.retired_at).is_(None))
    old = session.exec(select(QuotaLine).where(*in_force).order_by(col(QuotaLine.id))).all()
    copies = dict(heirs)
    for row in old:
        if row.commitment_id is None:
            copies[row_id(row)] = _copy_line(session, convention, row)
    for row in old:
        if row_id(row) in copies:
            heir = session.get_one(QuotaLine, copies[row_id(row)])
            heir.parent_id = None if row.parent_id is None else copies.get(row.parent_id)
    session.flush()


def _copy_line(session: Session, convention: Convention, row: QuotaLine) -> int:
    copy = QuotaLine(
        convention_id=row_id(convention),
        level=row.level,
        label=row.label,
        ceiling=row.ceiling,
        ceiling_source=row.ceiling_source,
        commitment=row.commitment,
        territory=row.territory,
    )
    session.add(copy)
    session.flush()
    of_line = select(QuotaLineDepartment.department_code).where(QuotaLineDepartment.line_id == row_id(row))
    for code in session.exec(of_line).all():
        session.add(QuotaLineDepartment(line_id=row_id(copy), department_code=code))
    return row_id(copy)


def _declare_ceilings(session: Session, convention: Convention, deed: readers.Convention) -> None:
    """A ceiling already set is the partner's: it stays."""
    for ceiling in deed.operational_ceilings:
        line = session.exec(
            select(QuotaLine)
            .join(Commitment, col(Commitment.id) == col(QuotaLine.commitment_id))
            .where(QuotaLine.convention_id == row_id(convention), Commitment.code == ceiling.commitment)
        ).one()
        if line.ceiling is None:
            line.ceiling, line.ceiling_source = ceiling.ceiling, ceiling.declared_by
            session.add(line)


def _record_sample_events(session: Session, convention: Convention, deed: readers.Convention) -> None:
    known = {(one.kind, one.happened_on) for one in events_of(session, convention)}
    for event in deed.sample_events:
        if (ConventionEventKind(event.kind), event.happened_on) not in known:
            session.add(
                ConventionEvent(
                    convention_id=row_id(convention),
                    kind=ConventionEventKind(event.kind),
                    happened_on=event.happened_on,
                    years=event.years,
                    reason=event.reason,
                    invented=event.invented,
                )
            )
    session.flush()
