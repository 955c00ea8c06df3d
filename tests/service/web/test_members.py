"""A federation and its members on screen: inviting, answering, publishing for oneself, seeing nobody else's places."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from service.domain.conventions import get_convention
from service.persistence.engine import session_scope
from service.persistence.tables import Membership, Offer, OutboxLine, PartnerMember, Site
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.crawling import every_page
from tests.service.web.small_country import PASSWORD, SmallCountry, email_of

BrowserFor = Callable[..., Browser]
CANARY = "Canari du concurrent"


@pytest.fixture
def stage() -> str:
    return "open"


@pytest.fixture
def serce(app: Any) -> int:
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        return get_convention(session, "serce").partner_id


@pytest.fixture
def federation(browser_for: BrowserFor, serce: int) -> tuple[Browser, str]:
    return browser_for(email_of("serce")), f"/partenaires/{serce}"


def site_form(name: str, **changes: str) -> dict[str, str]:
    return {"name": name, "commune": "69001", "save": "1"} | changes


def accept(app: Any, browser: Browser, email: str) -> None:
    """Follows the link of the last message to that address, and opens an account."""
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        body = session.exec(select(OutboxLine.body).where(OutboxLine.recipient == email)).all()[-1]
    found = re.search(r"/invitation/[\w-]+", body)
    assert found is not None
    answer = browser.post(found[0], {"name": "Dominique", "password": PASSWORD})
    assert answer.status_code == 303, text_of(answer)


def test_from_an_invitation_to_a_members_own_places(
    app: Any, browser_for: BrowserFor, federation: tuple[Browser, str], serce: int, database: Session
) -> None:
    """Two companies invited at once; one accepts, publishes under the federation's convention, and sees itself only."""
    head, base = federation
    head.post(f"{base}/sites/nouveau", site_form(CANARY, member="Concurrent"))
    sent = head.post(
        f"{base}/adherents", {"lines": "Électricité Martin ; rh@martin.example\nCâbles ; c@cables.example"}
    )
    assert sent.status_code == 303, text_of(sent)
    listing = text_of(head.get(f"{base}/adherents"))
    assert "2 adhérents invités n’ont publié aucune place" in listing
    assert "Invité, sans réponse : 2" in listing
    member = browser_for()
    accept(app, member, "rh@martin.example")
    home = text_of(member.get(f"{base}/"))
    assert "SERCE : Électricité Martin" in home
    answer = member.post(f"{base}/sites/nouveau", site_form("Agence du Rhône", member="Une autre"))
    assert answer.status_code == 303, text_of(answer)
    published = member.post(
        f"{answer.location}/2de_gt",
        {"sector": "energie", "seats-2027-W24-2": "3", "convention_key": "serce"},
    )
    assert published.status_code == 303, text_of(published)
    site = database.exec(select(Site).where(Site.name == "Agence du Rhône")).one()
    assert database.get_one(PartnerMember, site.member_id).name == "Électricité Martin"
    offer = database.exec(select(Offer)).one()
    assert (offer.convention_id, offer.commitment_id is None) == (get_convention(database, "serce").id, False)
    answered = text_of(head.get(f"{base}/adherents"))
    assert "A publié : 1" in answered
    assert "Rhône (69) 1 3 0 3" in answered
    pages = [page for page in every_page(member) if page.is_html]
    assert len(pages) > 6
    assert not [page.address for page in pages if CANARY in page.body]


def test_a_member_cannot_touch_another_members_site(
    browser_for: BrowserFor, country: SmallCountry, app: Any, database: Session
) -> None:
    """Reading or writing on a site of the partner that is not the member's: the same answer as for none."""
    head = browser_for(country.email_partner_a)
    base = f"/partenaires/{country.partner_a}"
    site = head.post(f"{base}/sites/nouveau", site_form("Maison mère")).location
    offer = head.post(f"{site}/3e", {"sector": "commerce", "seats-2027-W05": "3", "convention_key": ""}).location
    member = browser_for(country.email_member_a)
    token = f"{base}/sites/nouveau"
    for address in (site, f"{site}/3e", offer, f"{offer}/modifier"):
        assert member.get(address).status_code == 404, address
    for address in (f"{site}/3e", offer, f"{offer}/retrait", f"{offer}/copie", f"{offer}/brouillon"):
        assert member.post(address, {"seats-2027-W05": "0"}, token_from=token).status_code == 404, address
    assert database.exec(select(Offer)).one().version == 1


