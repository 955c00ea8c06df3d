"""Mail on the wire: a real server receives it, refuses it, is away or dies, and the outbox says what became of it."""

from __future__ import annotations

import os
import signal
import ssl
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from service.config import Settings
from service.domain import outbox
from service.domain.letters import Letter
from service.jobs import worker
from service.jobs.attempts import open_workshop
from service.jobs.postman import Postman, deliver_due
from service.persistence.clock import InstantIn
from service.persistence.engine import session_scope
from service.persistence.tables import Campaign, OutboxLine, PlacementRequest
from service.vocabulary import MailStatus, RequestStatus
from tests.promises.campaign_rows import fill_campaign
from tests.promises.processes import kill, start
from tests.promises.round_scenes import engine_at, url_of, wait_until
from tests.service.jobs.mail_receiver import ACCOUNT, Receiver, always, free_port, receiving

ADDRESS = "secretariat@college.example"
LETTER = Letter(
    "Échéance : trois classes « à compléter »",
    ["La campagne ferme bientôt."],
    lines=["3e A", "3e <B>"],
    action="Compléter les demandes",
    path="/etablissements/0690001A/",
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    with receiving(server):
        yield server


def settings_for(receiver: Receiver, **changes: object) -> Settings:
    given: dict[str, object] = {
        "smtp_host": receiver.host,
        "smtp_port": receiver.port,
        "smtp_starttls": False,
        "public_url": "https://sequence.example/",
    }
    return Settings.model_validate(given | changes)


def write(engine: Engine, *addresses: str) -> None:
    with session_scope(engine) as session:
        outbox.queue_letters(session, {("test:1", one): LETTER for one in addresses or (ADDRESS,)})


def lines(engine: Engine) -> list[OutboxLine]:
    with session_scope(engine, write=False) as session:
        return list(session.exec(select(OutboxLine).order_by(col(OutboxLine.id))))


def only_line(engine: Engine) -> OutboxLine:
    (line,) = lines(engine)
    return line


def let_time_pass(engine: Engine) -> None:
    """Every delay is over: the next attempt is due, and a lease with it."""
    with session_scope(engine) as session:
        session.exec(update(OutboxLine).values(next_try_at=InstantIn(-1)))


def test_a_message_reaches_its_recipient(engine: Engine, receiver: Receiver) -> None:
    """The server gets the French text and its HTML alternative, with the site's own address; the line keeps neither."""
    write(engine)
    assert deliver_due(engine, settings_for(receiver)) == 1
    (message,) = receiver.taken
    assert receiver.recipients == [ADDRESS]
    assert message["Subject"] == LETTER.subject
    assert message["To"] == ADDRESS
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert "https://sequence.example/etablissements/0690001A/" in plain.get_content()
    assert "- 3e <B>" in plain.get_content()
    assert "<li>3e &lt;B&gt;</li>" in html.get_content()
    assert "site.invalid" not in message.as_string()
    line = only_line(engine)
    assert (line.status, line.body, line.html, line.attempts) == (MailStatus.SENT, "", "", 1)
    assert line.sent_at is not None
    assert deliver_due(engine, settings_for(receiver)) == 0


@pytest.mark.parametrize("mood", ["defer", "defer text", "die"])
def test_a_server_that_cannot_now_is_asked_again(sqlite_engine: Engine, receiver: Receiver, mood: str) -> None:
    """A message put off, or cut in the middle, waits and goes through at its next attempt."""
    receiver.mood = always(mood)
    write(sqlite_engine)
    assert deliver_due(sqlite_engine, settings_for(receiver)) == 1
    line = only_line(sqlite_engine)
    assert line.status is MailStatus.QUEUED
    assert line.last_error
    assert deliver_due(sqlite_engine, settings_for(receiver)) == 0, "its delay is not over"
    receiver.mood = always("take")
    let_time_pass(sqlite_engine)
    deliver_due(sqlite_engine, settings_for(receiver))
    assert only_line(sqlite_engine).status is MailStatus.SENT
    assert receiver.recipients == [ADDRESS]


@pytest.mark.parametrize(("mood", "words"), [("refuse", "Personne ici"), ("refuse text", "Message refuse")])
def test_what_is_refused_for_good_is_given_up_with_its_reason(
    sqlite_engine: Engine, receiver: Receiver, mood: str, words: str
) -> None:
    """A refusal that lasts is not repeated: the line says what the server said, and keeps its text for a person."""
    receiver.mood = always(mood)
    write(sqlite_engine)
    deliver_due(sqlite_engine, settings_for(receiver))
    line = only_line(sqlite_engine)
    assert line.status is MailStatus.FAILED
    assert words in line.last_error
    assert "Compléter les demandes" in line.body
    let_time_pass(sqlite_engine)
    assert deliver_due(sqlite_engine, settings_for(receiver)) == 0


def test_a_server_away_all_along_is_given_up_in_the_end(sqlite_engine: Engine) -> None:
    """Nobody answers, eight times: the line is given up and says so; started again by a person, it goes through."""
    receiver = Receiver(port=free_port())
    write(sqlite_engine)
    for _ in range(outbox.ATTEMPTS):
        assert only_line(sqlite_engine).status is MailStatus.QUEUED
        assert deliver_due(sqlite_engine, settings_for(receiver)) == 1
        let_time_pass(sqlite_engine)
    line = only_line(sqlite_engine)
    assert line.status is MailStatus.FAILED
    assert "ne répond pas" in line.last_error
    with session_scope(sqlite_engine) as session:
        outbox.try_again(session, line.id or 0, "user:1")
    with receiving(receiver):
        deliver_due(sqlite_engine, settings_for(receiver))
    assert only_line(sqlite_engine).status is MailStatus.SENT


def test_one_bad_address_holds_nobody_back(sqlite_engine: Engine, receiver: Receiver) -> None:
    """A refused address and a put-off one stand between others, which all get their message."""
    moods = {"b@ecole.example": "refuse", "d@ecole.example": "defer", "e@ecole.example": "die"}
    receiver.mood = lambda address: moods.get(address, "take")
    everybody = [f"{letter}@ecole.example" for letter in "abcdefg"]
    write(sqlite_engine, *everybody)
    assert deliver_due(sqlite_engine, settings_for(receiver)) == len(everybody)
    assert sorted(receiver.recipients) == sorted(set(everybody) - set(moods))


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """Certificates that this process believes."""
    own = trustme.CA()
    own.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return own


a_careless_server = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
"""It would take a password in clear: what is tested is that it gets none."""


def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@a_careless_server
def test_the_password_travels_under_tls(sqlite_engine: Engine, authority: trustme.CA) -> None:
    """With an account, the conversation is encrypted before the password is said."""
    receiver = Receiver()
    with receiving(receiver, certificate(authority), account=True):
        settings = settings_for(receiver, smtp_starttls=True, smtp_user=ACCOUNT[0], smtp_password=ACCOUNT[1])
        write(sqlite_engine)
        deliver_due(sqlite_engine, settings)
    assert receiver.recipients == [ADDRESS]
    assert receiver.passwords_in_clear == 0


@a_careless_server
@pytest.mark.parametrize("server", ["without TLS", "with a stranger's certificate"])
def test_nothing_is_said_to_a_server_that_cannot_be_believed(
    sqlite_engine: Engine, authority: trustme.CA, server: str
) -> None:
    """No encryption, or a certificate nobody vouches for: neither password nor message leaves, the line waits."""
    receiver = Receiver()
    shown = None if server == "without TLS" else certificate(trustme.CA())
    with receiving(receiver, shown, account=True):
        settings = settings_for(receiver, smtp_starttls=True, smtp_user=ACCOUNT[0], smtp_password=ACCOUNT[1])
        write(sqlite_engine)
        deliver_due(sqlite_engine, settings)
    assert receiver.passwords_in_clear == 0
    assert receiver.seen == []
    line = only_line(sqlite_engine)
    assert line.status is MailStatus.QUEUED
    assert line.last_error


@a_careless_server
def test_a_wrong_password_is_said(sqlite_engine: Engine, authority: trustme.CA) -> None:
    """The line waits and names the account, so that whoever set it up can correct it."""
    receiver = Receiver()
    with receiving(receiver, certificate(authority), account=True):
        settings = settings_for(receiver, smtp_starttls=True, smtp_user=ACCOUNT[0], smtp_password="un autre")
        write(sqlite_engine)
        deliver_due(sqlite_engine, settings)
    assert "mot de passe" in only_line(sqlite_engine).last_error
    assert "un autre" not in only_line(sqlite_engine).last_error


def test_the_postman_works_while_it_is_open(sqlite_engine: Engine, receiver: Receiver) -> None:
    """What is queued while the worker runs leaves by itself, whatever else the worker does."""
    with Postman(sqlite_engine, settings_for(receiver), look_every_s=0.02):
        write(sqlite_engine)
        wait_until(lambda: only_line(sqlite_engine).status is MailStatus.SENT, "the message")
    assert receiver.recipients == [ADDRESS]


def test_the_worker_posts_the_mail(sqlite_engine: Engine, receiver: Receiver) -> None:
    """The worker's own process sends what is queued, beside the rounds, and stops in good order."""
    process = start(worker.run, settings_for(receiver, database_url=url_of(sqlite_engine)))
    write(sqlite_engine)
    wait_until(lambda: only_line(sqlite_engine).status is MailStatus.SENT, "the message")
    assert receiver.recipients == [ADDRESS]
    assert process.pid is not None
    os.kill(process.pid, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == 0


def test_the_worker_reminds_every_hour(sqlite_engine: Engine, seed: int, tmp_path: Path) -> None:
    """Among what the worker does by the clock is the reminder of a deadline, on the day of its settings."""
    with session_scope(sqlite_engine) as session:
        campaign = session.get_one(Campaign, fill_campaign(session, seed % 90_000))
        day = campaign.closes_on - timedelta(days=1)
    queue_url = f"sqlite:///{tmp_path / 'queue.db'}"
    settings = Settings(database_url=url_of(sqlite_engine), queue_url=queue_url, today=day)
    workshop = open_workshop(settings)
    queue = worker.open_queue(settings, workshop)
    make_everybody_late(sqlite_engine)
    (task,) = [one for one in queue.huey._registry.periodic_tasks if one.name == "remind_of_deadlines"]
    task.execute()
    workshop.engine.dispose()
    assert {line.cause.partition(":")[0] for line in lines(sqlite_engine)} == {"reminder"}


def make_everybody_late(engine: Engine) -> None:
    """Every request goes back to a draft: every school is late."""
    with session_scope(engine) as session:
        session.exec(update(PlacementRequest).values(status=RequestStatus.DRAFT))


def test_without_a_server_lines_wait(sqlite_engine: Engine) -> None:
    """No server in the settings: nothing is tried, nothing is lost."""
    write(sqlite_engine)
    with Postman(sqlite_engine, Settings(), look_every_s=0.01) as postman:
        assert not postman.is_working
    assert (only_line(sqlite_engine).status, only_line(sqlite_engine).attempts) == (MailStatus.QUEUED, 0)


def send_everything(url: str, port: int) -> None:
    settings = Settings(database_url=url, smtp_host="127.0.0.1", smtp_port=port, smtp_starttls=False)
    deliver_due(engine_at(url), settings)


def test_a_sender_killed_in_the_middle_is_replaced(engine: Engine, receiver: Receiver) -> None:
    """kill -9 before the server has answered: nobody takes the line until its lease is over, then it is sent again."""
    receiver.mood = always("take and hang")
    write(engine)
    process = start(send_everything, url_of(engine), receiver.port)
    wait_until(lambda: bool(receiver.taken), "the first delivery")
    kill(process)
    receiver.mood = always("take")
    assert deliver_due(engine, settings_for(receiver)) == 0
    assert only_line(engine).status is MailStatus.QUEUED
    let_time_pass(engine)
    assert deliver_due(engine, settings_for(receiver)) == 1
    assert receiver.recipients == [ADDRESS, ADDRESS]
    assert len({message["Message-ID"] for message in receiver.taken}) == 1, "the repetition can be recognised"
    assert (only_line(engine).status, only_line(engine).attempts) == (MailStatus.SENT, 2)


def test_whoever_comes_back_too_late_changes_nothing(engine: Engine) -> None:
    """A worker that lost its lease cannot mark, put off or give up a line that another one holds."""
    write(engine)
    with session_scope(engine) as session:
        late = claimed(session)
    let_time_pass(engine)
    with session_scope(engine) as session:
        held = claimed(session)
        assert not outbox.mark_sent(session, late)
        outbox.put_off(session, late, "trop tard")
        outbox.give_up(session, late, "trop tard")
    assert (only_line(engine).status, only_line(engine).last_error) == (MailStatus.QUEUED, "")
    with session_scope(engine) as session:
        assert outbox.mark_sent(session, held)


def claimed(session: Session) -> outbox.ClaimedMail:
    mail = outbox.claim(session, 600)
    assert mail is not None
    return mail
