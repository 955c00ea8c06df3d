"""Inviting people to a school or a partner: once per address, by a link that proves the mailbox; leaving it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from service.domain import invitations
from service.domain.accounts import create_user, grant, memberships_of
from service.domain.invitations import (
    accept_invitation,
    invite,
    pending_invitations,
    read_invitation,
    send_again,
    withdraw_invitation,
)
from service.domain.links import LinkRefused
from service.domain.people import Scope, people_of, remove_right, scope_of
from service.domain.sites import add_partner
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import OutboxLine, Partner, User
from service.vocabulary import PartnerKind
from tests.promises.processes import start
from tests.promises.round_scenes import engine_at, url_of

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ADDRESS, PASSWORD = "nouvelle@entreprise.example", "une phrase de passe pour les essais"


def space(session: Session, name: str = "Ateliers du Rhône") -> Scope:
    partner = session.exec(select(Partner).where(Partner.name == name)).first()
    return scope_of(partner or add_partner(session, name, PartnerKind.INDEPENDENT, "test")[0])


def person(session: Session, scope: Scope, email: str) -> User:
    user = create_user(session, email, email.partition("@")[0], PASSWORD, "test")
    grant(session, user, scope.role, "test", partner_id=scope.partner_id)
    return user


def last_token(session: Session) -> str:
    line = session.exec(select(OutboxLine).order_by(col(OutboxLine.id).desc())).first()
    assert line is not None
    found = re.search(r"/invitation/(\S+)", line.body)
    assert found is not None
    return found[1]


def test_an_invitation_opens_an_account_and_its_right(engine: Engine) -> None:
    """The message leads to a page that asks a name and a password; then the person acts there, and only there."""
    with session_scope(engine) as session:
        invite(session, space(session), f" {ADDRESS.upper()} ", "user:1", NOW)
        token = last_token(session)
    with session_scope(engine) as session:
        link, invitation, name = read_invitation(session, token, NOW)
        assert (link.recipient, invitation.email, name) == (ADDRESS, ADDRESS, "Ateliers du Rhône")
        user, is_new = accept_invitation(session, token, "Nouvelle Venue", PASSWORD, NOW)
        assert is_new
        assert [one.email for one in people_of(session, space(session))] == [ADDRESS]
        assert len(memberships_of(session, user)) == 1
        assert pending_invitations(session, space(session)) == []
    with pytest.raises(LinkRefused, match="déjà servi"), session_scope(engine) as session:
        accept_invitation(session, token, "Une Autre", PASSWORD, NOW)


def test_an_existing_account_gets_one_right_more(sqlite_engine: Engine) -> None:
    """Somebody who acts elsewhere keeps their name and password, and has two spaces."""
    with session_scope(sqlite_engine) as session:
        user = person(session, space(session, "Verreries de Garonne"), ADDRESS)
        password = user.password
        invite(session, space(session), ADDRESS, "user:1", NOW)
        same, is_new = accept_invitation(session, last_token(session), "", "", NOW)
        assert (same.id, is_new, same.password) == (user.id, False, password)
        assert len(memberships_of(session, user)) == 2


def test_a_weak_password_does_not_spend_the_link(sqlite_engine: Engine) -> None:
    """A refused form leaves the invitation as it was."""
    with session_scope(sqlite_engine) as session:
        invite(session, space(session), ADDRESS, "user:1", NOW)
        token = last_token(session)
    with pytest.raises(ServiceError, match="12 à 256"), session_scope(sqlite_engine) as session:
        accept_invitation(session, token, "Nouvelle", "court", NOW)
    with session_scope(sqlite_engine) as session:
        accept_invitation(session, token, "Nouvelle", PASSWORD, NOW)


def test_only_the_last_message_counts(engine: Engine) -> None:
    """Invited twice or sent again, an address has one invitation; the links before the last open nothing."""
    with session_scope(engine) as session:
        first = invite(session, space(session), ADDRESS, "user:1", NOW)
        tokens = [last_token(session)]
        invite(session, space(session), ADDRESS, "user:2", NOW)
        tokens.append(last_token(session))
        send_again(session, space(session), row_id(first), "user:1", NOW)
        tokens.append(last_token(session))
        assert len(pending_invitations(session, space(session))) == 1
        for old in tokens[:2]:
            with pytest.raises(LinkRefused):
                read_invitation(session, old, NOW)
        assert read_invitation(session, tokens[2], NOW)


def test_a_withdrawn_invitation_opens_nothing(sqlite_engine: Engine) -> None:
    """Its link is refused; the address may be invited anew later."""
    with session_scope(sqlite_engine) as session:
        one = invite(session, space(session), ADDRESS, "user:1", NOW)
        token = last_token(session)
        withdraw_invitation(session, space(session), row_id(one), "user:1", NOW)
        with pytest.raises(LinkRefused):
            accept_invitation(session, token, "Nouvelle", PASSWORD, NOW)
        assert pending_invitations(session, space(session)) == []
        invite(session, space(session), ADDRESS, "user:1", NOW)
        accept_invitation(session, last_token(session), "Nouvelle", PASSWORD, NOW)


def test_an_invitation_of_another_space_does_not_exist(sqlite_engine: Engine) -> None:
    """Nobody sends again or withdraws what another space has sent, nor removes its people."""
    with session_scope(sqlite_engine) as session:
        other = space(session, "Verreries de Garonne")
        one = invite(session, other, ADDRESS, "user:1", NOW)
        user = person(session, other, "la-bas@entreprise.example")
        right = row_id(memberships_of(session, user)[0])
        with pytest.raises(NotFound):
            send_again(session, space(session), row_id(one), "user:1", NOW)
        with pytest.raises(NotFound):
            withdraw_invitation(session, space(session), row_id(one), "user:1", NOW)
        with pytest.raises(NotFound):
            remove_right(session, space(session), right, 1)


@pytest.mark.parametrize(
    ("email", "code"), [("mal écrite", "email_invalid"), ("deja@entreprise.example", "already_there")]
)
def test_what_is_not_sent(sqlite_engine: Engine, email: str, code: str) -> None:
    """A wrong address, or someone who acts there already."""
    with session_scope(sqlite_engine) as session:
        person(session, space(session), "deja@entreprise.example")
        with pytest.raises(ServiceError) as refused:
            invite(session, space(session), email, "user:1", NOW)
        assert refused.value.code == code
        assert session.exec(select(OutboxLine)).all() == []


def test_nobody_floods_others_with_invitations(sqlite_engine: Engine) -> None:
    """Sixty an hour by one person, then no more until the hour is over."""
    with session_scope(sqlite_engine) as session:
        scope = space(session)
        for number in range(invitations.SENDINGS_PER_HOUR):
            invite(session, scope, f"personne{number}@entreprise.example", "user:1", NOW)
        with pytest.raises(Conflict, match="60 invitations"):
            invite(session, scope, ADDRESS, "user:1", NOW)
        invite(session, scope, ADDRESS, "user:2", NOW)
        invite(session, scope, "encore@entreprise.example", "user:1", NOW + timedelta(hours=1, seconds=1))


def test_the_last_person_cannot_leave(sqlite_engine: Engine) -> None:
    """A space never loses its last person by that person's own hand; a coordinator may still remove them."""
    with session_scope(sqlite_engine) as session:
        scope = space(session)
        alone, coordinator = person(session, scope, ADDRESS), create_user(session, "c@d.example", "C", PASSWORD, "test")
        right = row_id(memberships_of(session, alone)[0])
        with pytest.raises(ServiceError, match="la seule personne"):
            remove_right(session, scope, right, row_id(alone))
        second = person(session, scope, "second@entreprise.example")
        remove_right(session, scope, row_id(memberships_of(session, second)[0]), row_id(second))
        remove_right(session, scope, right, row_id(coordinator))
        assert people_of(session, scope) == []


def leave(url: str, user_id: int, right: int) -> None:
    with session_scope(engine_at(url)) as session:
        remove_right(session, space(session), right, user_id)


def test_two_people_cannot_leave_at_the_same_instant(engine: Engine) -> None:
    """Each removes itself while the other is still there: one of them stays."""
    with session_scope(engine) as session:
        both = [person(session, space(session), f"{name}@entreprise.example") for name in "ab"]
        rights = [(row_id(one), row_id(memberships_of(session, one)[0])) for one in both]
    processes = [start(leave, url_of(engine), *one) for one in rights]
    for process in processes:
        process.join(120)
    assert sorted(process.exitcode or 0 for process in processes) == [0, 1]
    with session_scope(engine, write=False) as session:
        assert len(people_of(session, space(session))) == 1
