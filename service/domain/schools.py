"""Schools: entered once, found by their UAI. Levels never follow from the type of school alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from service.domain.accounts import normalise_email
from service.domain.audit import record
from service.domain.dates import french_day
from service.domain.gathering import gathered
from service.domain.identifiers import check_uai
from service.domain.points import AS_WRITTEN_M, Point, metres_between, settle
from service.domain.territories import get_commune
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.rows import take_version
from service.persistence.tables import Commune, School
from service.persistence.walks import has_placed
from service.vocabulary import Level, Priority, SchoolType

LEVELS_OF_SCHOOL: Mapping[SchoolType, frozenset[Level]] = {
    # A prépa métiers class may sit in a collège, a vocational lycée or a lycée polyvalent.
    SchoolType.COLLEGE: frozenset({Level.TROISIEME, Level.TROISIEME_PREPA_METIERS}),
    SchoolType.LYCEE: frozenset({Level.SECONDE_GT, Level.TROISIEME_PREPA_METIERS}),
}


_CORRECTED_ONLY = {"street", "board_authorised_on", "point"}


class SchoolDraft(BaseModel):
    """A school as it is entered or imported. Its position is its commune's unless a better one is given."""

    model_config = ConfigDict(frozen=True)

    uai: str
    name: str
    kind: SchoolType
    insee: str
    priority: Priority = Priority.NONE
    latitude: float | None = None
    longitude: float | None = None
    head_of_school: str = ""
    official_email: str = ""


def add_schools(session: Session, drafts: Sequence[SchoolDraft], actor: str) -> list[School]:
    """All of them or none.

    Raises:
        Refusals: a wrong UAI, a missing name, an unknown commune, a UAI that is already there or given twice.
    """
    taken = set(session.exec(select(School.uai)))
    schools = []
    for draft in drafts:
        school = _check(session, draft)
        if school.uai in taken:
            raise Conflict("uai_taken", f"L’établissement {school.uai} est déjà enregistré.", "uai")
        taken.add(school.uai)
        schools.append(school)
    session.add_all(schools)
    session.flush()
    for school in schools:
        record(session, actor, "add_school", f"school:{school.id}", uai=school.uai)
    return schools


def _check(session: Session, draft: SchoolDraft) -> School:
    uai, name, head, email = "", "", "", ""
    commune: Commune | None = None
    with gathered() as faults:
        with faults.next():
            uai = check_uai(draft.uai)
        with faults.next():
            name = clean_text(draft.name, "name", "Le nom de l’établissement")
        with faults.next():
            head = clean_text(draft.head_of_school, "head_of_school", "Le nom du chef d’établissement", required=False)
        if draft.official_email:
            with faults.next():
                email = normalise_email(draft.official_email)
        with faults.next():
            commune = get_commune(session, draft.insee)
    assert commune is not None
    return School(
        uai=uai,
        name=name,
        kind=draft.kind,
        priority=draft.priority,
        insee=commune.insee,
        department_code=commune.department_code,
        latitude=commune.latitude if draft.latitude is None else draft.latitude,
        longitude=commune.longitude if draft.longitude is None else draft.longitude,
        head_of_school=head,
        official_email=email,
    )


class SchoolCorrection(BaseModel):
    """What a school may correct about itself. Its UAI and its kind come from the national directory."""

    model_config = ConfigDict(frozen=True)

    name: str
    insee: str
    street: str = ""
    priority: Priority = Priority.NONE
    head_of_school: str = ""
    board_authorised_on: date | None = None
    point: Point | None = None
    """Where it stands, when that is better known than its commune's centre."""


def correct_school(
    session: Session, school: School, wanted: SchoolCorrection, today: date, actor: str, version: int
) -> tuple[list[str], list[str]]:
    """The fields that changed, and warnings to show. The category weighs in rounds: the trail keeps what it was.

    Raises:
        Refusals: a missing name, an unknown commune, an authorisation dated in the future, a point that is elsewhere,
            another département while pupils have places.
        Conflict: someone else has corrected the school meanwhile.
    """
    fresh: School | None = None
    place, warnings = Point(0.0, 0.0), list[str]()
    with gathered() as faults:
        with faults.next():
            fresh = _check(
                session, SchoolDraft(uai=school.uai, kind=school.kind, **wanted.model_dump(exclude=_CORRECTED_ONLY))
            )
        if fresh is not None:
            commune = get_commune(session, fresh.insee)
            with faults.next():
                _refuse_other_department(session, school, commune)
            with faults.next():
                place, warnings = settle(session, commune, _still_meant(school, wanted))
        with faults.next():
            street = clean_text(wanted.street, "street", "L’adresse", at_most=200, required=False)
        if wanted.board_authorised_on is not None and wanted.board_authorised_on > today:
            faults.add(
                "date_to_come",
                f"Le {french_day(wanted.board_authorised_on)} n’est pas encore passé. Indiquez la date de la "
                "délibération, ou laissez vide.",
                "board_authorised_on",
            )
    assert fresh is not None
    take_version(session, school, version)
    values = {name: getattr(fresh, name) for name in ("name", "insee", "priority", "head_of_school")}
    values |= {"street": street, "board_authorised_on": wanted.board_authorised_on}
    values |= {"department_code": fresh.department_code, "latitude": place.latitude, "longitude": place.longitude}
    before = {name: getattr(school, name) for name, value in values.items() if getattr(school, name) != value}
    for name, value in values.items():
        setattr(school, name, value)
    session.add(school)
    session.flush()
    record(
        session, actor, "correct_school", f"school:{school.id}", before={name: str(old) for name, old in before.items()}
    )
    return sorted(before), warnings


def _refuse_other_department(session: Session, school: School, commune: Commune) -> None:
    """A school whose pupils a running campaign has placed keeps its département: rounds and conventions rest on it.

    Raises:
        ServiceError: `department_relied_on`.
    """
    if commune.department_code == school.department_code:
        return
    if has_placed(session, col(School.id) == school.id):
        message = (
            f"{commune.name} est dans un autre département ({commune.department_code}), et vos élèves ont déjà des "
            f"places depuis le {school.department_code}. Attendez la fin de la campagne ou prévenez la coordination."
        )
        raise ServiceError("department_relied_on", message, "insee")


def _still_meant(school: School, wanted: SchoolCorrection) -> Point | None:
    """A point left as it was in the form of a school that moves to another commune was the old commune's."""
    here = Point(school.latitude, school.longitude)
    left = (
        wanted.point is not None and wanted.insee != school.insee and metres_between(here, wanted.point) < AS_WRITTEN_M
    )
    return None if left else wanted.point


def get_school(session: Session, uai: str) -> School:
    """The school of a UAI.

    Raises:
        NotFound: no school has it here.
    """
    school = session.exec(select(School).where(col(School.uai) == uai.strip().upper())).first()
    if school is None:
        raise NotFound(f"Aucun établissement n’a l’UAI {uai[:10]}.")
    return school
