"""What leaves by mail and comes back by a link, in a real browser: the outbox, invitations, ways back in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlmodel import col, select

from service.domain import outbox
from service.domain.letters import Letter
from service.persistence.engine import session_scope
from service.persistence.tables import OutboxLine, Site
from tests.service.web.small_country import SmallCountry

pytestmark = pytest.mark.browser
LETTERS = {
    ("essai:1", "secretariat.du.college.des.tilleuls@academie.example"): Letter(
        "Vos élèves sont placés", ["Le tour 1 est publié."], ["3e A : 12 placés"], "Voir le tableau", "/"
    ),
    ("essai:2", "accueil@entreprise.example"): Letter("Élèves attendus", ["Le tour 1 est publié."]),
}


def test_a_coordinator_reads_the_outbox(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], app: Flask, country: SmallCountry
) -> None:
    """Empty, then with a message that waits and one given up: read, and started again."""
    sign_in(country.email_coordinator)
    window.get_by_role("link", name="Courrier").click()
    look("courrier-vide")
    with session_scope(app.extensions["sequence_engine"]) as session:
        outbox.queue_letters(session, LETTERS)
        mail = outbox.claim(session, 60)
        assert mail is not None
        outbox.give_up(session, mail, "Le serveur de courrier refuse l’adresse (550)\u00a0: boîte inconnue")
    window.reload()
    look("courrier")
    window.get_by_role("main").get_by_role("link", name="Vos élèves sont placés").click()
    expect(window.get_by_label("Texte du message")).to_contain_text("3e A : 12 placés")
    look("courrier-message")
    window.get_by_role("link", name="Courrier").first.click()
    window.get_by_role("button", name="Relancer").click()
    expect(window.get_by_role("status")).to_contain_text("Le message repart")


def last_link(app: Flask) -> str:
    """The address in the last message written."""
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        line = session.exec(select(OutboxLine).order_by(col(OutboxLine.id).desc())).first()
        found = re.search(r"https://site\.invalid(/\S+)", line.body if line else "")
        assert found is not None
        return found[1]


def test_a_school_gets_its_people(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], app: Flask, country: SmallCountry
) -> None:
    """A coordinator invites a school, its first person comes in by the message, invites a colleague, who forgets."""
    sign_in(country.email_coordinator)
    window.get_by_role("link", name="Comptes").click()
    look("comptes")
    window.get_by_role("main").get_by_role("link", name="Lycée des Acacias").click()
    window.get_by_label("Adresse électronique").fill("ce.lycee@academie.example")
    window.get_by_role("button", name="Envoyer l’invitation").click()
    expect(window.get_by_role("status")).to_contain_text("ce.lycee@academie.example")
    look("personnes-coordination")
    window.get_by_role("button", name="Se déconnecter").click()

    window.goto(last_link(app))
    look("invitation")
    window.get_by_role("button", name="Ouvrir mon compte").click()
    look("invitation-refusee")
    window.get_by_label("Votre nom").fill("Dominique Petit")
    window.get_by_label("Mot de passe").fill("une phrase à moi toute seule")
    window.get_by_role("button", name="Ouvrir mon compte").click()
    expect(window.get_by_role("heading", level=1)).to_contain_text("Lycée des Acacias")

    window.get_by_role("link", name="Personnes").click()
    window.get_by_text("Retirer l’accès de").first.click()
    look("personnes")
    window.get_by_role("button", name="Se déconnecter").click()

    window.get_by_role("link", name="Mot de passe oublié").click()
    look("acces")
    window.get_by_label("Adresse électronique").fill("ce.lycee@academie.example")
    window.get_by_role("button", name="Recevoir un lien").click()
    look("acces-demande")
    link = last_link(app)
    window.goto(link)
    look("acces-lien")
    window.get_by_role("button", name="Entrer sans le changer").click()
    expect(window.get_by_role("heading", level=1)).to_contain_text("Lycée des Acacias")
    window.goto(link)
    expect(window.get_by_role("heading", level=1)).to_have_text("Ce lien ne fonctionne pas")
    look("lien-deja-servi")


@pytest.mark.parametrize("stage", ["published"])
def test_a_site_confirms_its_places_by_link(
    window: Page, sign_in: Callable[..., None], look: Callable[[str], None], app: Flask, country: SmallCountry
) -> None:
    """The partner asks, the site answers from its message without an account, the partner reads the answer."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        site = session.exec(select(Site).where(Site.partner_id == country.partner_a)).one()
        site.contact_email = "accueil@site.example"
        session.add(site)
    sign_in(country.email_partner_a)
    window.get_by_role("link", name="Offres").first.click()
    window.get_by_role("button", name="Demander aux sites de confirmer").click()
    expect(window.get_by_role("status")).to_contain_text("1 message part")
    look("offres-a-confirmer")
    window.get_by_role("button", name="Se déconnecter").click()
    window.goto(last_link(app))
    window.get_by_text("Augmenter, réduire ou fermer").click()
    window.get_by_text("Ne plus accueillir").click()
    look("reponse")
    window.get_by_label("Semaine du 1er février 2027").fill("3")
    window.get_by_role("button", name="Enregistrer et confirmer").click()
    look("reponse-refusee")
    window.get_by_role("button", name="Oui, confirmer ces places").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Vos places sont confirmées")
    look("reponse-faite")
