"""The directory of local relays: contacts by département, told that they are in it, valid until the next September.

Responsible for how long a contact stays and for what it is told. A contact is personal data: none goes to or comes
from a partner whose convention lets numbers alone through (`exchanges_names`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from service.domain.accounts import normalise_email
from service.domain.audit import record
from service.domain.convention_deadlines import current_conventions
from service.domain.convention_states import accepts_offers, departments_of, is_numbers_only
from service.domain.dates import french_day
from service.domain.letters import Letter
from service.domain.outbox import queue_letter
from service.domain.territories import get_department
from service.domain.texts import clean_text
from service.errors import NotFound, ServiceError
from service.persistence.bulk import insert_missing
from service.persistence.rows import row_id
from service.persistence.tables import LocalRelay, Partner
from service.vocabulary import RELAY_KIND_LABELS, RelayKind


@dataclass(frozen=True, slots=True)
class RelayDraft:
    """A contact as it is typed in."""

    kind: RelayKind
    name: str
    email: str
    department_code: str
    organisation: str = ""


def next_exchange(day: date) -> date:
    """The last day of the next September: the one under way has just been made."""
    return date(day.year + 1 if day.month >= 9 else day.year, 9, 30)


def exchanges_names(session: Session, partner: Partner, today: date) -> bool:
    """Whether contacts may cross to or from the partner: a convention in force, and none that allows numbers only."""
    own = [one for one, of in current_conventions(session) if of.id == partner.id]
    in_force = [one for one in own if accepts_offers(session, one, today)[0]]
    return bool(in_force) and not any(is_numbers_only(session, one) for one in own)


def add_relay(session: Session, draft: RelayDraft, partner: Partner | None, today: date, actor: str) -> LocalRelay:
    """Writes the contact down, or renews it, and tells it so by mail. `partner` is who communicates it.

    Raises:
        ServiceError: `email_invalid`, `department_unknown`, `text_missing`, `relay_elsewhere`, or `numbers_only` for a
            partner whose convention lets no personal data through.
    """
    if partner is not None and not exchanges_names(session, partner, today):
        said = "Seuls des nombres vont à ce partenaire et en viennent\u00a0: aucun contact ne peut être échangé."
        raise ServiceError("numbers_only", said, "email")
    row = {
        "kind": draft.kind,
        "name": clean_text(draft.name, "name", "Le nom"),
        "email": normalise_email(draft.email),
        "organisation": clean_text(draft.organisation, "organisation", "L’organisme", required=False),
        "department_code": get_department(session, draft.department_code).code,
        "partner_id": partner.id if partner is not None else None,
        "exchanged_on": today,
        "valid_until": next_exchange(today),
    }
    key = ("email", "department_code", "kind")
    insert_missing(session, LocalRelay, [row], key)
    query = select(LocalRelay).where(*(getattr(LocalRelay, name) == row[name] for name in key)).with_for_update()
    relay = session.exec(query).one()
    if relay.partner_id != row["partner_id"]:
        raise ServiceError("relay_elsewhere", "Ce contact est déjà dans l’annuaire, communiqué par d’autres.", "email")
    for name in ("name", "organisation", "exchanged_on", "valid_until"):
        setattr(relay, name, row[name])
    session.add(relay)
    session.flush()
    _inform(session, relay)
    record(session, actor, "add_relay", f"relay:{relay.id}", department=relay.department_code, kind=relay.kind)
    return relay


def _inform(session: Session, relay: LocalRelay) -> None:
    """Who is in the directory, why, until when, and how to leave it."""
    until = french_day(relay.valid_until)
    letter = Letter(
        "Vos coordonnées dans l’annuaire des relais locaux",
        [
            f"Vous figurez dans l’annuaire des relais entre écoles et entreprises du département "
            f"{relay.department_code}, au titre de\u00a0: {RELAY_KIND_LABELS[relay.kind]}.",
            "Votre nom, votre adresse électronique et votre organisme servent seulement à vous joindre pour "
            "l’accueil d’élèves et la découverte des métiers. Les coordinateurs les lisent, et les partenaires dont la "
            "convention le permet.",
            f"Ils sont effacés après le {until}, sauf renouvellement lors de l’échange de la rentrée.",
        ],
        closing=["Pour les faire corriger ou retirer, écrivez à la coordination qui vous a inscrit."],
    )
    queue_letter(session, f"relay:{relay.id}/{relay.valid_until.isoformat()}", relay.email, letter)


def renew_relay(session: Session, relay_id: int, partner: Partner | None, today: date, actor: str) -> LocalRelay:
    """The contact is still right: it stays until the next exchange.

    Raises:
        NotFound: no such contact among those of `partner` (of the State when None).
    """
    relay = _own(session, relay_id, partner)
    draft = RelayDraft(relay.kind, relay.name, relay.email, relay.department_code, relay.organisation)
    return add_relay(session, draft, partner, today, actor)


def remove_relay(session: Session, relay_id: int, partner: Partner | None, actor: str) -> None:
    """Forgets the contact at once.

    Raises:
        NotFound: no such contact among those of `partner` (of the State when None).
    """
    session.delete(_own(session, relay_id, partner))
    session.flush()
    record(session, actor, "remove_relay", f"relay:{relay_id}")


def _own(session: Session, relay_id: int, partner: Partner | None) -> LocalRelay:
    relay = session.get(LocalRelay, relay_id)
    if relay is None or (partner is not None and relay.partner_id != row_id(partner)):
        raise NotFound
    return relay


def relays_for_state(session: Session, today: date) -> list[LocalRelay]:
    """The whole directory as it stands on a day, by département."""
    return list(session.exec(_standing(today)))


def relays_for_partner(session: Session, partner: Partner, today: date) -> list[LocalRelay]:
    """Its own contacts, and the State's in its territory; nothing while its convention lets numbers alone through."""
    if not exchanges_names(session, partner, today):
        return []
    territory: set[str] | None = set()
    for convention, of in current_conventions(session):
        if of.id == partner.id and territory is not None:
            covered = departments_of(session, convention)
            territory = None if covered is None else territory | covered
    query = _standing(today).where(or_(col(LocalRelay.partner_id).is_(None), LocalRelay.partner_id == partner.id))
    if territory is not None:
        query = query.where(col(LocalRelay.department_code).in_(territory))
    return list(session.exec(query))


def _standing(today: date) -> SelectOfScalar[LocalRelay]:
    return (
        select(LocalRelay)
        .where(LocalRelay.valid_until >= today)
        .order_by(col(LocalRelay.department_code), col(LocalRelay.kind), col(LocalRelay.name), col(LocalRelay.id))
    )
