"""A federation imports its sites and places in one file: every fault told, then published, and never twice."""

from __future__ import annotations

from collections.abc import Callable
from operator import add

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from service.domain.conventions import get_convention
from service.domain.offer_drafts import draft_of
from service.persistence.tables import ImportFile, Offer, Opening, PartnerMember, Site
from tests.service.web.conftest import Browser, text_of
from tests.service.web.site_files import HEADER, csv_of, good_lines, spoil
from tests.service.web.small_country import email_of
from tests.service.web.test_pupil_imports import count, send

BrowserFor = Callable[..., Browser]


@pytest.fixture
def stage() -> str:
    return "open"


@pytest.fixture
def federation(browser_for: BrowserFor, database: Session) -> tuple[Browser, str]:
    """SERCE's browser and the address of its import."""
    partner_id = get_convention(database, "serce").partner_id
    return browser_for(email_of("serce")), f"/partenaires/{partner_id}/import"


def test_900_sites_with_12_bad_lines(federation: tuple[Browser, str], database: Session) -> None:
    """Twelve faults are told with line and column and nothing is written; corrected, 900 sites have their places."""
    browser, address = federation
    lines = good_lines(900)
    spoilt, expected = spoil(lines)
    refused = send(browser, address, csv_of(spoilt), convention="serce")
    assert refused.status_code == 422
    said = text_of(refused)
    assert "12 erreurs : rien n’a été importé" in said
    for line, column in expected:
        assert f"Ligne {line} {column} " in said
    assert count(database, Site) == count(database, Offer) == count(database, ImportFile) == 0

    read = send(browser, address, csv_of(lines), convention="serce")
    assert read.status_code == 303
    assert "900 lignes" in text_of(browser.get(read.location))
    done = browser.post(read.location)
    assert done.status_code == 303
    assert count(database, Site) == count(database, Offer) == 900
    serce = get_convention(database, "serce").partner_id
    members = database.exec(select(PartnerMember.name).where(PartnerMember.partner_id == serce)).all()
    assert len(members) == 225
    assert database.exec(select(func.sum(col(Opening.capacity)))).one() == sum(int(line[9]) for line in lines)
    assert database.exec(select(Site.insee).where(Site.name == "Agence 2")).one() == "75056"
    assert None not in set(database.exec(select(Offer.commitment_id)))
    result = text_of(browser.get(done.location))
    assert "900 sites ajoutés" in result or "sites ajoutés 900" in result


def test_importing_twice_adds_nothing(federation: tuple[Browser, str], database: Session) -> None:
    """The same file again changes nothing; a corrected number of places changes one offer."""
    browser, address = federation
    lines = good_lines(12)
    for expected in ({"sites": 12, "offers": 12}, {"sites": 0, "offers": 0, "same_sites": 12, "same_offers": 12}):
        browser.post(send(browser, address, csv_of(lines), convention="serce").location)
        database.rollback()
        outcome = database.exec(select(ImportFile.outcome).order_by(col(ImportFile.id).desc())).first()
        assert outcome is not None
        assert expected.items() <= outcome.items()
    lines[3][9], lines[4][3] = "9", "5 avenue Neuve"
    browser.post(send(browser, address, csv_of(lines), convention="serce").location)
    database.rollback()
    outcome = database.exec(select(ImportFile.outcome).order_by(col(ImportFile.id).desc())).first()
    assert outcome is not None
    assert {"sites": 0, "corrected": 1, "offers": 0, "changed_offers": 1}.items() <= outcome.items()
    assert count(database, Site) == count(database, Offer) == 12


def test_lines_share_a_site_and_an_offer(federation: tuple[Browser, str], database: Session) -> None:
    """Two levels on two lines make one site with two offers; the same week twice is refused with both lines."""
    browser, address = federation
    header = "Site;Ville;Niveau;Secteur;Semaines;Places\n"
    text = header + "A;Lyon;3e;Santé;25/01/2027, S5;2\nA;Lyon;2de;Santé;;3\nA;Lyon;3e;Santé;22/03/2027;4\nB;Mende;;;;\n"
    page = send(browser, address, text.encode()).location
    assert browser.post(page).status_code == 303
    assert count(database, Site) == 2
    assert count(database, Offer) == 2
    seats = dict(database.exec(select(Opening.period_id, Opening.capacity)).all())
    assert seats == {"2027-W04": 2, "2027-W05": 2, "2027-W12": 4, "2027-W24-2": 3}
    twice = header + "C;Lyon;3e;Santé;25/01/2027;2\nC;Lyon;3e;Santé;S4;3\n"
    refused = text_of(send(browser, address, twice.encode()))
    assert "Ces places sont déjà à la ligne 2" in refused


