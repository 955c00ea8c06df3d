"""What falls due in the life of a convention, who is told, what parties allow each other, and who relays it locally."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, select

from service.domain.accounts import create_user, grant
from service.domain.consents import answer_consent, ask_consent, consents_of
from service.domain.convention_deadlines import (
    deadlines_of,
    first_monday_of_july,
    queue_deadline_reminders,
)
from service.domain.conventions import convention_state, get_convention, record_event
from service.domain.relays import (
    RelayDraft,
    add_relay,
    exchanges_names,
    next_exchange,
    relays_for_partner,
    relays_for_state,
    remove_relay,
    renew_relay,
)
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.tables import OutboxLine, Partner
from service.vocabulary import ConsentKind, ConventionEventKind, ConventionState, DeadlineKind, Party, RelayKind, Role
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, partner_of


def due(session: Session, key: str, today: date) -> dict[DeadlineKind, date]:
    return {one.kind: one.on for one in deadlines_of(session, get_convention(session, key), today)}


def test_each_text_gives_its_own_deadlines(session: Session) -> None:
    """OVHcloud: three years, six months' notice, the committee of July. MEDEF: no notice, contacts in September."""
    assert due(session, "ovhcloud", TODAY) == {
        DeadlineKind.NOTICE: date(2027, 1, 1),
        DeadlineKind.TERM: date(2027, 7, 1),
        DeadlineKind.MEETING: date(2027, 7, 5),
    }
    medef = due(session, "medef_occitanie", TODAY)
    assert DeadlineKind.NOTICE not in medef
    assert medef[DeadlineKind.MEETING] == date(2027, 7, 31)
    assert medef[DeadlineKind.CONTACTS] == date(2026, 9, 30)
    assert due(session, "jobirl", TODAY) == {}, "a lapsed convention owes nothing"


def test_the_committee_meets_on_the_first_monday_of_july() -> None:
    """The dates of the national steering committee from 2024 to 2030."""
    days = [first_monday_of_july(year).day for year in range(2024, 2031)]
    assert days == [1, 7, 6, 5, 3, 2, 1]
    assert all(first_monday_of_july(year).weekday() == 0 for year in range(2024, 2031))


def test_a_notice_given_is_no_longer_due(session: Session) -> None:
    """Once the partner's information is recorded the deadline goes, and the state stops saying that it is due."""
    convention, later = get_convention(session, "ovhcloud"), date(2027, 2, 1)
    assert convention_state(session, convention, later).state is ConventionState.NOTICE_DUE
    assert due(session, "ovhcloud", later)[DeadlineKind.NOTICE] == date(2027, 1, 1), "overdue, and still shown"
    given = date(2026, 12, 10)
    record_event(session, convention, ConventionEventKind.NOTICE_GIVEN, given, "Courrier reçu.", actor=ACTOR)
    state = convention_state(session, convention, later)
    assert (state.state, state.noticed_on) == (ConventionState.IN_FORCE, given)
    assert DeadlineKind.NOTICE not in due(session, "ovhcloud", later)


def test_a_notice_does_not_count_for_the_next_term(session: Session) -> None:
    """After a renewal of three years, a new notice is owed."""
    convention = get_convention(session, "ovhcloud")
    given = date(2026, 12, 10)
    record_event(session, convention, ConventionEventKind.NOTICE_GIVEN, given, "Courrier reçu.", actor=ACTOR)
    record_event(session, convention, ConventionEventKind.RENEWAL, date(2027, 6, 1), "Acte.", actor=ACTOR, years=3)
    assert due(session, "ovhcloud", date(2027, 6, 2))[DeadlineKind.NOTICE] == date(2030, 1, 1)


def test_a_termination_replaces_the_term(session: Session) -> None:
    """Six months after receipt for OVHcloud, the next rentrée for MEDEF."""
    for key, on in (("ovhcloud", date(2027, 5, 27)), ("medef_occitanie", date(2027, 9, 1))):
        convention = get_convention(session, key)
        record_event(session, convention, ConventionEventKind.TERMINATION, TODAY, "Lettre reçue.", actor=ACTOR)
        found = due(session, key, TODAY)
        assert found[DeadlineKind.TERMINATION] == on
        assert DeadlineKind.TERM not in found


