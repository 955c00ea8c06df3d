"""A school asks: the form, its refusals, sending, correcting and withdrawing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session, col, select

from service.domain.calendar import make_periods
from service.domain.offer_rules import OfferDraft
from service.domain.offers import publish_offer
from service.domain.requests import RequestDraft, create_request
from service.domain.sites import SiteDraft, add_site
from service.persistence.engine import session_scope
from service.persistence.tables import (
    Campaign,
    ClassGroup,
    PlacementRequest,
    Preference,
    Pupil,
    RequestPeriod,
    School,
)
from service.vocabulary import CampaignStatus, Level, RequestStatus
from tests.service.web.conftest import Browser, text_of
from tests.service.web.small_country import ACTOR, SmallCountry

BrowserFor = Callable[..., Browser]
WEEK = "2027-W05"
HOLIDAY = "2027-W07"
FORTNIGHT = "2027-W24-2"


@pytest.fixture
def stage() -> str:
    return "open"


def filled(**changes: Any) -> dict[str, Any]:
    """A good form, but for `changes`."""
    good = {"class_name": "3e B", "size": "24", "periods": [WEEK, "2027-W04"], "wish_1": "numerique", "wish_2": "sante",
            "wish_3": "", "reach_km": "25", "pupil_list": "", "keep": "1"}  # fmt: skip
    return good | changes


@pytest.fixture
def school(browser_for: BrowserFor, country: SmallCountry) -> Browser:
    return browser_for(country.email_school_a)


@pytest.fixture
def address(country: SmallCountry) -> str:
    return f"/etablissements/{country.school_a}/demandes/nouvelle/3e"


def test_a_number_of_pupils_makes_a_draft(school: Browser, address: str, database: Session) -> None:
    """Twenty-four pupils, two weeks, two wishes: a draft that the class page shows."""
    answer = school.post(address, filled())
    assert answer.status_code == 303
    page = text_of(school.get(answer.location))
    assert "Classe 3e B" in page
    assert "Brouillon" in page
    assert "24 élèves" in page
    row = database.exec(select(PlacementRequest)).one()
    assert (row.status, row.reach_km) == (RequestStatus.DRAFT, 25)
    assert {one.period_id for one in database.exec(select(RequestPeriod))} == {WEEK, "2027-W04"}
    assert len(database.exec(select(Pupil)).all()) == 24
    assert len(database.exec(select(Preference)).all()) == 48


def test_a_pasted_list_keeps_each_pupil_s_wishes(school: Browser, address: str, database: Session) -> None:
    """Names, own wishes, class's wishes for those without, needs: all read from the pasted lines."""
    lines = "Zoé A. ; Santé ; Numérique\nYanis B.\n\nInès C. ; energie ; ; ; accès de plain-pied"
    school.post(address, filled(size="", pupil_list=lines))
    pupils = {one.display_name: one for one in database.exec(select(Pupil))}
    assert list(pupils) == ["Zoé A.", "Yanis B.", "Inès C."]
    wishes = {
        name: [
            one.sector
            for one in database.exec(
                select(Preference).where(Preference.pupil_id == pupil.id).order_by(col(Preference.rank))
            )
        ]
        for name, pupil in pupils.items()
    }
    assert wishes == {
        "Zoé A.": ["sante", "numerique"],
        "Yanis B.": ["numerique", "sante"],
        "Inès C.": ["energie"],
    }
    assert pupils["Inès C."].needs == ["step_free_access"]


def test_the_week_picker_greys_out_holidays_and_says_why(school: Browser, address: str) -> None:
    """A holiday week cannot be ticked, and its reason stands beside it."""
    page = school.get(address).get_data(as_text=True)
    box = page[page.index(f'value="{HOLIDAY}"') :][:200]
    assert "disabled" in box
    assert "est en vacances scolaires pour la zone A" in text_of(school.get(address))


