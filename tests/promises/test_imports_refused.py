"""A6: a refused file changes nothing and says at which line. Fuzzed on both engines, over HTTP, on the real site."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from werkzeug.test import TestResponse

from fixtures import readers
from service.app import create_app
from service.config import Settings
from service.domain.campaigns import get_campaign
from service.domain.pupil_entries import ListTerms, enter_classes
from service.domain.schools import get_school
from service.imports import delimited, tables
from service.imports.faults import FileRefused
from service.imports.pupils import COLUMNS, read_classes
from service.imports.tables import Table, read_table
from service.persistence.engine import session_scope
from service.persistence.tables import (
    AuditEntry,
    Campaign,
    ClassGroup,
    ImportFile,
    Offer,
    Opening,
    PartnerMember,
    PlacementRequest,
    Preference,
    Pupil,
    RequestPeriod,
)
from service.persistence.tables import Site as SiteRow
from service.vocabulary import Level
from tests.promises.fuzzed_files import CODES, SEPARATORS, fuzzed_file, quoted, text_of_cells, workbook_of
from tests.service.conftest import _copy
from tests.service.web import site_files
from tests.service.web.conftest import ORIGIN, Browser, Clock, text_of
from tests.service.web.pupil_files import HEADER, csv_of, good_lines, spoil
from tests.service.web.small_country import SmallCountry, build_country, open_everything

LABELS = {one.key: one.label for one in readers.read_sectors()}
FIELD = (ClassGroup, Pupil, Preference, PlacementRequest, RequestPeriod)
WRITTEN = (*FIELD, ImportFile, AuditEntry, SiteRow, Offer, Opening, PartnerMember)
_ROW = re.compile(r'<th scope="row" class="number">.*?</span>([^<]*)</th>\s*<td[^>]*>([^<]*)</td>\s*<td[^>]*>([^<]*)<')


@dataclass
class Site:
    """The real site on one engine, a school signed in."""

    engine: Engine
    country: SmallCountry
    browser: Browser
    token: str

    def post(self, address: str, **fields: Any) -> TestResponse:
        """One form. Its token lives as long as the session: it is not read again a thousand times."""
        data = {"csrf_token": self.token, **fields}
        return self.browser.client.post(address, data=data, headers={"Origin": ORIGIN})

    @property
    def address(self) -> str:
        return f"/etablissements/{self.country.school_b}/import"

    def checksum(self, *of: type) -> str:
        """Of every row of these tables, whatever their order."""
        with session_scope(self.engine, write=False) as session:
            rows = [sorted(repr(one.model_dump()) for one in session.exec(select(table))) for table in of]
        return hashlib.sha256(repr(rows).encode()).hexdigest()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    for engine in _copy(request.param, "migrated", request):
        with session_scope(engine) as session:
            country = build_country(session)
            open_everything(session, country, Clock().instant.date())
        url = engine.url.render_as_string(hide_password=False)
        app = create_app(Settings(database_url=url), clock=Clock())
        browser = Browser(app.test_client())
        assert browser.sign_in(country.email_school_b).status_code == 303
        yield Site(engine, country, browser, browser.token("/"))
        app.extensions["sequence_engine"].dispose()


def check_fuzzed(site: Site, content: bytes, address: str = "") -> bool:
    """Sends one file: refused, it changed nothing and says where; accepted, it waits and can be forgotten."""
    before = site.checksum(*WRITTEN)
    answer = site.post(address or site.address, file=(io.BytesIO(content), "liste.csv"))
    assert answer.status_code in (303, 422), f"{answer.status_code} for {content[:200]!r}"
    if answer.status_code == 303:
        page = site.browser.get(answer.location)
        assert page.status_code == 200
        assert site.post(f"{answer.location}/abandon").status_code == 303
    else:
        check_told(answer.get_data(as_text=True), text_of(answer))
    assert site.checksum(*WRITTEN) == before
    return answer.status_code == 422


def check_told(html: str, said: str) -> None:
    """A total, at most fifty faults, each with a line, a column and a sentence that ends."""
    found = re.search(r"(\d[\d ]*) erreurs? : rien n’a été importé", said)
    assert found is not None, said[:500]
    total = int(found[1].replace(" ", ""))
    faults = [tuple(unescape(part).strip() for part in row) for row in _ROW.findall(html)]
    assert len(faults) == min(total, 50)
    for line, column, sentence in faults:
        assert line == "–" or int(line) >= 1
        assert column
        assert sentence[0].isupper() or sentence[0] in "«"
        assert sentence[-1] in ".?"
    assert [int(line) for line, *_ in faults if line != "–"] == sorted(int(line) for line, *_ in faults if line != "–")


def test_fuzzed_files_change_nothing_and_say_where(site: Site, seed: int, full: bool) -> None:
    """500 random files on each engine (10,000 in full): never a fault of ours, tables equal after each refusal."""
    refused = 0
    for number in range(10_000 if full else 500):
        refused += check_fuzzed(site, fuzzed_file(random.Random(f"{seed}/{number}")))
    assert refused > 100, "the files are too good to try anything"


def test_fuzzed_files_of_sites_change_nothing_and_say_where(site: Site, seed: int, full: bool) -> None:
    """The same machinery serves a partner: 100 random files of sites and places on each engine (2,000 in full)."""
    browser = Browser(site.browser.client.application.test_client())
    assert browser.sign_in(site.country.email_partner_a).status_code == 303
    partner = Site(site.engine, site.country, browser, browser.token("/"))
    address, refused = f"/partenaires/{site.country.partner_a}/import", 0
    for number in range(2_000 if full else 100):
        draw = random.Random(f"sites/{seed}/{number}")
        refused += check_fuzzed(partner, fuzzed_file(draw, site_files.HEADER, site_files.good_lines), address)
    assert refused > 20, "the files are too good to try anything"


def test_the_same_file_twice_adds_nobody(site: Site, seed: int, full: bool) -> None:
    """Twenty random lists confirmed twice, as another file each time: the second changes no row of the field."""
    draw = random.Random(seed)
    for _ in range(200 if full else 20):
        lines = draw.sample(good_lines(60), draw.randrange(1, 40))
        sums = []
        for _ in range(2):
            content = csv_of(lines, draw.choice(SEPARATORS[:1]), draw.choice(CODES))
            page = site.post(site.address, file=(io.BytesIO(content), "liste.csv")).location
            done = site.post(page, keep="1", reach_km="30", periods_seconde="2027-W24-2")
            assert (done.status_code, done.location) == (303, page)
            sums.append(site.checksum(*FIELD))
        assert sums[0] == sums[1]


def test_a_writer_that_commits_line_by_line_is_caught(site: Site) -> None:
    """Sabotage: lines entered and committed one by one until the bad one; the checksums are not equal."""
    content = csv_of([[f"2de 9{row[0][4:]}", *row[1:]] for row in spoil(good_lines(230))[0]])
    before = site.checksum(*FIELD)
    with session_scope(site.engine) as session:
        commit_line_by_line(session, site, read_table(content, COLUMNS))
    assert site.checksum(*FIELD) != before


def commit_line_by_line(session: Session, site: Site, table: Table) -> None:
    campaign = get_campaign(session, session.exec(select(Campaign.id)).one() or 0)
    school = get_school(session, site.country.school_b)
    terms = ListTerms({Level.SECONDE_GT: ["2027-W24-2"]}, 30)
    for number in range(5):
        one = Table(table.headers, (), table.frame.iloc[number : number + 1])
        try:
            classes = read_classes(one, LABELS, [Level.SECONDE_GT])
        except FileRefused:
            return
        enter_classes(session, campaign, school, classes, terms, "sabotage")
        session.commit()


@dataclass(frozen=True)
class Placed:
    """A file, and the physical lines on which a fault stands."""

    content: bytes
    lines: list[int]


def placed_faults(draw: random.Random) -> Placed:
    """Blank lines, cells over two lines and every end of line mixed; the line of each fault is known by counting."""
    separator, parts, line, faulty = draw.choice(SEPARATORS), [], 1, []
    for number, row in enumerate([HEADER, *good_lines(draw.randrange(3, 30))]):
        for _ in range(draw.choice((0, 0, 1, 2))):
            parts.append(draw.choice(("", separator * 3)) + draw.choice(("\r\n", "\n")))
            line += 1
        cells = list(row)
        if number and draw.random() < 0.3:
            cells[3] = "Astrologie"
            faulty.append(line)
        if number and draw.random() < 0.3:
            cells[2] = f"{cells[2]}\nbis"
        text = separator.join(quoted(cell, separator, draw.random() < 0.2) for cell in cells)
        parts.append(text + draw.choice(("\r\n", "\n")))
        line += 1 + text.count("\n")
    return Placed("".join(parts).encode("utf-8-sig"), faulty)


def lines_told(content: bytes) -> list[int]:
    try:
        read_classes(read_table(content, COLUMNS), LABELS, [Level.SECONDE_GT])
    except FileRefused as refused:
        return [fault.line for fault in refused.faults]
    return []


def check_lines(seed: int, files: int) -> None:
    for number in range(files):
        placed = placed_faults(random.Random(f"{seed}/{number}"))
        assert lines_told(placed.content) == placed.lines, f"file {number}"


def test_the_line_told_is_the_line_seen(seed: int, full: bool) -> None:
    """Fifty files (500 in full) that mix blank lines, quoted newlines and ends of line: every fault at its line."""
    check_lines(seed, 500 if full else 50)


def test_a_count_that_skips_blank_lines_is_caught(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Sabotage: records numbered from zero once the blank ones are gone."""
    real = tables.read_records

    def renumbered(text: str, separator: str) -> Iterator[delimited.Record]:
        kept = (cells for _, cells in real(text, separator) if any(cell.strip() for cell in cells))
        yield from enumerate(kept)

    monkeypatch.setattr(tables, "read_records", renumbered)
    with pytest.raises(AssertionError):
        check_lines(seed, 50)