def test_a_formal_notice_leaves_eight_days_to_cure(session: Session) -> None:
    """On the eighth day the convention stands, on the ninth it is void; cured in time, it never is."""
    convention, last = get_convention(session, "ovhcloud"), TODAY + timedelta(days=8)
    record_event(session, convention, ConventionEventKind.FORMAL_NOTICE, TODAY, "Logo sans accord.", actor=ACTOR)
    assert due(session, "ovhcloud", TODAY)[DeadlineKind.CURE] == last
    assert convention_state(session, convention, last).state is ConventionState.IN_FORCE
    void = convention_state(session, convention, last + timedelta(days=1))
    assert (void.state, "Caduque" in void.why_fr) == (ConventionState.TERMINATED, True)
    record_event(session, convention, ConventionEventKind.CURED, last, "Logo retiré.", actor=ACTOR)
    assert convention_state(session, convention, last + timedelta(days=1)).state is ConventionState.IN_FORCE
    with pytest.raises(Conflict):
        record_event(session, convention, ConventionEventKind.CURED, last, "Encore.", actor=ACTOR)


def test_no_formal_notice_without_a_clause(session: Session) -> None:
    """MEDEF's text has no cure period: a formal notice means nothing there."""
    convention = get_convention(session, "medef_occitanie")
    with pytest.raises(ServiceError, match="mise en demeure"):
        record_event(session, convention, ConventionEventKind.FORMAL_NOTICE, TODAY, "Logo.", actor=ACTOR)


def test_reminders_go_once_to_both_parties(session: Session) -> None:
    """At each stage one message to the partner's people and one to the coordinators, however often the job runs."""
    for email, role, partner in (
        ("siege@ovhcloud.example", Role.PARTNER_MANAGER, partner_of(session, "ovhcloud")),
        ("ministere@etat.example", Role.NATIONAL_COORDINATOR, None),
    ):
        grant(
            session,
            create_user(session, email, "Quelqu’un", "une longue phrase", ACTOR),
            role,
            ACTOR,
            partner_id=partner,
        )
    day = date(2026, 12, 2)  # thirty days before OVHcloud's and Microsoft's notices
    sent = queue_deadline_reminders(session, day)
    assert queue_deadline_reminders(session, day) == 0
    causes = [f"deadline:{key}/notice/2027-01-01/30" for key in ("microsoft_france", "ovhcloud")]
    lines = session.exec(select(OutboxLine).where(col(OutboxLine.cause).in_(causes))).all()
    assert sorted((one.cause.split("/")[0], one.recipient) for one in lines) == [
        ("deadline:microsoft_france", "ministere@etat.example"),
        ("deadline:ovhcloud", "ministere@etat.example"),
        ("deadline:ovhcloud", "siege@ovhcloud.example"),
    ]
    assert "1er janvier 2027" in lines[0].subject
    assert sent >= 3
    assert queue_deadline_reminders(session, date(2026, 12, 26)) >= 3, "the next stage is another message"


def test_a_consent_is_answered_once_and_by_the_other_party(session: Session) -> None:
    """The asker cannot answer itself, and an answer does not change."""
    convention = get_convention(session, "serce")
    asked = ask_consent(session, convention, ConsentKind.LOGO, Party.PARTNER, "Affiche du salon", TODAY, ACTOR)
    with pytest.raises(Conflict) as own:
        answer_consent(session, convention, asked.id or 0, Party.PARTNER, True, TODAY, ACTOR)
    assert own.value.code == "own_request"
    answer_consent(session, convention, asked.id or 0, Party.STATE, True, TODAY, ACTOR)
    with pytest.raises(Conflict) as again:
        answer_consent(session, convention, asked.id or 0, Party.STATE, False, TODAY, ACTOR)
    assert again.value.code == "already_answered"
    with pytest.raises(NotFound):
        answer_consent(session, get_convention(session, "ovhcloud"), asked.id or 0, Party.STATE, True, TODAY, ACTOR)
    assert [(one.what, one.granted) for one in consents_of(session, convention)] == [("Affiche du salon", True)]


