"""Article 7: until opinion and addendum are recorded, nothing about a pupil crosses to the partner, whatever the door.

The doors are not listed by hand: every rule of the URL map is opened with every row the database has for its arguments,
as each partner whose convention is gated, with what links and messages they receive. A new page, export, PDF or message
is covered the day it is added; a new kind of argument stops the test until somebody says what stands for it.
"""

from __future__ import annotations

import gzip
import importlib
import io
import itertools
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session, SQLModel, col, select
from werkzeug.routing import Rule

from service.app import create_app
from service.config import Settings
from service.domain.accounts import create_user, grant
from service.domain.conventions import get_convention, record_event
from service.domain.letters import SITE
from service.domain.publication import publish_round
from service.domain.round_tables import TABLES
from service.persistence.engine import session_scope
from service.persistence.tables import (
    AllocationRound,
    Offer,
    Opening,
    OutboxLine,
    Placement,
    Pupil,
    School,
    Site,
)
from service.vocabulary import ConventionEventKind, Level, Role
from tests.service.web.conftest import ORIGIN, Browser, Clock, Templates, templates  # noqa: F401
from tests.service.web.filled_country import CANARY, TODAY
from tests.service.web.small_country import ACTOR, PASSWORD, SmallCountry, email_of

GATED = ("ovhcloud", "serce")
HEAD = "Canari-Cheffe"
"""The head of every school: staff are persons too."""
MOST_ROWS = 40
WORDS: dict[str, tuple[str, ...]] = {
    "level": tuple(level.value for level in Level),
    "document": ("instance", "result", "certificate"),
    "kind": ("csv", "xlsx"),
    "code": ("ABCDE-FGHJK",),
    "department_code": ("59", "75"),
    "territory": ("59", "lille"),
}
"""What stands for the arguments that are words; those named «…_id» take the rows of their table."""


@pytest.fixture
def gated_site(templates: Templates, tmp_path: Path) -> Iterator[Flask]:  # noqa: F811
    """A published round whose pupils go to two gated partners, each with an account and a site's mailbox."""
    templates.copy("computed", tmp_path / "sequence.db")
    application = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'sequence.db'}"), clock=Clock())
    application.jinja_env.bytecode_cache = templates.compiled
    with session_scope(application.extensions["sequence_engine"]) as session:
        for key in GATED:
            user = create_user(session, email_of(key), f"Compte de {key}", PASSWORD, ACTOR)
            grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=get_convention(session, key).partner_id)
        for school in session.exec(select(School)):
            school.head_of_school = HEAD
        for site in session.exec(select(Site)):
            site.contact_email = f"site-{site.id}@hote.example"
        session.flush()
        coordinator = session.exec(select(AllocationRound)).one()
        publish_round(session, coordinator.id or 0, ACTOR, TODAY)
    yield application
    application.extensions["sequence_engine"].dispose()


