"""From a published round to validated minutes for the five conventions: what people receive, open, follow and sign.

Every message travels by SMTP and is read from what arrived; every link is followed from there by somebody without an
account; every document is opened and read back. Only the signs-in of those who have an account are typed.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlmodel import Session, col, select

from service.domain.conventions import get_convention, ledger
from service.jobs.scribe import write_waiting
from service.jobs.worker import remind
from service.persistence.tables import (
    Agreement,
    AgreementDocument,
    DiscoveryActivity,
    Partner,
    RealisedFigure,
    ReportedHosting,
    School,
    Signature,
    SteeringMeeting,
)
from service.vocabulary import AgreementState, BodyKind, MinutesStatus, Signatory, SignatureMethod
from tests.journey.five_hosts import CANARY, EXPERT, HOSTS, PUPILS, WEEK, Host, prepare
from tests.journey.posted import Post, post_office
from tests.service.domain.test_agreements import every_font_is_embedded, tags_of
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.small_country import SCHOOL_YEAR, SmallCountry, email_of

BrowserFor = Callable[..., Browser]
HOST_PART = {
    "signatory_name": "Dominique Perrin",
    "signatory_function": "directrice",
    "tutor_name": "Sacha Leroy",
    "activities": "Suivre un objet, de la commande à la livraison.",
    **{f"hours-{day}": "9h-12h, 13h30-16h30" for day in range(5)},
}
BY_HAND = {"JOB-1": "12", "MED-2": "3"}
"""What was done beside the service, or what nobody counts: the partner says it."""


@pytest.fixture
def stage() -> str:
    return "open"


@pytest.fixture
def computed(app: Flask) -> int:
    """The five corners of the country and their computed round, in the site's own database."""
    return prepare(app.extensions["sequence_settings"].database_url)


@pytest.fixture
def post(app: Flask) -> Iterator[Post]:
    with post_office(app.extensions["sequence_engine"]) as opened:
        yield opened


@dataclass
class Year:
    """Who acts, and the clock that everybody shares."""

    browser_for: BrowserFor
    database: Session
    clock: Clock
    post: Post
    coordinator_email: str

    def __post_init__(self) -> None:
        self.visitor = self.browser_for()

    def go_to(self, day: date, hour: int = 9) -> None:
        """That morning, once the worker has come by and the postman after it."""
        self.clock.instant = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        remind(self.post.engine, day, self.clock.instant)
        self.post.bring()

    def done(self, browser: Browser, address: str, data: dict[str, Any] | None = None, *, token_from: str = "") -> str:
        """A form that goes through; what the next page says."""
        answer = browser.post(address, data, token_from=token_from)
        assert answer.status_code in (200, 303), (address, text_of(answer))
        return text_of(browser.get(answer.location) if answer.status_code == 303 else answer)

    def rows(self, query: Any) -> list[Any]:
        self.database.rollback()
        return list(self.database.exec(query).all())


def test_from_a_published_round_to_validated_minutes(
    computed: int, app: Flask, browser_for: BrowserFor, country: SmallCountry, database: Session, clock: Clock,
    post: Post,
) -> None:  # fmt: skip
    """Published, confirmed by both sides, signed by four parties, held, counted, confirmed, proposed, validated."""
    year = Year(browser_for, database, clock, post, country.email_coordinator)
    publish_and_confirm(year, computed)
    for host in HOSTS:
        prepare_agreements(year, host)
    assert write_waiting(app.extensions["sequence_engine"]) == len(HOSTS) * PUPILS
    for host in HOSTS:
        sign_agreements(year, host)
    read_the_documents(year)
    count_an_activity(year)
    say_what_was_held(year)
    confirm_the_figures(year)
    check_and_close(year)
    meet_and_validate(year)
    ledgers_match(year)
    assert CANARY not in post.everything(), "a mailbox is shared and forwarded: no message names a pupil"