def test_the_reach_is_shown_before_anything_is_sent(
    app: Flask, school: Browser, address: str, country: SmallCountry, database: Session
) -> None:
    """Sites and free places at the distance asked and at others; minutes become kilometres, said to be an estimate."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        for commune, seats in (("69123", 4), ("38185", 6), ("75056", 9)):
            site, _ = add_site(session, country.partner_a, SiteDraft(name="Site", insee=commune), ACTOR)
            offer = OfferDraft(level=Level.TROISIEME, sector="sante", seats={WEEK: seats})
            publish_offer(session, site, offer, date(2026, 11, 23), ACTOR)
    before = text_of(school.get(address))
    assert "À 30 km aujourd’hui : 1 site publié" in before
    assert "4 places libres : Rhône (69) 1" in before
    assert "100 km 2 10" in before, "Paris is out of the campaign's territory"
    shown = school.post(address, filled(reach="1", travel_minutes="200", reach_km="5"))
    said = text_of(shown)
    assert shown.status_code == 200
    assert "200 minutes comptent pour 100 km à vol d’oiseau : c’est une estimation" in said
    assert "À 100 km aujourd’hui : 2 sites publiés pour ce niveau dans les semaines cochées" in said
    assert re.search(r'name="reach_km"[^>]* value="100"', shown.get_data(as_text=True))
    limited = school.post(address, filled(reach="1", reach_km="100", departments=["38"]))
    assert "À 100 km aujourd’hui : 1 site publié" in text_of(limited)
    assert "6 places libres : Isère (38) 1" in text_of(limited)
    assert "Dans les départements que vous ne cochez pas, 1 autre site est à cette distance." in text_of(limited)
    assert re.search(r'name="departments" value="38" checked', limited.get_data(as_text=True))
    none = text_of(school.post(address, filled(reach="1", reach_km="100", departments=["42"])))
    assert "Aucun site à cette distance dans les départements cochés : 2 autres sites sont dans ceux" in none
    elsewhere = text_of(school.post(address, filled(reach="1", periods=["2027-W04", "2099-W01"])))
    assert "À 25 km aujourd’hui : 0 site publié" in elsewhere
    assert database.exec(select(PlacementRequest)).all() == []
    saved = school.post(address, filled(travel_minutes="60"))
    assert "60 minutes comptent pour 30 km" in text_of(school.get(saved.location))
    database.rollback()
    assert database.exec(select(PlacementRequest.reach_km)).one() == 30
    kept = school.post(address, filled(class_name="3e C", reach_km="100", departments=["42"]))
    assert "À 100 km aujourd’hui, aucun site publié n’est dans les départements acceptés : 2 autres sites sont" in (
        text_of(school.get(kept.location))
    )


def test_a_class_says_in_which_departements(school: Browser, address: str, database: Session) -> None:
    """Boxes with the school's own département first; what is ticked is kept, shown and ticked again, or refused."""
    page = school.get(address).get_data(as_text=True)
    assert re.findall(r'name="departments" value="(\w+)"', page)[0] == "69"
    refused = school.post(address, filled(departments=["69", "75"]))
    assert refused.status_code == 422
    assert "décochez-le : Paris (75)" in text_of(refused)
    ticked = re.findall(r'name="departments" value="(\w+)" checked', refused.get_data(as_text=True))
    assert ticked == ["69", "75"]
    assert database.exec(select(PlacementRequest)).all() == []
    saved = school.post(address, filled(departments=["69", "01"]))
    class_page = school.get(saved.location)
    assert "Départements acceptés Ain (01), Rhône (69)" in text_of(class_page)
    edit = re.search(r'href="([^"]*/demandes/[0-9]+)"', class_page.get_data(as_text=True))
    assert edit
    again = school.get(edit[1]).get_data(as_text=True)
    assert re.findall(r'name="departments" value="(\w+)" checked', again) == ["69", "01"]


