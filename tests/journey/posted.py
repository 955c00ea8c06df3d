"""The mail of a journey: what waits leaves by the real postman to a real server, and is read as its recipient does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from sqlalchemy import Engine

from service.config import Settings
from service.jobs.postman import deliver_due
from tests.service.jobs.mail_receiver import Receiver, receiving

SITE = "https://sequence.example"


class Post:
    """A mail server that took messages, and the postman that brings them."""

    def __init__(self, engine: Engine, receiver: Receiver) -> None:
        self.engine, self.receiver = engine, receiver
        self.settings = Settings(smtp_host=receiver.host, smtp_port=receiver.port, smtp_starttls=False, public_url=SITE)

    def bring(self) -> int:
        """Delivers what waits; returns how many messages came."""
        before = len(self.receiver.taken)
        deliver_due(self.engine, self.settings)
        return len(self.receiver.taken) - before

    def letters_to(self, email: str) -> list[EmailMessage]:
        return [one for one in self.receiver.taken if one["To"] == email]

    def link(self, email: str, prefix: str) -> str:
        """Where the newest message of that person leads, under that prefix; its two forms lead to the same place."""
        for letter in reversed(self.letters_to(email)):
            plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
            assert plain is not None
            assert html is not None
            found = re.search(rf"{re.escape(SITE)}({re.escape(prefix)}\S*)", plain.get_content())
            if found:
                assert f'href="{SITE}{found[1]}"' in html.get_content()
                return found[1]
        raise AssertionError(f"nothing sent to {email} leads to {prefix}")

    def everything(self) -> str:
        """The plain text of all that was delivered."""
        bodies = [one.get_body(("plain",)) for one in self.receiver.taken]
        return "\n".join(body.get_content() for body in bodies if body is not None)


@contextmanager
def post_office(engine: Engine) -> Iterator[Post]:
    receiver = Receiver()
    with receiving(receiver):
        yield Post(engine, receiver)