def test_a_total_is_shared_out_over_the_weeks(federation: tuple[Browser, str], database: Session) -> None:
    """Seven places over three weeks; both numbers on a line, or fewer places than weeks, are told at their column."""
    browser, address = federation
    header = "Site;Ville;Niveau;Secteur;Semaines;Places;Total de places\n"
    weeks = "25/01/2027, S5, 22/03/2027"
    page = send(browser, address, f"{header}A;Lyon;3e;Santé;{weeks};;7\n".encode()).location
    assert browser.post(page).status_code == 303
    database.rollback()
    seats = dict(database.exec(select(Opening.period_id, Opening.capacity)).all())
    assert seats == {"2027-W04": 3, "2027-W05": 2, "2027-W12": 2}
    wrong = f"{header}B;Lyon;3e;Santé;{weeks};;2\nC;Lyon;3e;Santé;{weeks};1;3\nD;Lyon;3e;Santé;{weeks};;sept\n"
    said = text_of(send(browser, address, wrong.encode()))
    for expected in ("Ligne 2 Total de places 2 places sur 3 périodes", "Ligne 3 Total de places Donnez les places"):
        assert expected in said
    assert "« sept » n’est pas un nombre entier" in said


def test_a_doubtful_siret_only_warns(federation: tuple[Browser, str], database: Session) -> None:
    """A SIRET whose key is wrong is imported as it is, and said."""
    browser, address = federation
    text = "Site;Ville;SIRET\nA;Lyon;73282932000075\nB;Lyon;732 829 320 00074\n"
    page = send(browser, address, text.encode()).location
    said = text_of(browser.get(page))
    assert "1 remarque" in said
    assert "Ligne 2 : La clé de contrôle du SIRET 73282932000075" in said
    browser.post(page)
    database.rollback()
    assert sorted(database.exec(select(Site.siret))) == ["73282932000074", "73282932000075"]


PLACED = "Site;Ville;Lat;Longitude;Tuteur;Courriel du tuteur;Consignes;Accueil possible"


def test_a_site_s_point_tutor_and_notes_from_a_file(federation: tuple[Browser, str], database: Session) -> None:
    """Two columns or one pair, beside the tutor and what pupils must know; an empty cell corrects nothing later."""
    browser, address = federation
    lines = (
        PLACED,
        "A;Lyon;45,7597;4,8422;Camille Exemple;camille@a.example;Badge à l’accueil;accès de plain-pied",
        "B;Lyon;45.7597, 4.8422;;;;;",
        "C;Lyon;;;;;;",
    )
    page = send(browser, address, "\n".join(lines).encode()).location
    assert "45.75" in text_of(browser.get(page)) or "45,75" in text_of(browser.get(page))
    assert browser.post(page).status_code == 303
    database.rollback()
    first, second, third = database.exec(select(Site).order_by(col(Site.name))).all()
    assert (first.latitude, first.longitude, first.tutor_name) == (45.7597, 4.8422, "Camille Exemple")
    assert (first.tutor_email, first.safety_notes) == ("camille@a.example", "Badge à l’accueil")
    assert first.serves == ["step_free_access"]
    assert (second.latitude, second.longitude) == (45.7597, 4.8422)
    assert (third.latitude, third.tutor_name) != (45.7597, "Camille Exemple")
    again = send(browser, address, b"Site;Ville;GPS;Consignes\nA;Lyon;;\nC;Lyon;45.75, 4.85;Casque").location
    assert browser.post(again).status_code == 303
    database.rollback()
    first, _, third = database.exec(select(Site).order_by(col(Site.name))).all()
    assert (first.latitude, first.safety_notes, first.version) == (45.7597, "Badge à l’accueil", 1)
    assert (third.latitude, third.safety_notes, third.version) == (45.75, "Casque", 2)


def test_each_wrong_point_tutor_and_note_is_told_with_its_line(
    federation: tuple[Browser, str], database: Session
) -> None:
    """A point that is none, one far away, an address that is none, notes too long, a need of no list: all at once."""
    browser, address = federation
    lines = (
        PLACED,
        "A;Lyon;là-bas;;;;;",
        "B;Lyon;48,8566;2,3522;;;;",
        "C;Lyon;;;;pas une adresse;;",
        f"D;Lyon;;;;;{'x' * 501};",
        "E;Lyon;;;;;;magie",
    )
    refused = send(browser, address, "\n".join(lines).encode())
    said = text_of(refused)
    assert refused.status_code == 422
    for number, column in enumerate(("Lat", "Lat", "Courriel du tuteur", "Consignes", "Accueil possible"), 2):
        assert f"Ligne {number} {column} " in said
    assert count(database, Site) == 0


