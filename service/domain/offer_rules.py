"""What an offer must respect before it is published: its periods, its seats, and the terms of its convention.

Reads only. The same rules serve one offer typed in a form and thousands in an import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, select

from service.domain.calendar import check_periods, period_label, school_year_of
from service.domain.convention_states import accepts_offers, convention_state, departments_of, get_convention
from service.domain.dates import french_day
from service.domain.gathering import gathered
from service.domain.offer_details import Details, check_details
from service.domain.territories import get_department, sector_keys
from service.domain.texts import clean_text, french_list, french_number
from service.domain.working_time import WorkDay
from service.errors import ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Commitment, Convention, Partner, Period, Site
from service.vocabulary import LEVEL_LABELS, Level

MOST_SEATS = 2_000
_PERIOD = re.compile(r"([0-9]{4})-W([0-9]{2})(-[2-9])?")


class OfferDraft(BaseModel):
    """An offer as it is entered: seats per period, and the convention it falls under, or none."""

    model_config = ConfigDict(frozen=True)

    level: Level
    sector: str
    seats: dict[str, int]
    max_per_school: int | None = None
    min_group: int | None = None
    reserved: dict[str, int] = {}
    hours: tuple[WorkDay, ...] = ()
    convention_key: str | None = None
    title: str = ""

    @property
    def details(self) -> Details:
        return Details(self.min_group, self.max_per_school, self.reserved, self.hours)


@dataclass(frozen=True, slots=True)
class Terms:
    """A convention as an offer meets it, read once for a whole batch."""

    convention_id: int
    partner_id: int
    name: str
    levels: tuple[str, ...]
    departments: frozenset[str] | None
    commitments: Mapping[str, int]
    expires_on: date | None
    why_closed: str


def read_terms(session: Session, key: str, today: date) -> Terms:
    """The terms of the latest version of a deed, as they stand today."""
    convention = get_convention(session, key)
    return Terms(
        convention_id=row_id(convention),
        partner_id=convention.partner_id,
        name=session.get_one(Partner, convention.partner_id).name,
        levels=tuple(convention.document["levels"]),
        departments=departments_of(session, convention),
        commitments=_hosting_commitments(session, convention),
        expires_on=convention_state(session, convention, today).expires_on,
        why_closed=accepts_offers(session, convention, today)[1],
    )


def _hosting_commitments(session: Session, convention: Convention) -> dict[str, int]:
    query = select(Commitment).where(Commitment.convention_id == row_id(convention), Commitment.unit == "hosting")
    return {one.level: row_id(one) for one in session.exec(query)}


def check_offer(session: Session, site: Site, draft: OfferDraft, terms: Terms | None) -> list[Period]:
    """The periods of a draft that may be published on a site.

    Raises:
        Refusals: everything that is wrong with it, each saying what to do.
    """
    periods: list[Period] = []
    with gathered() as faults:
        if draft.sector not in sector_keys(session):
            faults.add("sector_unknown", "Ce secteur n’existe pas. Choisissez-en un dans la liste.", "sector")
        with faults.next():
            clean_text(draft.title, "title", "Le titre", required=False)
        for seats in draft.seats.values():
            with faults.next():
                check_seats(seats, at_least=1)
        with faults.next():
            periods = check_offer_periods(session, site, draft.level, draft.seats)
        with faults.next():
            first_day = min((one.starts_on for one in periods), default=None)
            check_details(session, draft.level, draft.details, draft.seats.values(), first_day)
        if terms is not None:
            with faults.next():
                _check_terms(session, site, draft.level, terms, periods)
    return periods


def check_seats(seats: int, at_least: int) -> None:
    if not at_least <= seats <= MOST_SEATS:
        raise ServiceError(
            "seats_out_of_bounds",
            f"Indiquez de {at_least} à {french_number(MOST_SEATS)} places par période\u00a0; "
            f"vous en indiquez {french_number(seats)}.",
            "seats",
        )


def check_offer_periods(session: Session, site: Site, level: Level, period_ids: Iterable[str]) -> list[Period]:
    """Periods open to the level at the site, in one school year, none over another."""
    ids = sorted(period_ids)
    if not ids:
        raise ServiceError("period_missing", "Ouvrez au moins une période, avec son nombre de places.", "seats")
    years = {school_year_of_period(one) for one in ids}
    if len(years) > 1:
        message = "Une offre porte sur une seule année scolaire. Faites une offre par année."
        raise ServiceError("several_school_years", message, "seats")
    periods = check_periods(session, level, years.pop(), site.department_code, ids, hosting=True)
    refuse_overlaps(periods)
    return periods


def refuse_overlaps(periods: Iterable[Period]) -> None:
    """A seat is one pupil's in a week: two periods of one offer may not share any."""
    taken: dict[str, Period] = {}
    for period in periods:
        for week in period.weeks:
            if week in taken:
                first, second = period_label(taken[week]), period_label(period)
                raise ServiceError(
                    "periods_overlap",
                    f"«\u00a0{first}\u00a0» et «\u00a0{second}\u00a0» se chevauchent\u00a0: une même place ne sert pas "
                    "deux fois. Faites deux offres, ou gardez une seule des deux périodes.",
                    "seats",
                )
            taken[week] = period


def school_year_of_period(period_id: str) -> str:
    """The school year an identifier such as «2027-W05» falls in."""
    found = _PERIOD.fullmatch(period_id)
    try:
        if found is None:
            raise ValueError(period_id)
        return school_year_of(date.fromisocalendar(int(found[1]), int(found[2]), 1))
    except ValueError:
        message = f"La période «\u00a0{period_id[:20]}\u00a0» n’existe pas. Choisissez-la dans la liste."
        raise ServiceError("period_unknown", message, "seats") from None


def check_level(terms: Terms, level: Level) -> None:
    """
    Raises:
        ServiceError: the convention does not name this level.
    """
    if level not in terms.levels:
        named = french_list([LEVEL_LABELS[one] for one in terms.levels])
        message = f"La convention {terms.name} ne prévoit pas d’accueil en {LEVEL_LABELS[level]}, mais en {named}."
        raise ServiceError("level_not_in_convention", message, "level")


def _check_terms(session: Session, site: Site, level: Level, terms: Terms, periods: list[Period]) -> None:
    with gathered() as faults:
        if terms.partner_id != site.partner_id:
            message = f"Ce site n’appartient pas à {terms.name}. Proposez-le hors convention."
            faults.add("convention_of_another", message, "convention_key")
        if terms.why_closed:
            faults.add("convention_closed", f"Convention {terms.name}\u00a0: {terms.why_closed}", "convention_key")
        with faults.next():
            check_level(terms, level)
        if terms.departments is not None and site.department_code not in terms.departments:
            faults.add("outside_territory", _outside(session, site, terms), "convention_key")
        last_day = max((one.ends_on for one in periods), default=None)
        if not terms.why_closed and terms.expires_on and last_day and last_day >= terms.expires_on:
            message = (
                f"La convention {terms.name} arrive à échéance le {french_day(terms.expires_on)}, avant la fin de la "
                "période. Choisissez une période plus tôt, ou faites d’abord enregistrer son renouvellement."
            )
            faults.add("convention_expires_before", message, "seats")


def _outside(session: Session, site: Site, terms: Terms) -> str:
    department = get_department(session, site.department_code)
    covered = ", ".join(sorted(terms.departments or ()))
    return (
        f"Le site «\u00a0{site.name}\u00a0» est dans le département {department.name} ({department.code}), hors du "
        f"territoire de la convention {terms.name} ({covered}). Proposez-le hors convention, ou choisissez un site de "
        "ce territoire."
    )
