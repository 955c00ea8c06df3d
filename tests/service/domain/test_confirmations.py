"""After publication both sides confirm each placement, once; a refusal or a silence gives the seat to somebody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from service.domain.bridge import freeze
from service.domain.confirmation_asks import DELAY, answer_by, ask_both_sides, remind_to_confirm
from service.domain.confirmations import Voice, confirm, count_silent, expire_silent, refuse
from service.domain.conventions import get_convention, ledger
from service.errors import Conflict, ServiceError
from service.persistence.tables import AllocationRound, Confirmation, Opening, OutboxLine, Placement, Site
from service.vocabulary import ConfirmationState, RefusalReason, RoundStatus, Side
from solver.instance import Ban
from tests.service.conftest import SCHOOL_YEAR, TODAY
from tests.service.small_field import ACTOR, Field, make_field, publish_placement

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
MAILBOX = "accueil@site.example"


@pytest.fixture
def field(session: Session) -> Field:
    """One announced placement, both sides asked; the site has a mailbox and another seat."""
    made = make_field(session)
    site = session.get_one(Site, made.offer.site_id)
    site.contact_email = MAILBOX
    session.add(site)
    assert ask_both_sides(session, made.round, TODAY, NOW) == 1
    return made


def voices(field: Field) -> tuple[Voice, Voice]:
    return Voice(Side.SCHOOL, school_id=field.school.id), Voice(Side.HOST, site_id=field.offer.site_id)


def stay(session: Session) -> Confirmation:
    found = session.exec(select(Confirmation)).one()
    session.refresh(found)
    return found


def seats(session: Session, field: Field) -> tuple[int, int]:
    session.refresh(field.opening)
    return field.opening.used, field.opening.capacity


def test_two_yes_confirm_and_nobody_is_asked_twice(session: Session, field: Field) -> None:
    """The first yes waits for the other; both make it confirmed; saying yes again changes nothing."""
    school, host = voices(field)
    assert confirm(session, school, None, ACTOR, NOW) == 1
    assert stay(session).state is ConfirmationState.ASKED
    assert (count_silent(session, school), count_silent(session, host)) == (0, 1)
    assert confirm(session, host, [stay(session).id or 0], ACTOR, NOW) == 1
    assert stay(session).state is ConfirmationState.CONFIRMED
    assert confirm(session, school, None, ACTOR, NOW + timedelta(days=1)) == 0
    assert stay(session).school_at == NOW
    [*_, seconde] = ledger(session, get_convention(session, "ovhcloud"), SCHOOL_YEAR)
    assert (seconde.allocated, seconde.confirmed) == (1, 1)


def test_a_later_round_that_publishes_the_same_stay_asks_nobody_again(session: Session, field: Field) -> None:
    """The stay is one row: its answers survive the next round, and no second message leaves."""
    confirm(session, voices(field)[0], None, ACTOR, NOW)
    mails = len(session.exec(select(OutboxLine)).all())
    later = AllocationRound(
        campaign_id=field.campaign.id or 0, number=2, launched_by=ACTOR, status=RoundStatus.PUBLISHED
    )
    field.placement.published = False
    field.opening.used = 0
    session.add_all([later, field.placement, field.opening])
    session.flush()
    publish_placement(session, later, field.pupils[0], field.opening)
    assert ask_both_sides(session, later, TODAY, NOW + timedelta(days=3)) == 0
    assert (stay(session).school_at, stay(session).state) == (NOW, ConfirmationState.ASKED)
    assert len(session.exec(select(OutboxLine)).all()) == mails


def test_a_refusal_frees_the_seat_and_bans_the_pair(session: Session, field: Field) -> None:
    """The pupil takes part in the next round, the seat is free in it, and the two never meet again."""
    refuse(session, voices(field)[0], stay(session).id or 0, RefusalReason.TOO_FAR, ACTOR, NOW)
    assert (stay(session).state, stay(session).refused_by) == (ConfirmationState.REFUSED, Side.SCHOOL)
    assert seats(session, field) == (0, 5)
    session.refresh(field.placement)
    assert not field.placement.published
    field.request.status = "submitted"  # type: ignore[assignment]
    session.add(field.request)
    fresh = freeze(session, field.campaign, TODAY)
    pupil = field.pupils[0].pseudonym
    assert fresh.pins == ()
    assert fresh.bans == (Ban(pupil, str(field.offer.id)),)
    assert fresh.offer[str(field.offer.id)].seats == {field.opening.period_id: 5}
    assert pupil in fresh.group


def test_a_pupil_who_found_a_place_asks_no_more(session: Session, field: Field) -> None:
    """The seat is free and the pupil is not in the next round."""
    refuse(session, voices(field)[0], stay(session).id or 0, RefusalReason.SELF_FOUND, ACTOR, NOW)
    field.request.status = "submitted"  # type: ignore[assignment]
    session.add(field.request)
    fresh = freeze(session, field.campaign, TODAY)
    assert field.pupils[0].pseudonym not in fresh.group
    assert len(fresh.groups) == 2


def test_a_place_that_is_gone_closes(session: Session, field: Field) -> None:
    """The host has no place any more: the seat is not offered to anybody else, even after it was confirmed."""
    school, host = voices(field)
    confirm(session, school, None, ACTOR, NOW)
    confirm(session, host, None, ACTOR, NOW)
    refuse(session, host, stay(session).id or 0, RefusalReason.PLACE_GONE, ACTOR, NOW)
    assert seats(session, field) == (0, 4)


def test_a_seat_is_given_back_once(session: Session, field: Field) -> None:
    """Two refusals at once: the second is told, and the counter stays right."""
    school, host = voices(field)
    refuse(session, school, stay(session).id or 0, RefusalReason.TOO_FAR, ACTOR, NOW)
    with pytest.raises(Conflict):
        refuse(session, host, stay(session).id or 0, RefusalReason.PLACE_GONE, ACTOR, NOW)
    assert seats(session, field) == (0, 5)


def test_each_side_has_its_own_reasons_and_its_own_stays(session: Session, field: Field) -> None:
    """A school cannot close a host's place, and nobody answers for somebody else."""
    school, _ = voices(field)
    key = stay(session).id or 0
    with pytest.raises(ServiceError, match="motif"):
        refuse(session, school, key, RefusalReason.PLACE_GONE, ACTOR, NOW)
    stranger = Voice(Side.SCHOOL, school_id=999_999)
    with pytest.raises(Conflict):
        refuse(session, stranger, key, RefusalReason.TOO_FAR, ACTOR, NOW)
    assert confirm(session, stranger, [key], ACTOR, NOW) == 0
    assert stay(session).state is ConfirmationState.ASKED