def publish_and_confirm(year: Year, round_id: int) -> None:
    """The coordinator publishes; each site answers from its reminder's link, each school on its page."""
    coordinator = year.browser_for(year.coordinator_email)
    year.done(coordinator, f"/coordination/tours/{round_id}/publication")
    year.post.bring()
    year.go_to(date(2026, 11, 30))
    for host in HOSTS:
        link = year.post.link(host.site_email, "/confirmation/")
        assert f"{PUPILS} stages confirmés" in year.done(year.visitor, link, {"all": "confirm"})
        assert year.visitor.get(link).status_code == 410, "a link serves once"
        school = year.browser_for(host.school_email)
        home = year.post.link(host.school_email, "/etablissements/")
        stays = f"/etablissements/{host.uai}/stages"
        assert home in (stays, f"/etablissements/{host.uai}/")
        assert f"{PUPILS} stages confirmés" in year.done(school, stays, {"all": "confirm"})


def prepare_agreements(year: Year, host: Host) -> None:
    """Prepared by the school, completed by the host, given a family's address, validated by the school."""
    school, partner = year.browser_for(host.school_email), year.browser_for(email_of(host.key))
    base = f"/etablissements/{host.uai}/conventions-de-stage"
    year.done(school, f"{base}/preparation", {"kind": ""}, token_from=base)
    mine = partner.get(f"/partenaires/{partner_id(year, host)}/conventions-de-stage").get_data(as_text=True)
    place = re.search(r'href="(/partenaires/\d+/conventions-de-stage/places/\d+)"', mine)
    assert place is not None
    year.done(partner, place[1], HOST_PART | {"tutor_email": f"tuteur-{host.key}@hote.example"})
    for number in sorted(set(re.findall(rf'href="{base}/(\d+)"', school.get(base).get_data(as_text=True)))):
        page = school.get(f"{base}/{number}").get_data(as_text=True)
        version, stay = re.search(r'name="version" value="(\d+)"', page), re.search(r'name="birth-(\d+)"', page)
        assert version is not None
        assert stay is not None
        family = {f"name-{stay[1]}": "Alex Martin", f"email-{stay[1]}": f"famille-{number}@maison.example"}
        year.done(school, f"{base}/{number}", {"version": version[1], f"birth-{stay[1]}": "2012-02-29", **family})
    assert "documents s’écrivent" in year.done(school, f"{base}/validation", token_from=base)


def partner_id(year: Year, host: Host) -> int:
    return get_convention(year.database, host.key).partner_id


def sign_agreements(year: Year, host: Host) -> None:
    """Head, host and family sign by the links they received; the pupil on paper, ticked by the school."""
    school, base = year.browser_for(host.school_email), f"/etablissements/{host.uai}/conventions-de-stage"
    year.done(school, f"{base}/envoi")
    assert year.post.bring() == 3 * PUPILS
    for recipient in [host.head_email, f"tuteur-{host.key}@hote.example"]:
        for letter in year.post.letters_to(recipient)[-PUPILS:]:
            body = letter.get_body(("plain",))
            assert body is not None
            found = re.search(r"https://sequence\.example(/signature/\S+)", body.get_content())
            assert found is not None
            sign_one(year, found[1], recipient)
    numbers = year.rows(select(Agreement.id).where(Agreement.school_id == school_id(year, host)))
    for number in numbers:
        family = f"famille-{number}@maison.example"
        sign_one(year, year.post.link(family, "/signature/"), family)
        [pupil] = year.rows(
            select(Signature.id).where(Signature.agreement_id == number, Signature.party == Signatory.PUPIL)
        )
        one = f"{base}/{number}"
        told = {"choice": "paper", "signer": "Élève, vu sur la feuille"}
        assert "Signée" in year.done(school, f"{one}/signatures/{pupil}", told, token_from=one)


def school_id(year: Year, host: Host) -> int:
    return int(year.rows(select(School.id).where(School.uai == host.uai))[0])


