"""The conventions' pages: what the deed says, its state and why, its ledger, its events; who may read which."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlmodel import Session, select

from fixtures.readers import read_conventions
from service.domain.accounts import grant
from service.domain.conventions import get_convention, import_conventions
from service.persistence.engine import session_scope
from service.persistence.tables import AuditEntry, Convention, ConventionEvent, User
from service.vocabulary import ConventionEventKind, Role
from service.web import convention_words as words
from tests.service.web.conftest import Browser, text_of
from tests.service.web.filled_country import TODAY
from tests.service.web.small_country import ACTOR, SmallCountry

KEYS = ("jobirl", "medef_occitanie", "microsoft_france", "ovhcloud", "serce")


@pytest.fixture
def deeds(app: Flask, country: SmallCountry) -> None:
    """The five conventions, and partner A's account acting for OVHcloud as well."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        import_conventions(session, TODAY, with_sample_events=True)
        user = session.exec(select(User).where(User.email == country.email_partner_a)).one()
        grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=get_convention(session, "ovhcloud").partner_id)


@pytest.fixture
def coordinator(browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    return browser_for(country.email_coordinator)


def test_without_conventions_the_list_says_how_to_load_them(coordinator: Browser) -> None:
    """Empty is a page too."""
    page = coordinator.get("/conventions")
    assert page.status_code == 200
    assert "sequence import-conventions" in text_of(page)


@pytest.mark.usefixtures("deeds")
def test_the_list_says_each_state_and_why(coordinator: Browser) -> None:
    """JobIRL lapsed by its own text; the others are in force."""
    said = text_of(coordinator.get("/conventions"))
    assert "Échue le 29 avril 2024 par son propre texte" in said
    assert said.count("En vigueur, échéance le") == 4


@pytest.mark.usefixtures("deeds")
@pytest.mark.parametrize("key", KEYS)
def test_every_convention_has_its_page(coordinator: Browser, key: str) -> None:
    """Facts, commitments, clauses, events: each page renders from the deed's own data."""
    page = coordinator.get(f"/conventions/{key}")
    assert page.status_code == 200
    said = text_of(page)
    for heading in (
        "Engagements et registre",
        "Par département",
        "Ce que dit l’acte",
        "Clauses et verrous",
        "Événements",
    ):
        assert heading in said


@pytest.mark.usefixtures("deeds")
def test_commitments_are_shown_as_written(coordinator: Browser) -> None:
    """OVHcloud's figures are floors; where there is no figure the page says so and shows no percentage."""
    said = text_of(coordinator.get("/conventions/ovhcloud"))
    assert "au moins 30 possibilités d’accueil" in said
    assert "au moins 10 collaborateurs mobilisés" in said
    assert "plafond de 30" in said
    microsoft = text_of(coordinator.get("/conventions/microsoft_france"))
    assert "non chiffré" in microsoft
    assert "au moins 10 collaborateurs mobilisés" in microsoft
    assert "0 %" not in microsoft
    assert "100 %" not in microsoft


@pytest.mark.usefixtures("deeds")
def test_the_data_protection_gate_is_said_and_opens_with_both_events(coordinator: Browser, database: Session) -> None:
    """Article 7: numbers only until the opinion and the addendum are both recorded."""
    address = "/conventions/ovhcloud"
    closed = "seuls des nombres vont à ce partenaire"
    assert closed in text_of(coordinator.get(address))
    for kind in ("ministry_opinion", "data_protection_addendum"):
        assert closed in text_of(coordinator.get(address))
        event = {
            "kind": kind,
            "happened_on": "2026-10-01",
            "reason": "Courrier du 1er octobre, transmis par le partenaire.",
        }
        assert coordinator.post(f"{address}/evenements", event, token_from=address).status_code == 303
    assert closed not in text_of(coordinator.get(address))
    kinds = [row.kind for row in database.exec(select(ConventionEvent).where(ConventionEvent.invented == False))]  # noqa: E712
    assert sorted(kinds) == sorted([ConventionEventKind.MINISTRY_OPINION, ConventionEventKind.DATA_PROTECTION_ADDENDUM])
    assert len(database.exec(select(AuditEntry).where(AuditEntry.action == "record_event")).all()) >= 2


@pytest.mark.usefixtures("deeds")
def test_an_event_without_reason_is_refused_at_its_field_and_keeps_what_was_typed(
    coordinator: Browser, database: Session
) -> None:
    """Nothing is written, the message is at the field and in the summary, the date typed is still there."""
    before = len(database.exec(select(ConventionEvent)).all())
    event = {"kind": "renewal", "happened_on": "2026-10-02", "years": "3", "reason": ""}
    page = coordinator.post("/conventions/serce/evenements", event, token_from="/conventions/serce")
    assert page.status_code == 422
    body = page.get_data(as_text=True)
    assert text_of(page).count("Dites d’où vient ce fait") == 2
    assert 'value="2026-10-02"' in body
    assert 'value="3"' in body
    database.rollback()
    assert len(database.exec(select(ConventionEvent)).all()) == before


@pytest.mark.usefixtures("deeds")
def test_a_signed_deed_is_not_signed_again(coordinator: Browser) -> None:
    """The domain's refusal is shown on the page, with the date it knows."""
    event = {"kind": "signature", "happened_on": "2026-10-02", "reason": "Acte daté."}
    page = coordinator.post("/conventions/serce/evenements", event, token_from="/conventions/serce")
    assert page.status_code == 422
    assert "déjà datée" in text_of(page)


@pytest.mark.usefixtures("deeds")
def test_invented_facts_are_marked(coordinator: Browser) -> None:
    """A date that exists only for the sample says so."""
    assert "donnée d’exemple" in text_of(coordinator.get("/conventions/ovhcloud"))
    assert "donnée d’exemple" not in text_of(coordinator.get("/conventions/jobirl"))


@pytest.mark.usefixtures("deeds")
def test_a_partner_reads_its_own_convention_and_no_other(
    browser_for: Callable[[str], Browser], country: SmallCountry
) -> None:
    """Someone else's convention and one that does not exist give the same answer; its own has no form."""
    partner = browser_for(country.email_partner_a)
    listed = text_of(partner.get("/conventions"))
    assert "OVHcloud" in listed
    assert "SERCE" not in listed
    own = partner.get("/conventions/ovhcloud")
    assert own.status_code == 200
    assert "Enregistrer un événement" not in text_of(own)
    foreign, absent = partner.get("/conventions/serce"), partner.get("/conventions/inconnue")
    assert foreign.status_code == absent.status_code == 404
    assert text_of(foreign) == text_of(absent)
    event = {"kind": "renewal", "happened_on": "2026-10-02", "reason": "x"}
    assert partner.post("/conventions/ovhcloud/evenements", event, token_from="/conventions").status_code == 404


@pytest.mark.usefixtures("deeds")
def test_a_school_and_a_visitor_read_none(browser_for: Callable[[str], Browser], country: SmallCountry) -> None:
    """A school gets the page of what does not exist, a visitor is asked to sign in."""
    assert browser_for(country.email_school_a).get("/conventions").status_code == 404
    assert browser_for("").get("/conventions/ovhcloud").status_code == 303


@pytest.mark.usefixtures("deeds")
def test_every_clause_and_fact_of_the_deed_is_on_its_page(coordinator: Browser, database: Session) -> None:
    """Nothing of the deed is lost between its data and its page."""
    for key in KEYS:
        document = database.exec(select(Convention).where(Convention.key == key)).one().document
        said = text_of(coordinator.get(f"/conventions/{key}"))
        for clause in document["clauses"]:
            assert " ".join(clause["text"].split()) in said, (key, clause["key"])
        for commitment in document["commitments"]:
            assert commitment["id"] in said


def test_the_words_cover_every_value_of_the_five_deeds() -> None:
    """A code name of the data never reaches a reader: each has its French words."""
    for deed in read_conventions():
        for commitment in deed.commitments:
            assert commitment.action in words.ACTIONS
            assert commitment.unit in words.UNITS
            assert commitment.through in words.THROUGH
