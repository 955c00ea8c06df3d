"""Messages that each carry a link of their own, sent once however often the worker comes by.

Responsible for leaving alone what was already written, with its link, and for voiding the links a newer message
replaces. Refuses to know what a link opens and what the message says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from service.domain.letters import Letter
from service.domain.links import issue_links, void_links
from service.domain.outbox import queue_letters
from service.persistence.bulk import in_parts
from service.persistence.tables import OutboxLine
from service.vocabulary import LinkPurpose

NO_ACCOUNT = "Aucun compte n’est nécessaire. Ce lien sert une seule fois et reste valable trente jours."


@dataclass(frozen=True, slots=True)
class LinkedLetter:
    """A message to write: why, to whom, what its link opens, and its words once the token is known."""

    cause: str
    recipient: str
    subject: str
    write: Callable[[str], Letter]


def _told(session: Session, causes: Sequence[str]) -> set[tuple[str, str]]:
    """The cause and the recipient of each message written already."""
    found = set[tuple[str, str]]()
    for some in in_parts(causes):
        written = select(OutboxLine.cause, OutboxLine.recipient).where(col(OutboxLine.cause).in_(some))
        found.update((cause, recipient) for cause, recipient in session.exec(written))
    return found


def queue_linked(session: Session, purpose: LinkPurpose, due: Sequence[LinkedLetter], now: datetime) -> int:
    """Writes those not written yet. Returns how many are new; former links of their subjects open nothing any more."""
    told = _told(session, sorted({one.cause for one in due}))
    new = [one for one in due if (one.cause, one.recipient) not in told]
    reached = {one.subject for one in due if (one.cause, one.recipient) in told}
    # A colleague who joins meanwhile gets a link too, and nobody's own is taken back.
    void_links(session, purpose, sorted({one.subject for one in new} - reached), now)
    tokens = issue_links(session, purpose, [(one.subject, one.recipient) for one in new], now)
    return queue_letters(
        session,
        {(one.cause, one.recipient): one.write(token) for one, token in zip(new, tokens, strict=True)},
    )
