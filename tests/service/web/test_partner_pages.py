"""A partner offers: sites, places, what is left, and conventions that do not allow it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from sqlmodel import Session, select

from service.domain.conventions import get_convention
from service.persistence.tables import Commune, Offer, Opening, Site
from service.vocabulary import OfferStatus
from tests.service.web.conftest import Browser, text_of
from tests.service.web.small_country import SmallCountry, email_of

BrowserFor = Callable[..., Browser]
WEEK = "2027-W05"
HOLIDAY = "2027-W07"


@pytest.fixture
def stage() -> str:
    return "open"


def site_form(**changes: Any) -> dict[str, Any]:
    good = {"name": "Atelier de la Soie", "siret": "73282932000074", "street": "2 rue du Port", "commune": "69001",
            "serves": ["step_free_access"], "save": "1"}  # fmt: skip
    return good | changes


def offer_form(**changes: Any) -> dict[str, Any]:
    good = {
        "sector": "industrie",
        f"seats-{WEEK}": "4",
        "seats-2027-W04": "2",
        "max_per_school": "",
        "convention_key": "",
    }
    return good | changes


class Host:
    """A partner's browser, with the addresses of its space."""

    def __init__(self, browser: Browser, partner_id: int) -> None:
        self.browser = browser
        self.base = f"/partenaires/{partner_id}"

    def add_site(self, **changes: Any) -> str:
        """The address of the new site's page."""
        answer = self.browser.post(f"{self.base}/sites/nouveau", site_form(**changes))
        assert answer.status_code == 303, text_of(answer)
        return str(answer.location)


@pytest.fixture
def host(browser_for: BrowserFor, country: SmallCountry) -> Host:
    return Host(browser_for(country.email_partner_a), country.partner_a)


def host_of(browser_for: BrowserFor, database: Session, key: str) -> Host:
    return Host(browser_for(email_of(key)), get_convention(database, key).partner_id)


def test_a_site_is_added_by_post_code_without_script(host: Host, database: Session) -> None:
    """One commune fits the post code: the site is kept with its position and its needs."""
    page = text_of(host.browser.get(host.add_site()))
    site = database.exec(select(Site)).one()
    assert (site.insee, site.department_code, site.serves) == ("69123", "69", ["step_free_access"])
    assert "Le site « Atelier de la Soie » est enregistré" in page
    assert "Choisissez le niveau" in page


