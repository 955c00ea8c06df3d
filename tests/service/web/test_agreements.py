"""The pages of agreements, from a confirmed stay to four signatures, with the real document and the real links."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import update
from sqlmodel import Session, col, select

from service.jobs.scribe import write_waiting
from service.persistence.engine import session_scope
from service.persistence.tables import Agreement, AgreementStay, Confirmation, OutboxLine, School, Signature
from service.vocabulary import AgreementState, ConfirmationState, Signatory
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.crawling import every_page
from tests.service.web.filled_country import CANARY
from tests.service.web.small_country import SmallCountry
from tests.service.web.test_every_page import Reader

BrowserFor = Callable[..., Browser]
HOST_PART = {
    "signatory_name": "Dominique Perrin",
    "signatory_function": "directrice",
    "tutor_name": "Sacha Leroy",
    "tutor_email": "sacha@atelier.example",
    "activities": "Suivre un objet, de la commande à la livraison.",
    **{f"hours-{day}": "9h-12h, 13h30-16h30" for day in range(5)},
}


@pytest.fixture
def stage() -> str:
    return "published"


@pytest.fixture(autouse=True)
def both_said_yes(app: Flask, country: SmallCountry, clock: Clock) -> None:
    """Every stay is confirmed; school A has a head."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        at = clock.instant
        session.connection().execute(
            update(Confirmation).values(state=ConfirmationState.CONFIRMED, school_at=at, host_at=at)
        )
        school = session.exec(select(School).where(School.uai == country.school_a)).one()
        school.head_of_school = "Claude Rivière"
        session.add(school)


def school_list(country: SmallCountry) -> str:
    return f"/etablissements/{country.school_a}/conventions-de-stage"


def host_list(country: SmallCountry) -> str:
    return f"/partenaires/{country.partner_a}/conventions-de-stage"


def written(app: Flask, browser_for: BrowserFor, country: SmallCountry, kind: str = "") -> tuple[Browser, Browser]:
    """The school's and the host's browsers, once the documents exist."""
    school, host = browser_for(country.email_school_a), browser_for(country.email_partner_a)
    address = school_list(country)
    school.post(f"{address}/preparation", {"kind": kind}, token_from=address)
    link = re.search(r'href="(/partenaires/\d+/conventions-de-stage/places/\d+)"', page_of(host, host_list(country)))
    assert link is not None
    assert host.post(link[1], HOST_PART).status_code == 303
    said = text_of(school.get(address))
    assert "attend votre validation" in said or "attendent votre validation" in said
    assert "Signataire : Claude Rivière" in said
    school.post(f"{address}/validation", token_from=address)
    assert "documents s’écrivent sans vous" in text_of(school.get(address))
    assert write_waiting(app.extensions["sequence_engine"]) > 0
    return school, host


