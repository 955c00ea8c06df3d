"""Every number on every page of a round equals a recount of what can be taken away: its exported rows and its dossier.

A random campaign, two rounds computed by the real job, and the pages read as a person reads them. A table of figures
that no recount knows is a failure too: a new one has to bring its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlmodel import col

from service.app import create_app
from service.config import Settings
from service.domain import placements, rounds
from service.domain.accounts import create_user, grant
from service.domain.findings import SeatWanted
from service.domain.round_cuts import Before, ClassShare
from service.jobs.attempts import Outcome, run_round
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Offer
from service.vocabulary import OfferStatus, Role
from service.web import findings
from service.web import round_cuts as cut_pages
from tests.promises.campaign_rows import fill_campaign
from tests.promises.recounts import NumberTable, Recount, plain, tables_of
from tests.promises.round_scenes import quick_workshop, url_of
from tests.service.web.conftest import Browser, text_of

PASSWORD = "une longue phrase pour recompter"
EMAIL = "recompte@sequence.example"
PAGES = (
    "",
    "/etablissements",
    "/classes",
    "/repartition",
    "/comparaison",
    "/non-places",
    "/leviers",
    "/ou-demarcher",
    "/places-vides",
    "/places-vides?voir=complets",
)
ONLY_FIGURES = ("Plus petits changements", "Ouvertures")
"""Tables whose first cell is a sentence of names: their figures alone are recounted."""


@pytest.fixture
def coordinator(engine: Engine, seed: int) -> Iterator[Browser]:
    """A coordinator's browser on two computed rounds of a random campaign, an offer withdrawn in between."""
    with session_scope(engine) as session:
        campaign_id = fill_campaign(session, seed % 90_000, schools=6, pupils=90, sites=12)
        person = create_user(session, EMAIL, "Recompte", PASSWORD, "test")
        grant(session, person, Role.NATIONAL_COORDINATOR, "test")
    for number in range(2):
        with session_scope(engine) as session:
            if number:
                first = session.scalar(select(func.min(col(Offer.id))))
                session.exec(update(Offer).where(col(Offer.id) == first).values(status=OfferStatus.WITHDRAWN))
            round_id = row_id(rounds.launch_round(session, campaign_id, "user:1"))
        assert run_round(quick_workshop(engine), round_id) is Outcome.COMPUTED
    app = create_app(Settings(database_url=url_of(engine)))
    browser = Browser(app.test_client())
    assert browser.sign_in(EMAIL, PASSWORD).status_code == 303
    yield browser
    app.extensions["sequence_engine"].dispose()


def address(number: int, path: str) -> str:
    return f"/coordination/tours/{number}{path}"


def taker(browser: Browser, number: int) -> Callable[[str], bytes]:
    def take(path: str) -> bytes:
        answer = browser.get(address(number, f"/{path}"))
        assert answer.status_code == 200, path
        return answer.get_data()

    return take


def recount(browser: Browser, number: int) -> Recount:
    return Recount(taker(browser, number), taker(browser, number - 1) if number > 1 else None)


def read_tables(browser: Browser, number: int, page: str) -> dict[str, NumberTable]:
    """The tables of figures of a page and of those that continue it."""
    tables: dict[str, NumberTable] = {}
    sign = "&" if "?" in page else "?"
    for turned in range(1, 40):
        answer = browser.get(address(number, f"{page}{sign}page={turned}"))
        body = answer.get_data(as_text=True)
        for caption, lines in tables_of(body).items():
            # a table that is not cut in pages is the same on each of them
            if turned == 1 or caption not in tables or tables[caption] != lines:
                tables[caption] = tables.get(caption, Counter()) + lines
        if 'rel="next"' not in body:
            return tables
    pytest.fail(f"{page} has no end")


def differences(browser: Browser, number: int) -> list[str]:
    """Every table that is not what a recount gives, and every one that no recount knows."""
    counted = recount(browser, number)
    wrong = []
    for page in PAGES:
        expected, shown = counted.expected(page), read_tables(browser, number, page)
        for caption in sorted(expected.keys() | shown.keys()):
            lines = shown.get(caption, Counter())
            if caption in ONLY_FIGURES:
                lines = _figures(lines)
            if lines != expected.get(caption, Counter()):
                wrong.append(f"{page} {caption}: {lines - expected.get(caption, Counter())} shown")
    return wrong


def _figures(lines: NumberTable) -> NumberTable:
    kept: NumberTable = Counter()
    for line, count in lines.items():
        kept[line[1:]] += count
    return kept


def test_every_number_equals_a_recount(coordinator: Browser) -> None:
    """On both rounds, each table of figures of each page holds what the files give, and the headlines say it."""
    for number in (1, 2):
        assert differences(coordinator, number) == []
        counted = recount(coordinator, number)
        placed, everybody = len(counted.placed), len(counted.placed) + len(counted.left)
        assert f"{placed} élève{'s' * (placed > 1)} placé{'s' * (placed > 1)} sur {everybody}" in plain(
            text_of(coordinator.get(address(number, "")))
        )
        seats = sum(sum(offer.seats.values()) for offer in counted.instance.offers)
        empty = seats - placed
        assert f"{empty} place{'s' * (empty > 1)} vide{'s' * (empty > 1)} sur {seats}" in plain(
            text_of(coordinator.get(address(number, "/places-vides")))
        )


def _one_more(share: placements.Share) -> placements.Share:
    return placements.Share(share.pupils + 1, share.placed)


def _classes(real: Callable[..., list[ClassShare]]) -> Callable[..., list[ClassShare]]:
    def false(*given: Any) -> list[ClassShare]:
        first, *others = real(*given)
        return [replace(first, share=_one_more(first.share)), *others]

    return false


def _summary(real: Callable[..., placements.RoundSummary]) -> Callable[..., placements.RoundSummary]:
    def false(*given: Any) -> placements.RoundSummary:
        told = real(*given)
        level, share = next(iter(told.by_level.items()))
        return replace(told, by_level={**told.by_level, level: _one_more(share)})

    return false


def _before(real: Callable[..., Before | None]) -> Callable[..., Before | None]:
    def false(*given: Any) -> Before | None:
        told = real(*given)
        return None if told is None else replace(told, gained=told.gained + 1)

    return false


def _empty_seats(real: Callable[..., Sequence[tuple[str, int, int]]]) -> Callable[..., list[tuple[str, int, int]]]:
    return lambda *given: [*((reason, seats, places) for reason, seats, places in real(*given)), ("banned", 1, 1)]


def _wanted(real: Callable[..., list[SeatWanted]]) -> Callable[..., list[SeatWanted]]:
    return lambda *given: [*real(*given), SeatWanted("31", "3e", "2027-W05", "bois", 99, 0)]


SABOTAGES = {
    "a class that counts a pupil too many": (cut_pages, "classes_of_round", _classes),
    "a level that counts a pupil too many": (cut_pages, "round_summary", _summary),
    "a pupil who gains a place twice": (cut_pages, "beside_the_one_before", _before),
    "an empty seat that nobody offered": (findings, "_reasons", _empty_seats),
    "a useful seat that is not": (findings, "seats_wanted", _wanted),
}


def test_a_false_number_is_seen(coordinator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same recount, on pages made to say one number wrong, each in its own way: it sees every one."""
    unseen = []
    for name, (module, function, falsify) in SABOTAGES.items():
        with monkeypatch.context() as patch:
            patch.setattr(module, function, falsify(getattr(module, function)))
            if not differences(coordinator, 2):
                unseen.append(name)
    assert unseen == []