def sign_one(year: Year, link: str, recipient: str) -> None:
    """The document is opened from the link, and signed as it was read; the link then opens nothing."""
    page = year.visitor.get(link).get_data(as_text=True)
    pdf = year.visitor.get(f"{link}/document.pdf").data
    digest = re.search(r'name="sha256" value="([0-9a-f]{64})"', page)
    assert digest is not None
    assert digest[1] == hashlib.sha256(pdf).hexdigest()
    told = {"signer": f"Signé par {recipient}", "sha256": digest[1], "read": "yes"}
    assert "Votre signature est enregistrée" in year.done(year.visitor, link, told)
    assert year.visitor.get(link).status_code == 410


def read_the_documents(year: Year) -> None:
    """Every agreement is signed by four parties, on one digest; every PDF has its words, its tags and its fonts."""
    agreements = year.rows(select(Agreement))
    assert {one.state for one in agreements} == {AgreementState.SIGNED}
    documents = {one.agreement_id: one for one in year.rows(select(AgreementDocument))}
    for agreement in agreements:
        kept = year.rows(select(Signature).where(Signature.agreement_id == agreement.id))
        assert {one.party for one in kept} == set(Signatory)
        assert {one.sha256 for one in kept} == {hashlib.sha256(documents[agreement.id].pdf).hexdigest()}
        by = {one.party: (one.method, one.actor.partition(":")[0], bool(one.signed_at and one.signer)) for one in kept}
        assert by.pop(Signatory.PUPIL) == (SignatureMethod.PAPER, "user", True)
        assert set(by.values()) == {(SignatureMethod.ELECTRONIC, "link", True)}
        read = words_of(documents[agreement.id].pdf)
        for said in (CANARY, "Alex Martin", "29/02/2012", "Sacha Leroy", "Claude Rivière", "traitement algorithmique"):
            assert said in read
    for host in HOSTS:
        page = text_of(year.browser_for(email_of(host.key)).get(f"/partenaires/{partner_id(year, host)}/stages"))
        assert f"{CANARY} 0 {host.key}" in page, "the host knows who comes once the agreement names them"


def words_of(pdf: bytes) -> str:
    """What a PDF says, once its tags, its language and the fonts inside it are seen to be there."""
    reader = PdfReader(io.BytesIO(pdf))
    assert every_font_is_embedded(reader)
    root: Any = reader.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], str(root["/Lang"]).lower()[:2]) == (True, "fr")
    assert tags_of(root["/StructTreeRoot"]) >= {"/H1", "/Table", "/TH"}
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u00a0", " ").split())


def count_an_activity(year: Year) -> None:
    """OVHcloud announces a visit and says afterwards who was there: its employees are then counted."""
    year.go_to(date(2026, 12, 3))
    partner = year.browser_for(email_of("ovhcloud"))
    base = f"/partenaires/{partner_id(year, HOSTS[0])}/activites"
    form = {"kind": "company_visit", "title": "Une journée au centre de données", "happens_on": "2026-12-03",
            "department_code": "59", "place": "Roubaix", "audience": ["4e", "3e"], "room": "30", "staff": "4",
            "convention_key": "ovhcloud"}  # fmt: skip
    answer = partner.post(f"{base}/nouvelle", form)
    assert answer.status_code == 303, text_of(answer)
    present = {"staff": "4", "pupils_met": "25", "version": "1"}
    year.done(partner, f"{answer.location}/presents", present, token_from=answer.location)
    assert [one.staff for one in year.rows(select(DiscoveryActivity))] == [4]