def page_of(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_class_goes_from_confirmed_to_signed(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """Prepared in one click, completed once by the host, validated, previewed, sent, signed by link and on paper."""
    school, host = written(app, browser_for, country)
    address = school_list(country)
    preview = text_of(school.get(f"{address}/envoi"))
    assert "18 messages à envoyer" in preview
    assert "sacha@atelier.example" in preview
    assert database.exec(select(OutboxLine).where(OutboxLine.recipient == "sacha@atelier.example")).all() == []
    school.post(f"{address}/envoi")
    database.rollback()
    body = database.exec(select(OutboxLine.body).where(OutboxLine.recipient == "sacha@atelier.example")).all()[0]
    assert CANARY not in body
    link = re.search(r"https://site\.invalid(/signature/\S+)", body)
    assert link is not None
    visitor = browser_for()
    page = page_of(visitor, link[1])
    assert f"{CANARY} " in page
    digest = re.search(r'name="sha256" value="([0-9a-f]{64})"', page)
    assert digest is not None
    pdf = visitor.get(f"{link[1]}/document.pdf")
    assert pdf.mimetype == "application/pdf"
    assert CANARY in PdfReader(io.BytesIO(pdf.data)).pages[1].extract_text()
    unread = visitor.post(link[1], {"signer": "Sacha Leroy", "sha256": digest[1]})
    assert (unread.status_code, "Cochez la case" in text_of(unread)) == (422, True)
    signed = visitor.post(link[1], {"signer": "Sacha Leroy", "sha256": digest[1], "read": "yes"})
    assert "Votre signature est enregistrée" in text_of(signed)
    assert visitor.get(link[1]).status_code == 410
    database.rollback()
    host_signature = database.exec(select(Signature).where(Signature.signer == "Sacha Leroy")).one()
    number = host_signature.agreement_id
    one = f"{address}/{number}"
    for signature in database.exec(select(Signature).where(Signature.agreement_id == number)).all():
        if signature.party is not Signatory.HOST:
            school.post(f"{one}/signatures/{signature.id}", {"choice": "paper", "signer": "Nom lu"}, token_from=one)
    assert "Signée" in text_of(school.get(one))
    assert "1 signée sur 18" in text_of(host.get(host_list(country)))
    stays = text_of(host.get(f"/partenaires/{country.partner_a}/stages"))
    assert f"Collège des Tilleuls, {CANARY} 0" in stays, "the document names them: the host knows who comes"
    database.rollback()
    assert database.get_one(Agreement, number).state is AgreementState.SIGNED


def test_every_page_of_agreements_is_well_formed(app: Flask, browser_for: BrowserFor, country: SmallCountry) -> None:
    """The school's and the host's spaces, read link by link once agreements exist: no fault of structure."""
    written(app, browser_for, country)
    wrong = []
    for email in (country.email_school_a, country.email_partner_a):
        for page in every_page(browser_for(email)):
            if page.is_html:
                reader = Reader(page)
                if reader.titles != 1 or reader.open or reader.faults:
                    wrong.append((page.address, reader.titles, reader.open, reader.faults))
    assert wrong == []


def test_documents_come_in_one_file_and_in_nobody_elses(
    app: Flask, browser_for: BrowserFor, country: SmallCountry
) -> None:
    """The school takes its documents at once; another school and another partner find nothing there."""
    school, _ = written(app, browser_for, country, "collective")
    archive = zipfile.ZipFile(io.BytesIO(school.get(f"{school_list(country)}/documents.zip").data))
    [name] = archive.namelist()
    number = re.search(r"\d+", name)
    assert number is not None
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(archive.read(name))).pages)
    assert text.count(CANARY) >= 18
    stranger = browser_for(country.email_school_b)
    theirs = f"/etablissements/{country.school_b}/conventions-de-stage/{number[0]}"
    assert stranger.get(theirs).status_code == 404
    assert stranger.get(f"{theirs}/document.pdf").status_code == 404
    other = browser_for(country.email_partner_b)
    address = f"/partenaires/{country.partner_b}/conventions-de-stage/{number[0]}/document.pdf"
    assert other.get(address).status_code == 404


def test_a_birth_date_and_a_family_are_the_schools_to_write(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, database: Session
) -> None:
    """The school completes a draft; a wrong date is refused with every value kept; the audit names nobody."""
    school, address = browser_for(country.email_school_a), school_list(country)
    school.post(f"{address}/preparation", {"kind": ""}, token_from=address)
    stay = database.exec(select(AgreementStay).order_by(col(AgreementStay.id))).first()
    assert stay is not None
    one = f"{address}/{stay.agreement_id}"
    version = re.search(r'name="version" value="(\d+)"', page_of(school, one))
    assert version is not None
    boxes = {"version": version[1], f"name-{stay.id}": "Alex Martin", f"email-{stay.id}": "alex@famille.example"}
    wrong = school.post(one, {**boxes, f"birth-{stay.id}": "2012-02-31"})
    assert (wrong.status_code, "n’est pas une date" in text_of(wrong)) == (422, True)
    assert 'value="Alex Martin"' in wrong.get_data(as_text=True)
    assert school.post(one, {**boxes, f"birth-{stay.id}": "2012-02-29"}).status_code == 303
    database.rollback()
    kept = database.get_one(AgreementStay, stay.id)
    assert (str(kept.birth_date), kept.representative_email) == ("2012-02-29", "alex@famille.example")


def test_hours_beyond_the_age_are_told_at_the_form(browser_for: BrowserFor, country: SmallCountry) -> None:
    """Nine hours a day: the form comes back with every value and says the limit."""
    school, host, address = (
        browser_for(country.email_school_a),
        browser_for(country.email_partner_a),
        school_list(country),
    )
    school.post(f"{address}/preparation", {"kind": ""}, token_from=address)
    link = re.search(r'href="(/partenaires/\d+/conventions-de-stage/places/\d+)"', page_of(host, host_list(country)))
    assert link is not None
    refused = host.post(link[1], {**HOST_PART, "hours-0": "8h-12h, 13h-18h"})
    assert refused.status_code == 422
    assert "au plus pour un élève" in text_of(refused)
    assert 'value="8h-12h, 13h-18h"' in refused.get_data(as_text=True)
