"""A partner's page of ceilings: who sets them, who reads them, what a refusal keeps."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.domain.accounts import grant
from service.domain.conventions import get_convention
from service.persistence.engine import session_scope
from service.persistence.tables import QuotaLine, User
from service.vocabulary import Role
from tests.service.web.conftest import Browser, text_of
from tests.service.web.small_country import ACTOR, SmallCountry

PAGE = "/conventions/ovhcloud/plafonds"


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture
def partner(app: Flask, browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    """Partner A's account, which acts for OVHcloud as well."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        user = session.exec(select(User).where(User.email == country.email_partner_a)).one()
        grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=get_convention(session, "ovhcloud").partner_id)
    return browser_for(country.email_partner_a)


def line_of(database: Session, label: str) -> QuotaLine:
    database.rollback()
    return database.exec(select(QuotaLine).where(QuotaLine.label == label)).one()


def typed(body: str, line: QuotaLine) -> str:
    return body.partition(f'name="ceilings-{line.id}" value="')[2].partition('"')[0]


def version_of(partner: Browser) -> str:
    found = re.search(r'name="version"[^>]* value="(\d+)"', partner.get(PAGE).get_data(as_text=True))
    assert found
    return found[1]


def test_a_partner_sets_cuts_and_takes_back(partner: Browser, database: Session) -> None:
    """Thirty pupils of 3e are allocated: 29 is refused and kept, 35 is saved; a line for the Nord comes and goes."""
    whole = line_of(database, "OVHcloud, 3e")
    seen = partner.get(PAGE).get_data(as_text=True)
    assert typed(seen, whole) == "30"
    refused = partner.post(PAGE, {f"ceilings-{whole.id}": "29", "version": "0"})
    assert refused.status_code == 422
    assert "30 élèves y sont déjà affectés" in text_of(refused)
    assert typed(refused.get_data(as_text=True), whole) == "29"
    words = partner.post(PAGE, {f"ceilings-{whole.id}": "trente", "version": "0"})
    assert words.status_code == 422
    assert typed(words.get_data(as_text=True), whole) == "trente"
    saved = {f"ceilings-{whole.id}": "35", "version": "0", "note": "Nouveau bâtiment"}
    assert partner.post(PAGE, saved).status_code == 303
    page = text_of(partner.get(PAGE))
    assert "Nouveau bâtiment" in page
    assert "1 plafond modifié" in page or "plafonds modifiés" in page
    assert partner.post(PAGE, saved).status_code == 409, "the page was old"
    version = version_of(partner)
    unknown = {"level": "3e", "departments": "59, 99", "ceiling": "12", "version": version}
    wrong = partner.post(f"{PAGE}/lignes", unknown, token_from=PAGE)
    assert wrong.status_code == 422
    assert "Hors du territoire de la convention : 99" in text_of(wrong)
    nord = {"level": "3e", "departments": " 59 ", "ceiling": "32", "version": version}
    assert partner.post(f"{PAGE}/lignes", nord, token_from=PAGE).status_code == 303
    line = line_of(database, "OVHcloud, 3e, Nord (59)")
    assert (line.ceiling, line.parent_id) == (32, whole.id)
    assert "OVHcloud, 3e, Nord (59) : plafond de 32, 30 élèves affectés" in text_of(
        partner.get("/conventions/ovhcloud")
    )
    retire = f"{PAGE}/lignes/{line.id}/retrait"
    assert partner.post(retire, {"version": version}, token_from=PAGE).status_code == 303
    assert line_of(database, line.label).retired_at is None, "the page was old"
    fresh = version_of(partner)
    assert partner.post(retire, {"version": fresh}, token_from=PAGE).status_code == 303
    assert line_of(database, line.label).retired_at is not None
    assert "ligne retirée" in text_of(partner.get(PAGE))


def test_a_coordinator_reads_and_others_do_not(
    browser_for: Callable[[str], Browser], country: SmallCountry, partner: Browser
) -> None:
    """The State reads the choice and cannot make it; another partner and a member are told there is no such page."""
    coordinator = browser_for(country.email_coordinator)
    read = coordinator.get(PAGE)
    assert "Plafonds par niveau" in text_of(read)
    assert "Enregistrer les plafonds" not in text_of(read)
    for browser in (coordinator, browser_for(country.email_partner_b), browser_for(country.email_member_a)):
        for address in (PAGE, f"{PAGE}/lignes", f"{PAGE}/lignes/1/retrait"):
            assert browser.post(address, token_from="/conventions").status_code == 404
    assert browser_for(country.email_partner_b).get(PAGE).status_code == 404
    assert partner.get("/conventions/serce/plafonds").status_code == 404