def test_a_site_is_corrected_where_it_stands(
    host: Host, browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """Address, mail, needs and what pupils must know change; an old page, a bad address and another partner do not."""
    page = f"{host.add_site().removesuffix('/offres')}/modifier"
    said = "Chaussures fermées ; demandez votre badge à l’accueil."
    good = {"version": "1", "street": "5 rue Neuve", "safety_notes": said, "serves": ["quiet_place"], "siret": ""}
    wrong = host.browser.post(page, {**good, "contact_email": "pas une adresse"})
    assert wrong.status_code == 422
    assert 'href="#contact_email"' in wrong.get_data(as_text=True)
    assert said in wrong.get_data(as_text=True).replace("&#39;", "’")
    saved = host.browser.post(page, good)
    assert saved.status_code == 303, text_of(saved)
    assert said in text_of(host.browser.get(saved.location))
    site = database.exec(select(Site)).one()
    assert (site.street, site.safety_notes, site.serves, site.insee) == ("5 rue Neuve", said, ["quiet_place"], "69123")
    assert host.browser.post(page, good).status_code == 409, "the page was old"
    other = Host(browser_for(country.email_partner_b), country.partner_b)
    address = page.replace(f"/{country.partner_a}/", f"/{country.partner_b}/")
    assert other.browser.get(address).status_code == 404
    assert other.browser.post(address, good, token_from="/").status_code == 404


def test_a_new_site_says_all_it_can(host: Host, database: Session) -> None:
    """Its point as a map writes it, its tutor, what pupils must know: kept, then read on the site's page."""
    said = {"point": "45,7597 ; 4,8422", "tutor_name": "Camille Exemple", "tutor_function": "Cheffe d’atelier",
            "tutor_email": "Camille@Atelier.example", "safety_notes": "Chaussures fermées"}  # fmt: skip
    page = host.add_site(**said)
    site = database.exec(select(Site)).one()
    assert (site.latitude, site.longitude, site.safety_notes) == (45.7597, 4.8422, "Chaussures fermées")
    assert (site.tutor_name, site.tutor_email) == ("Camille Exemple", "camille@atelier.example")
    shown = text_of(host.browser.get(page))
    assert "du centre de Lyon (69)" in shown
    assert "Camille Exemple, Cheffe d’atelier" in shown
    form = host.browser.get(f"{page.removesuffix('/offres')}/modifier").get_data(as_text=True)
    assert 'value="45.75970, 4.84220"' in form
    assert 'class="place-pin"' in form


def test_a_point_is_looked_at_before_it_is_kept(host: Host, database: Session) -> None:
    """The map comes back with what was typed; nothing is kept; what is no point is said at its field."""
    new = f"{host.base}/sites/nouveau"
    seen = host.browser.post(new, {**site_form(point="45.7597, 4.8422"), "save": "", "look": "1"})
    assert "du centre de Lyon (69)" in text_of(seen)
    assert 'value="Atelier de la Soie"' in seen.get_data(as_text=True)
    wrong = host.browser.post(new, {**site_form(point="rue Neuve"), "look": "1"})
    assert wrong.status_code == 422
    assert 'href="#point"' in wrong.get_data(as_text=True)
    assert database.exec(select(Site)).all() == []


def test_an_emptied_point_goes_back_to_the_commune(host: Host, database: Session) -> None:
    """A point that was a mistake is removed by emptying its field; a wrong one is refused and changes nothing."""
    page = f"{host.add_site(point='45.7597, 4.8422').removesuffix('/offres')}/modifier"
    far = host.browser.post(page, {"version": "1", "point": "50.69, 3.18"})
    assert far.status_code == 422
    assert "du centre de Lyon (69)" in text_of(far)
    assert host.browser.post(page, {"version": "1", "point": ""}).status_code == 303
    site = database.exec(select(Site)).one()
    commune = database.get_one(Commune, site.insee)
    assert (site.latitude, site.longitude) == (commune.latitude, commune.longitude)


def test_a_commune_is_searched_then_chosen(host: Host, database: Session) -> None:
    """The search button brings the communes that fit and keeps what was typed; nothing is kept yet."""
    found = host.browser.post(f"{host.base}/sites/nouveau", site_form(commune="lyo", search="1"))
    page = found.get_data(as_text=True)
    assert 'value="69123"' in page
    assert 'value="Atelier de la Soie"' in page
    assert database.exec(select(Site)).all() == []


def test_a_doubtful_siret_warns_and_does_not_block(host: Host, database: Session) -> None:
    """A SIRET whose key is wrong is kept as typed, with a warning to read it again."""
    page = text_of(host.browser.get(host.add_site(siret="732 829 320 00075")))
    assert "La clé de contrôle du SIRET 73282932000075 n’est pas celle attendue" in page
    assert database.exec(select(Site)).one().siret == "73282932000075"


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": ""}, "name", "Donnez un nom au site"),
        ({"siret": "123"}, "siret", "il faut quatorze chiffres"),
        ({"commune": ""}, "commune", "Indiquez la commune ou son code postal"),
        ({"commune": "Atlantis"}, "commune", "Aucune commune ne s’appelle « Atlantis »"),
        ({"serves": ["magie"]}, "serves", "n’est pas dans la liste"),
    ],
)
def test_a_refused_site_keeps_everything(
    host: Host, database: Session, change: dict[str, Any], field: str, message: str
) -> None:
    """Each bad value: the message, a link to the field, what was typed, and nothing kept."""
    answer = host.browser.post(f"{host.base}/sites/nouveau", site_form(**change))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert f'href="#{field}"' in page
    typed = site_form(**change)
    for name in ("name", "siret", "street", "commune"):
        if typed[name]:
            assert f'value="{typed[name]}"' in page
    assert database.exec(select(Site)).all() == []


