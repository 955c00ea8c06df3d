"""From a confirmed stay to a signed agreement: who writes what, what is refused, what the document really contains."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from sqlalchemy import Engine
from sqlmodel import Session, select

from service.domain.agreement_parts import PupilPart, complete_by_host, correct_by_school
from service.domain.agreement_preparation import Prepared, prepare_agreements
from service.domain.agreement_rows import stays_of
from service.domain.agreements import amend, validate_by_school
from service.domain.confirmations import Voice, refuse
from service.domain.conventions import get_convention
from service.domain.signatures import (
    document_of,
    preview_batch,
    read_signature_link,
    send_again,
    send_links,
    sign_by_link,
    signatures_of,
    tick_paper,
)
from service.errors import Conflict, Refusals, ServiceError
from service.jobs.scribe import write_waiting
from service.persistence.engine import session_scope
from service.persistence.tables import Agreement, Confirmation, OutboxLine, Site
from service.vocabulary import AgreementState, RefusalReason, Side, Signatory, SignatureMethod
from tests.service.agreement_field import (
    NOW,
    PART,
    agreements,
    confirmed_field,
    opening_of,
    school_of,
    validated,
    written,
)
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, make_field


def partner_id_of(session: Session) -> int:
    return session.exec(select(Site)).one().partner_id


def test_a_document_has_its_parts_tags_and_fonts(conventions_engine: Engine) -> None:
    """The PDF read back: parties, head, dates, hours, ten articles, two annexes, four signatures; tagged, in French."""
    [key] = written(conventions_engine)
    with session_scope(conventions_engine) as session:
        agreement = session.get_one(Agreement, key)
        document = document_of(session, agreement)
        assert agreement.state is AgreementState.SIGNING
        assert hashlib.sha256(document.pdf).hexdigest() == document.sha256
        pdf = document.pdf
    reader = PdfReader(io.BytesIO(pdf))
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages)).replace("\u00a0", " ")
    for words in (
        "Lycée des Tilleuls",
        "Claude Rivière, chef d’établissement",
        "le 22 septembre 2026",
        "du 14 au 25 juin 2027",
        "9 h – 12 h, 13 h 30 – 16 h 30",
        "Sacha Leroy, atelier",
        "Article 10. Durée",
        "Annexe pédagogique",
        "Annexe financière",
        "version 1",
        "Représentant légal",
    ):
        assert words in text, words
    root = reader.trailer["/Root"]
    assert isinstance(root, DictionaryObject)
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part[>=\"]+1", metadata)
    assert re.search(r"pdfaid:part[>=\"]+2", metadata)
    tags = tags_of(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/P", "/L"} <= tags
    assert every_font_is_embedded(reader)


def tags_of(node: DictionaryObject) -> set[str]:
    """Every kind of tag of a structure tree."""
    found, waiting = set(), [node]
    while waiting:
        one = waiting.pop()
        one = one.get_object()
        if isinstance(one, DictionaryObject):
            if "/S" in one:
                found.add(str(one["/S"]))
            waiting += [one["/K"]] if "/K" in one else []
        elif isinstance(one, list):
            waiting += one
    return found


def every_font_is_embedded(reader: PdfReader) -> bool:
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    inner = [font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font for font in fonts]
    described = [font["/FontDescriptor"].get_object() for font in inner]
    return bool(described) and all({"/FontFile2", "/FontFile3"} & set(one) for one in described)


def test_a_collective_agreement_names_each_pupil_and_awaits_each_family(conventions_engine: Engine) -> None:
    """Three pupils of a school at one host: one document, one head, one host, three pupils, three families."""
    [key] = written(conventions_engine, 3, collective=True)
    with session_scope(conventions_engine) as session:
        agreement = session.get_one(Agreement, key)
        parties = [one.party for one in signatures_of(session, agreement)]
        [title] = [PdfReader(io.BytesIO(document_of(session, agreement).pdf)).metadata]
    assert agreement.collective
    assert {party: parties.count(party) for party in Signatory} == {
        Signatory.HEAD: 1,
        Signatory.HOST: 1,
        Signatory.PUPIL: 3,
        Signatory.REPRESENTATIVE: 3,
    }
    assert title is not None
    assert "3 élèves, du 14 au 25 juin 2027" in (title.subject or "")


def test_no_agreement_crosses_a_closed_gate(session: Session) -> None:
    """Under OVHcloud's convention, whose opinion is not recorded, no document naming a pupil is even prepared."""
    field = confirmed_field(session)
    field.offer.convention_id = get_convention(session, "ovhcloud").id
    session.add(field.offer)
    assert prepare_agreements(session, field.school, False, ACTOR, TODAY) == Prepared(0, 1)
    assert agreements(session) == []


def test_only_confirmed_stays_get_an_agreement_and_only_once(session: Session) -> None:
    """A stay that waits has none; preparing twice makes no second one."""
    made = make_field(session)
    assert prepare_agreements(session, made.school, False, ACTOR, TODAY) == Prepared(0, 0)