def test_a_relay_enters_sites_in_its_own_departement(app: Any, browser_for: BrowserFor, federation: Any) -> None:
    """Invited for the Rhône: a site in Lyon is taken, one in Paris is refused with the way out."""
    head, base = federation
    people = str(head.get(f"{base}/antennes?departement=69").location)
    assert head.post(people, {"email": "relais@serce.example"}).status_code == 303
    relay = browser_for()
    accept(app, relay, "relais@serce.example")
    assert "SERCE : relais Rhône (69)" in text_of(relay.get(f"{base}/"))
    assert relay.post(f"{base}/sites/nouveau", site_form("Agence")).status_code == 303
    refused = relay.post(f"{base}/sites/nouveau", site_form("Agence", commune="75015", insee="75056"))
    assert refused.status_code == 422
    assert "hors de votre territoire" in text_of(refused)


def test_someone_who_has_one_site(app: Any, browser_for: BrowserFor, federation: Any, database: Session) -> None:
    """They see it and publish on it, and add none; the head office takes the right away at once."""
    head, base = federation
    site = head.post(f"{base}/sites/nouveau", site_form("Agence")).location
    people = site.replace("/offres", "/personnes")
    head.post(people, {"email": "agence@serce.example"})
    person = browser_for()
    accept(app, person, "agence@serce.example")
    assert person.get(site).status_code == 200
    assert person.post(f"{base}/sites/nouveau", site_form("Autre")).status_code == 422
    right = database.exec(select(Membership).where(Membership.site_id.is_not(None))).one()  # type: ignore[union-attr]
    assert head.post(f"{people}/{right.id}/retrait", token_from=people).status_code == 303
    assert person.get(site).status_code == 404


def test_reminding_from_the_page(app: Any, federation: Any, clock: Clock) -> None:
    """The same day nothing leaves; the next day one message does, and the page says so."""
    head, base = federation
    page = f"{base}/adherents"
    head.post(page, {"lines": "Martin ; rh@martin.example"})
    head.post(f"{page}/relances", token_from=page)
    assert "déjà reçu un message aujourd’hui" in text_of(head.get(page))
    clock.advance(timedelta(days=1))
    head = Browser(app.test_client())
    head.sign_in(email_of("serce"))
    head.post(f"{page}/relances", token_from=page)
    assert "1 message part" in text_of(head.get(page))


def test_lines_refused_stay_in_the_box(federation: Any, database: Session) -> None:
    """Every line at fault is told, the text stays, nobody is invited."""
    head, base = federation
    refused = head.post(f"{base}/adherents", {"lines": "Martin\nCâbles ; pas une adresse"})
    assert refused.status_code == 422
    assert "Ligne 1 : écrivez l’entreprise" in text_of(refused)
    assert "Câbles ; pas une adresse" in refused.get_data(as_text=True)
    refused = head.post(f"{base}/adherents", {"lines": "Câbles ; pas une adresse"})
    assert "Câbles : Cette adresse électronique est mal écrite" in text_of(refused)
    assert database.exec(select(PartnerMember).where(PartnerMember.name == "Câbles")).first() is None


def test_a_company_has_no_members_page(browser_for: BrowserFor, country: SmallCountry) -> None:
    """Only those who mobilise others have one."""
    browser = browser_for(country.email_partner_a)
    sent = browser.get(f"/partenaires/{country.partner_a}/adherents")
    assert sent.location == f"/partenaires/{country.partner_a}/"
    assert "Adhérents" not in text_of(browser.get(f"/partenaires/{country.partner_a}/"))
