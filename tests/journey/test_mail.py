"""What leaves by mail, in a real browser: the outbox of a coordinator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from service.domain import outbox
from service.domain.letters import Letter
from service.persistence.engine import session_scope
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
