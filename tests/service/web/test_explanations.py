"""The explanation the law gives each family: for the school of the pupil alone, or by a link that opens it once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlmodel import Session, col, select

from service.domain.letters import MENTION
from service.persistence.engine import session_scope
from service.persistence.packed import pack, unpack
from service.persistence.tables import (
    AllocationRound,
    AuditEntry,
    ClassGroup,
    Offer,
    OutboxLine,
    PersonalLink,
    Placement,
    PlacementRequest,
    Preference,
    Pupil,
    RoundDossier,
    School,
    Site,
    UnplacedPupil,
)
from solver.files import canonical_bytes
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.filled_country import CANARY
from tests.service.web.small_country import SmallCountry


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture
def lycee(browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    return browser_for(country.email_school_b)


def pupils(database: Session, uai: str, decided: type[Placement | UnplacedPupil]) -> list[Pupil]:
    statement = (
        select(Pupil)
        .join(decided, col(decided.pupil_id) == col(Pupil.id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(School, col(School.id) == col(ClassGroup.school_id))
        .where(col(School.uai) == uai)
        .order_by(col(Pupil.id))
    )
    return list(database.exec(statement))


def address(country: SmallCountry, pupil: Pupil) -> str:
    return f"/etablissements/{country.school_b}/eleves/{pupil.pseudonym}/explication"


def test_a_placed_pupil_s_page_says_data_rules_weights_and_operations(
    lycee: Browser, database: Session, country: SmallCountry
) -> None:
    """Each thing R311-3-1-2 asks for is on the page: contribution, data and sources, weights, operations."""
    placed = pupils(database, country.school_b, Placement)[0]
    said = text_of(lycee.get(address(country, placed)))
    found = database.exec(select(AllocationRound)).one()
    assert f"{placed.display_name} a une place" in said
    assert "Une personne de la coordination, Compte de coordination, l’a examinée" in said
    assert "Distance acceptée 30 km demande de l’établissement" in said
    assert "Vœux, dans l’ordre Énergie, Industrie et maintenance l’élève" in said
    assert "Poids d’un élève sans place de cet établissement dans l’équité : 100 %" in said
    assert found.input_sha256 in said
    for tier in found.tiers:
        assert f"{tier['value']:,} {tier['bound']:,} prouvé".replace(",", " ") in said
    assert "Commission d’accès aux documents administratifs" in lycee.get(address(country, placed)).text


def test_a_second_wish_says_why_not_the_first(lycee: Browser, database: Session, country: SmallCountry) -> None:
    """The six places of the first sector are taken: that is the reason given to whoever has the second wish."""
    ranks = {row.pupil_id: row.rank for row in database.exec(select(Placement))}
    second = next(one for one in pupils(database, country.school_b, Placement) if ranks[one.id or 0] == 2)
    said = text_of(lycee.get(address(country, second)))
    assert "1er : Énergie Toutes les places de ce secteur à portée sont prises. 1 ouverture" in said


def test_a_pupil_without_a_place_reads_what_was_full(lycee: Browser, database: Session, country: SmallCountry) -> None:
    """The reason, the sites that were full, and the smallest change."""
    left = pupils(database, country.school_b, UnplacedPupil)[0]
    said = text_of(lycee.get(address(country, left)))
    assert f"{left.display_name} n’a pas de place" in said
    assert "Toutes les places à portée sont prises" in said
    assert "Site energie, SERCE (75)" in said
    assert "Site industrie, Verreries de Garonne (75)" in said
    assert "Le plus petit changement qui placerait un élève de plus dans sa situation : Une place de plus" in said


def test_a_class_s_own_departements_are_told(
    lycee: Browser, database: Session, country: SmallCountry, app: Flask
) -> None:
    """Those the request limits itself to, how many offers that leaves out, and the one to accept besides."""
    left = pupils(database, country.school_b, UnplacedPupil)[0]
    offer = database.exec(select(Offer.id).join(Site).where(Site.name == "Site energie")).one()
    database.rollback()
    with session_scope(app.extensions["sequence_engine"]) as session:
        dossier = session.exec(select(RoundDossier)).one()
        document = json.loads(unpack(dossier.instance_gz))
        next(row for row in document["groups"] if row["id"] == left.pseudonym)["departments"] = ["78", "92"]
        dossier.instance_gz = pack(canonical_bytes(document))
        row = session.exec(select(UnplacedPupil).where(UnplacedPupil.pupil_id == left.id)).one()
        row.reason, row.facts = "no_offer_of_level_in_reach", {"reachable_offers": 0, "in_other_departments": 3}
        row.fixes = [{"kind": "department", "offer": str(offer)}]
    said = text_of(lycee.get(address(country, left)))
    assert "Départements acceptés Yvelines (78), Hauts-de-Seine (92) demande de l’établissement" in said
    assert "3 offres à cette distance sont dans des départements que la demande n’accepte pas." in said
    assert "Accepter aussi un autre département : Paris (75), où se trouve « Site energie » (SERCE)." in said


def test_the_page_is_built_from_what_was_frozen(
    lycee: Browser, database: Session, country: SmallCountry, app: Flask
) -> None:
    """What changes in the rows afterwards does not change what the decision rested on."""
    placed = pupils(database, country.school_b, Placement)[0]
    before = text_of(lycee.get(address(country, placed)))
    with session_scope(app.extensions["sequence_engine"]) as session:
        for wish in session.exec(select(Preference).where(Preference.pupil_id == placed.id)):
            session.delete(wish)
        for request in session.exec(select(PlacementRequest)):
            request.reach_km = 299
    assert text_of(lycee.get(address(country, placed))) == before


def test_another_school_s_pupil_is_not_found(
    browser_for: Callable[[str], Browser], database: Session, country: SmallCountry
) -> None:
    """Neither through one's own address nor through the other school's."""
    placed = pupils(database, country.school_b, Placement)[0]
    browser = browser_for(country.email_school_a)
    for uai in (country.school_a, country.school_b):
        assert browser.get(f"/etablissements/{uai}/eleves/{placed.pseudonym}/explication").status_code == 404


def given_link(lycee: Browser, country: SmallCountry, pupil: Pupil) -> str:
    page = lycee.post(f"{address(country, pupil)}/lien", token_from=address(country, pupil))
    found = re.search(r'id="adresse">([^<]+)<', page.text)
    assert found is not None
    return urlsplit(found[1]).path


def test_a_family_s_link_opens_once(app: Flask, lycee: Browser, database: Session, country: SmallCountry) -> None:
    """Reading the link spends nothing, opening it does; nobody needs an account, and the trail says both."""
    placed = pupils(database, country.school_b, Placement)[0]
    link = given_link(lycee, country, placed)
    family = Browser(app.test_client())
    for _ in range(2):
        assert "Il ne sert qu’une fois" in text_of(family.get(link))
    opened = family.post(link)
    assert opened.status_code == 200
    assert f"{placed.display_name} a une place" in text_of(opened)
    again = family.post(link, token_from="/connexion")
    assert again.status_code == 410
    assert CANARY not in again.text
    database.rollback()  # what has been written since this reading began
    actions = [one.action for one in database.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]
    assert actions[-2:] == ["give_explanation", "read_explanation"]
    assert all(CANARY not in str(one.detail) + one.subject for one in database.exec(select(AuditEntry)))


def test_a_newer_link_replaces_the_older_and_both_end(
    app: Flask, lycee: Browser, database: Session, country: SmallCountry, clock: Clock
) -> None:
    """One link at a time for a pupil, thirty days long; the database keeps no token."""
    placed = pupils(database, country.school_b, Placement)[0]
    older = given_link(lycee, country, placed)
    clock.advance(timedelta(minutes=1))
    newer = given_link(lycee, country, placed)
    family = Browser(app.test_client())
    assert family.get(older).status_code == 410
    assert family.get(newer).status_code == 200
    assert all(newer.rpartition("/")[2] not in one.token_sha256 for one in database.exec(select(PersonalLink)))
    clock.advance(timedelta(days=30))
    assert family.get(newer).status_code == 410


def test_every_notice_says_that_an_algorithm_contributed(
    lycee: Browser, browser_for: Callable[[str], Browser], database: Session, country: SmallCountry
) -> None:
    """The messages of a publication, the class's page and the partner's: the mention is where the decision is told."""
    told = [one for one in database.exec(select(OutboxLine)) if "round:" in one.cause]
    assert told
    assert all(MENTION in one.body for one in told)
    board = lycee.get(f"/etablissements/{country.school_b}/")
    page = re.search(r'href="([^"]*/classes/[0-9]+)"', board.text)
    assert page is not None
    assert MENTION.replace("\u00a0", " ") in text_of(lycee.get(page[1]))
    partner = browser_for(country.email_partner_b)
    assert MENTION.replace("\u00a0", " ") in text_of(partner.get(f"/partenaires/{country.partner_b}/eleves-attendus"))


def test_the_public_page_says_the_parameters_frozen_with_the_round(
    app: Flask, database: Session, country: SmallCountry
) -> None:
    """Order, territory, weights and hash are those of the published round; the weights in force are a table."""
    found = database.exec(select(AllocationRound)).one()
    said = text_of(Browser(app.test_client()).get("/comment-une-decision-est-prise"))
    assert "Objectifs, dans l’ordre élèves placés, places réservées, équité entre établissements" in said
    assert "éducation prioritaire renforcée (REP+) 150 %" in said
    assert found.input_sha256 in said
    assert CANARY not in said