def test_a_class_of_prepa_metiers_asks_for_several_stays(school: Browser, country: SmallCountry) -> None:
    """The box is there for that level alone; what is asked is on the class's page, and ticked when it is read again."""
    base = f"/etablissements/{country.school_a}/demandes/nouvelle"
    assert 'name="every_period"' not in school.get(f"{base}/3e").get_data(as_text=True)
    one_stay = school.post(f"{base}/3e", filled(every_period="y"))
    assert "En 3e, un élève part une seule fois dans l’année" in text_of(one_stay)
    asked = filled(class_name="3e PM", every_period="y", periods=[WEEK, "2027-W11-2"])
    overlap = school.post(f"{base}/3e_prepa_metiers", {**asked, "periods": ["2027-W11", "2027-W11-2"]})
    assert overlap.status_code == 422
    assert "se chevauchent : un élève ne peut pas partir aux deux" in text_of(overlap)
    saved = school.post(f"{base}/3e_prepa_metiers", asked)
    assert saved.status_code == 303, text_of(saved)
    page = school.get(saved.location)
    assert "2 stages, un à chaque période" in text_of(page)
    edit = re.search(r'href="([^"]*/demandes/[0-9]+)"', page.get_data(as_text=True))
    assert edit
    assert re.search(r"every_period[^>]*checked|checked[^>]*every_period", school.get(edit[1]).get_data(as_text=True))


