"""Where each pupil stands: one step after the other, and never further than the less advanced of two stays."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session, select

from service.domain.offers import OfferDraft, publish_offer
from service.domain.pupil_states import reached, standings
from service.domain.requests import submit_request, withdraw_request
from service.domain.school_news import last_visit, news_since
from service.persistence.columns import utc_now
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    AgreementTemplate,
    AuditEntry,
    Confirmation,
    Opening,
    Presence,
    UnplacedPupil,
)
from service.vocabulary import AbsenceCause, AgreementState, ConfirmationState, Level, Outcome, PupilState, Side
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, Field, make_field, make_site, publish_placement


def states(session: Session, field: Field) -> list[PupilState]:
    return [one.state for one in standings(session, field.campaign, field.school)]


def confirm(session: Session, field: Field, opening: Opening) -> Confirmation:
    now = utc_now()
    row = Confirmation(
        pupil_id=field.pupils[0].id or 0,
        opening_id=opening.id or 0,
        state=ConfirmationState.CONFIRMED,
        answer_by=TODAY,
        school_at=now,
        host_at=now,
    )
    session.add(row)
    session.flush()
    return row


def say(session: Session, confirmation: Confirmation, side: Side, outcome: Outcome) -> None:
    cause = None if outcome is Outcome.HELD else AbsenceCause.OTHER
    row = Presence(confirmation_id=confirmation.id or 0, side=side, outcome=outcome, cause=cause, said_by=ACTOR)
    session.add(row)
    session.flush()


def agree(session: Session, field: Field, confirmation: Confirmation) -> Agreement:
    template = AgreementTemplate(key="observation", version=99, valid_from=TODAY)
    session.add(template)
    session.flush()
    row = Agreement(
        opening_id=confirmation.opening_id,
        school_id=field.school.id or 0,
        template_id=template.id or 0,
        state=AgreementState.SIGNING,
    )
    session.add(row)
    session.flush()
    session.add(AgreementStay(agreement_id=row.id or 0, confirmation_id=confirmation.id or 0))
    session.flush()
    return row


def test_one_step_after_the_other(session: Session) -> None:
    """Nothing, asked, placed, confirmed, signed, done: each from its own row."""
    field = make_field(session)
    assert states(session, field) == [PupilState.PLACED, PupilState.NOTHING, PupilState.NOTHING]
    submit_request(session, field.request, ACTOR, TODAY)
    assert states(session, field) == [PupilState.PLACED, PupilState.ASKED, PupilState.ASKED]
    confirmation = confirm(session, field, field.opening)
    assert states(session, field)[0] is PupilState.CONFIRMED
    agreement = agree(session, field, confirmation)
    assert states(session, field)[0] is PupilState.CONFIRMED
    agreement.state = AgreementState.SIGNED
    session.flush()
    assert states(session, field)[0] is PupilState.SIGNED
    say(session, confirmation, Side.HOST, Outcome.HELD)
    assert states(session, field)[0] is PupilState.DONE
    [counts] = reached(standings(session, field.campaign, field.school)).values()
    assert [counts[state] for state in PupilState] == [3, 3, 1, 1, 1, 1]


def test_held_without_a_signature_still_waits_for_it(session: Session) -> None:
    """The board keeps asking for the agreement of a stay that has taken place without one."""
    field = make_field(session)
    say(session, confirm(session, field, field.opening), Side.SCHOOL, Outcome.HELD)
    assert states(session, field)[0] is PupilState.CONFIRMED


def test_what_one_side_denies_is_not_done(session: Session) -> None:
    """The host says that the pupil came, the school that nobody did: signed, and no more."""
    field = make_field(session)
    confirmation = confirm(session, field, field.opening)
    agree(session, field, confirmation).state = AgreementState.CLOSED
    say(session, confirmation, Side.HOST, Outcome.HELD)
    say(session, confirmation, Side.SCHOOL, Outcome.NO_SHOW)
    assert states(session, field)[0] is PupilState.SIGNED


def test_the_less_advanced_of_two_stays_counts(session: Session) -> None:
    """A pupil with two hosts of whom one has confirmed is placed, not confirmed."""
    field = make_field(session)
    confirm(session, field, field.opening)
    draft = OfferDraft(level=Level.SECONDE_GT, sector="sante", seats={"2027-W24": 2})
    second = publish_offer(session, make_site(session, name="Autre site"), draft, TODAY, ACTOR)
    [opening] = session.exec(select(Opening).where(Opening.offer_id == second.id))
    publish_placement(session, field.round, field.pupils[0], opening)
    first = standings(session, field.campaign, field.school)[0]
    assert (first.state, len(first.stays)) == (PupilState.PLACED, 2)


def test_a_pupil_left_out_is_told_apart(session: Session) -> None:
    """Asked and without a place in the published round; a class that withdraws asks nothing any more."""
    field = make_field(session)
    submit_request(session, field.request, ACTOR, TODAY)
    session.add(UnplacedPupil(round_id=field.round.id or 0, pupil_id=field.pupils[1].id or 0, reason="all_seats_taken"))
    session.flush()
    found = standings(session, field.campaign, field.school)
    assert [one.left_out for one in found] == [False, True, False]
    assert standings(session, field.campaign, field.school, class_id=-1) == []
    withdraw_request(session, field.request, ACTOR)
    assert states(session, field)[1:] == [PupilState.NOTHING] * 2


def test_news_since_the_last_visit(session: Session) -> None:
    """The sign-in before this one is the last visit; what came after it is counted, what came before is not."""
    field, now = make_field(session), utc_now()
    assert last_visit(session, "user:7") is None
    for days in (1, 5):
        session.add(AuditEntry(at=now - timedelta(days=days), actor="user:7", action="sign_in", subject="user:7"))
    confirm(session, field, field.opening)
    since = last_visit(session, "user:7")
    assert since == now - timedelta(days=5)
    fresh = news_since(session, field.school, since)
    assert (fresh.announced, fresh.accepted, fresh.ended, fresh.wishes) == (1, 1, 0, 0)
    assert news_since(session, field.school, now + timedelta(days=1)).is_empty