def draft(email: str = "ipe@academie.example", department: str = "31") -> RelayDraft:
    return RelayDraft(RelayKind.IPE, "Dominique Ferrand", email, department, "Rectorat")


def test_a_contact_lasts_until_the_next_exchange_and_is_told(session: Session) -> None:
    """Entered in November, a contact stands until 30 September, is renewed in September, and has been informed."""
    relay = add_relay(session, draft(), None, TODAY, ACTOR)
    assert relay.valid_until == date(2027, 9, 30) == next_exchange(TODAY)
    assert [one.id for one in relays_for_state(session, date(2027, 9, 30))] == [relay.id]
    assert relays_for_state(session, date(2027, 10, 1)) == []
    renewed = renew_relay(session, relay.id or 0, None, date(2027, 9, 15), ACTOR)
    assert (renewed.id, renewed.valid_until) == (relay.id, date(2028, 9, 30))
    causes = session.exec(select(OutboxLine.cause).where(OutboxLine.recipient == relay.email)).all()
    assert len(causes) == 2, "one notice for each year"
    remove_relay(session, relay.id or 0, None, ACTOR)
    assert relays_for_state(session, TODAY) == []


def test_no_contact_crosses_where_numbers_alone_may(session: Session) -> None:
    """OVHcloud's gate is shut: it neither gives nor reads a contact, until opinion and addendum are recorded."""
    convention = get_convention(session, "ovhcloud")
    partner = session.get_one(Partner, convention.partner_id)
    add_relay(session, draft("relais@academie.example", "59"), None, TODAY, ACTOR)
    assert not exchanges_names(session, partner, TODAY)
    assert relays_for_partner(session, partner, TODAY) == []
    with pytest.raises(ServiceError) as refused:
        add_relay(session, draft("contact@ovhcloud.example", "59"), partner, TODAY, ACTOR)
    assert refused.value.code == "numbers_only"
    for kind in (ConventionEventKind.MINISTRY_OPINION, ConventionEventKind.DATA_PROTECTION_ADDENDUM):
        record_event(session, convention, kind, TODAY, "Courrier.", actor=ACTOR)
    assert [one.email for one in relays_for_partner(session, partner, TODAY)] == ["relais@academie.example"]


def test_a_partner_reads_its_territory_and_its_own_contacts(session: Session) -> None:
    """MEDEF Occitanie exchanges contacts each September: it reads the State's in its départements, and its own."""
    partner = session.get_one(Partner, partner_of(session, "medef_occitanie"))
    add_relay(session, draft(), None, TODAY, ACTOR)
    add_relay(session, draft("loin@academie.example", "59"), None, TODAY, ACTOR)
    own = add_relay(session, draft("territoire@medef.example", "34"), partner, TODAY, ACTOR)
    read = [one.email for one in relays_for_partner(session, partner, TODAY)]
    assert read == ["ipe@academie.example", "territoire@medef.example"]
    state_owned = relays_for_partner(session, partner, TODAY)[0]
    with pytest.raises(NotFound):
        remove_relay(session, state_owned.id or 0, partner, ACTOR)
    assert due(session, "medef_occitanie", TODAY)[DeadlineKind.CONTACTS] == date(2027, 9, 30), "this year's is done"
    remove_relay(session, own.id or 0, partner, ACTOR)


def test_a_lapsed_convention_exchanges_nothing(session: Session) -> None:
    """JobIRL's deed is over: no contact crosses, though its text has no gate."""
    assert not exchanges_names(session, session.get_one(Partner, partner_of(session, "jobirl")), TODAY)
