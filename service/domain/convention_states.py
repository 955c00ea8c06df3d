"""The life of a convention: draft, in force, notice due, lapsed, terminated, and what its clauses let through.

Everything is computed from the deed as written and from dated events; nothing is typed in. Refuses to know offers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from service.domain.convention_events import LASTING, cure_days_of, events_of, running_notice, signed_on_of
from service.domain.dates import add_months, add_years, french_day
from service.errors import NotFound
from service.persistence.rows import row_id
from service.persistence.tables import Convention, ConventionDepartment, ConventionEvent
from service.vocabulary import ConventionEventKind, ConventionState

_RENEWALS = {
    "by_discussion": "renouvelable après discussion entre les parties",
    "none_tacit": "sans reconduction tacite",
    "tacit": "reconductible tacitement",
}


@dataclass(frozen=True, slots=True)
class StateOfConvention:
    """`expires_on` is the first day without the convention; by `notice_on` the partner owes its notice, unless it gave
    it on `noticed_on`. `ends_on` is the effect of a termination, `cure_by` the last day to answer a formal notice."""

    state: ConventionState
    effective_on: date | None
    expires_on: date | None
    notice_on: date | None
    why_fr: str
    noticed_on: date | None = None
    ends_on: date | None = None
    cure_by: date | None = None


def get_convention(session: Session, key: str) -> Convention:
    """The latest version of a deed.

    Raises:
        NotFound: no convention has that key.
    """
    query = select(Convention).where(Convention.key == key).order_by(col(Convention.version).desc())
    convention = session.exec(query).first()
    if convention is None:
        raise NotFound(f"Aucune convention ne porte la clé «\u00a0{key}\u00a0».")
    return convention


def convention_state(session: Session, convention: Convention, today: date) -> StateOfConvention:
    """Where the convention stands on a day, and why, in one French sentence."""
    return _state(convention, events_of(session, convention), today)


def _state(convention: Convention, events: list[ConventionEvent], today: date) -> StateOfConvention:
    signed_on = signed_on_of(convention, events)
    if signed_on is None:
        why = (
            "La convention n’est pas datée\u00a0: elle reste un projet tant que sa date de signature n’est pas saisie."
        )
        return StateOfConvention(ConventionState.DRAFT, None, None, None, why)
    expires_on, extended = _expiry(convention, events, signed_on)
    notice = convention.document["notice"]
    notice_on = add_months(expires_on, -notice["months"]) if notice else None

    ended_on, cure_by = _termination_effect(convention, events), _cure_by(convention, events)
    noticed_on = _noticed_on(events, expires_on)

    def state(kind: ConventionState, why: str) -> StateOfConvention:
        return StateOfConvention(kind, signed_on, expires_on, notice_on, why, noticed_on, ended_on, cure_by)

    if today < signed_on:
        return state(ConventionState.DRAFT, f"Elle prend effet à sa signature, le {french_day(signed_on)}.")
    if ended_on is not None and ended_on <= today:
        return state(
            ConventionState.TERMINATED, f"Dénoncée\u00a0: la résiliation a pris effet le {french_day(ended_on)}."
        )
    if cure_by is not None and today > cure_by:
        return state(ConventionState.TERMINATED, f"Caduque\u00a0: non régularisée au {french_day(cure_by)}.")
    if today >= expires_on:
        return state(ConventionState.LAPSED, _why_lapsed(convention, expires_on, extended))
    until = f"En vigueur, échéance le {french_day(expires_on)}."
    if ended_on is not None:
        until = f"En vigueur, dénoncée avec effet le {french_day(ended_on)}."
    if notice_on is not None and noticed_on is None and today >= notice_on:
        due = f"{until} Le partenaire devait en informer le ministère au plus tard le {french_day(notice_on)}."
        return state(ConventionState.NOTICE_DUE, due)
    return state(ConventionState.IN_FORCE, until)


def _expiry(convention: Convention, events: list[ConventionEvent], signed_on: date) -> tuple[date, bool]:
    """A renewal or an addendum runs from the term, or from its own day when the term was already over."""
    expires_on, extended = add_years(signed_on, convention.term_years), False
    for event in events:
        if event.kind in LASTING and event.years:
            expires_on, extended = add_years(max(expires_on, event.happened_on), event.years), True
    return expires_on, extended


def _noticed_on(events: list[ConventionEvent], expires_on: date) -> date | None:
    """A notice counts for the term it was given for: one year before it at most."""
    given = [one.happened_on for one in events if one.kind is ConventionEventKind.NOTICE_GIVEN]
    return next((day for day in reversed(given) if add_years(expires_on, -1) <= day), None)


def _cure_by(convention: Convention, events: list[ConventionEvent]) -> date | None:
    notice = running_notice(events)
    if notice is None:
        return None
    return notice.happened_on + timedelta(days=cure_days_of(convention) or 0)


def _termination_effect(convention: Convention, events: list[ConventionEvent]) -> date | None:
    """The day a termination takes effect, by the deed's own rule; None when nobody terminated it."""
    received = next((one.happened_on for one in events if one.kind is ConventionEventKind.TERMINATION), None)
    if received is None:
        return None
    rule = convention.document["termination"]
    if rule["effect"] == "months_after_receipt":
        return add_months(received, rule["months"])
    if rule["effect"] == "next_school_year":
        this_year = date(received.year, 9, 1)
        return this_year if received < this_year else date(received.year + 1, 9, 1)
    return received


def _why_lapsed(convention: Convention, expires_on: date, extended: bool) -> str:
    renewal = _RENEWALS[convention.document["renewal"]["kind"]]
    cause = "au terme de sa dernière prolongation" if extended else "par son propre texte"
    return (
        f"Échue le {french_day(expires_on)} {cause}\u00a0: conclue pour {convention.term_years} ans, {renewal}, "
        f"et aucun {'autre ' if extended else ''}renouvellement n’est enregistré."
    )


def accepts_offers(session: Session, convention: Convention, today: date) -> tuple[bool, str]:
    """Whether places may be published and filled under the convention today, and if not, why."""
    standing = convention_state(session, convention, today)
    if standing.state in (ConventionState.IN_FORCE, ConventionState.NOTICE_DUE):
        return True, ""
    return False, f"{standing.why_fr} Personne n’y est affecté."


def is_numbers_only(session: Session, convention: Convention) -> bool:
    """Whether the deed keeps personal data from flowing: its gate opens with both the opinion and the addendum."""
    clause = convention.document["data_protection"]
    if not clause["gate"]:
        return False
    recorded = {one.kind for one in events_of(session, convention)}
    opinion = clause["opinion_on"] or ConventionEventKind.MINISTRY_OPINION in recorded
    addendum = clause["addendum_on"] or ConventionEventKind.DATA_PROTECTION_ADDENDUM in recorded
    return not (opinion and addendum)


def departments_of(session: Session, convention: Convention) -> frozenset[str] | None:
    """The départements of the convention's territory; None is the whole country."""
    query = select(ConventionDepartment.department_code).where(ConventionDepartment.convention_id == row_id(convention))
    return frozenset(session.exec(query)) or None
