"""The pages of one's own data, of a pupil's, of the audit trail and of retention: read, exported, acted on."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from service.persistence.tables import Campaign, ClassGroup, Pupil, School, User
from tests.service.web.conftest import Browser, text_of
from tests.service.web.filled_country import CANARY
from tests.service.web.small_country import SmallCountry

BrowserFor = Callable[[str], Browser]


@pytest.fixture
def stage() -> str:
    return "published"


def test_everybody_reads_and_takes_away_their_own_data(browser_for: BrowserFor, country: SmallCountry) -> None:
    """On the page and in both files: the address, the right; a visitor is asked to sign in."""
    browser = browser_for(country.email_school_a)
    assert country.email_school_a in text_of(browser.get("/mes-donnees"))
    rows = json.loads(browser.get("/mes-donnees/export.json").get_data())
    assert {"Rubrique": "Droit", "Donnée": "Établissement", "Valeur": "Collège des Tilleuls"} in rows
    assert browser.get("/mes-donnees/export.xlsx").get_data().startswith(b"PK")
    assert browser.get("/mes-donnees/export.pdf").status_code == 404
    assert browser_for("").get("/mes-donnees").status_code == 303


def test_a_name_is_corrected_and_an_account_erased(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """An empty name is refused, the box must be ticked, the last person of a space is kept; a coordinator may leave."""
    browser = browser_for(country.email_school_a)
    assert browser.post("/mes-donnees/nom", {"name": ""}, token_from="/mes-donnees").status_code == 422
    assert browser.post("/mes-donnees/nom", {"name": "Dominique"}, token_from="/mes-donnees").status_code == 303
    assert "Dominique" in text_of(browser.get("/mes-donnees"))
    assert browser.post("/mes-donnees/effacement", token_from="/mes-donnees").status_code == 422
    alone = browser.post("/mes-donnees/effacement", {"sure": "y"}, token_from="/mes-donnees")
    assert "vous êtes la seule personne" in text_of(alone).lower()
    coordinator = browser_for(country.email_coordinator)
    gone = coordinator.post("/mes-donnees/effacement", {"sure": "y"}, token_from="/mes-donnees")
    assert gone.location == "/connexion?raison=effacement"
    assert "Votre compte est effacé" in text_of(coordinator.get(gone.location))
    assert coordinator.get("/coordination").status_code == 303
    assert country.email_coordinator not in str(database.exec(select(User)).all())


def test_a_school_reads_a_pupil_and_may_erase_after_the_stay(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """From the class page to everything held; a pupil who is expected somewhere stays, one without place is erased."""
    school = database.exec(select(School).where(School.uai == country.school_a)).one()
    group = database.exec(select(ClassGroup).where(ClassGroup.school_id == school.id)).one()
    browser = browser_for(country.email_school_a)
    pupils = database.exec(select(Pupil).where(Pupil.class_id == group.id)).all()
    address = f"/etablissements/{school.uai}/eleves/{pupils[0].id}"
    assert f'href="{address}"' in browser.get(f"/etablissements/{school.uai}/classes/{group.id}").get_data(as_text=True)
    assert CANARY in text_of(browser.get(address))
    assert CANARY.encode() in browser.get(f"{address}/export.json").get_data()
    refused = browser.post(f"{address}/effacement", {"sure": "y"}, token_from=address)
    assert "Un stage annoncé n’est pas terminé" in text_of(refused)
    assert browser_for(country.email_school_b).get(address).status_code == 404


def test_the_trail_is_filtered_and_exported(browser_for: BrowserFor, country: SmallCountry) -> None:
    """Newest first, by act; no pupil's name in it."""
    browser = browser_for(country.email_coordinator)
    said = text_of(browser.get("/coordination/journal?acte=publish_round"))
    assert "Tour publié" in said
    assert "1 acte" in said
    assert CANARY not in text_of(browser.get("/coordination/journal"))
    assert browser.get("/coordination/journal.xlsx?acte=publish_round").get_data().startswith(b"PK")
    assert browser_for(country.email_school_a).get("/coordination/journal").status_code == 404


def test_retention_is_told_and_the_next_year_prepared(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """Each rule with the day it reaches today; the button makes the periods of the next year."""
    browser = browser_for(country.email_coordinator)
    page = text_of(browser.get("/coordination/conservation"))
    assert "Nom, besoins d’accessibilité et vœux des élèves" in page
    assert "23/11/2025" in page
    done = browser.post("/coordination/conservation/annee-suivante", token_from="/coordination/conservation")
    assert done.status_code == 303
    assert "L’année suivante est prête" in text_of(browser.get("/coordination/conservation"))
    assert len(database.exec(select(Campaign)).all()) == 1