def test_places_are_published_changed_and_withdrawn(host: Host, database: Session) -> None:
    """Six seats over two weeks, then seven, then none: the pages say what is left at each step."""
    form = host.add_site() + "/3e"
    offer = host.browser.post(form, offer_form()).location
    assert "6 places libres sur 6" in text_of(host.browser.get(offer))
    assert "6 places encore libres" in text_of(host.browser.get(f"{host.base}/offres"))
    changed = host.browser.post(offer, {f"seats-{WEEK}": "7", "seats-2027-W04": "", "version": "1"})
    assert changed.status_code == 303, text_of(changed)
    assert "7 places libres sur 7" in text_of(host.browser.get(offer))
    assert host.browser.post(f"{offer}/retrait", token_from=offer).status_code == 303
    assert "Retirée" in text_of(host.browser.get(offer))
    assert database.exec(select(Offer)).one().status is OfferStatus.WITHDRAWN


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"sector": ""}, "sector", "Choisissez un secteur"),
        ({"sector": "astrologie"}, "sector", "Ce secteur n’existe pas"),
        ({f"seats-{WEEK}": "", "seats-2027-W04": ""}, "seats", "Ouvrez au moins une période"),
        ({f"seats-{WEEK}": "2001"}, "seats", "vous en indiquez 2 001"),
        ({f"seats-{WEEK}": "-3"}, "seats", "n’est pas un nombre de places"),
        ({f"seats-{WEEK}": "trois"}, "seats", "n’est pas un nombre de places"),
        ({f"seats-{HOLIDAY}": "3"}, "seats", "vacances scolaires pour la zone A"),
        ({"seats-2027-W24-2": "3"}, "seats", "ne convient pas"),
        ({"max_per_school": "0"}, "max_per_school", "au moins 1"),
        ({"convention_key": "inconnue"}, "convention_key", "Cette convention n’existe pas"),
    ],
)
def test_a_refused_offer_keeps_everything(
    host: Host, database: Session, change: dict[str, Any], field: str, message: str
) -> None:
    """Each bad value: message and link, every seat typed still there, nothing published."""
    answer = host.browser.post(host.add_site() + "/3e", offer_form(**change))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert text_of(answer).count(message) >= 2
    assert f'href="#{field}"' in page
    for name, value in offer_form(**change).items():
        if name in (f"seats-{WEEK}", "seats-2027-W04") and value:
            box = page[page.index(f'name="{name}"') :][:80]
            assert f'value="{value}"' in box
    assert database.exec(select(Opening)).all() == []


def test_a_total_fills_the_boxes_and_publishes_nothing(host: Host, database: Session) -> None:
    """Twelve places over four weeks, the holidays passed over: read again, changed by hand, then published."""
    form = host.add_site() + "/3e"
    split = {"then": "split", "split_total": "12", "split_count": "4", "split_from": "2027-W05"}
    shared = host.browser.post(form, offer_form(**split))
    page = shared.get_data(as_text=True)
    assert shared.status_code == 200
    assert "12 places réparties sur 4 périodes" in text_of(shared)
    seats = dict(re.findall(r'name="seats-([^"]+)" value="([0-9]+)"', page))
    assert list(seats.values()) == ["3", "3", "3", "3"]
    assert min(seats) == "2027-W05"
    assert HOLIDAY not in seats
    assert database.exec(select(Offer)).all() == []
    refused = host.browser.post(form, offer_form(**{**split, "split_count": ""}))
    assert refused.status_code == 422
    assert 'href="#split_count"' in refused.get_data(as_text=True)
    assert database.exec(select(Offer)).all() == []


