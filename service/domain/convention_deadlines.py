"""What the text of a convention makes fall due, and the reminders of it: computed from the deed and its dated events.

Responsible for dates and for who is told, once per deadline and stage. Nothing is typed in; the outbox keeps each
reminder single. Refuses to say where the convention stands: that is `convention_states`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, func, select

from service.domain.addresses import convention_address
from service.domain.convention_states import StateOfConvention, convention_state
from service.domain.dates import french_day
from service.domain.digests import read_mailboxes
from service.domain.letters import Letter
from service.domain.outbox import queue_letters
from service.domain.school_years import SCHOOL_YEAR_TURNS_ON, school_year_of
from service.persistence.tables import Convention, LocalRelay, Membership, Partner, User
from service.vocabulary import DEADLINE_LABELS, ConventionState, DeadlineKind, Party, Role

STAGES: Mapping[DeadlineKind, tuple[int, ...]] = {
    DeadlineKind.NOTICE: (7, 30, 60),
    DeadlineKind.TERM: (7, 30, 90),
    DeadlineKind.TERMINATION: (7, 30),
    DeadlineKind.MEETING: (7, 30),
    DeadlineKind.CONTACTS: (7, 29),
    DeadlineKind.CURE: (2, 8),
}
"""Days before a deadline: the first that covers what is left is the reminder of the day."""
_NOTICES = {
    "information": "Le partenaire informe l’État de ses intentions pour la suite.",
    "written_request": "Le partenaire adresse sa demande écrite de renouvellement.",
}
_RENEWALS = {
    "by_discussion": "Sans avenant ni reconduction d’ici là, elle prend fin\u00a0: rien n’est tacite.",
    "none_tacit": "Sans renouvellement demandé et accordé, elle prend fin\u00a0: la tacite reconduction est exclue.",
    "tacit": "Une reconduction tacite est possible, sans durée écrite\u00a0: enregistrez-la pour qu’elle compte.",
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """`on` is the last day to act, or the day something takes effect; `owed_by` is who has to act."""

    kind: DeadlineKind
    on: date
    owed_by: Party
    detail_fr: str

    @property
    def label_fr(self) -> str:
        return DEADLINE_LABELS[self.kind]


def deadlines_of(session: Session, convention: Convention, today: date) -> list[Deadline]:
    """What is still ahead, and what is overdue, in order; nothing for a convention that is not in force."""
    state = convention_state(session, convention, today)
    if state.state not in (ConventionState.IN_FORCE, ConventionState.NOTICE_DUE) or state.expires_on is None:
        return []
    found = [
        *_of_term(convention, state, state.expires_on),
        Deadline(DeadlineKind.MEETING, meeting_due_on(convention, today), Party.STATE, _meeting_detail(convention)),
    ]
    if state.cure_by is not None:
        detail = "Au-delà, sans régularisation enregistrée, la convention est caduque."
        found.append(Deadline(DeadlineKind.CURE, state.cure_by, Party.PARTNER, detail))
    if _exchanges_contacts(convention):
        found.append(_contacts_deadline(session, convention, today))
    return sorted(found, key=lambda one: (one.on, one.kind))


def _of_term(convention: Convention, state: StateOfConvention, expires_on: date) -> list[Deadline]:
    if state.ends_on is not None:
        detail = "La dénonciation est enregistrée\u00a0; plus aucune place n’est affectée ensuite."
        return [Deadline(DeadlineKind.TERMINATION, state.ends_on, Party.STATE, detail)]
    renewal = convention.document["renewal"]["kind"]
    found = [Deadline(DeadlineKind.TERM, expires_on, Party.STATE, _RENEWALS[renewal])]
    if state.notice_on is not None and state.noticed_on is None:
        detail = _NOTICES[convention.document["notice"]["form"]]
        found.append(Deadline(DeadlineKind.NOTICE, state.notice_on, Party.PARTNER, detail))
    return found


def first_monday_of_july(year: int) -> date:
    """When the national steering committee meets."""
    first = date(year, 7, 1)
    return first + timedelta(days=-first.weekday() % 7)


def meeting_due_on(convention: Convention, today: date) -> date:
    """The next meeting: the first Monday of July for the committee, the end of the school year for a yearly cycle."""
    if convention.document["steering"]["cycle"] == "first_monday_of_july":
        this_year = first_monday_of_july(today.year)
        return this_year if today <= this_year else first_monday_of_july(today.year + 1)
    return date(int(school_year_of(today)[5:]), *SCHOOL_YEAR_TURNS_ON) - timedelta(days=1)


def _meeting_detail(convention: Convention) -> str:
    return {
        "national_committee": "Comité de pilotage national, après saisie des chiffres réalisés.",
        "follow_up_group": "Groupe de suivi\u00a0: bilan de l’année écoulée, actions de l’année à venir.",
        "yearly_meeting": "Rencontre annuelle entre les parties.",
    }[convention.document["steering"]["kind"]]


def _exchanges_contacts(convention: Convention) -> bool:
    return any(one["key"] == "contact_lists" for one in convention.document["clauses"])


def _contacts_deadline(session: Session, convention: Convention, today: date) -> Deadline:
    """This September's exchange until the partner has sent its contacts, then the next one."""
    this_year = date(today.year, 9, 30)
    sent = session.exec(
        select(func.max(col(LocalRelay.exchanged_on))).where(LocalRelay.partner_id == convention.partner_id)
    ).one()
    done = sent is not None and sent >= date(today.year, 9, 1)
    on = date(today.year + 1, 9, 30) if done or today > date(today.year, 12, 31) else this_year
    if not done and today > this_year:
        return Deadline(DeadlineKind.CONTACTS, this_year, Party.PARTNER, "La liste de cette rentrée n’est pas reçue.")
    detail = "Chaque partie communique sa liste de contacts, dans le respect du RGPD."
    return Deadline(DeadlineKind.CONTACTS, on, Party.PARTNER, detail)