def test_the_list_of_sites_is_sent_back(federation: tuple[Browser, str], database: Session) -> None:
    """What is downloaded is what an import reads: untouched, it changes nothing; its cells are the sites' own."""
    browser, address = federation
    lines = (
        PLACED,
        "A;Lyon;45,7597;4,8422;Camille Exemple;camille@a.example;Badge;accès de plain-pied",
        "B;Mende;;;;;;",
    )
    browser.post(send(browser, address, "\n".join(lines).encode()).location)
    listed = browser.get(f"{address.removesuffix('/import')}/listes/sites.xlsx")
    assert listed.status_code == 200
    read = send(browser, address, listed.data, "sites.xlsx")
    assert read.status_code == 303, text_of(read)
    done = browser.post(read.location)
    assert done.status_code == 303
    database.rollback()
    outcome = database.exec(select(ImportFile).order_by(col(ImportFile.id).desc())).first()
    assert outcome is not None
    assert (outcome.outcome["same_sites"], outcome.outcome["corrected"], outcome.outcome["sites"]) == (2, 0, 0)


def test_places_outside_the_convention_say_so(federation: tuple[Browser, str]) -> None:
    """What the convention does not cover is refused at its line and column; outside any convention it is taken."""
    browser, address = federation
    text = "Site;Ville;Niveau;Secteur;Semaines;Places\nA;Lyon;3e;Santé;25/01/2027;2\n".encode()
    refused = send(browser, address, text, convention="serce")
    assert refused.status_code == 422
    assert "Ligne 2 Niveau" in text_of(refused)
    assert send(browser, address, text).status_code == 303


def test_the_template_is_recognised(federation: tuple[Browser, str]) -> None:
    """The empty template is refused for having no line, not for its columns."""
    browser, address = federation
    workbook = browser.get(f"{address}/modele.xlsx")
    assert "Rien sous les titres de colonnes" in text_of(send(browser, address, workbook.data, "modele.xlsx"))


WIDER = ["Réservées", "Taille du groupe", "Horaires"]


def wider(lines: list[list[str]], cells: list[list[str]]) -> bytes:
    return "\r\n".join(";".join(line) for line in [[*HEADER, *WIDER], *map(add, lines, cells)]).encode("cp1252")


def test_reserves_groups_and_hours_from_a_file(federation: tuple[Browser, str], database: Session) -> None:
    """Each line says them as people write them; they are read back as the form would have stored them."""
    browser, address = federation
    lines = good_lines(3)
    for line in lines:
        line[9] = "6"
    cells = [["REP 2, rural 1", "2", "9h-12h, 13h30-16h30"], ["2 REP+", "", ""], ["", "", ""]]
    read = send(browser, address, wider(lines, cells), convention="serce")
    assert read.status_code == 303, text_of(read)
    assert browser.post(read.location).status_code == 303
    database.rollback()
    drafts = {
        database.get_one(Site, one.site_id).name: draft_of(database, one) for one in database.exec(select(Offer)).all()
    }
    first, second, third = (drafts[f"Agence {number}"] for number in range(3))
    assert (first.reserved, first.min_group, len(first.hours)) == ({"rep": 2, "rural": 1}, 2, 5)
    assert (second.reserved, second.min_group, second.hours) == ({"rep_plus": 2}, None, ())
    assert (third.reserved, third.hours) == ({}, ())


def test_each_new_column_is_told_with_its_line(federation: tuple[Browser, str], database: Session) -> None:
    """A category that is none, a group of text, hours too long or unreadable, more kept than open: all at once."""
    browser, address = federation
    lines = good_lines(5)
    for line in lines:
        line[9] = "3"
    cells = [
        ["collège 2", "", ""],
        ["", "petit", ""],
        ["", "", "8h-12h, 13h-18h"],
        ["", "", "toute la journée"],
        ["REP 4", "", ""],
    ]
    refused = send(browser, address, wider(lines, cells), convention="serce")
    said = text_of(refused)
    assert refused.status_code == 422
    columns = (WIDER[0], WIDER[1], WIDER[2], WIDER[2], WIDER[0])
    for number, column in enumerate(columns, 2):
        assert f"Ligne {number} {column} " in said
    assert count(database, Site) == 0
