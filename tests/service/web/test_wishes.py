"""Pupils rank their wishes with a code from a slip, without an account; their school sees who has not answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlmodel import Session, col, select

from service.domain.campaigns import get_campaign
from service.domain.pupil_wishes import CODE_LENGTH, digest_code, read_code, written_code
from service.domain.request_pupils import ALPHABET
from service.domain.rounds import launch_round
from service.persistence.engine import session_scope
from service.persistence.tables import Campaign, ClassGroup, PlacementRequest, Preference, Pupil, User, WishCode
from service.vocabulary import RequestStatus
from service.web.wishes import WINDOW, WRONG_CODES, first_name
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.small_country import SmallCountry
from tests.service.web.test_pupil_imports import confirm, send

BrowserFor = Callable[..., Browser]
_SLIP = re.compile(r'slip-name">([^<]*)<.*?slip-code">([^<]*)<', re.DOTALL)


@pytest.fixture
def stage() -> str:
    return "open"


@pytest.fixture
def school(browser_for: BrowserFor, country: SmallCountry) -> Browser:
    """School B's browser, with a class of four sent."""
    browser = browser_for(country.email_school_b)
    text = "Classe;Prénom;Nom;Vœu 1\n2de 1;Zoé;Arlet;Santé\n2de 1;Yanis;B.;\n2de 1;Inès;Col;Énergie\n2de 1;Noé;Dan;\n"
    page = send(browser, f"/etablissements/{country.school_b}/import", text.encode()).location
    assert confirm(browser, page, send="1", periods_seconde="2027-W24-2").status_code == 303
    return browser


@pytest.fixture
def wishes_page(country: SmallCountry, school: Browser, database: Session) -> str:
    """The address of the class's wishes."""
    group = database.exec(select(ClassGroup.id)).one()
    return f"/etablissements/{country.school_b}/classes/{group}/voeux"


def codes(school: Browser, wishes_page: str, who: str = "tous") -> dict[str, str]:
    """What the printed sheet says: code by name."""
    answer = school.post(f"{wishes_page}/codes", {"who": who}, token_from=wishes_page)
    assert answer.status_code == 200
    return {unescape(name): code for name, code in _SLIP.findall(answer.get_data(as_text=True))}


def wishes_of(database: Session, name: str) -> list[str]:
    database.rollback()
    query = select(Preference.sector).join(Pupil, col(Pupil.id) == col(Preference.pupil_id))
    return list(database.exec(query.where(Pupil.display_name == name).order_by(col(Preference.rank))))


def test_a_pupil_answers_and_the_school_sees_it(
    browser_for: BrowserFor, school: Browser, wishes_page: str, database: Session
) -> None:
    """From the slip to three wishes; the first name only; the school's page counts the answer."""
    slips = codes(school, wishes_page)
    assert list(slips) == ["Zoé ARLET", "Yanis B.", "Inès COL", "Noé DAN"]
    visitor = browser_for()
    found = visitor.post("/voeux", {"code": slips["Zoé ARLET"].lower().replace("-", " ")})
    assert found.status_code == 303
    shown = text_of(visitor.get(found.location))
    assert "Bonjour Zoé" in shown
    assert "ARLET" not in shown
    answer = visitor.post(found.location, {"wish_1": "numerique", "wish_2": "sante", "wish_3": ""})
    assert answer.status_code == 303
    assert "Vos vœux sont validés" in text_of(visitor.get(found.location))
    assert wishes_of(database, "Zoé ARLET") == ["numerique", "sante"]
    assert "1 élève a répondu sur 4" in text_of(school.get(wishes_page))


def test_codes_are_kept_as_keyed_digests(school: Browser, wishes_page: str, database: Session, app: Flask) -> None:
    """No code stands in the database; each is a keyed digest of ten signs that read aloud well, all different."""
    slips = codes(school, wishes_page)
    key = app.extensions["sequence_settings"].secret_key.encode()
    database.rollback()
    stored = set(database.exec(select(WishCode.code_hash)))
    assert stored == {digest_code(read_code(code), key) for code in slips.values()}
    assert digest_code(read_code(slips["Noé DAN"]), b"another key") not in stored
    assert len(ALPHABET) ** CODE_LENGTH > 5 * 10**14
    assert written_code("ABCDEFGHJK") == "ABCDE-FGHJK"