def say_what_was_held(year: Year) -> None:
    """The day after, each site answers by its link; one pupil was ill; schools answer on their page."""
    for day, hosts in ((date(2027, 2, 6), [one for one in HOSTS if one.period == WEEK]),
                       (date(2027, 6, 26), [one for one in HOSTS if one.period != WEEK])):  # fmt: skip
        year.go_to(day)
        for host in hosts:
            link = year.post.link(host.site_email, "/presence/")
            page = year.visitor.get(link).get_data(as_text=True)
            told = {"all": "held"}
            if host.key == "jobirl":
                absent = re.search(r'name="(outcome-\d+)"', page)
                assert absent is not None
                told[absent[1]] = "no_show:illness"
            assert f"{PUPILS} réponses enregistrées" in year.done(year.visitor, link, told)
            assert year.visitor.get(link).status_code == 410
            school, where = year.browser_for(host.school_email), f"/etablissements/{host.uai}/presences"
            said = year.done(school, where, {"all": "held"})
            assert ("Réponses différentes" in said) == (host.key == "jobirl")


def confirm_the_figures(year: Year) -> None:
    """Opened by the coordinator; partners and schools answer by the links they received, one after its reminder."""
    year.go_to(date(2027, 6, 28))
    coordinator = year.browser_for(year.coordinator_email)
    assert "0 chiffre confirmé sur 14" in year.done(coordinator, "/coordination/remontee")
    year.post.bring()
    outside = declare_outside(year)
    for host in HOSTS:
        if host.key == "serce":
            year.go_to(date(2027, 6, 30))
        link = year.post.link(email_of(host.key), "/chiffres/")
        assert "2026-2027" in text_of(year.visitor.get(link))
        said = year.done(year.visitor, link, figures_typed(year, link))
        assert "restent à dire" not in said
        assert year.visitor.get(link).status_code == 410
        link = year.post.link(host.school_email, "/chiffres/")
        assert "1 chiffre confirmé" in year.done(year.visitor, link, {"all": "confirm"})
    figures = {one.commitment_code: one for one in year.rows(select(RealisedFigure))}
    assert len(figures) == 14
    assert all(one.confirmed_by.startswith("link:") for one in figures.values())
    counted = {code: figures[code].declared for code in ("OVH-1", "OVH-2", "MSF-2", "SER-2", "JOB-2", "MED-1")}
    assert counted == {"OVH-1": 4, "OVH-2": PUPILS + outside, "MSF-2": PUPILS, "SER-2": PUPILS, "JOB-2": PUPILS - 1,
                       "MED-1": PUPILS}  # fmt: skip
    assert {code: str(figures[code].declared) for code in BY_HAND} == BY_HAND


def declare_outside(year: Year) -> int:
    """OVHcloud received one pupil more of the school it knows, outside the service: said with its account."""
    partner = year.browser_for(email_of("ovhcloud"))
    page = f"/partenaires/{partner_id(year, HOSTS[0])}/chiffres"
    [figure] = year.rows(select(RealisedFigure.id).where(RealisedFigure.commitment_code == "OVH-2"))
    told = {"uai": HOSTS[0].uai, "pupils": "1"}
    assert "L’accueil est déclaré" in year.done(partner, f"{page}/{figure}/hors-service", told, token_from=page)
    return 1


def figures_typed(year: Year, link: str) -> dict[str, str]:
    """One click where all is right; else the page's own numbers, and by hand, with its reason, what they miss."""
    page = year.visitor.get(link).get_data(as_text=True)
    boxes = dict(re.findall(r'name="(value-\d+)"[^>]*aria-label="[^"]*, ([A-Z]+-\d)"', page))
    shown = dict(re.findall(r'name="(value-\d+)"[^>]*value="(\d*)"', page))
    if not set(boxes.values()) & set(BY_HAND):
        assert "Tout est exact" in page
        return {"all": "confirm"}
    reasons = {name.replace("value", "note"): "Fait en dehors du service" for name in boxes}
    return {name: BY_HAND.get(code, shown[name]) for name, code in boxes.items()} | reasons


