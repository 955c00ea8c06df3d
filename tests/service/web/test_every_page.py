"""What holds on every page of the site, whoever reads it: found by following every link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser

import pytest
from flask import Flask

from service.persistence.engine import session_scope
from tests.service.web.conftest import Browser
from tests.service.web.crawling import ReadPage, every_page
from tests.service.web.lived_country import live
from tests.service.web.small_country import SmallCountry

PEOPLE = ("visitor", "school_a", "partner_a", "coordinator")
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
LOOSE_SPACE = re.compile(r"[^\s:] [:;!?»%](?=\s|$)|« ")


@pytest.fixture
def stage() -> str:
    return "published"


class Reader(HTMLParser):
    """Collects what the checks need, and every fault of structure on the way."""

    def __init__(self, page: ReadPage) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.titles = 0
        self.faults: list[str] = []
        self.texts: list[str] = []
        self.feed(page.body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.titles += tag == "h1"
        if "id" in values:
            self.ids.append(values["id"] or "")
        if tag == "script" and not values.get("src"):
            self.faults.append("a script in the page")
        if "style" in values or tag == "style":
            self.faults.append(f"a style in the page on <{tag}>")
        self.faults += [f"{name} on <{tag}>" for name in values if name.startswith("on")]
        for name in ("src", "href", "action"):
            if re.match(r"[a-z]+:|//", values.get(name) or ""):
                self.faults.append(f"{name} leads elsewhere: {values[name]}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def handle_data(self, data: str) -> None:
        if not {"pre", "code", "textarea"} & set(self.open):
            self.texts.append(data)


@pytest.fixture
def mailed(app: Flask, country: SmallCountry) -> list[str]:
    """The site has lived some days; what its messages open."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        return live(session, country)


def pages_of(
    person: str, browser_for: Callable[..., Browser], country: SmallCountry, mailed: list[str]
) -> Iterator[ReadPage]:
    """Whoever is not signed in comes from a message too."""
    email, starts = ("", ["/", *mailed]) if person == "visitor" else (getattr(country, f"email_{person}"), ["/"])
    return (page for page in every_page(browser_for(email), starts) if page.is_html)


@pytest.mark.parametrize("person", PEOPLE)
def test_pages_are_well_formed_and_carry_nothing_inline(
    browser_for: Callable[..., Browser], country: SmallCountry, mailed: list[str], person: str
) -> None:
    """One title, tags that close, identifiers used once, no style, no script, no address of another site."""
    wrong = []
    for page in pages_of(person, browser_for, country, mailed):
        reader = Reader(page)
        twice = sorted({one for one in reader.ids if reader.ids.count(one) > 1})
        title = re.search(r"<title>(.*?)</title>", page.body, re.DOTALL)
        if reader.titles != 1 or reader.open or reader.faults or twice or not title or " – Séquence" not in title[1]:
            wrong.append((page.address, reader.titles, reader.open, reader.faults, twice))
    assert wrong == []


@pytest.mark.parametrize("person", PEOPLE)
def test_french_signs_keep_their_space(
    browser_for: Callable[..., Browser], country: SmallCountry, mailed: list[str], person: str
) -> None:
    """No line may break before : ; ! ? » % or after « : the space there does not break."""
    wrong = set()
    for page in pages_of(person, browser_for, country, mailed):
        for text in Reader(page).texts:
            found = LOOSE_SPACE.search(" ".join(re.split(r"[ \t\r\n]+", unescape(text))))
            if found:
                wrong.add((page.address, text.strip()[:120]))
    assert not wrong, "\n".join(f"{address} {text}" for address, text in sorted(wrong))