def test_hours_beyond_what_an_age_allows_are_refused(session: Session) -> None:
    """Nine hours a day are refused at the host's field; evening hours for a pupil of fourteen at the validation too."""
    field = confirmed_field(session)
    prepare_agreements(session, field.school, False, ACTOR, TODAY)
    long = replace(PART, hours=["8h-12h, 13h-18h"] * 5 + [""])
    with pytest.raises(Refusals) as refused:
        complete_by_host(session, partner_id_of(session), field.opening.id or 0, long, ACTOR)
    assert {one.field for one in refused.value.refusals} == {"hours"}
    evening = ["13h-16h, 17h-21h"] + ["9h-12h, 13h-16h"] * 4 + [""]
    [agreement] = agreements(session)
    old = {stay.id or 0: PupilPart(date(2010, 1, 5), "", "") for stay in stays_of(session, agreement)}
    correct_by_school(session, agreement, old, "", ACTOR, agreement.version)
    late = replace(PART, hours=evening)
    complete_by_host(session, partner_id_of(session), field.opening.id or 0, late, ACTOR)
    [agreement] = agreements(session)
    young = {stay.id or 0: PupilPart(date(2012, 7, 1), "", "") for stay in stays_of(session, agreement)}
    correct_by_school(session, agreement, young, "", ACTOR, agreement.version)
    with pytest.raises(ServiceError, match="20"):
        validate_by_school(session, field.school, None, ACTOR)


def test_a_school_without_a_head_validates_nothing(session: Session) -> None:
    """A wrong or missing head of school is found before the document, not on it."""
    field = confirmed_field(session)
    prepare_agreements(session, field.school, False, ACTOR, TODAY)
    complete_by_host(session, partner_id_of(session), field.opening.id or 0, PART, ACTOR)
    field.school.head_of_school = ""
    with pytest.raises(ServiceError, match="chef d’établissement"):
        validate_by_school(session, field.school, None, ACTOR)


def test_four_parties_sign_once_each_from_a_message_or_on_paper(conventions_engine: Engine) -> None:
    """The host signs by its link, the others on paper; the evidence is kept; nobody signs twice; then it is signed."""
    [key] = written(conventions_engine)
    with session_scope(conventions_engine) as session:
        school, agreement = school_of(session), session.get_one(Agreement, key)
        [outgoing] = preview_batch(session, school)
        assert (outgoing.party, outgoing.email) == (Signatory.HOST, "sacha@atelier.example")
        assert send_links(session, school, ACTOR, NOW) == 1
        assert send_links(session, school, ACTOR, NOW) == 0
        body = session.exec(select(OutboxLine.body).where(OutboxLine.recipient == "sacha@atelier.example")).all()[-1]
        token = re.search(r"/signature/(\S+)", body)
        assert token is not None
        asked = read_signature_link(session, token[1], NOW)
        with pytest.raises(Conflict):
            sign_by_link(session, asked, "Sacha Leroy", "0" * 64, NOW)
        sign_by_link(session, asked, "Sacha Leroy", asked.document.sha256, NOW)
        with pytest.raises(ServiceError):
            read_signature_link(session, token[1], NOW)
        by_party = {one.party: one for one in signatures_of(session, agreement)}
        host = by_party[Signatory.HOST]
        assert (host.method, host.signer, host.signed_at) == (SignatureMethod.ELECTRONIC, "Sacha Leroy", NOW)
        assert host.sha256 == asked.document.sha256
        assert host.actor.startswith("link:")
        with pytest.raises(Conflict):
            tick_paper(session, host, "Sacha Leroy", TODAY, ACTOR, NOW)
        for party in (Signatory.HEAD, Signatory.PUPIL, Signatory.REPRESENTATIVE):
            assert agreement.state is AgreementState.SIGNING
            tick_paper(session, by_party[party], "Nom lu", TODAY, ACTOR, NOW + timedelta(days=1))
        assert agreement.state is AgreementState.SIGNED


def test_a_link_is_sent_again_to_another_address_and_the_first_dies(conventions_engine: Engine) -> None:
    """A tutor changed mailbox: the new link opens, the old one opens nothing."""
    [key] = written(conventions_engine)
    with session_scope(conventions_engine) as session:
        school, agreement = school_of(session), session.get_one(Agreement, key)
        send_links(session, school, ACTOR, NOW)
        host = next(one for one in signatures_of(session, agreement) if one.party is Signatory.HOST)
        send_again(session, host, "nouvelle@atelier.example", ACTOR, NOW)
        bodies = dict(session.exec(select(OutboxLine.recipient, OutboxLine.body)).all())
        first, second = (
            re.search(r"/signature/(\S+)", bodies[address])
            for address in ("sacha@atelier.example", "nouvelle@atelier.example")
        )
        assert first is not None
        assert second is not None
        with pytest.raises(ServiceError):
            read_signature_link(session, first[1], NOW + timedelta(seconds=1))
        assert read_signature_link(session, second[1], NOW).signature.id == host.id


def test_an_amendment_keeps_what_was_signed_and_starts_again(conventions_engine: Engine) -> None:
    """Another version, with a number of its own; the first document and its evidence are still there."""
    [key] = written(conventions_engine)
    with session_scope(conventions_engine) as session:
        agreement = session.get_one(Agreement, key)
        later = amend(session, agreement, ACTOR, NOW)
        assert (agreement.state, later.state, later.amends_id) == (AgreementState.AMENDED, AgreementState.DRAFT, key)
        assert document_of(session, agreement).pdf
        complete_by_host(session, partner_id_of(session), opening_of(session).id or 0, PART, ACTOR)
        validate_by_school(session, school_of(session), None, ACTOR)
    assert write_waiting(conventions_engine) == 1


def test_a_refused_stay_takes_its_agreement_with_it(session: Session) -> None:
    """The host takes the place back after the validation: the agreement is cancelled and nothing is written."""
    [agreement] = validated(session)
    host = Voice(Side.HOST, partner_id=partner_id_of(session))
    stay = session.exec(select(Confirmation)).one()
    refuse(session, host, stay.id or 0, RefusalReason.PLACE_GONE, ACTOR, NOW)
    session.refresh(agreement)
    assert agreement.state is AgreementState.CANCELLED
    assert prepare_agreements(session, school_of(session), False, ACTOR, TODAY) == Prepared(0, 0)
