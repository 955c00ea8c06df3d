"""What a territory's coordinators read: their own schools and sites, on every page and in every file, nothing else."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import true
from sqlmodel import Session, col, select

from service.domain.accounts import create_user, grant
from service.domain.bridge import freeze
from service.domain.campaigns import (
    campaigns_in_force,
    close_campaign,
    find_campaign_of_school,
    find_open_campaign,
    open_campaign,
)
from service.domain.perimeters import area_of, read_geography
from service.domain.quota_lines import load_quota_tree
from service.domain.readiness import campaign_readiness
from service.domain.reminders import queue_reminders
from service.domain.request_rules import check_territory
from service.domain.round_tables import TABLES
from service.domain.rounds import claim, fail_round, launch_round
from service.errors import ServiceError
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import (
    Campaign,
    ClassGroup,
    Membership,
    OutboxLine,
    PlacementRequest,
    Pupil,
    School,
    Site,
)
from service.vocabulary import Level, RequestStatus, Role
from tests.service.web.conftest import ORIGIN, Browser, text_of
from tests.service.web.crawling import every_page
from tests.service.web.filled_country import TODAY
from tests.service.web.small_country import ACTOR, PASSWORD, SCHOOL_YEAR, SmallCountry

BrowserFor = Callable[..., Browser]
NORD = "nord@coordination.example"
PAGES = (
    "/coordination",
    "/coordination/campagnes/1",
    "/coordination/campagnes/1?departement=75",
    "/coordination/campagnes/1/preparation?liste=etablissements",
    "/coordination/campagnes/1/preparation?liste=partenaires",
    "/coordination/campagnes/1/preparation?liste=anomalies",
    "/coordination/campagnes/1/preparation/etablissements.csv",
    "/coordination/campagnes/1/preparation/partenaires.csv",
    "/coordination/campagnes/1/preparation/anomalies.csv",
    "/coordination/tours/1/etablissements",
    "/coordination/tours/1/etablissements?departement=75",
    "/coordination/tours/1/classes",
    "/coordination/tours/1/changements",
    "/coordination/tours/1/non-places",
    "/coordination/tours/1/non-places?q=0",
    "/coordination/tours/1/ou-demarcher",
    "/coordination/tours/1/places-vides",
    "/coordination/tours/1/places-vides?voir=complets",
    "/coordination/comptes",
    "/coordination/stages",
    "/coordination/stages?departement=75",
    *(f"/coordination/tours/1/exports/{key}.csv" for key, table in TABLES.items() if table.can_be_cut),
)


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture
def nord(app: Flask, browser_for: BrowserFor) -> Browser:
    """Someone who coordinates the Nord, whose schools take part in the country's campaign."""
    with writing(app) as session:
        user = create_user(session, NORD, "Coordination du Nord", PASSWORD, ACTOR)
        territory = {"territory": "department:59", "school_year": SCHOOL_YEAR}
        grant(session, user, Role.DEPARTMENT_COORDINATOR, ACTOR, **territory)
    return browser_for(NORD)


def writing(app: Flask) -> AbstractContextManager[Session]:
    return session_scope(app.extensions["sequence_engine"])


def tokens(session: Session, *, foreign: bool) -> list[str]:
    """What names a row: schools, sites and pupils of the Nord, or of everywhere else."""
    of_pupil = (
        select(Pupil.pseudonym, School.department_code)
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
    )
    rows = [
        *session.exec(of_pupil),
        *session.exec(select(School.uai, School.department_code)),
        *session.exec(select(School.name, School.department_code)),
        *session.exec(select(Site.name, Site.department_code)),
    ]
    return [token for token, code in rows if (code != "59") is foreign]


def told(browser: Browser, addresses: tuple[str, ...] | list[str], wanted: list[str]) -> set[tuple[str, str]]:
    found = set()
    for address in addresses:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        body = answer.get_data(as_text=True)
        found |= {(address, token) for token in wanted if token in body}
    return found


