"""Messages as rows and as words: one per cause and recipient, safe to send, the same in text and in HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import select

from service.config import Settings
from service.documents.messages import compose
from service.domain import outbox
from service.domain.letters import Letter, as_html, as_text, one_line
from service.errors import Conflict
from service.persistence.engine import session_scope
from service.persistence.tables import OutboxLine
from service.vocabulary import MailStatus

LETTER = Letter("Objet", ["Un paragraphe."], action="Ouvrir", path="/page")
NASTY = "\r\nBcc: tout-le-monde@ailleurs.example\r\n\r\n<script>alert(1)</script>"


def test_the_same_cause_writes_once_to_each_person(engine: Engine) -> None:
    """Queued again, now or by another job, the same message for the same reason is one line."""
    for _ in range(2):
        with session_scope(engine) as session:
            outbox.queue_letters(session, {("a", "x@y.example"): LETTER, ("b", "x@y.example"): LETTER})
    with session_scope(engine) as session:
        assert not outbox.queue_letter(session, "a", "x@y.example", LETTER)
        assert outbox.queue_letter(session, "a", "z@y.example", LETTER)
        assert len(session.exec(select(OutboxLine)).all()) == 3
        assert outbox.count_by_status(session)[MailStatus.QUEUED] == 3


def test_a_line_has_one_holder_at_a_time(engine: Engine) -> None:
    """Claimed, a line is nobody else's until its lease is over; the next claim is the next line."""
    with session_scope(engine) as session:
        outbox.queue_letters(session, {("a", f"{n}@y.example"): LETTER for n in range(2)})
    held = set()
    for _ in range(2):
        with session_scope(engine) as session:
            mail = outbox.claim(session, 600)
            assert mail is not None
            held.add(mail.recipient)
    assert held == {"0@y.example", "1@y.example"}
    with session_scope(engine) as session:
        assert outbox.claim(session, 600) is None
        assert not outbox.has_due(session)


def test_only_a_line_given_up_starts_again(engine: Engine) -> None:
    """A person cannot send twice what waits or has left."""
    with session_scope(engine) as session:
        outbox.queue_letter(session, "a", "x@y.example", LETTER)
        line = session.exec(select(OutboxLine)).one()
    with pytest.raises(Conflict, match="abandonné"), session_scope(engine) as session:
        outbox.try_again(session, line.id or 0, "user:1")


@given(st.text())
def test_a_subject_is_one_line(text: str) -> None:
    """Whatever was typed, no character of it ends the header."""
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize("where", ["subject", "paragraphs", "lines", "action", "path", "recipient"])
def test_no_header_and_no_tag_can_be_smuggled_in(where: str) -> None:
    """Line breaks and tags in what was typed add no recipient, no header and no script."""
    typed: dict[str, object] = {where: [NASTY] if where in ("paragraphs", "lines") else NASTY}
    fields = {"subject": "Objet", "paragraphs": ["Un."], "action": "Ouvrir", "path": "/page"} | typed
    recipient = str(fields.pop("recipient", "x@y.example"))
    letter = Letter(**fields)  # type: ignore[arg-type]
    assert "<script" not in as_html(letter)
    mail = outbox.ClaimedMail(1, 1, 1, recipient, letter.subject, as_text(letter), as_html(letter))
    try:
        message = compose(Settings(), mail)
    except ValueError:
        assert where == "recipient"
        return
    assert where != "recipient"
    headers = message.as_bytes().decode("ascii").partition("\r\n\r\n")[0]
    assert "\nBcc:" not in headers
    assert message["Bcc"] is None


def test_text_and_html_say_the_same() -> None:
    """Every paragraph, line and address of a letter is in both alternatives."""
    letter = Letter("Objet", ["Premier.", "Second."], ["ligne a", "ligne b"], "Ouvrir", "/page", ["Fin."])
    for said in ("Premier.", "Second.", "ligne a", "ligne b", "Ouvrir", "https://site.invalid/page", "Fin."):
        assert said in as_text(letter)
        assert said in as_html(letter)
