"""After a published round: what a school, its neighbours, a partner and the public read of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import update
from sqlmodel import Session, col, select

from service.domain.accounts import create_user, grant
from service.domain.conventions import get_convention
from service.domain.pupil_wishes import CODE_LENGTH, digest_code
from service.domain.request_pupils import ALPHABET
from service.persistence.engine import session_scope
from service.persistence.tables import (
    AllocationRound,
    AuditEntry,
    ClassGroup,
    Confirmation,
    Offer,
    OfferDay,
    Placement,
    Pupil,
    School,
    WishCode,
)
from service.vocabulary import ConfirmationState, Role
from service.web.schools import EXPORT_COLUMNS
from tests.service.web.conftest import Browser, text_of
from tests.service.web.crawling import every_page
from tests.service.web.small_country import ACTOR, PASSWORD, SmallCountry

BrowserFor = Callable[..., Browser]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture
def names(app: Flask) -> dict[int, str]:
    """Every pupil gets a name that stands nowhere else: where it appears, a pupil of that school was shown."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        for pupil in session.exec(select(Pupil)):
            pupil.display_name = f"Canari{pupil.id:05d}"
            session.add(pupil)
        return {pupil.id or 0: pupil.display_name for pupil in session.exec(select(Pupil))}


def signed_in_for(app: Flask, browser_for: BrowserFor, *, uai: str = "", convention: str = "") -> Browser:
    """A browser of someone who acts for that school or that convention's partner."""
    email = f"{uai.lower() or convention}@essai.example"
    with session_scope(app.extensions["sequence_engine"]) as session:
        user = create_user(session, email, "Compte d’essai", PASSWORD, ACTOR)
        if uai:
            school = session.exec(select(School).where(School.uai == uai)).one()
            grant(session, user, Role.SCHOOL_COORDINATOR, ACTOR, school_id=school.id)
        else:
            partner_id = get_convention(session, convention).partner_id
            grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=partner_id)
    return browser_for(email)


def test_a_school_reads_where_each_pupil_goes(browser_for: BrowserFor, country: SmallCountry) -> None:
    """Host, commune, dates, wish and distance for each pupil of the class; the board sums them up."""
    school = browser_for(country.email_school_a)
    board = text_of(school.get(f"/etablissements/{country.school_a}/"))
    assert "18 élèves placés sur 18, soit 100 %" in board
    page = text_of(school.get(f"/etablissements/{country.school_a}/classes/3"))
    assert page.count("Site commerce") == 18
    assert "du 1er au 5 février 2027" in page
    assert "2e vœu" in page
    assert "Lyon (69), Commerce et distribution" in page


def test_hours_are_read_by_the_school_and_by_the_pupil(
    app: Flask, browser_for: BrowserFor, country: SmallCountry
) -> None:
    """The host's hours stand on the class's page, on the pupil's sheet and behind the pupil's own code."""
    code = ALPHABET[:CODE_LENGTH]
    key = app.extensions["sequence_settings"].secret_key.encode()
    with session_scope(app.extensions["sequence_engine"]) as session:
        for offer in session.exec(select(Offer)):
            for day in range(1, 6):
                pause = (12 * 60, 13 * 60 + 30) if day < 5 else (None, None)
                ends = 16 * 60 + 30 if day < 5 else 12 * 60
                row = OfferDay(offer_id=offer.id or 0, weekday=day, starts=9 * 60, ends=ends)
                row.pause_from, row.pause_to = pause
                session.add(row)
        pupil = session.exec(select(Pupil).where(Pupil.class_id == 3)).first()
        assert pupil is not None
        sheet = f"/etablissements/{country.school_a}/eleves/{pupil.id}"
        session.add(WishCode(pupil_id=pupil.id or 0, code_hash=digest_code(code, key), issued_at=NOW))
    school = browser_for(country.email_school_a)
    said = "Du lundi au jeudi : 9 h – 12 h, 13 h 30 – 16 h 30"
    page = text_of(school.get(f"/etablissements/{country.school_a}/classes/3"))
    assert page.count(said) == page.count("Vendredi : 9 h – 12 h") == 18
    assert said in text_of(school.get(sheet))
    own = text_of(browser_for().get(f"/voeux/{code}"))
    assert said in own
    assert "Site commerce" in own
    assert "du 1er au 5 février 2027" in own


def test_an_unplaced_pupil_has_a_reason_and_a_way_out(app: Flask, browser_for: BrowserFor) -> None:
    """Mende has nothing in reach: each of its nine pupils is told so, and what would change it."""
    school = signed_in_for(app, browser_for, uai="0480004U")
    page = text_of(school.get("/etablissements/0480004U/classes/2"))
    assert page.count("Sans place") == 9
    assert "Aucune offre de ce niveau n’est à portée" in page
    assert "Accepter une distance plus grande" in page
    assert "0 élève placé sur 9" in page


def test_a_partner_sees_numbers_only_where_the_addendum_is_missing(app: Flask, browser_for: BrowserFor) -> None:
    """OVHcloud's article 7 is not satisfied: thirty pupils come, none is named, and the page says why."""
    page = text_of(signed_in_for(app, browser_for, convention="ovhcloud").get("/mes-espaces", follow_redirects=True))
    assert "30 élèves attendus" in page
    assert "3e 30 40 30" in page