def check_and_close(year: Year) -> None:
    """One line in ten is drawn and looked into; then nothing moves any more, and the file has every figure."""
    page, coordinator = "/coordination/remontee", year.browser_for(year.coordinator_email)
    assert "à vérifier" in year.done(coordinator, f"{page}/echantillon", token_from=page)
    drawn = year.rows(select(ReportedHosting).where(ReportedHosting.sampled))
    assert len(drawn) == len(HOSTS), "at least one of each figure"
    for one in drawn:
        told = {"found": str(one.counted + one.off_platform)}
        year.done(coordinator, f"{page}/echantillon/{one.id}", told, token_from=page)
    assert "Chiffres définitifs" in year.done(coordinator, f"{page}/definitif", token_from=page)
    book = CalamineWorkbook.from_filelike(io.BytesIO(coordinator.get(f"{page}.xlsx").data))
    cells = {str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row}
    partners = [partner_id(year, host) for host in HOSTS]
    assert set(year.rows(select(Partner.name).where(col(Partner.id).in_(partners)))) <= cells


def meet_and_validate(year: Year) -> None:
    """The committee on its Monday, the two other bodies later; everyone present validates from their message."""
    year.go_to(date(2027, 7, 5), 12)
    year.done(year.browser_for(year.coordinator_email), "/comite")
    meetings = {one.kind: one.id for one in year.rows(select(SteeringMeeting))}
    assert set(meetings) == {BodyKind.NATIONAL_COMMITTEE, BodyKind.FOLLOW_UP_GROUP, BodyKind.YEARLY_MEETING}
    for kind, names, day in (
        (BodyKind.NATIONAL_COMMITTEE, ("OVHcloud", "SERCE", "Microsoft"), date(2027, 7, 5)),
        (BodyKind.FOLLOW_UP_GROUP, ("JobIRL",), date(2027, 7, 31)),
        (BodyKind.YEARLY_MEETING, ("MEDEF",), date(2027, 7, 31)),
    ):
        year.go_to(day, 12)
        validate(year, meetings[kind])
        read = words_of(year.browser_for(year.coordinator_email).get(f"/comite/{meetings[kind]}/compte-rendu.pdf").data)
        for word in (*names, "Poursuivre", "Chiffres définitifs"):
            assert word in read
        assert ("OVHcloud" in read) == (kind is BodyKind.NATIONAL_COMMITTEE), "each text has its own meeting"
    assert {one.status for one in year.rows(select(SteeringMeeting))} == {MinutesStatus.VALIDATED}
    assert year.browser_for(EXPERT).get(f"/comite/{meetings[BodyKind.NATIONAL_COMMITTEE]}").status_code == 200


def validate(year: Year, meeting_id: int) -> None:
    """The coordinator writes and proposes; each member present opens their message and validates."""
    coordinator, address = year.browser_for(year.coordinator_email), f"/comite/{meeting_id}"
    everyone = re.findall(r'name="present"[^>]*value="(\d+)"', coordinator.get(address).get_data(as_text=True))
    assert len(everyone) >= 2
    year.done(coordinator, address, {"place": "Visioconférence", "decisions": "Poursuivre", "present": everyone})
    year.done(coordinator, f"{address}/proposition", token_from=address)
    before = len(year.post.receiver.taken)
    assert year.post.bring() == len(everyone)
    for letter in year.post.receiver.taken[before:]:
        email = str(letter["To"])
        assert year.post.link(email, "/comite/") == address
        said = year.done(year.browser_for(email), f"{address}/validation", token_from=address)
    assert "compte rendu : validé" in said


def ledgers_match(year: Year) -> None:
    """Each convention's ledger says what this year was: three seats, two pupils, confirmed, signed, held."""
    for host in HOSTS:
        lines = ledger(year.database, get_convention(year.database, host.key), SCHOOL_YEAR)
        counts = [(one.published, one.allocated, one.confirmed, one.signed, one.held) for one in lines if one.published]
        held = PUPILS - (host.key == "jobirl")
        assert counts == [(3, PUPILS, PUPILS, PUPILS, held)], host.key
