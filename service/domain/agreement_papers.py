"""What an agreement says, in French words, from its rows: the document only sets it in type.

Responsible for every sentence that is not the template's. An empty value is a line to fill in by hand. Refuses to know
how a page looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.domain.dates import french_day, french_span, short_date
from service.domain.letters import MENTION
from service.domain.texts import french_list
from service.domain.working_time import WEEKDAYS, clock, read_day
from service.persistence.rows import row_id
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    AgreementTemplate,
    ClassGroup,
    Commune,
    Confirmation,
    Offer,
    Opening,
    Partner,
    PartnerMember,
    Period,
    Placement,
    Pupil,
    School,
    Site,
)
from service.vocabulary import LEVEL_LABELS, NEED_LABELS, SIGNATORY_LABELS, Need, Signatory

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PupilOnPaper:
    name: str
    born: str
    class_name: str
    representative: str


@dataclass(frozen=True, slots=True)
class SchoolOnPaper:
    name: str


@dataclass(frozen=True, slots=True)
class AgreementPaper:
    """Everything the document says, already in French. An empty value is a line to fill in by hand."""

    title: str
    subject: str
    number: str
    status: str
    school: SchoolOnPaper
    references: Sequence[str]
    parties: Sequence[Pair]
    articles: Sequence[dict[str, str]]
    pupils: Sequence[PupilOnPaper]
    needs: str
    sequence: Sequence[Pair]
    decision: str
    """How the pupil came there, where a round decided it; "" otherwise."""
    hours: Sequence[tuple[str, str, str]]
    aims: str
    activities: str
    skills: str
    follow_up: str
    financial: Sequence[Pair]
    signatures: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class _Rows:
    agreement: Agreement
    template: AgreementTemplate
    school: School
    town: Commune
    opening: Opening
    offer: Offer
    site: Site
    partner: Partner
    member: PartnerMember | None
    commune: Commune
    period: Period


def papers_of(session: Session, ids: Sequence[int]) -> dict[int, AgreementPaper]:
    """The papers of these agreements, by key, in two queries whatever their number."""
    town, commune = aliased(Commune), aliased(Commune)
    things = (Agreement, AgreementTemplate, School, town, Opening, Offer, Site, Partner, PartnerMember, commune, Period)
    query = (
        select(*things)
        .join(AgreementTemplate, col(AgreementTemplate.id) == col(Agreement.template_id))
        .join(School, col(School.id) == col(Agreement.school_id))
        .join(town, col(town.insee) == col(School.insee))
        .join(Opening, col(Opening.id) == col(Agreement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .join(Partner, col(Partner.id) == col(Site.partner_id))
        .outerjoin(PartnerMember, col(PartnerMember.id) == col(Site.member_id))
        .join(commune, col(commune.insee) == col(Site.insee))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .where(col(Agreement.id).in_(ids))
    )
    rows = session.execute(query).all()
    pupils = _pupils(session, ids)
    found = [_Rows(*row) for row in rows]
    return {row_id(one.agreement): _paper(one, pupils.get(row_id(one.agreement), [])) for one in found}


_Covered = tuple[AgreementStay, Pupil, str, bool]


def _pupils(session: Session, ids: Sequence[int]) -> dict[int, list[_Covered]]:
    """The pupils of each agreement that is alive, with their class and whether a round sent them there."""
    decided = exists().where(
        col(Placement.pupil_id) == col(Confirmation.pupil_id), col(Placement.opening_id) == col(Confirmation.opening_id)
    )
    query = (
        select(AgreementStay, Pupil, col(ClassGroup.name), decided)
        .join(Confirmation, col(Confirmation.id) == col(AgreementStay.confirmation_id))
        .join(Pupil, col(Pupil.id) == col(Confirmation.pupil_id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .where(col(AgreementStay.agreement_id).in_(ids), col(AgreementStay.live))
        .order_by(col(ClassGroup.name), col(Pupil.display_name), col(AgreementStay.id))
    )
    found: dict[int, list[_Covered]] = {}
    for stay, pupil, class_name, by_a_round in session.execute(query):
        found.setdefault(stay.agreement_id, []).append((stay, pupil, class_name, by_a_round))
    return found


def _paper(rows: _Rows, covered: Sequence[_Covered]) -> AgreementPaper:
    words, agreement = rows.template.document, rows.agreement
    span = french_span(rows.period.starts_on, rows.period.ends_on)
    who = covered[0][1].display_name if len(covered) == 1 else f"{len(covered)} élèves"
    return AgreementPaper(
        title=words["title"],
        subject=f"{who}, {span}",
        number=f"Convention de stage n°\u00a0{agreement.id}"
        + (f", avenant à la convention n°\u00a0{agreement.amends_id}" if agreement.amends_id else ""),
        status=_status(rows.template),
        school=SchoolOnPaper(rows.school.name),
        references=words["references"],
        parties=_parties(rows),
        articles=words["articles"],
        pupils=[_pupil(*one[:3]) for one in covered],
        needs=french_list(sorted({NEED_LABELS[Need(need)] for _, pupil, *_ in covered for need in pupil.needs})),
        sequence=[
            ("Niveau", LEVEL_LABELS[rows.offer.level]),
            ("Dates", span),
            ("Lieu", _place(rows.site.name, rows.site.street, rows.commune.name, rows.site.department_code)),
            ("Tuteur", _joined(agreement.tutor_name, agreement.tutor_function)),
            ("Courriel du tuteur", agreement.tutor_email),
            ("Enseignant référent", agreement.referent_teacher),
        ],
        decision=MENTION if any(by_a_round for *_, by_a_round in covered) else "",
        hours=_hours(agreement.hours),
        aims=words["aims"],
        activities=agreement.activities,
        skills=french_list([one.lower() for one in words["skills"]]),
        follow_up=words["follow_up"],
        financial=[
            ("Hébergement", words["lodging"]),
            ("Repas", agreement.meals),
            ("Transport", words["transport"]),
            ("Assurance", words["insurance"]),
        ],
        signatures=_signatures(agreement, covered),
    )


def _hours(typed: Sequence[str]) -> list[tuple[str, str, str]]:
    days = [read_day(text, index + 1) for index, text in enumerate(typed)]
    return [
        (WEEKDAYS[index], "repos", "") if day is None else (WEEKDAYS[index], day.text, clock(day.minutes))
        for index, day in enumerate(days)
    ]


def _status(template: AgreementTemplate) -> str:
    said = f"Modèle «\u00a0{template.key}\u00a0», version {template.version}, du {short_date(template.valid_from)}"
    return said if template.validated else f"{said}. Texte à valider par l’académie avant tout usage réel."


def _parties(rows: _Rows) -> list[Pair]:
    agreement, host = rows.agreement, rows.member.name if rows.member is not None else rows.partner.name
    authorised = agreement.board_authorised_on
    return [
        ("Établissement", f"{rows.school.name} ({rows.school.uai})"),
        ("Adresse", _place("", rows.school.street, rows.town.name, rows.school.department_code)),
        ("Représenté par", f"{agreement.head_of_school}, chef d’établissement" if agreement.head_of_school else ""),
        ("Autorisé par le conseil d’administration", f"le {french_day(authorised)}" if authorised else ""),
        ("Structure d’accueil", host if host == rows.site.name else f"{host}, site «\u00a0{rows.site.name}\u00a0»"),
        ("SIRET du site", rows.site.siret),
        ("Représentée par", _joined(agreement.signatory_name, agreement.signatory_function)),
    ]


def _pupil(stay: AgreementStay, pupil: Pupil, class_name: str) -> PupilOnPaper:
    return PupilOnPaper(
        pupil.display_name,
        short_date(stay.birth_date) if stay.birth_date else "",
        class_name,
        _joined(stay.representative_name, stay.representative_email),
    )


def _signatures(agreement: Agreement, covered: Sequence[_Covered]) -> list[Pair]:
    lines = [
        (SIGNATORY_LABELS[Signatory.HEAD], agreement.head_of_school),
        (SIGNATORY_LABELS[Signatory.HOST], agreement.signatory_name),
    ]
    for stay, pupil, *_ in covered:
        lines.append((SIGNATORY_LABELS[Signatory.PUPIL], pupil.display_name))
        lines.append((SIGNATORY_LABELS[Signatory.REPRESENTATIVE], stay.representative_name))
    return lines


def _place(name: str, street: str, commune: str, department: str) -> str:
    return ", ".join(one for one in (name, street, f"{commune} ({department})") if one)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