def test_offers_are_searched_and_listed(host: Host) -> None:
    """Every word counts, filters stay in the address, and the whole list is a spreadsheet."""
    host.browser.post(host.add_site() + "/3e", offer_form())
    host.browser.post(host.add_site(name="Dépôt", siret="") + "/3e", offer_form())
    offers = f"{host.base}/offres"
    both = text_of(host.browser.get(offers))
    assert "Atelier de la Soie" in both
    assert "Dépôt" in both
    found = text_of(host.browser.get(f"{offers}?etat=published&q=depot+3e"))
    assert "Dépôt" in found
    assert "Atelier de la Soie" not in found
    assert "Aucune offre ne correspond" in text_of(host.browser.get(f"{offers}?q=introuvable"))
    frame = pd.read_excel(io.BytesIO(host.browser.get(f"{host.base}/listes/offres.xlsx").data), engine="calamine")
    assert sorted(frame["Site"].unique()) == ["Atelier de la Soie", "Dépôt"]
    assert (frame["Libres"].sum(), len(frame)) == (12, 4)


def test_a_lapsed_convention_refuses_places_and_says_why(browser_for: BrowserFor, database: Session) -> None:
    """JobIRL's deed ended in April 2024 by its own text: its button is locked with the reason, and forcing it fails."""
    host = host_of(browser_for, database, "jobirl")
    form = host.add_site(member="") + "/3e"
    page = host.browser.get(form)
    assert "29 avril 2024" in text_of(page)
    button = page.get_data(as_text=True).split('value="jobirl"')[1].split(">")[0]
    assert "disabled" in button
    forced = host.browser.post(form, offer_form(convention_key="jobirl"))
    assert forced.status_code == 422
    assert "29 avril 2024" in text_of(forced)
    assert database.exec(select(Offer)).all() == []


def test_a_site_outside_the_territory_is_refused_under_the_convention(
    browser_for: BrowserFor, database: Session
) -> None:
    """OVHcloud hosts in nine départements: a site in Lozère may only offer outside the convention."""
    host = host_of(browser_for, database, "ovhcloud")
    form = host.add_site(commune="48000") + "/3e"
    seats = {"seats-2027-W05": "4", "seats-2027-W04": ""}
    refused = host.browser.post(form, offer_form(convention_key="ovhcloud", **seats))
    assert refused.status_code == 422
    assert "hors du territoire de la convention" in text_of(refused)
    assert host.browser.post(form, offer_form(convention_key="", **seats)).status_code == 303


def test_the_home_page_shows_promised_published_and_allocated(browser_for: BrowserFor, database: Session) -> None:
    """OVHcloud promised 30 places of 3e; six are published; nothing is allocated yet."""
    host = host_of(browser_for, database, "ovhcloud")
    form = host.add_site() + "/3e"
    assert host.browser.post(form, offer_form(convention_key="ovhcloud")).status_code == 303
    home = text_of(host.browser.get(f"{host.base}/"))
    assert "3e 30 6 0" in home
    assert "donnés en nombre seulement" in home


def test_a_federation_names_the_member_that_hosts(browser_for: BrowserFor, database: Session) -> None:
    """SERCE is never a host: its sites carry the name of a member company, which the list shows."""
    host = host_of(browser_for, database, "serce")
    host.add_site(member="Électricité Durand")
    assert "Électricité Durand" in text_of(host.browser.get(f"{host.base}/sites"))


def test_another_partner_s_site_and_offer_do_not_exist(
    host: Host, browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """Reading, publishing on, changing or withdrawing another's, even under one's own address: not found."""
    offer = host.browser.post(host.add_site() + "/3e", offer_form()).location
    offer_id, site_id = offer.rsplit("/", 1)[1], database.exec(select(Site)).one().id
    other = Host(browser_for(country.email_partner_b), country.partner_b)
    for address in (f"sites/{site_id}/offres", f"sites/{site_id}/offres/3e", f"offres/{offer_id}"):
        assert other.browser.get(f"{other.base}/{address}").status_code == 404
    for address in (f"sites/{site_id}/offres/3e", f"offres/{offer_id}", f"offres/{offer_id}/retrait"):
        assert other.browser.post(f"{other.base}/{address}", offer_form(), token_from="/").status_code == 404
    assert database.exec(select(Offer)).one().status is OfferStatus.PUBLISHED