REFUSALS = [
    ({"class_name": ""}, "class_name", "Donnez le nom de la classe"),
    ({"size": ""}, "size", "Indiquez le nombre d’élèves, ou collez la liste"),
    ({"size": "0"}, "size", "Une demande porte sur 1 à 300 élèves"),
    ({"size": "5000"}, "size", "vous en indiquez 5 000"),
    ({"size": "beaucoup"}, "size", "n’est pas un nombre"),
    ({"reach_km": "0"}, "reach_km", "La distance va de 1 à 300 km"),
    ({"travel_minutes": "2"}, "travel_minutes", "Le temps de trajet va de 5 à 300 minutes"),
    ({"reach_km": ""}, "reach_km", "Indiquez une distance"),
    ({"periods": []}, "periods", "Choisissez au moins une période"),
    ({"periods": [HOLIDAY]}, "periods", "vacances scolaires pour la zone A"),
    ({"periods": [FORTNIGHT]}, "periods", "choisissez des semaines de classe"),
    ({"periods": ["2026-W40"]}, "periods", "Cette période a déjà commencé"),
    ({"periods": ["2027-W99"]}, "periods", "Cette période n’existe pas"),
    ({"wish_2": "numerique"}, "wish_1", "Le même secteur est demandé deux fois"),
    ({"wish_1": "astrologie"}, "wish_1", "n’existe pas"),
    ({"size": "3", "pupil_list": "Zoé A.\nYanis B."}, "size", "La liste compte 2 élèves"),
    ({"size": "", "pupil_list": "Zoé A. ; Astrologie"}, "pupil_list", "Ligne 1 : le secteur « Astrologie »"),
    ({"size": "", "pupil_list": "Zoé A.\n; Santé"}, "pupil_list", "Ligne 2 : le prénom manque"),
    ({"size": "", "pupil_list": "Zoé ; Santé ; Santé"}, "pupil_list", "deux fois"),
    ({"size": "", "pupil_list": "Zoé ; ; ; ; chimio"}, "pupil_list", "le besoin « chimio » n’est pas connu"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field", "message"), REFUSALS)
def test_a_refused_form_keeps_everything_and_says_what_to_do(
    school: Browser, address: str, database: Session, change: dict[str, Any], field: str, message: str
) -> None:
    """Each bad value: the message at the field and on top with a link, nothing typed is lost, nothing is kept."""
    answer = school.post(address, filled(**change))
    page, said = answer.get_data(as_text=True), text_of(answer)
    assert answer.status_code == 422
    assert said.count(message) >= 2, said
    assert f'href="#{field}"' in page
    assert f'id="{field}-error"' in page
    typed = filled(**change)
    for name in ("class_name", "size", "reach_km"):
        if typed[name]:
            assert f'value="{typed[name]}"' in page
    for line in typed["pupil_list"].splitlines():
        assert line in page
    for period in set(typed["periods"]) - {"2026-W40", "2027-W99", FORTNIGHT}:
        assert "checked" in page[page.index(f'value="{period}"') :][:60]
    assert database.exec(select(PlacementRequest)).all() == []
    assert database.exec(select(ClassGroup)).all() == []


def test_a_seconde_class_may_only_ask_for_june(
    browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """A lycée asks for 2de: the form offers the June fortnight alone and refuses another week."""
    lycee = browser_for(country.email_school_b)
    address = f"/etablissements/{country.school_b}/demandes/nouvelle/2de_gt"
    assert "Du 14 au 25 juin 2027" in text_of(lycee.get(address))
    refused = lycee.post(address, filled(class_name="2de 4", periods=[WEEK]))
    assert "la séquence se fait du 14 au 25 juin 2027" in text_of(refused)
    assert lycee.post(address, filled(class_name="2de 4", periods=[FORTNIGHT])).status_code == 303
    assert database.exec(select(RequestPeriod)).one().period_id == FORTNIGHT


def test_a_school_is_not_offered_a_level_it_does_not_have(school: Browser, country: SmallCountry) -> None:
    """A collège has no seconde: the page of that level does not exist for it."""
    assert school.get(f"/etablissements/{country.school_a}/demandes/nouvelle/2de_gt").status_code == 404
    offered = text_of(school.get(f"/etablissements/{country.school_a}/demandes/nouvelle"))
    assert "3e prépa métiers" in offered
    assert "2de" not in offered


def test_a_request_is_sent_changed_and_withdrawn(school: Browser, address: str, country: SmallCountry) -> None:
    """The whole life of a request before a round, each step said on the class page."""
    board = f"/etablissements/{country.school_a}/"
    class_page = school.post(address, filled()).location
    assert "1 demande est en brouillon" in text_of(school.get(board))
    request = f"/etablissements/{country.school_a}/demandes/1"
    school.post(f"{request}/envoi", token_from=class_page)
    assert "Envoyée" in text_of(school.get(class_page))
    assert "en brouillon" not in text_of(school.get(board))
    edited = school.get(request).get_data(as_text=True)
    version = edited.split('name="version"')[1].split('value="')[1].split('"')[0]
    pupils = "\n".join(f"Élève {number}" for number in range(1, 23))
    changed = school.post(request, filled(class_name="3e C", size="", pupil_list=pupils, version=version))
    assert changed.status_code == 303
    assert "22 élèves" in text_of(school.get(class_page))
    school.post(f"{request}/retrait", token_from=class_page)
    assert "Retirée" in text_of(school.get(class_page))


def test_two_people_do_not_overwrite_each_other(school: Browser, address: str, country: SmallCountry) -> None:
    """A form opened before someone else's change is refused, says so, and keeps what was typed."""
    school.post(address, filled())
    request = f"/etablissements/{country.school_a}/demandes/1"
    assert school.post(request, filled(reach_km="10", version="1")).status_code == 303
    late = school.post(request, filled(reach_km="99", version="1"))
    assert late.status_code == 422
    assert "Quelqu’un d’autre a modifié cette page entre-temps" in text_of(late)
    assert 'value="99"' in late.get_data(as_text=True)


def test_sending_at_once_from_the_form(school: Browser, address: str, database: Session) -> None:
    """The main button keeps and sends in one go."""
    answer = school.post(address, {**filled(), "send": "1"})
    assert "elle participera au prochain tour" in text_of(school.get(answer.location))
    assert database.exec(select(PlacementRequest)).one().status is RequestStatus.SUBMITTED


def test_another_school_s_request_does_not_exist(
    school: Browser, browser_for: BrowserFor, address: str, country: SmallCountry
) -> None:
    """Reading, changing, sending, withdrawing another's request, even under one's own address: not found."""
    school.post(address, filled())
    other = browser_for(country.email_school_b)
    base = f"/etablissements/{country.school_b}/demandes/1"
    assert other.get(base).status_code == 404
    assert other.get(f"/etablissements/{country.school_b}/classes/1").status_code == 404
    for target in (base, f"{base}/envoi", f"{base}/retrait"):
        assert other.post(target, filled(), token_from="/").status_code == 404
    assert school.get(f"/etablissements/{country.school_a}/demandes/1").status_code == 200


@pytest.mark.parametrize(
    "payload", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "'; --"]
)
def test_what_is_typed_is_never_run(school: Browser, address: str, payload: str) -> None:
    """Hostile text is shown as text, in the form that comes back and on the pages."""
    refused = school.post(address, filled(class_name=payload, size="0", pupil_list=payload)).get_data(as_text=True)
    kept = school.post(address, filled(class_name=payload[:40], size="", pupil_list=f"Zoé {payload}".replace(";", ",")))
    pages = [refused, kept.get_data(as_text=True)]
    if kept.status_code == 303:
        pages.append(school.get(kept.location).get_data(as_text=True))
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert ">49<" not in page


SECONDE = "Zoé A. ; ; ; ; ; Groupe A\nYanis B. ; Santé ; ; ; ; Groupe A\nInès C."


def test_pupils_stay_together_and_take_two_hosts(browser_for: BrowserFor, country: SmallCountry) -> None:
    """A lycée names a group and consents to two hosts: the class page says both, and the form shows them again."""
    lycee = browser_for(country.email_school_b)
    address = f"/etablissements/{country.school_b}/demandes/nouvelle/2de_gt"
    asked = filled(class_name="2de 4", size="", periods=[FORTNIGHT], pupil_list=SECONDE, two_hosts="y")
    page = lycee.get(lycee.post(address, asked).location)
    said = text_of(page)
    assert said.count("avec Groupe A") == 2
    assert "Deux structures d’accueil acceptées, une semaine dans chacune" in said
    [edit] = set(re.findall(r"/demandes/[0-9]+(?=\")", page.get_data(as_text=True)))
    form = lycee.get(f"/etablissements/{country.school_b}{edit}").get_data(as_text=True)
    assert "Yanis B. ; Santé ;  ;  ;  ; Groupe A" in form
    assert re.search(r'name="two_hosts"[^>]*checked|checked[^>]*name="two_hosts"', form)


def test_a_group_of_one_is_told_at_the_list(browser_for: BrowserFor, country: SmallCountry) -> None:
    """A name mistyped makes a group of one: the form says so where the list is, and keeps it."""
    lycee = browser_for(country.email_school_b)
    address = f"/etablissements/{country.school_b}/demandes/nouvelle/2de_gt"
    lines = SECONDE.replace("Groupe A", "Groupe B", 1)
    answer = lycee.post(address, filled(class_name="2de 4", size="", periods=[FORTNIGHT], pupil_list=lines))
    assert answer.status_code == 422
    assert text_of(answer).count("ne réunit qu’un élève") == 4
    assert "Zoé A. ; ; ; ; ; Groupe B" in answer.get_data(as_text=True)


def test_a_week_has_one_host(school: Browser, address: str) -> None:
    """In 3e there is nothing to share: the box is not shown, and ticking it all the same is refused."""
    assert 'name="two_hosts"' not in school.get(address).get_data(as_text=True)
    answer = school.post(address, filled(two_hosts="y"))
    assert answer.status_code == 422
    assert "un élève va dans une seule structure d’accueil" in text_of(answer)


def test_last_years_requests_in_one_click(
    school: Browser, country: SmallCountry, database: Session, app: Flask
) -> None:
    """A class that asked last year is proposed on the first page, becomes a draft, and is proposed no more."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        make_periods(session, "2025-2026")
        before = Campaign(
            name="Passée",
            school_year="2025-2026",
            levels=["3e"],
            status=CampaignStatus.OPEN,
            closes_on=date(2026, 1, 9),
        )
        session.add(before)
        session.flush()
        there = session.exec(select(School).where(School.uai == country.school_a)).one()
        asked = RequestDraft(class_name="3e C", level=Level.TROISIEME, size=21, period_ids=("2026-W05",))
        create_request(session, before, there, asked, "test")
        before.status = CampaignStatus.CLOSED
    first = f"/etablissements/{country.school_a}/demandes/nouvelle"
    assert "Reprendre 1 demande en brouillon" in text_of(school.get(first))
    answer = school.post(f"/etablissements/{country.school_a}/demandes/copie", token_from=first)
    assert answer.status_code == 303
    said = text_of(school.get(answer.location))
    assert "1 demande reprise en brouillon" in said
    assert "3e C" in said
    assert "Reprendre" not in text_of(school.get(first))
    again = school.post(f"/etablissements/{country.school_a}/demandes/copie", token_from=first)
    assert "Aucune demande de 2025-2026 n’est à reprendre." in text_of(school.get(again.location))
