"""What came of a stay, said by either side, and the ledger of each convention against a recount of the rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlmodel import Session, col, select

from service.domain.agreement_templates import template_for
from service.domain.confirmations import Voice
from service.domain.conventions import get_convention, ledger
from service.domain.ledger_rows import ledger_rows
from service.domain.presence import close_agreements, differ, said_of_stays, say, say_held, stays_held
from service.domain.presence_mail import ask_what_was_held
from service.errors import Conflict, ServiceError
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    Commitment,
    Confirmation,
    Offer,
    Opening,
    OutboxLine,
    Placement,
    Presence,
    Pupil,
    School,
    Site,
)
from service.vocabulary import (
    AbsenceCause,
    AgreementState,
    ConfirmationState,
    Level,
    OfferStatus,
    Outcome,
    Side,
)
from tests.service.agreement_field import NOW, confirmed_field, validated
from tests.service.conftest import SCHOOL_YEAR, TODAY
from tests.service.small_field import ACTOR, JUNE, make_campaign, make_field, make_site, publish_placement

FIRST, LAST = date(2027, 6, 14), date(2027, 6, 25)
CONVENTIONS = ("ovhcloud", "microsoft_france", "serce", "jobirl", "medef_occitanie")


def voices(session: Session) -> tuple[Voice, Voice]:
    school, site = session.exec(select(School)).one(), session.exec(select(Site)).one()
    return Voice(Side.SCHOOL, school_id=school.id), Voice(Side.HOST, partner_id=site.partner_id)


def held(session: Session) -> int:
    return len(session.exec(stays_held()).all())  # type: ignore[call-overload]


def stay_of(session: Session) -> int:
    return session.exec(select(Confirmation.id)).one() or 0


def test_one_click_says_that_all_were_held(session: Session) -> None:
    """Not before the first day; then once, for every stay of the school; the host adds its own word."""
    confirmed_field(session, 3)
    school, host = voices(session)
    assert say_held(session, school, ACTOR, FIRST - timedelta(days=1), NOW) == 0
    assert say_held(session, school, ACTOR, FIRST, NOW) == 3
    assert say_held(session, school, ACTOR, FIRST, NOW) == 0
    assert held(session) == 3
    assert say_held(session, host, ACTOR, LAST, NOW) == 3
    assert held(session) == 3


def test_two_sides_that_differ_are_both_kept_and_nothing_counts(session: Session) -> None:
    """The school says held, the host says nobody came: not counted; once the host corrects its word, it counts."""
    confirmed_field(session)
    school, host = voices(session)
    stay = stay_of(session)
    say(session, school, stay, Outcome.HELD, "", ACTOR, LAST, NOW)
    say(session, host, stay, Outcome.NO_SHOW, AbsenceCause.ILLNESS, ACTOR, LAST, NOW)
    said = said_of_stays(session, [stay])[stay]
    assert said == {Side.SCHOOL: (Outcome.HELD, None), Side.HOST: (Outcome.NO_SHOW, AbsenceCause.ILLNESS)}
    assert differ(said.values())
    assert held(session) == 0
    say(session, host, stay, Outcome.PARTLY, AbsenceCause.STOPPED_EARLY, ACTOR, LAST, NOW)
    assert held(session) == 1


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [("held", "illness"), ("no_show", ""), ("partly", ""), ("away", ""), ("no_show", "laziness"), ("", "")],
)
def test_an_absence_has_a_cause_of_the_list_and_a_presence_none(session: Session, outcome: str, cause: str) -> None:
    """Anything else is refused, and nothing is written."""
    confirmed_field(session)
    with pytest.raises(ServiceError):
        say(session, voices(session)[0], stay_of(session), outcome, cause, ACTOR, LAST, NOW)
    assert session.exec(select(Presence)).all() == []


def test_nobody_speaks_for_another_nor_of_what_is_not_confirmed(session: Session) -> None:
    """Another school, a stay refused: told to read the list again."""
    confirmed_field(session)
    stay = stay_of(session)
    with pytest.raises(Conflict):
        say(session, Voice(Side.SCHOOL, school_id=999_999), stay, "held", "", ACTOR, LAST, NOW)
    session.get_one(Confirmation, stay).state = ConfirmationState.EXPIRED
    with pytest.raises(Conflict):
        say(session, voices(session)[0], stay, "held", "", ACTOR, LAST, NOW)


def test_a_host_says_nothing_through_a_closed_gate(session: Session) -> None:
    """Under OVHcloud's convention what a host would tell of a pupil does not cross; the school's word counts."""
    field = confirmed_field(session)
    field.offer.convention_id = get_convention(session, "ovhcloud").id
    session.add(field.offer)
    school, host = voices(session)
    with pytest.raises(Conflict):
        say(session, host, stay_of(session), "held", "", ACTOR, LAST, NOW)
    assert say_held(session, host, ACTOR, LAST, NOW) == 0
    assert say_held(session, school, ACTOR, LAST, NOW) == 1


def test_each_side_is_asked_the_day_after_and_once_more(session: Session) -> None:
    """Once the day after the last day, once a week later, never to who has answered."""
    field = confirmed_field(session)
    field.school.official_email = "secretariat@lycee.example"
    session.add(field.school)
    assert [ask_what_was_held(session, LAST + timedelta(days=days), NOW) for days in (0, 1, 1, 2, 8)] == [0, 1, 0, 0, 1]
    bodies = session.exec(select(OutboxLine.body).where(OutboxLine.recipient == "secretariat@lycee.example")).all()
    assert all(field.pupils[0].pseudonym not in body for body in bodies)
    assert "1 stage est terminé" in bodies[0]


def test_a_signed_agreement_is_closed_once_all_is_said(session: Session) -> None:
    """Signed, the period over, and a word on the pupil: closed. It stays signed in the ledger."""
    [agreement] = validated(session)
    agreement.state = AgreementState.SIGNED
    session.add(agreement)
    assert close_agreements(session, LAST + timedelta(days=1), NOW) == 0
    say_held(session, voices(session)[0], ACTOR, LAST, NOW)
    assert close_agreements(session, LAST, NOW) == 0
    assert close_agreements(session, LAST + timedelta(days=1), NOW) == 1
    session.refresh(agreement)
    assert agreement.state is AgreementState.CLOSED


def scatter(session: Session, random: Random) -> None:
    """Stays at every step under each convention: any offer, any answer, any agreement, any word on presence."""
    make_field(session)
    make_campaign(session, "Autre")
    pupils = session.exec(select(Pupil).order_by(col(Pupil.id))).all()
    school = session.exec(select(School)).one()
    template = template_for(session, Level.SECONDE_GT, TODAY)
    placed = session.exec(select(Placement)).one()
    placed.published = False
    session.add(placed)
    for index, key in enumerate(CONVENTIONS):
        convention = get_convention(session, key)
        commitments = session.exec(select(Commitment).where(Commitment.convention_id == convention.id)).all()
        site = make_site(session, key=key, name=f"Site {key}")
        for number in range(random.randint(1, 4)):
            commitment = random.choice(commitments)
            offer = Offer(
                site_id=site.id or 0,
                convention_id=convention.id,
                commitment_id=commitment.id,
                school_year=SCHOOL_YEAR,
                level=Level.SECONDE_GT,
                sector="numerique",
                status=random.choice(list(OfferStatus)),
            )
            session.add(offer)
            session.flush()
            opening = Opening(offer_id=offer.id or 0, period_id=JUNE, capacity=random.randint(1, 9))
            session.add(opening)
            session.flush()
            pupil = Pupil(
                class_id=pupils[0].class_id, pseudonym=f"P{index:02d}{number:02d}XXXXXXXX"[:12], display_name="Élève"
            )
            session.add(pupil)
            session.flush()
            scatter_stay(session, random, pupil, opening, school, template.id or 0, placed.round_id)
    session.flush()


def scatter_stay(
    session: Session, random: Random, pupil: Pupil, opening: Opening, school: School, template_id: int, round_id: int
) -> None:
    state = random.choice(list(ConfirmationState))
    placement = Placement(
        round_id=round_id,
        pupil_id=pupil.id or 0,
        opening_id=opening.id or 0,
        period_id=opening.period_id,
        rank=1,
        trip_m=1,
        published=state in (ConfirmationState.ASKED, ConfirmationState.CONFIRMED),
    )
    at = datetime(2026, 12, 1, tzinfo=UTC)
    refused = state is ConfirmationState.REFUSED
    stay = Confirmation(
        pupil_id=pupil.id or 0,
        opening_id=opening.id or 0,
        state=state,
        answer_by=TODAY,
        school_at=at,
        host_at=at,
        refused_by=Side.HOST if refused else None,
        reason="place_gone" if refused else None,  # type: ignore[arg-type]
    )
    agreement = Agreement(
        opening_id=opening.id or 0,
        school_id=school.id or 0,
        template_id=template_id,
        state=random.choice(list(AgreementState)),
    )
    session.add_all([placement, stay, agreement])
    session.flush()
    session.add(AgreementStay(agreement_id=agreement.id or 0, confirmation_id=stay.id or 0, live=random.random() < 0.7))
    for side in Side:
        outcome = random.choice([None, *Outcome])
        if outcome is not None:
            cause = None if outcome is Outcome.HELD else random.choice(list(AbsenceCause))
            session.add(Presence(confirmation_id=stay.id or 0, side=side, outcome=outcome, cause=cause, said_by=ACTOR))


def recount(session: Session, key: str, code: str) -> tuple[int, ...]:
    """Published, allocated, confirmed, signed, held of one promise, row by row, without any of the ledger's queries."""
    convention = get_convention(session, key)
    offers = {
        one.id: one
        for one in session.exec(select(Offer)).all()
        if one.convention_id == convention.id and session.get_one(Commitment, one.commitment_id).code == code
    }
    openings = {one.id: one for one in session.exec(select(Opening)).all() if one.offer_id in offers}
    published = sum(one.capacity for one in openings.values() if offers[one.offer_id].status is OfferStatus.PUBLISHED)
    placed = {(one.pupil_id, one.opening_id) for one in session.exec(select(Placement)).all() if one.published}
    stays = [
        one
        for one in session.exec(select(Confirmation)).all()
        if one.opening_id in openings and (one.pupil_id, one.opening_id) in placed
    ]
    signed_ids = {
        one.confirmation_id
        for one in session.exec(select(AgreementStay)).all()
        if one.live and session.get_one(Agreement, one.agreement_id).state.value in ("signed", "closed")
    }
    words: dict[int, set[str]] = {}
    for one in session.exec(select(Presence)).all():
        words.setdefault(one.confirmation_id, set()).add(one.outcome.value)
    return (
        published,
        sum(opening in openings for _, opening in placed),
        sum(one.state is ConfirmationState.CONFIRMED for one in stays),
        sum(one.id in signed_ids for one in stays),
        sum(bool(words.get(one.id or 0, set())) and "no_show" not in words[one.id or 0] for one in stays),
    )