UNCLOSED = 'Classe;Élève\n2de 1;Zoé\n2de 1;"Yanis\n2de 1;Inès\n2de 1;Noé\n'.encode()
GLUED = 'Classe;Élève\n2de 1;"Zoé" A\n2de 1;Inès\n'.encode()


def check_quotes() -> None:
    assert lines_told(UNCLOSED) == [3]
    assert lines_told(GLUED) == [2]


def test_a_bad_quote_is_told_at_its_line() -> None:
    """A quote that nothing closes, or something glued after one: the line it begins on, not the end of the file."""
    check_quotes()


def test_a_reader_that_is_not_strict_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: without `strict`, the rest of the file is swallowed as one name, in silence."""
    real = csv.reader
    monkeypatch.setattr(delimited.csv, "reader", lambda source, delimiter, **_: real(source, delimiter=delimiter))
    with pytest.raises(AssertionError):
        check_quotes()


def test_encoding_separator_and_order_of_columns_change_nothing(seed: int, full: bool) -> None:
    """Twenty lists (200 in full), written in every code, separator and order, and as a workbook: the same pupils."""
    for number in range(200 if full else 20):
        draw = random.Random(f"{seed}/{number}")
        cells = [list(HEADER), *good_lines(draw.randrange(1, 20))]
        wanted = read_classes(read_table(csv_of(cells[1:]), COLUMNS), LABELS, [Level.SECONDE_GT])
        order = draw.sample(range(len(HEADER)), len(HEADER))
        shuffled = [[row[place] for place in order] for row in cells]
        writers: list[Callable[[], bytes]] = [partial(workbook_of, shuffled)] if number % 5 == 0 else []
        for code in CODES:
            for separator in SEPARATORS:
                text = text_of_cells(shuffled, separator, draw.choice(("\r\n", "\n", "\r")))
                writers.append(partial(text.encode, code))
        for write in writers:
            assert read_classes(read_table(write(), COLUMNS), LABELS, [Level.SECONDE_GT]) == wanted


def test_a_formula_exported_by_us_comes_back_as_it_was() -> None:
    """What our CSV marks with a quote is imported without it; a name is never anything but text."""
    held = io.StringIO()
    csv.writer(held, delimiter=";").writerows([["Classe", "Élève"], ["2de 1", "'=1+1"], ["2de 1", "'+33 6"]])
    classes = read_classes(read_table(held.getvalue().encode(), COLUMNS), LABELS, [Level.SECONDE_GT])
    assert [one.display_name for one in classes[0].pupils] == ["=1+1", "+33 6"]