def test_a_sheet_issued_again_voids_the_old_codes(
    browser_for: BrowserFor, school: Browser, wishes_page: str, database: Session
) -> None:
    """Reprinted for those who have not answered: their old codes open nothing, the answered pupil's still does."""
    first = codes(school, wishes_page)
    visitor = browser_for()
    address = f"/voeux/{first['Zoé ARLET']}"
    visitor.post(address, {"wish_1": "social"})
    second = codes(school, wishes_page, "sans-reponse")
    assert set(second) == {"Yanis B.", "Inès COL", "Noé DAN"}
    assert visitor.get(address).status_code == 200
    assert visitor.get(f"/voeux/{first['Noé DAN']}").status_code == 404
    assert visitor.get(f"/voeux/{second['Noé DAN']}").status_code == 200
    number = database.exec(select(Pupil.id).where(Pupil.display_name == "Zoé ARLET")).one()
    assert list(codes(school, wishes_page, str(number))) == ["Zoé ARLET"]
    assert visitor.get(address).status_code == 404
    assert wishes_of(database, "Zoé ARLET") == ["social"], "the answer outlives its code"


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({}, "Choisissez au moins un secteur"),
        ({"wish_1": "sante", "wish_2": "sante"}, "est demandé deux fois"),
        ({"wish_1": "astrologie"}, "n’existe pas"),
    ],
)
def test_a_wrong_choice_changes_nothing(
    browser_for: BrowserFor, school: Browser, wishes_page: str, database: Session, choices: dict[str, str], said: str
) -> None:
    """None, the same twice, or an unknown sector: said at the field, the former wishes stay."""
    address = f"/voeux/{codes(school, wishes_page)['Zoé ARLET']}"
    answer = browser_for().post(address, choices)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert wishes_of(database, "Zoé ARLET") == ["sante"]


def test_wishes_stop_at_the_deadline(
    browser_for: BrowserFor, school: Browser, wishes_page: str, database: Session, clock: Clock
) -> None:
    """The last day still counts, the next one no longer; a deadline after the campaign is refused."""
    address = f"/voeux/{codes(school, wishes_page)['Zoé ARLET']}"
    late = school.post(f"{wishes_page}/echeance", {"until": "2027-06-01"}, token_from=wishes_page)
    assert late.status_code == 422
    assert "la fin de la campagne" in text_of(late)
    assert school.post(f"{wishes_page}/echeance", {"until": "2026-11-24"}, token_from=wishes_page).status_code == 303
    clock.advance(timedelta(days=1))
    visitor = browser_for()
    assert visitor.post(address, {"wish_1": "energie"}).status_code == 303
    clock.advance(timedelta(days=1))
    visitor.post(address, {"wish_1": "sante"})
    assert wishes_of(database, "Zoé ARLET") == ["energie"]
    assert "jusqu’au 24 novembre 2026" in text_of(visitor.get(address))


def test_wishes_freeze_with_the_round(
    browser_for: BrowserFor, school: Browser, wishes_page: str, database: Session, app: Flask, country: SmallCountry
) -> None:
    """While a round computes, and once it has taken the request, neither a wish nor a code changes."""
    address = f"/voeux/{codes(school, wishes_page)['Zoé ARLET']}"
    with session_scope(app.extensions["sequence_engine"]) as session:
        campaign = session.exec(select(Campaign)).one()
        user = session.exec(select(User).where(User.email == country.email_coordinator)).one()
        launch_round(session, get_campaign(session, campaign.id or 0).id or 0, f"user:{user.id}")
    visitor = browser_for()
    visitor.post(address, {"wish_1": "energie"})
    assert wishes_of(database, "Zoé ARLET") == ["sante"]
    assert "Un tour est en cours de calcul" in text_of(visitor.get(address))
    with session_scope(app.extensions["sequence_engine"]) as session:
        session.exec(select(PlacementRequest)).one().status = RequestStatus.FROZEN
    visitor.post(address, {"wish_1": "energie"})
    assert wishes_of(database, "Zoé ARLET") == ["sante"]
    assert school.post(f"{wishes_page}/codes", {"who": "tous"}, token_from=wishes_page).status_code == 303