def test_the_ledger_of_each_convention_is_a_recount_of_its_rows(session: Session, seed: int) -> None:
    """Whatever the rows: published, allocated, confirmed, signed and held, for every promise of the five.

    The lines that the page hands out add up to the same figures.
    """
    scatter(session, Random(seed))
    for key in CONVENTIONS:
        rows = ledger_rows(session, get_convention(session, key), SCHOOL_YEAR)
        for line in ledger(session, get_convention(session, key), SCHOOL_YEAR):
            counted = (line.published, line.allocated, line.confirmed, line.signed, line.held)
            assert counted == recount(session, key, line.commitment_code), (key, line.commitment_code)
            own = [row[-5:] for row in rows if row[0] == line.commitment_code]
            assert counted == (tuple(map(sum, zip(*own, strict=True))) or (0,) * 5), (key, line.commitment_code)


def test_publish_placement_counts_in_the_ledger_only_once_confirmed(session: Session) -> None:
    """A placement announced and not confirmed is allocated, and nothing more."""
    field = make_field(session)
    publish_placement(session, field.round, field.pupils[1], field.opening)
    [*_, seconde] = ledger(session, get_convention(session, "ovhcloud"), SCHOOL_YEAR)
    assert (seconde.allocated, seconde.confirmed, seconde.signed, seconde.held) == (2, 0, 0, 0)