def test_no_page_and_no_file_shows_a_row_of_another_territory(nord: Browser, database: Session) -> None:
    """The Nord reads its school, its pupils and its sites wherever a link leads it, and no other; no link is dead."""
    foreign = tokens(database, foreign=True)
    read = {page.address: page.body for page in every_page(nord)}
    assert [(address, token) for address, body in read.items() for token in foreign if token in body] == []
    assert told(nord, [one for one in PAGES if one not in read], foreign) == set()
    own = {address for address, _ in told(nord, PAGES, tokens(database, foreign=False))}
    assert {
        "/coordination/tours/1/etablissements",
        "/coordination/tours/1/classes",
        "/coordination/tours/1/non-places",
        "/coordination/tours/1/exports/affectations.csv",
        "/coordination/tours/1/exports/non-places.csv",
        "/coordination/tours/1/exports/places-vides.csv",
        "/coordination/comptes",
        "/coordination/stages",
    } <= own


def test_an_academie_finds_every_page_of_its_own_campaign(app: Flask, browser_for: BrowserFor) -> None:
    """Whoever runs a campaign reads all of it: no link of theirs leads to a page that is not there."""
    with writing(app) as session:
        session.get_one(Campaign, 1).territory = "academy:09"
        user = create_user(session, "lille@coordination.example", "Coordination de Lille", PASSWORD, ACTOR)
        grant(session, user, Role.ACADEMY_COORDINATOR, ACTOR, territory="academy:09")
    read = {page.address for page in every_page(browser_for("lille@coordination.example"))}
    assert {"/coordination/campagnes/1/regles", "/coordination/tours/1/comparaison", "/coordination/objectifs"} <= read


@pytest.mark.parametrize(
    ("module", "address"),
    [
        ("service.domain.placements", "/coordination/tours/1/etablissements"),
        ("service.domain.placements", "/coordination/tours/1/exports/non-places.csv"),
        ("service.domain.round_cuts", "/coordination/tours/1/classes"),
        ("service.domain.exports", "/coordination/tours/1/exports/affectations.csv"),
        ("service.domain.findings", "/coordination/tours/1/places-vides"),
        ("service.domain.preparation", "/coordination/campagnes/1/preparation?liste=anomalies"),
        ("service.web.people", "/coordination/comptes"),
        ("service.domain.stay_counts", "/coordination/stages"),
    ],
)
def test_a_query_without_its_filter_is_seen(
    nord: Browser, database: Session, monkeypatch: pytest.MonkeyPatch, module: str, address: str
) -> None:
    """Sabotage: a list that forgets its territory shows somebody else's rows, and the test above says so."""
    monkeypatch.setattr(importlib.import_module(module), "within", lambda *_: true())
    assert told(nord, [address], tokens(database, foreign=True)) != set()


def test_nobody_names_coordinators_of_a_wider_kind(app: Flask, browser_for: BrowserFor) -> None:
    """In Guadeloupe the département, the académie and the région are the same land: whoever coordinates the first, and
    runs no campaign, does not name those who run them; whoever coordinates the académie names both below."""
    with writing(app) as session:
        region, academy, department = read_geography(session).around("971")
        assert area_of(session, region) == area_of(session, academy) == frozenset({"971"})
        for role, territory in ((Role.DEPARTMENT_COORDINATOR, department), (Role.ACADEMY_COORDINATOR, academy)):
            person = create_user(session, f"{role.value}@guadeloupe.example", "Guadeloupe", PASSWORD, ACTOR)
            grant(session, person, role, ACTOR, territory=territory)
    pages = [f"/coordination/territoires/{key}/personnes" for key in (department, academy, region)]
    below, above = (
        browser_for(f"{role.value}@guadeloupe.example")
        for role in (Role.DEPARTMENT_COORDINATOR, Role.ACADEMY_COORDINATOR)
    )
    assert [below.get(page).status_code for page in pages] == [200, 404, 404]
    assert [above.get(page).status_code for page in pages] == [200, 200, 404]
    offered = re.findall(r'<option value="([^"]+)"', below.get("/coordination/territoires").get_data(as_text=True))
    assert offered == [department]


