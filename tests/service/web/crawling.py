"""Reading the whole site as one person: every link followed, from the home page, exports and downloads included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from tests.service.web.conftest import Browser

_LINK = re.compile(r'href="(/[^"]*)"')


@dataclass(frozen=True)
class ReadPage:
    """What came back for an address."""

    address: str
    kind: str
    body: str

    @property
    def is_html(self) -> bool:
        return self.kind == "text/html"


def every_page(browser: Browser, starts: Sequence[str] = ("/",)) -> Iterator[ReadPage]:
    """A link that leads to an error is a fault of the site: nothing is passed over."""
    waiting, done = list(starts), set()
    while waiting:
        address = waiting.pop()
        if address in done or address.startswith(("/static", "/bootstrap")):
            continue
        done.add(address)
        answer = browser.client.get(address, follow_redirects=True, buffered=True)
        assert answer.status_code == 200, f"{address} answers {answer.status_code}"
        page = ReadPage(address, answer.mimetype or "", answer.get_data().decode("utf-8", "replace"))
        yield page
        if page.is_html:
            waiting += [unescape(found).partition("#")[0] for found in _LINK.findall(page.body)]