def canaries_of(session: Session, key: str) -> frozenset[str]:
    """Pseudonyms of the pupils whom the convention's hosts receive; the names are the same for all."""
    convention = get_convention(session, key)
    query = (
        select(Pupil.pseudonym)
        .join(Placement, col(Placement.pupil_id) == col(Pupil.id))
        .join(Opening, col(Opening.id) == col(Placement.opening_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .where(Offer.convention_id == convention.id)
    )
    return frozenset(session.exec(query)) | {CANARY, HEAD}


def texts_in(body: bytes) -> Iterator[str]:
    """What a person, or a program, can read in an answer: pages, spreadsheets, compressed documents, PDF."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for name in archive.namelist():
                yield from texts_in(archive.read(name))
    elif body.startswith(b"\x1f\x8b"):
        yield from texts_in(gzip.decompress(body))
    elif body.startswith(b"%PDF"):
        reader = importlib.import_module("pypdf").PdfReader(io.BytesIO(body))
        yield from (page.extract_text() for page in reader.pages)
    else:
        yield body.decode("utf-8", "replace")


def rows_of(session: Session, argument: str) -> list[Any]:
    """Keys of the table an argument names («agreement_id» → agreement), or the first numbers when it names none."""
    wanted = argument.removesuffix("_id").replace("_", "")
    tables = [name for name in SQLModel.metadata.tables if name == wanted or name.endswith(wanted)]
    found: set[int] = set(range(1, 4))
    for name in tables:
        if "id" in SQLModel.metadata.tables[name].columns:
            found |= set(session.connection().execute(select(SQLModel.metadata.tables[name].c.id)).scalars())
    return sorted(found)[:MOST_ROWS]


def values_of(session: Session, country: SmallCountry, key: str, tokens: list[str]) -> Callable[[str], list[Any]]:
    own = get_convention(session, key)
    known: dict[str, list[Any]] = {
        "partner_id": [own.partner_id, country.partner_a],
        "uai": sorted(session.exec(select(School.uai)))[:2],
        "key": [key, "jobirl"],
        "token": tokens or ["inconnu"],
        "table": list(TABLES),
        "pseudonym": sorted(canaries_of(session, key) - {CANARY, HEAD})[:3],
        **{name: list(words) for name, words in WORDS.items()},
    }

    def values(argument: str) -> list[Any]:
        if argument in known:
            return known[argument]
        assert argument.endswith("_id"), f"say in WORDS what stands for <{argument}>"
        return rows_of(session, argument)

    return values


def addresses(app: Flask, values: Callable[[str], list[Any]], method: str) -> Iterator[tuple[str, str]]:
    """(rule, address) for every rule × every combination of its arguments."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if rule.endpoint.endswith("static") or method not in (rule.methods or set()):
                continue
            names = sorted(rule.arguments)
            for chosen in itertools.product(*(values(name) for name in names)):
                built = rule.build(dict(zip(names, chosen, strict=True)))
                if built is not None:
                    yield rule.rule, built[1]


class Doors:
    """Everything one gated partner can open or receive, and what it would learn there."""

    def __init__(self, app: Flask, country: SmallCountry, key: str) -> None:
        self.app, self.key, self.engine = app, key, app.extensions["sequence_engine"]
        with session_scope(self.engine, write=False) as session:
            self.canaries = canaries_of(session, key)
            self.mails = self._mails(session)
            values = values_of(session, country, key, sorted(set(_tokens(self.mails))))
            self.reads = list(addresses(app, values, "GET"))
            self.writes = list(addresses(app, values, "POST"))
        self.browser = Browser(app.test_client())
        assert self.browser.sign_in(email_of(key)).status_code == 303
        self.opened: set[str] = set()

    def _mails(self, session: Session) -> list[str]:
        """What its people and its sites' mailboxes were sent."""
        partner = get_convention(session, self.key).partner_id
        sites = session.exec(select(Site.contact_email).where(Site.partner_id == partner)).all()
        lines = session.exec(select(OutboxLine).where(col(OutboxLine.recipient).in_([email_of(self.key), *sites])))
        return [f"{one.subject}\n{one.body}\n{one.html}" for one in lines]

    def leaks(self) -> set[tuple[str, str]]:
        """(door, what was read through it)."""
        found = {("mail", said) for mail in self.mails for said in self.canaries if said in mail}
        for rule, address in self.reads:
            answer = self.browser.get(address)
            found |= self._said(rule, answer.status_code, answer.get_data())
        token = self.browser.token("/")
        for rule, address in self.writes:
            if "deconnexion" in address or "connexion" in address:
                continue
            answer = self.browser.client.post(address, data={"csrf_token": token}, headers={"Origin": ORIGIN})
            found |= self._said(f"POST {rule}", answer.status_code, answer.get_data())
        with session_scope(self.engine, write=False) as session:
            found |= {("mail", said) for mail in self._mails(session) for said in self.canaries if said in mail}
        return found

    def _said(self, rule: str, status: int, body: bytes) -> set[tuple[str, str]]:
        if status == 200:
            self.opened.add(rule)
        return {(rule, said) for read in texts_in(body) for said in self.canaries if said in read}


def _tokens(mails: list[str]) -> Iterator[str]:
    for mail in mails:
        for path in re.findall(re.escape(SITE) + r"(/[^\s\"<]+)", mail):
            last = path.rstrip("/").rpartition("/")[2]
            if re.fullmatch(r"[A-Za-z0-9_-]{43}", last):
                yield last


@pytest.fixture
def country(templates: Templates) -> SmallCountry:  # noqa: F811
    return templates.country


@pytest.mark.parametrize("key", GATED)
def test_nothing_about_a_pupil_crosses_a_closed_gate(gated_site: Flask, country: SmallCountry, key: str) -> None:
    """Every page, export, document, link and message of a gated partner, and nothing but numbers in them."""
    doors = Doors(gated_site, country, key)
    assert len(doors.canaries) > 5, "the partner expects pupils"
    assert doors.mails, "the partner has been written to"
    assert doors.leaks() == set()
    own = {rule for rule in doors.opened if rule.startswith(("/partenaires/", "/conventions/"))}
    assert len(own) >= 12, "its own pages have really been read"
    assert any("<token>" in rule for rule in doors.opened), "and what its links open"


def test_the_gate_opens_for_the_partner_and_not_for_another(gated_site: Flask, country: SmallCountry) -> None:
    """Once OVHcloud's opinion and addendum are recorded its page says which pupils it expects; SERCE's still not."""
    with session_scope(gated_site.extensions["sequence_engine"]) as session:
        convention = get_convention(session, "ovhcloud")
        for kind in (ConventionEventKind.MINISTRY_OPINION, ConventionEventKind.DATA_PROTECTION_ADDENDUM):
            record_event(session, convention, kind, TODAY, "Courrier reçu.", actor=ACTOR)
    assert Doors(gated_site, country, "ovhcloud").leaks(), "an open gate lets through what the pages show"
    assert Doors(gated_site, country, "serce").leaks() == set()


def test_the_search_sees_a_gate_left_open(
    gated_site: Flask, country: SmallCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage: the predicate forgotten by every module that asks it: what the pages then show is seen."""
    asking = [
        module
        for name, module in sorted(sys.modules.items())
        if name.startswith("service.") and hasattr(module, "is_numbers_only")
    ]
    assert len(asking) >= 3
    for module in asking:
        monkeypatch.setattr(module, "is_numbers_only", lambda *_: False)
    assert Doors(gated_site, country, "ovhcloud").leaks()


def test_a_rule_with_a_new_kind_of_argument_is_not_passed_over(gated_site: Flask, country: SmallCountry) -> None:
    """Sabotage: a route whose argument nobody has described stops the search."""
    gated_site.url_map.add(
        Rule("/partenaires/<int:partner_id>/nouveau/<couleur>", endpoint="public.home", methods=["GET"])
    )
    with pytest.raises(AssertionError, match="couleur"):
        Doors(gated_site, country, "serce")