def test_a_list_does_not_replace_an_answer(
    browser_for: BrowserFor, school: Browser, wishes_page: str, database: Session, country: SmallCountry
) -> None:
    """The school imports its list again: the pupil who has answered keeps their own wishes, others take the list."""
    browser_for().post(f"/voeux/{codes(school, wishes_page)['Zoé ARLET']}", {"wish_1": "social"})
    text = "Classe;Prénom;Nom;Vœu 1\n2de 1;Zoé;Arlet;Artisanat et métiers d’art\n2de 1;Inès;Col;Santé\n"
    found = send(school, f"/etablissements/{country.school_b}/import", text.encode()).location
    confirm(school, found, keep="1")
    assert wishes_of(database, "Zoé ARLET") == ["social"]
    assert wishes_of(database, "Inès COL") == ["sante"]


def test_the_schools_open_form_does_not_overwrite_an_answer(
    browser_for: BrowserFor, school: Browser, wishes_page: str, database: Session, country: SmallCountry
) -> None:
    """A form opened before the pupil answered is refused: it would put the old wishes back unseen."""
    slips = codes(school, wishes_page)
    number = database.exec(select(PlacementRequest.id)).one()
    form = f"/etablissements/{country.school_b}/demandes/{number}"
    seen = school.get(form).get_data(as_text=True)
    version = re.search(r'name="version"[^>]*value="(\d+)"', seen)
    assert version is not None
    browser_for().post(f"/voeux/{slips['Noé DAN']}", {"wish_1": "social"})
    fields = {"class_name": "2de 1", "pupil_list": "Noé DAN", "periods": "2027-W24-2", "reach_km": "30"}
    answer = school.post(form, {**fields, "version": version[1], "keep": "1"})
    assert answer.status_code == 422
    assert wishes_of(database, "Noé DAN") == ["social"]


@pytest.mark.parametrize("typed", ["", "ABC", "0000000000", "ABCDE-FGHJK", "’; DROP TABLE pupil"])
def test_a_wrong_code_opens_nothing(browser_for: BrowserFor, wishes_page: str, typed: str) -> None:
    """Too short, impossible or unknown: a sentence, and nothing learnt."""
    visitor = browser_for()
    answer = visitor.post("/voeux", {"code": typed})
    if answer.status_code == 303:
        answer = visitor.get(answer.location)
        assert answer.status_code == 404
        assert "Ce code n’ouvre rien" in text_of(answer)
    else:
        assert answer.status_code == 422


def test_guessing_codes_leads_nowhere(browser_for: BrowserFor, school: Browser, wishes_page: str, clock: Clock) -> None:
    """After sixty wrong codes from one place even a right one waits a quarter of an hour; right ones never count."""
    right = f"/voeux/{codes(school, wishes_page)['Zoé ARLET']}"
    visitor = browser_for()
    for _ in range(WRONG_CODES + 5):
        assert visitor.get(right).status_code == 200
    for number in range(WRONG_CODES):
        wrong = written_code(f"{ALPHABET[number % 30]}23456789{ALPHABET[number // 30]}")
        assert visitor.get(f"/voeux/{wrong}").status_code == 404
    spent = visitor.get(right)
    assert spent.status_code == 400
    assert "Trop de codes faux" in text_of(spent)
    assert visitor.post("/voeux/ABCDE-FGHJK", {"wish_1": "sante"}).status_code == 400
    clock.advance(WINDOW + timedelta(seconds=1))
    assert visitor.get(right).status_code == 200


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Zoé A.", "Zoé"),
        ("Zoé MARTIN", "Zoé"),
        ("Marie Claire DUPONT", "Marie Claire"),
        ("Jean-Noël B.", "Jean-Noël"),
        ("Élève 12", "Élève 12"),
        ("zoé martin", "zoé martin"),
        ("12", "12"),
    ],
)
def test_only_the_first_name_is_said(written: str, said: str) -> None:
    """What stands after the first name stays with the school."""
    assert first_name(written) == said
