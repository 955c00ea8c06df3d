"""What happens to a convention after its deed: dated facts, added one by one and never overwritten.

Responsible for which fact may follow which. Refuses to say where the convention stands: that is `convention_states`.
"""

from __future__ import annotations

from datetime import date

from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.dates import french_day
from service.domain.texts import clean_text
from service.errors import Conflict, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Convention, ConventionEvent
from service.vocabulary import ConventionEventKind

LASTING = (ConventionEventKind.RENEWAL, ConventionEventKind.ADDENDUM)
LONGEST_EXTENSION_YEARS = 10


def events_of(session: Session, convention: Convention) -> list[ConventionEvent]:
    """What happened to the deed, whichever of its versions it was recorded under, in order."""
    query = (
        select(ConventionEvent)
        .join(Convention, col(Convention.id) == col(ConventionEvent.convention_id))
        .where(Convention.key == convention.key)
        .order_by(col(ConventionEvent.happened_on), col(ConventionEvent.id))
    )
    return list(session.exec(query))


def signed_on_of(convention: Convention, events: list[ConventionEvent]) -> date | None:
    """The deed's own date, or the one recorded for an undated deed."""
    signatures = [one.happened_on for one in events if one.kind is ConventionEventKind.SIGNATURE]
    return convention.signed_on or (signatures[-1] if signatures else None)


def record_event(
    session: Session,
    convention: Convention,
    kind: ConventionEventKind,
    happened_on: date,
    reason: str,
    *,
    actor: str,
    years: int | None = None,
    invented: bool = False,
) -> ConventionEvent:
    """Writes down a dated fact after the deed; nothing is ever overwritten.

    Raises:
        ServiceError: a missing reason, a signature of a signed deed, a fact before the signature, a renewal without
            its length, a second termination.
    """
    reason = clean_text(reason, "reason", "Le motif", at_most=500)
    events = events_of(session, convention)
    _refuse_event(convention, events, kind, happened_on, years)
    event = ConventionEvent(
        convention_id=row_id(convention),
        kind=kind,
        happened_on=happened_on,
        years=years,
        reason=reason,
        invented=invented,
    )
    session.add(event)
    session.flush()
    record(session, actor, "record_event", f"convention:{convention.key}", kind=kind, happened_on=str(happened_on))
    return event


def _refuse_event(
    convention: Convention,
    events: list[ConventionEvent],
    kind: ConventionEventKind,
    happened_on: date,
    years: int | None,
) -> None:
    signed_on = signed_on_of(convention, events)
    if kind is ConventionEventKind.SIGNATURE:
        if signed_on is not None:
            raise Conflict("already_signed", f"La convention est déjà datée du {french_day(signed_on)}.", "kind")
    elif kind in (*LASTING, ConventionEventKind.TERMINATION) and signed_on is None:
        raise ServiceError("not_signed", "La convention n’est pas datée. Saisissez d’abord sa signature.", "kind")
    if signed_on is not None and happened_on < signed_on:
        raise ServiceError(
            "date_invalid",
            f"Cette date précède la signature, le {french_day(signed_on)}. Corrigez-la.",
            "happened_on",
        )
    if kind is ConventionEventKind.RENEWAL and years is None:
        raise ServiceError("years_missing", "Indiquez pour combien d’années la convention est reconduite.", "years")
    if years is not None and (kind not in LASTING or not 1 <= years <= LONGEST_EXTENSION_YEARS):
        raise ServiceError(
            "years_invalid",
            f"Seuls une reconduction ou un avenant prolongent, de 1 à {LONGEST_EXTENSION_YEARS} ans.",
            "years",
        )
    if kind is ConventionEventKind.TERMINATION and any(one.kind is kind for one in events):
        raise Conflict("already_terminated", "Une dénonciation est déjà enregistrée pour cette convention.", "kind")
    _refuse_misuse(convention, events, kind)


def _refuse_misuse(convention: Convention, events: list[ConventionEvent], kind: ConventionEventKind) -> None:
    """A formal notice needs a clause that gives days to cure it; a cure needs a notice that still runs."""
    if kind is ConventionEventKind.FORMAL_NOTICE and cure_days_of(convention) is None:
        raise ServiceError("no_cure_clause", "Le texte de cette convention ne prévoit pas de mise en demeure.", "kind")
    if kind is ConventionEventKind.CURED and running_notice(events) is None:
        raise Conflict("nothing_to_cure", "Aucune mise en demeure n’attend d’être régularisée.", "kind")


def cure_days_of(convention: Convention) -> int | None:
    """Days the deed gives to stop a misuse of logo or communication; None when it says nothing."""
    days = [one["cure_days"] for one in convention.document["clauses"] if one.get("cure_days")]
    return min(days, default=None)


def running_notice(events: list[ConventionEvent]) -> ConventionEvent | None:
    """The last formal notice, unless a cure followed it."""
    misuse = (ConventionEventKind.FORMAL_NOTICE, ConventionEventKind.CURED)
    last = next((one for one in reversed(events) if one.kind in misuse), None)
    return last if last is not None and last.kind is ConventionEventKind.FORMAL_NOTICE else None
