"""From a published round to what was done: a school and a host follow each stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import update
from sqlmodel import select

from service.persistence.columns import utc_now
from service.persistence.engine import session_scope
from service.persistence.tables import Confirmation, School
from service.vocabulary import ConfirmationState
from tests.service.web.conftest import Clock
from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser


@pytest.fixture
def stage() -> str:
    return "published"


def test_both_sides_confirm(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], country: SmallCountry
) -> None:
    """The school confirms everything at once; the host refuses one with a reason and confirms the others."""
    sign_in(country.email_school_a)
    window.get_by_role("link", name="Stages", exact=True).click()
    look("stages-etablissement")
    window.get_by_role("button", name="Tout confirmer").click()
    expect(window.get_by_role("status")).to_contain_text("stages confirmés")
    window.get_by_role("button", name="Se déconnecter").click()
    sign_in(country.email_partner_a)
    window.get_by_role("link", name="Stages", exact=True).click()
    window.get_by_role("combobox").first.select_option(label="la place n’existe plus")
    window.get_by_role("button", name="Enregistrer les réponses choisies").click()
    expect(window.get_by_role("status")).to_contain_text("1 refusé, place rendue")
    window.get_by_role("button", name="Tout confirmer").click()
    expect(window.get_by_role("status")).to_contain_text("stages confirmés")
    look("stages-partenaire")


def test_a_school_and_a_host_make_their_agreements(
    window: Page,
    sign_in: Callable[..., None],
    look: Callable[[str], None],
    country: SmallCountry,
    app: Flask,
    worker: object,
) -> None:
    """Prepared in a click, completed once, validated, written by the real worker, previewed, ticked on paper."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        said = {"state": ConfirmationState.CONFIRMED, "school_at": utc_now(), "host_at": utc_now()}
        session.connection().execute(update(Confirmation).values(**said))
        school = session.exec(select(School).where(School.uai == country.school_a)).one()
        school.head_of_school = "Claude Rivière"
        session.add(school)
    sign_in(country.email_school_a)
    window.get_by_role("link", name="Conventions de stage").click()
    window.get_by_role("button", name="Préparer une convention par élève").click()
    expect(window.get_by_role("status")).to_contain_text("18 conventions de stage préparées")
    window.get_by_role("button", name="Se déconnecter").click()
    sign_in(country.email_partner_a)
    window.get_by_role("link", name="Conventions de stage").click()
    look("conventions-partenaire")
    window.get_by_role("link", name="Compléter").click()
    window.get_by_label("Nom du signataire").fill("Dominique Perrin")
    window.get_by_label("Sa fonction").fill("directrice")
    window.get_by_label("Nom du tuteur").fill("Sacha Leroy")
    window.get_by_label("Courriel du tuteur").fill("sacha@atelier.example")
    window.get_by_label("Activités prévues").fill("Suivre un objet, de la commande à la livraison.")
    for day in ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi"):
        window.get_by_label(day).fill("9h-12h, 13h30-16h30")
    look("conventions-formulaire")
    window.get_by_role("button", name="Enregistrer pour 18 conventions").click()
    expect(window.get_by_role("status").first).to_contain_text("18 conventions de stage complétées")
    window.get_by_role("button", name="Se déconnecter").click()
    sign_in(country.email_school_a)
    window.get_by_role("link", name="Conventions de stage").click()
    window.get_by_role("button", name="Valider et écrire les documents").click()
    look("conventions-en-cours")
    for _ in range(60):
        window.reload()
        if window.get_by_role("link", name="Relire l’envoi").count() and not window.get_by_text("s’écrivent").count():
            break
        window.wait_for_timeout(500)
    look("conventions-etablissement")
    window.get_by_role("link", name="Relire l’envoi").click()
    look("conventions-envoi")
    window.get_by_role("button", name="Envoyer 18 messages").click()
    window.get_by_role("link", name="Canari 0", exact=True).click()
    window.get_by_text("Noter ou envoyer").first.click()
    window.get_by_label("Nom lu sur le papier").first.fill("Claude Rivière")
    window.get_by_role("button", name="Signé sur papier").first.click()
    expect(window.get_by_role("status")).to_contain_text("La signature sur papier est notée")
    look("conventions-page")


def test_a_host_says_what_came_of_the_stays(
    window: Page,
    sign_in: Callable[..., None],
    look: Callable[[str], None],
    country: SmallCountry,
    app: Flask,
    clock: Clock,
) -> None:
    """The Friday of the week: one absence with its cause, then one click for all the others."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        said = {"state": ConfirmationState.CONFIRMED, "school_at": utc_now(), "host_at": utc_now()}
        session.connection().execute(update(Confirmation).values(**said))
    clock.instant = datetime(2027, 2, 5, 16, 0, tzinfo=UTC)
    sign_in(country.email_partner_a)
    window.get_by_role("link", name="Présences").click()
    window.get_by_role("combobox").first.select_option(label="Pas venu, maladie ou accident")
    window.get_by_role("button", name="Enregistrer les réponses choisies").click()
    window.get_by_role("button", name="Tous ont eu lieu").click()
    expect(window.get_by_role("status")).to_contain_text("17 réponses enregistrées")
    look("presences-partenaire")
