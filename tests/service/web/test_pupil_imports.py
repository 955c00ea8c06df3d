"""A school imports its pupils: refused with every fault told, then read again, confirmed, and never twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func
from sqlmodel import Session, col, select
from werkzeug.test import TestResponse

from service.documents.spreadsheets import LEGEND
from service.persistence.engine import session_scope
from service.persistence.tables import ImportFile, PlacementRequest, Preference, Pupil
from service.vocabulary import RequestStatus
from tests.service.web.conftest import ORIGIN, Browser, text_of
from tests.service.web.pupil_files import csv_of, good_lines, spoil
from tests.service.web.small_country import SmallCountry

BrowserFor = Callable[..., Browser]


@pytest.fixture
def stage() -> str:
    return "open"


def send(browser: Browser, address: str, content: bytes, name: str = "liste.csv", **choices: str) -> TestResponse:
    data: dict[str, Any] = {"csrf_token": browser.token(address), "file": (io.BytesIO(content), name), **choices}
    return browser.client.post(address, data=data, headers={"Origin": ORIGIN})


def confirm(browser: Browser, address: str, **choices: Any) -> TestResponse:
    return browser.post(address, {"reach_km": "30", **choices})


def count(database: Session, table: Any) -> int:
    database.rollback()
    return database.exec(select(func.count()).select_from(table)).one()


def test_230_pupils_with_7_bad_lines(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """Seven faults are told with line and column and nothing is written; corrected, all 230 are there and sent."""
    browser, address = browser_for(country.email_school_b), f"/etablissements/{country.school_b}/import"
    lines = good_lines(230)
    spoilt, expected = spoil(lines)
    refused = send(browser, address, csv_of(spoilt))
    assert refused.status_code == 422
    said = text_of(refused)
    assert "7 erreurs : rien n’a été importé" in said
    for line, column in expected:
        assert f"Ligne {line} {column} " in said
    assert count(database, Pupil) == count(database, PlacementRequest) == count(database, ImportFile) == 0

    read = send(browser, address, csv_of(lines))
    assert read.status_code == 303
    plan = text_of(browser.get(read.location))
    assert "230 élèves · 8 classes · aucune erreur" in plan
    assert count(database, Pupil) == 0
    done = confirm(browser, read.location, send="1", periods_seconde="2027-W24-2")
    assert done.status_code == 303
    assert count(database, Pupil) == 230
    statuses = database.exec(select(PlacementRequest.status)).all()
    assert set(statuses) == {RequestStatus.SUBMITTED}
    assert len(statuses) == 8
    assert "230" in text_of(browser.get(done.location))
    assert database.exec(select(ImportFile.content)).all() == [None], "names do not outlive the confirmation"


def test_importing_twice_adds_nobody(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """The same file again changes nothing; a corrected wish changes one pupil; nobody is removed."""
    browser, address = browser_for(country.email_school_b), f"/etablissements/{country.school_b}/import"
    lines = good_lines(40)
    first = send(browser, address, csv_of(lines)).location
    confirm(browser, first, keep="1", periods_seconde="2027-W24-2")
    pseudonyms = sorted(database.exec(select(Pupil.pseudonym)))
    again = send(browser, address, csv_of(lines)).location
    confirm(browser, again, keep="1")
    database.rollback()
    assert sorted(database.exec(select(Pupil.pseudonym))) == pseudonyms
    outcome = database.exec(select(ImportFile.outcome).order_by(col(ImportFile.id).desc())).first()
    assert outcome == {"classes": 2, "new_classes": 0, "added": 0, "changed": 0, "unchanged": 40, "sent": 0}
    lines[0][3] = "Énergie"
    changed = send(browser, address, csv_of(lines[:1])).location
    assert "0 1 0 29" in text_of(browser.get(changed)), "29 pupils of the class are kept"
    confirm(browser, changed, keep="1")
    database.rollback()
    assert sorted(database.exec(select(Pupil.pseudonym))) == pseudonyms
    assert len(database.exec(select(Preference).where(Preference.sector == "energie", Preference.rank == 1)).all()) >= 1


def test_a_double_click_imports_once(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """Confirming what is confirmed leads to the same result page."""
    browser, address = browser_for(country.email_school_b), f"/etablissements/{country.school_b}/import"
    page = send(browser, address, csv_of(good_lines(10))).location
    token = browser.token(page)
    form = {"csrf_token": token, "reach_km": "30", "periods_seconde": "2027-W24-2", "keep": "1"}
    answers = [browser.client.post(page, data=form, headers={"Origin": ORIGIN}) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert count(database, Pupil) == 10


def test_a_week_is_asked_for(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """Classes of 3e need their weeks, and départements that can be: else the page says so and nothing is written."""
    browser, address = browser_for(country.email_school_a), f"/etablissements/{country.school_a}/import"
    page = send(browser, address, "Classe;Élève\n3e B;Zoé\n3e B;Yanis\n".encode()).location
    refused = confirm(browser, page, keep="1")
    assert refused.status_code == 422
    assert "Cochez au moins une semaine en 3e" in text_of(refused)
    assert count(database, Pupil) == 0
    elsewhere = confirm(browser, page, keep="1", periods_troisieme="2027-W05", departments=["69", "75"])
    assert elsewhere.status_code == 422
    assert "décochez-le : Paris (75)" in text_of(elsewhere)
    assert count(database, Pupil) == 0
    assert confirm(browser, page, keep="1", periods_troisieme="2027-W05", departments=["69"]).status_code == 303
    assert count(database, Pupil) == 2
    assert database.exec(select(PlacementRequest.departments)).one() == ["69"]


def test_a_class_that_a_round_has_taken_is_told_before(
    browser_for: BrowserFor, country: SmallCountry, database: Session, app: Flask
) -> None:
    """A list that would change a frozen class says which one and offers no button; without its lines it passes."""
    browser, address = browser_for(country.email_school_b), f"/etablissements/{country.school_b}/import"
    lines = good_lines(40)
    confirm(browser, send(browser, address, csv_of(lines)).location, send="1", periods_seconde="2027-W24-2")
    with session_scope(app.extensions["sequence_engine"]) as session:
        session.exec(select(PlacementRequest).order_by(col(PlacementRequest.id))).first().status = RequestStatus.FROZEN
    lines[3][3] = lines[35][3] = "Santé"
    page = send(browser, address, csv_of(lines)).location
    said = browser.get(page)
    assert "Un tour a déjà pris en compte 2de 1" in text_of(said)
    assert "envoyer les demandes" not in text_of(said)
    assert confirm(browser, page, keep="1").status_code == 422
    assert confirm(browser, send(browser, address, csv_of(lines[30:])).location, keep="1").status_code == 303


def test_another_schools_file_does_not_exist(browser_for: BrowserFor, country: SmallCountry) -> None:
    """A file waiting at one school is nowhere for another."""
    browser = browser_for(country.email_school_b)
    page = send(browser, f"/etablissements/{country.school_b}/import", csv_of(good_lines(3))).location
    number = page.rsplit("/", 1)[1]
    assert browser_for(country.email_school_a).get(page).status_code == 404
    foreign = f"/etablissements/{country.school_a}/import/{number}"
    assert browser_for(country.email_school_a).get(foreign).status_code == 404


def test_an_abandoned_file_is_forgotten(browser_for: BrowserFor, country: SmallCountry, database: Session) -> None:
    """« Ne pas importer » leaves no trace of the names."""
    browser = browser_for(country.email_school_b)
    page = send(browser, f"/etablissements/{country.school_b}/import", csv_of(good_lines(3))).location
    assert browser.post(f"{page}/abandon", token_from=page).status_code == 303
    assert count(database, ImportFile) == 0


def test_the_template_is_recognised(browser_for: BrowserFor, country: SmallCountry) -> None:
    """The empty template is refused for having no line, not for its columns; it has a sheet that explains."""
    browser, address = browser_for(country.email_school_b), f"/etablissements/{country.school_b}/import"
    workbook = browser.get(f"{address}/modele.xlsx")
    assert workbook.data[:2] == b"PK"
    refused = send(browser, address, workbook.data, "modele.xlsx")
    assert "Rien sous les titres de colonnes" in text_of(refused)
    assert LEGEND == "Mode d’emploi"


def test_no_file_and_a_closed_campaign(browser_for: BrowserFor, country: SmallCountry) -> None:
    """Sending nothing says what to do."""
    browser, address = browser_for(country.email_school_b), f"/etablissements/{country.school_b}/import"
    answer = browser.post(address)
    assert answer.status_code == 422
    assert "Choisissez un fichier" in text_of(answer)
