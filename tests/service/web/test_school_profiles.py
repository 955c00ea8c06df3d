"""A school corrects what the service says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select

from service.persistence.tables import AuditEntry, Commune, School
from service.vocabulary import Priority
from tests.service.web.conftest import Browser, text_of
from tests.service.web.small_country import SmallCountry

BrowserFor = Callable[..., Browser]


@pytest.fixture
def stage() -> str:
    return "open"


def profile(**changes: Any) -> dict[str, Any]:
    good = {"version": "1", "name": "Collège des Tilleuls", "street": "3 rue des Lilas", "commune": "Lyon",
            "priority": "rep", "head_of_school": "Mme Exemple", "board_authorised_on": "2026-10-06"}  # fmt: skip
    return good | changes


def school_of(database: Session, uai: str) -> School:
    database.rollback()
    return database.exec(select(School).where(School.uai == uai)).one()


def test_a_school_corrects_its_own_data(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """Address, category, head and authorisation are kept, and the trail says what they were."""
    page = f"/etablissements/{country.school_a}/fiche"
    browser = browser_for(country.email_school_a)
    assert "Lyon" in browser.get(page).get_data(as_text=True)
    assert browser.post(page, profile()).status_code == 303
    school = school_of(database, country.school_a)
    assert (school.street, school.priority, school.head_of_school) == ("3 rue des Lilas", Priority.REP, "Mme Exemple")
    assert (school.board_authorised_on, school.insee, school.version) == (date(2026, 10, 6), "69123", 2)
    entry = database.exec(select(AuditEntry).where(AuditEntry.action == "correct_school")).one()
    assert entry.detail["before"]["priority"] == "none"


def test_another_commune_moves_the_school(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """Distances then start from the new commune, in its département."""
    page = f"/etablissements/{country.school_a}/fiche"
    before = school_of(database, country.school_a).latitude
    assert browser_for(country.email_school_a).post(page, profile(commune="Roubaix")).status_code == 303
    school = school_of(database, country.school_a)
    assert (school.insee, school.department_code) == ("59512", "59")
    assert school.latitude != before


def test_a_school_says_where_it_stands(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """Its point is looked at on a map, then kept; one left there when the commune changes goes with it."""
    page = f"/etablissements/{country.school_a}/fiche"
    browser = browser_for(country.email_school_a)
    seen = browser.post(page, profile(point="45.7597, 4.8422", look="1"))
    assert "du centre de Lyon (69)" in text_of(seen)
    assert school_of(database, country.school_a).version == 1
    assert browser.post(page, profile(point="45.7597, 4.8422")).status_code == 303
    school = school_of(database, country.school_a)
    assert (school.latitude, school.longitude) == (45.7597, 4.8422)
    assert browser.post(page, profile(version="2", point="45.75970, 4.84220", commune="Roubaix")).status_code == 303
    school = school_of(database, country.school_a)
    commune = database.get_one(Commune, "59512")
    assert (school.latitude, school.longitude) == (commune.latitude, commune.longitude)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Indiquez le nom"),
        ({"point": "2.3522, 48.8566"}, "Le point 2.35220, 48.85660 est à"),
        ({"point": "4.8422, 45.7597"}, "semblent inversées"),
        ({"commune": "Nulle-Part"}, "Aucune commune ne s’appelle"),
        ({"priority": "royale"}, "choix"),
        ({"board_authorised_on": "2027-01-05"}, "n’est pas encore passé"),
        ({"version": "7"}, "Quelqu’un d’autre a modifié"),
        ({"head_of_school": "Mme\x00Exemple"}, "caractère interdit"),
    ],
)
def test_what_cannot_be_corrected(
    browser_for: BrowserFor, country: SmallCountry, database: Session, changes: dict[str, Any], said: str
) -> None:
    """Each fault is said at its field, what was typed stays, nothing is kept."""
    answer = browser_for(country.email_school_a).post(f"/etablissements/{country.school_a}/fiche", profile(**changes))
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "3 rue des Lilas" in answer.get_data(as_text=True)
    school = school_of(database, country.school_a)
    assert (school.street, school.version) == ("", 1)