def test_why_a_round_failed_is_for_those_who_read_the_whole(app: Flask, nord: Browser) -> None:
    """A reason may name a pupil of any territory: the Nord is told that the round failed, and who knows why."""
    with writing(app) as session:
        failed = row_id(launch_round(session, 1, ACTOR))
        token = claim(session, failed, 60)
        assert token is not None
        fail_round(session, failed, token, "L’ajustement qui envoie l’élève ABC ne peut pas tenir. Levez-le.")
    said = text_of(nord.get(f"/coordination/tours/{failed}"))
    assert "en connaît le motif" in said
    assert "ABC" not in said


def test_what_cannot_be_cut_is_not_there(nord: Browser) -> None:
    """Sums of the whole round, its dossier and its acts are another territory's: as if they did not exist."""
    for address in (
        "/coordination/tours/1/repartition",
        "/coordination/tours/1/comparaison",
        "/coordination/tours/1/leviers",
        "/coordination/tours/1/dossier/instance.json.gz",
        "/coordination/tours/1/exports/tour-complet.xlsx",
        "/coordination/tours/1/exports/conventions.csv",
        "/coordination/campagnes/1/regles",
        "/coordination/campagnes/1/ajustements",
        "/coordination/campagnes/nouvelle",
        "/coordination/territoires/region:32/personnes",
    ):
        assert nord.get(address).status_code == 404, address
    token = nord.token("/coordination/comptes")
    refused = nord.client.post(
        "/coordination/campagnes/1/tours", data={"csrf_token": token}, headers={"Origin": ORIGIN}
    )
    assert refused.status_code == 404
    board = text_of(nord.get("/coordination/campagnes/1"))
    assert "Vous lisez ce qui concerne vos établissements et vos sites." in board
    assert "Lancer un" not in board


def test_a_territory_names_its_own_coordinators(
    app: Flask, nord: Browser, browser_for: BrowserFor, country: SmallCountry
) -> None:
    """The country invites an académie until the end of a school year; whoever accepts coordinates that académie."""
    page = "/coordination/territoires/academy:09/personnes"
    assert nord.get(page).status_code == 404
    national = browser_for(country.email_coordinator)
    asked = {"email": "lille@coordination.example", "school_year": SCHOOL_YEAR}
    assert national.post(page, asked).status_code == 303
    assert "lille@coordination.example" in text_of(national.get(page))
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        letter = session.exec(select(OutboxLine).where(OutboxLine.recipient == "lille@coordination.example")).one()
        path = next(word for word in letter.body.split() if "/invitation" in word)
    assert "coordonner le territoire" in letter.body
    visitor = browser_for("")
    path = path[path.index("/invitation") :]
    accepted = visitor.post(path, {"name": "Lille", "password": PASSWORD})
    assert accepted.status_code == 303
    with session_scope(app.extensions["sequence_engine"], write=False) as session:
        right = session.exec(select(Membership).where(Membership.territory == "academy:09")).one()
        assert (right.role, right.school_year) == (Role.ACADEMY_COORDINATOR, SCHOOL_YEAR)


def test_a_region_moves_the_targets_of_its_territories(
    app: Flask, browser_for: BrowserFor, country: SmallCountry
) -> None:
    """The country gives, a région moves between its own, and each reads its own moves with who made them and why."""
    with writing(app) as session:
        user = create_user(session, "sud@coordination.example", "Coordination du Sud", PASSWORD, ACTOR)
        grant(session, user, Role.REGION_COORDINATOR, ACTOR, territory="region:84")
        lines = load_quota_tree(session).lines.values()
        line = next(one.id for one in lines if one.convention_key == "serce" and one.commitment)
    page = "/coordination/objectifs"
    national, region = browser_for(country.email_coordinator), browser_for("sud@coordination.example")
    given = {"line": line, "source": "nation", "destination": "department:69", "seats": 40, "why": "Rentrée"}
    assert national.post(page, given).status_code == 303
    moved = given | {"source": "department:69", "destination": "department:38", "seats": 15, "why": "Usine fermée"}
    assert region.post(page, moved).status_code == 303
    told = text_of(region.get(page))
    assert all(said in told for said in ("Isère (38) 15", "Rhône (69) 25", "Usine fermée"))
    assert "Isère" not in text_of(browser_for(country.email_school_a).get(page))
    refused = region.post(page, moved | {"seats": 26})
    assert refused.status_code == 422
    assert "Rhône (69) a 25 places à donner." in text_of(refused)
    # what a région does not hold is not in its form: neither the common part nor another's département
    assert region.post(page, moved | {"source": "nation"}).status_code == 422
    assert region.post(page, moved | {"destination": "department:59"}).status_code == 422
    assert "Rhône (69), 25" in text_of(national.get("/conventions/serce"))


