"""The départements where a class accepts to send its pupils: those it may name, and their names.

Responsible for what a request may say of them. An empty list is no limit: the campaign's territory decides alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.bridge import departments_served
from service.domain.perimeters import area_of, common, read_geography
from service.domain.texts import french_list
from service.errors import ServiceError
from service.persistence.bulk import fetch
from service.persistence.tables import Campaign, Department, School

FIELD = "departments"


@dataclass(frozen=True, slots=True)
class DepartmentChoice:
    """`near`: the school's own, or a neighbour of it."""

    code: str
    name: str
    near: bool


def served_departments(session: Session, campaign: Campaign, school: School) -> frozenset[str]:
    """Where the campaign lets the school's pupils go."""
    served = departments_served(session, campaign, school.department_code)
    return common(area_of(session, campaign.territory), served) or frozenset()


def department_choices(
    session: Session, campaign: Campaign, school: School, ticked: Collection[str] = ()
) -> list[DepartmentChoice]:
    """The school's own first, then its neighbours, then the others; one ticked before a rule changed stays there."""
    served = served_departments(session, campaign, school) | set(ticked)
    rows = fetch(session, select(col(Department.code), col(Department.name), col(Department.neighbours)))
    home = school.department_code
    beside = {code for one, _, neighbours in rows if one == home for code in neighbours}
    found = [
        DepartmentChoice(code, f"{name} ({code})", code == home or code in beside)
        for code, name, _ in rows
        if code in served
    ]
    return sorted(found, key=lambda one: (one.code != home, not one.near, one.code))


def department_names(session: Session, codes: Iterable[str]) -> list[str]:
    """«Nord (59)», in the order of the codes."""
    names = read_geography(session)
    return [names.name(f"department:{code}") for code in sorted(codes)]


def check_departments(session: Session, campaign: Campaign, school: School, codes: Collection[str]) -> None:
    """
    Raises:
        ServiceError: a département that does not exist, or where the campaign lets none of the school's pupils go.
    """
    if not codes:
        return
    known = read_geography(session).departments
    for code in sorted(codes):
        if f"department:{code}" not in known:
            message = f"Le département «\u00a0{code[:10]}\u00a0» n’existe pas. Choisissez-en un dans la liste."
            raise ServiceError("department_unknown", message, FIELD)
    if beyond := set(codes) - served_departments(session, campaign, school):
        named = french_list(department_names(session, beyond))
        these = "ce département, décochez-le" if len(beyond) == 1 else "ces départements, décochez-les"
        message = f"La campagne n’envoie aucun élève de {school.name} dans {these}\u00a0: {named}."
        raise ServiceError("department_not_served", message, FIELD)
