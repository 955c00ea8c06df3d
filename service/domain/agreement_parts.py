"""What each side writes into an agreement: the host its tutor, hours and activities, the school what it alone knows.

Responsible for what is right before it is kept: names, addresses, hours that the age of each pupil allows on each day.
Refuses to say when an agreement moves on, but for the host's part, which completes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.accounts import normalise_email
from service.domain.agreement_rows import OPEN, move, stays_of
from service.domain.audit import record
from service.domain.texts import clean_text
from service.domain.working_time import Judgement, judge_hours, limits_of, read_day
from service.errors import Conflict, NotFound, Refusals, ServiceError
from service.persistence.rows import row_id, take_version
from service.persistence.tables import Agreement, AgreementStay, Offer, Opening, Period, Site
from service.vocabulary import AgreementState


@dataclass(frozen=True, slots=True)
class HostPart:
    """What the host writes, the same for every pupil it receives then. `hours` from Monday to Saturday, as typed."""

    signatory_name: str
    signatory_function: str
    tutor_name: str
    tutor_function: str
    tutor_email: str
    activities: str
    hours: Sequence[str]
    meals: str = ""


def complete_by_host(
    session: Session, partner_id: int, opening_id: int, part: HostPart, actor: str
) -> tuple[int, Judgement]:
    """Writes the host's part into every agreement of the opening still open. Returns how many, and what hours weigh.

    Raises:
        Refusals: each field at fault, hours beyond what the age of a pupil allows among them.
        NotFound: not one of that partner's openings, or nothing to complete there.
    """
    opening = session.get(Opening, opening_id)
    if opening is None or _partner_of(session, opening) != partner_id:
        raise NotFound
    waiting = agreements_to_complete(session, opening_id)
    if not waiting:
        raise NotFound
    values, faults = _checked(part)
    judged = judge_for_pupils(
        session, opening, part.hours, [stay for one in waiting for stay in stays_of(session, one)]
    )
    faults += [ServiceError("hours_over_the_limit", sentence, "hours") for sentence in judged.refused]
    if faults:
        raise Refusals(faults)
    for agreement in waiting:
        for name, value in values.items():
            setattr(agreement, name, value)
        session.add(agreement)
        session.flush()
        move(session, agreement, AgreementState.HOST_COMPLETED)
    record(session, actor, "complete_agreements", f"opening:{opening_id}", count=len(waiting))
    return len(waiting), judged


def agreements_to_complete(session: Session, opening_id: int) -> list[Agreement]:
    """Those the host may still write into."""
    query = select(Agreement).where(col(Agreement.opening_id) == opening_id, col(Agreement.state).in_(OPEN))
    return list(session.scalars(query.order_by(col(Agreement.id))))


def _partner_of(session: Session, opening: Opening) -> int:
    return session.get_one(Site, session.get_one(Offer, opening.offer_id).site_id).partner_id


def _checked(part: HostPart) -> tuple[dict[str, object], list[ServiceError]]:
    """The texts in their stored form, and what is wrong with them."""
    values: dict[str, object] = {"hours": [" ".join(text.split()) for text in part.hours]}
    faults: list[ServiceError] = []
    for name, what, required, longest in (
        ("signatory_name", "Le nom du signataire", True, 120),
        ("signatory_function", "La fonction du signataire", True, 120),
        ("tutor_name", "Le nom du tuteur", True, 120),
        ("tutor_function", "La fonction du tuteur", False, 120),
        ("activities", "Le programme d’activités", True, 600),
        ("meals", "Ce qui est prévu pour les repas", False, 200),
    ):
        try:
            values[name] = clean_text(getattr(part, name), name, what, at_most=longest, required=required)
        except ServiceError as fault:
            faults.append(fault)
    try:
        values["tutor_email"] = clean_email(part.tutor_email, "tutor_email")
    except ServiceError as fault:
        faults.append(fault)
    return values, faults


def clean_email(text: str, field: str) -> str:
    """The address in its usual form, or nothing.

    Raises:
        ServiceError: `email_invalid`.
    """
    if not text.strip():
        return ""
    try:
        return normalise_email(text)
    except ServiceError as fault:
        raise ServiceError(fault.code, fault.message, field) from None


def judge_for_pupils(
    session: Session, opening: Opening, hours: Sequence[str], stays: Iterable[AgreementStay]
) -> Judgement:
    """What the hours weigh for each pupil's age on each day; without a birth date, for the youngest usual age.

    Hours that cannot be read are refused too.
    """
    offer, period = session.get_one(Offer, opening.offer_id), session.get_one(Period, opening.period_id)
    try:
        days = [day for index, text in enumerate(hours) if (day := read_day(text, index + 1)) is not None]
    except ServiceError as fault:
        return Judgement((fault.message,), ())
    refused: dict[str, None] = {}
    warned: dict[str, None] = {}
    births = {stay.birth_date for stay in stays} or {None}
    for born in sorted(births, key=lambda one: one or date.min):
        for on in (period.starts_on, period.ends_on):
            judged = judge_hours(days, limits_of(session, offer.level, on, born))
            refused |= dict.fromkeys(judged.refused)
            warned |= dict.fromkeys(judged.warned)
    return Judgement(tuple(refused), tuple(warned))


@dataclass(frozen=True, slots=True)
class PupilPart:
    """What the school alone knows of a pupil, for the agreement and nothing else."""

    birth_date: date | None
    representative_name: str
    representative_email: str


def correct_by_school(
    session: Session,
    agreement: Agreement,
    pupils: dict[int, PupilPart],
    referent_teacher: str,
    actor: str,
    version: int,
) -> None:
    """Writes the school's part; `pupils` by `AgreementStay.id`.

    Raises:
        ServiceError: an address that is none, a birth date that cannot be a pupil's.
        Conflict: the document exists already, or somebody else changed the agreement.
    """
    if agreement.state not in OPEN:
        raise Conflict("agreement_written", "Le document existe déjà\u00a0: faites un avenant pour le changer.")
    take_version(session, agreement, version)
    agreement.referent_teacher = clean_text(
        referent_teacher, "referent_teacher", "Le nom de l’enseignant référent", required=False
    )
    for stay in stays_of(session, agreement):
        part = pupils.get(row_id(stay))
        if part is None:
            continue
        if part.birth_date is not None and not date(1990, 1, 1) <= part.birth_date < agreement.made_at.date():
            raise ServiceError(
                "birth_date_invalid", "Cette date de naissance ne peut pas être celle d’un élève.", "birth"
            )
        stay.birth_date = part.birth_date
        stay.representative_name = clean_text(
            part.representative_name, "representative", "Le nom du représentant légal", required=False
        )
        stay.representative_email = clean_email(part.representative_email, "representative")
        session.add(stay)
    session.add(agreement)
    record(session, actor, "correct_agreement", f"agreement:{agreement.id}")