def test_silence_is_reminded_twice_then_ends(session: Session, field: Field) -> None:
    """A week before, two days before, once each; the day after the last one the seat is free."""
    last = stay(session).answer_by
    assert last == TODAY + DELAY
    counted = []
    for left in (8, 7, 7, 5, 2, 1, 0):
        counted.append(remind_to_confirm(session, last - timedelta(days=left), NOW))
    # the site alone has a mailbox here
    assert counted == [0, 1, 0, 0, 1, 0, 0]
    assert expire_silent(session, last, NOW) == 0
    assert expire_silent(session, last + timedelta(days=1), NOW) == 1
    assert stay(session).state is ConfirmationState.EXPIRED
    assert seats(session, field) == (0, 5)
    assert expire_silent(session, last + timedelta(days=1), NOW) == 0


def test_the_message_names_no_pupil(session: Session, field: Field) -> None:
    """A mailbox is shared: the site's message has numbers and a link, nothing of a pupil or a school."""
    [line] = session.exec(select(OutboxLine).where(OutboxLine.recipient == MAILBOX)).all()
    assert "1 élève est affecté" in line.body
    assert field.pupils[0].pseudonym not in line.body
    assert field.school.name not in line.body


def test_the_delay_ends_before_the_stay_begins() -> None:
    """Two weeks, or the eve of the first day; never a day already past."""
    assert answer_by(TODAY, TODAY + timedelta(days=60)) == TODAY + DELAY
    assert answer_by(TODAY, TODAY + timedelta(days=4)) == TODAY + timedelta(days=3)
    assert answer_by(TODAY, TODAY) == TODAY


def test_a_stay_a_later_round_moves_is_replaced(session: Session, field: Field) -> None:
    """A repair sends the pupil elsewhere: what was asked about the first host is over, and its row says why."""
    field.placement.published = False
    later = AllocationRound(
        campaign_id=field.campaign.id or 0, number=2, launched_by=ACTOR, status=RoundStatus.PUBLISHED
    )
    session.add_all([later, field.placement])
    session.flush()
    ask_both_sides(session, later, TODAY, NOW)
    assert stay(session).state is ConfirmationState.REPLACED
    assert session.exec(select(Placement.published)).all() == [False]
    assert session.get(Opening, field.opening.id) is not None