def current_conventions(session: Session) -> list[tuple[Convention, Partner]]:
    """The latest version of each deed with its partner, by key."""
    latest = select(func.max(col(Convention.id))).group_by(col(Convention.key))
    query = (
        select(Convention, Partner)
        .join(Partner, col(Partner.id) == col(Convention.partner_id))
        .where(col(Convention.id).in_(latest))
        .order_by(col(Convention.key))
    )
    return list(session.exec(query))


def coordinators(session: Session) -> list[str]:
    """The addresses of those who follow conventions for the State."""
    query = (
        select(User.email)
        .join(Membership, col(Membership.user_id) == col(User.id))
        .where(Membership.role == Role.NATIONAL_COORDINATOR, col(User.active).is_(True))
        .order_by(col(User.email))
    )
    return list(dict.fromkeys(session.exec(query)))


def queue_deadline_reminders(session: Session, today: date) -> int:
    """Queues what is due today, to the partner's people and to the State's. Returns how many messages are new."""
    partners, state_side = read_mailboxes(session).partners, coordinators(session)
    letters: dict[tuple[str, str], Letter] = {}
    for convention, partner in current_conventions(session):
        for one in deadlines_of(session, convention, today):
            left = (one.on - today).days
            stage = next((days for days in STAGES[one.kind] if 0 <= left <= days), None)
            if stage is None:
                continue
            cause = f"deadline:{convention.key}/{one.kind}/{one.on.isoformat()}/{stage}"
            letter = _letter(convention, partner, one)
            letters |= {(cause, email): letter for email in (*partners.get(convention.partner_id, []), *state_side)}
    return queue_letters(session, letters)


def _letter(convention: Convention, partner: Partner, deadline: Deadline) -> Letter:
    day = french_day(deadline.on)
    return Letter(
        f"{partner.name}\u00a0: {deadline.label_fr.lower()}, le {day}",
        [f"{convention.title}.", f"{deadline.label_fr}\u00a0: {day}.", deadline.detail_fr],
        action="Voir les échéances de la convention",
        path=convention_address(convention.key),
    )