def test_visitors_of_a_gated_convention_are_not_even_pseudonyms(
    app: Flask, browser_for: BrowserFor, database: Session
) -> None:
    """No pseudonym and no school on the page of a partner that may only have numbers."""
    browser = signed_in_for(app, browser_for, convention="ovhcloud")
    with session_scope(app.extensions["sequence_engine"], write=False) as reader:
        partner_id = get_convention(reader, "ovhcloud").partner_id
        pseudonyms = reader.exec(select(Pupil.pseudonym)).all()
    body = browser.get(f"/partenaires/{partner_id}/eleves-attendus").get_data(as_text=True)
    assert "nombre seulement" in body
    assert "article 7" in body
    assert "Peupliers" not in body
    assert [one for one in pseudonyms if one in body] == []


def test_a_host_outside_any_convention_sees_schools_and_pseudonyms(
    browser_for: BrowserFor, country: SmallCountry, database: Session, names: dict[int, str]
) -> None:
    """Partner A, without a gated convention, sees who comes by pseudonym and school, never by name."""
    body = browser_for(country.email_partner_a).get(f"/partenaires/{country.partner_a}/eleves-attendus")
    page = text_of(body)
    assert "Collège des Tilleuls" in page
    placed = database.exec(
        select(Pupil.pseudonym)
        .join(Placement, col(Placement.pupil_id) == col(Pupil.id))
        .where(col(Pupil.class_id) == 3)
    ).all()
    assert len(placed) == 18
    assert all(pseudonym in page for pseudonym in placed)
    assert "Canari" not in page


def test_no_page_ever_shows_another_school_s_pupil(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, names: dict[int, str], database: Session
) -> None:
    """Every page reached by following every link, for each kind of person: only a school's own pupils are named."""
    own = {
        country.email_school_a: set(_names_of(database, country.school_a)),
        country.email_school_b: set(_names_of(database, country.school_b)),
    }
    assert all(own.values())
    for email in (
        "",
        country.email_school_a,
        country.email_school_b,
        country.email_partner_a,
        country.email_partner_b,
        country.email_coordinator,
    ):
        seen = set()
        for page in every_page(browser_for(email)):
            shown = {name for name in names.values() if name in page.body}
            assert shown <= own.get(email, set()), f"{email} reads names on {page.address}"
            seen |= shown
        assert seen == own.get(email, set()), "a school must find its own pupils"


def _names_of(database: Session, uai: str) -> list[str]:
    query = (
        select(Pupil.display_name)
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .where(School.uai == uai)
    )
    return list(database.exec(query))


def test_the_public_home_gives_the_figures_of_the_round(browser_for: BrowserFor, database: Session) -> None:
    """Pupils, placed and seats are those of the published round's row, and the method page gives its parameters."""
    published = database.exec(select(AllocationRound)).one()
    home = text_of(browser_for().get("/"))
    assert f"élèves demandeurs {published.pupils} " in home
    assert f"% {published.placed} places offertes {published.seats} " in home
    method = text_of(browser_for().get("/comment-une-decision-est-prise"))
    assert published.input_sha256 in method
    assert "l’académie de l’établissement et les départements voisins" in method
    assert "Optimalité prouvée le " in method
    assert "python -I -S solver/judge prove" in method


def test_the_board_counts_each_step_and_says_what_waits(
    app: Flask, browser_for: BrowserFor, country: SmallCountry
) -> None:
    """School A's 18 pupils are placed, none is confirmed yet: its first thing to do is to answer for its stays."""
    school = browser_for(country.email_school_a)
    board = text_of(school.get(f"/etablissements/{country.school_a}/"))
    assert "18 stages attendent votre confirmation : sans réponse, la place est rendue. Confirmer les stages" in board
    assert "18 18 0 0 0 0" in board
    with session_scope(app.extensions["sequence_engine"]) as session:
        session.exec(update(Confirmation).values(state=ConfirmationState.CONFIRMED, school_at=NOW, host_at=NOW))
    board = text_of(school.get(f"/etablissements/{country.school_a}/"))
    assert "attendent votre confirmation" not in board
    assert "18 18 18 0 0 0" in board
    assert text_of(school.get(f"/etablissements/{country.school_a}/classes/3")).count("Confirmé") == 18


def test_the_board_as_a_workbook(browser_for: BrowserFor, country: SmallCountry, names: dict[int, str]) -> None:
    """One line per pupil with the name, the state, the host and the dates; nobody else's school can take it."""
    address = f"/etablissements/{country.school_a}/tableau.xlsx"
    answer = browser_for(country.email_school_a).get(address)
    [sheet] = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).sheet_names
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_name(sheet).to_python()
    assert rows[0] == list(EXPORT_COLUMNS)
    assert len(rows) == 1 + 18
    assert {row[3] for row in rows[1:]} == {"Placé"}
    assert {row[2] for row in rows[1:]} <= set(names.values())
    assert rows[1][4:7] == ["Site commerce", "Lyon", "69"]
    assert browser_for(country.email_school_b).get(address).status_code == 404


def test_what_is_new_since_the_last_visit(browser_for: BrowserFor, country: SmallCountry, app: Flask) -> None:
    """Nothing is said the first time; after a sign-in older than the round, its placements are news."""
    school = browser_for(country.email_school_a)
    board = f"/etablissements/{country.school_a}/"
    assert "Depuis votre dernière visite" not in text_of(school.get(board))
    with session_scope(app.extensions["sequence_engine"]) as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "sign_in")).one()
        old = {"actor": entry.actor, "action": "sign_in", "subject": entry.subject}
        session.add(AuditEntry(at=datetime(2020, 1, 1, tzinfo=UTC), **old))
    assert "18 nouveaux placements" in text_of(school.get(board))