def _open(session: Session, name: str, levels: list[str], territory: str) -> Campaign:
    closes_on = date(2026, 12, 31)
    campaign = open_campaign(
        session, name, SCHOOL_YEAR, levels, closes_on, actor=ACTOR, today=TODAY, territory=territory
    )
    session.flush()
    return campaign


def test_a_school_works_in_the_narrowest_campaign_of_its_territory(app: Flask) -> None:
    """The académie's own campaign comes before the country's for its schools, for its levels, while it is open."""
    third, second = [Level.TROISIEME.value], [Level.SECONDE_GT.value]
    with writing(app) as session:
        national = find_open_campaign(session)
        assert national is not None
        academy = _open(session, "Lille", third, "academy:09")
        department = _open(session, "Nord", third, "department:59")
        assert find_open_campaign(session) is national
        assert find_campaign_of_school(session, "59", third) is department
        assert find_campaign_of_school(session, "62", third) is academy
        assert find_campaign_of_school(session, "69", third) is national
        assert find_campaign_of_school(session, "59", second) is national
        close_campaign(session, department, ACTOR)
        assert find_campaign_of_school(session, "59", third) is academy
        assert campaigns_in_force(session, area_of(session, "academy:10")) == [national]
        lyon = session.exec(select(School).where(School.department_code == "69")).one()
        with pytest.raises(ServiceError, match="autre territoire"):
            check_territory(session, academy, lyon)
        session.rollback()


def test_each_school_is_reminded_of_its_own_campaign(app: Flask) -> None:
    """The country's campaign reminds a late school until its académie's opens: then that one does, alone."""
    with writing(app) as session:
        school = session.exec(select(School).where(School.uai == "0590003H")).one()
        school.official_email = "ce.0590003h@academie.example"
        for request in session.exec(select(PlacementRequest)):
            request.status = RequestStatus.DRAFT
        queue_reminders(session, date(2026, 12, 25))
        before = _reminded(session, school)
        lille = _open(session, "Campagne de Lille", [Level.TROISIEME.value], "academy:09")
        queue_reminders(session, date(2026, 12, 30))
        after = [body for body in _reminded(session, school) if body not in before]
        assert [(lille.name in body, "Campagne 2026-2027" in body) for body in before] == [(False, True)]
        assert [(lille.name in body, "Campagne 2026-2027" in body) for body in after] == [(True, False)]
        session.rollback()


def _reminded(session: Session, school: School) -> list[str]:
    asked = select(OutboxLine.body).where(
        OutboxLine.recipient == school.official_email, col(OutboxLine.cause).startswith("reminder:")
    )
    return list(session.exec(asked))


def test_a_campaign_holds_the_places_of_its_territory(app: Flask) -> None:
    """The Nord's campaign counts and freezes the Nord's places alone, less those that pupils of the country's hold."""
    with writing(app) as session:
        campaign = _open(session, "Nord", [level.value for level in Level], "department:59")
        readiness = campaign_readiness(session, campaign)
        assert set(readiness.by_department) == {"59"}
        frozen = freeze(session, campaign, TODAY)
        assert {offer.department for offer in frozen.offers} == {"59"}
        national = session.get_one(Campaign, 1)
        held = sum(1 for pin in freeze(session, national, TODAY).pins if pin.offer in frozen.offer)
        published = readiness.seats
        assert sum(sum(offer.seats.values()) for offer in frozen.offers) == published - held
        assert held > 0
        session.rollback()
