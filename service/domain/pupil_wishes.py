"""Pupils rank their wishes themselves, with a personal code and no account; their school sees who has not.

Responsible for codes and for the answer of one pupil. A code is kept as a keyed digest only: whoever reads the database
cannot answer for a pupil, and a sheet that was lost is issued anew, which voids the old codes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from service.domain.audit import record
from service.domain.dates import french_day
from service.domain.request_pupils import ALPHABET
from service.domain.request_rules import check_wishes
from service.domain.request_states import refuse_during_a_round, refuse_unless_open
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.bulk import fetch, insert_rows
from service.persistence.rows import row_id, take_version
from service.persistence.tables import Campaign, ClassGroup, Placement, PlacementRequest, Preference, Pupil, WishCode
from service.vocabulary import RequestStatus

CODE_LENGTH = 10
"""Thirty to the tenth: a million codes in use leave one guess in six hundred million right."""
CHANGING = frozenset({RequestStatus.DRAFT, RequestStatus.SUBMITTED})


@dataclass(frozen=True, slots=True)
class Slip:
    """One pupil's code, at the only moment it is known."""

    display_name: str
    code: str


@dataclass(frozen=True, slots=True)
class WishRow:
    """One pupil on the school's page of wishes."""

    pupil_id: int
    display_name: str
    wishes: int
    has_code: bool
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A pupil in front of the wishes, as a code opens it."""

    pupil: Pupil
    request: PlacementRequest
    campaign: Campaign
    answered_at: datetime | None
    wishes: tuple[str, ...]

    @property
    def until(self) -> date:
        return min(filter(None, (self.request.wishes_until, self.campaign.closes_on)))


def written_code(code: str) -> str:
    """As it is printed and read aloud: two halves."""
    half = CODE_LENGTH // 2
    return f"{code[:half]}-{code[half:]}"


def read_code(text: str) -> str:
    """What was typed, as a code: capitals, without spaces nor hyphens; empty when it cannot be one."""
    code = "".join(character for character in text.upper() if character.isalnum())
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else ""


def digest_code(code: str, key: bytes) -> str:
    """Keyed, since a plain digest of ten characters could be searched through by whoever holds the database."""
    return hmac.new(key, b"wish-code:" + code.encode(), hashlib.sha256).hexdigest()


def wish_board(session: Session, request: PlacementRequest) -> list[WishRow]:
    """The pupils of the class in the order of its list, in one query."""
    wishes = sa_select(func.count()).where(col(Preference.pupil_id) == col(Pupil.id)).correlate(Pupil).scalar_subquery()
    query = (
        sa_select(col(Pupil.id), col(Pupil.display_name), wishes, col(WishCode.pupil_id), col(WishCode.answered_at))
        .outerjoin(WishCode, col(WishCode.pupil_id) == col(Pupil.id))
        .where(col(Pupil.class_id) == request.class_id)
        .order_by(col(Pupil.id))
    )
    return [
        WishRow(pupil_id, name, number, code is not None, answered)
        for pupil_id, name, number, code, answered in fetch(session, query)
    ]


def answered_names(session: Session, group: ClassGroup) -> frozenset[str]:
    """Names of the pupils whose wishes are their own: a list of the school's does not replace them."""
    query = (
        select(Pupil.display_name)
        .join(WishCode, col(WishCode.pupil_id) == col(Pupil.id))
        .where(Pupil.class_id == row_id(group), col(WishCode.answered_at).is_not(None))
    )
    return frozenset(session.exec(query))


def issue_codes(
    session: Session, request: PlacementRequest, pupil_ids: Sequence[int], key: bytes, actor: str, now: datetime
) -> list[Slip]:
    """New codes for these pupils of the class: the former ones open nothing any more. Answers already given stay.

    Raises:
        Conflict: the class does not ask any more, or its wishes are frozen.
    """
    _refuse_unless_changing(session, request)
    wanted = set(pupil_ids)
    query = select(Pupil).where(Pupil.class_id == request.class_id).order_by(col(Pupil.id))
    slips = []
    for pupil in session.exec(query).all():
        if pupil.id in wanted:
            code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
            row = session.get(WishCode, pupil.id) or WishCode(pupil_id=row_id(pupil), code_hash="", issued_at=now)
            row.code_hash, row.issued_at = digest_code(code, key), now
            session.add(row)
            slips.append(Slip(pupil.display_name, written_code(code)))
    record(session, actor, "issue_wish_codes", f"request:{request.id}", pupils=len(slips))
    session.flush()
    return slips


def set_deadline(session: Session, request: PlacementRequest, until: date | None, actor: str, today: date) -> None:
    """The last day on which pupils may answer; none means the campaign's.

    Raises:
        ServiceError: a day that is past, or after the campaign's end.
    """
    campaign = _refuse_unless_changing(session, request)
    if until is not None and not today <= until <= campaign.closes_on:
        message = f"Choisissez un jour entre aujourd’hui et la fin de la campagne, le {french_day(campaign.closes_on)}."
        raise ServiceError("deadline_out_of_bounds", message, "until")
    take_version(session, request, None)
    request.wishes_until = until
    session.add(request)
    record(session, actor, "set_wish_deadline", f"request:{request.id}", until=until and until.isoformat())
    session.flush()


def _refuse_unless_changing(session: Session, request: PlacementRequest) -> Campaign:
    campaign = session.get_one(Campaign, request.campaign_id)
    refuse_unless_open(campaign)
    if request.status not in CHANGING:
        raise Conflict(
            "wishes_frozen", "Les vœux de cette classe ne changent plus\u00a0: un tour les a pris en compte."
        )
    refuse_during_a_round(session, campaign)
    return campaign


def open_wishes(session: Session, code: str, key: bytes) -> Asked:
    """The pupil of a code, in the latest campaign their class asks in.

    Raises:
        NotFound: no such code, or one that was issued anew since: the same answer.
    """
    row = session.exec(select(WishCode).where(WishCode.code_hash == digest_code(code, key))).first() if code else None
    found = _latest_request(session, row.pupil_id) if row is not None else None
    if row is None or found is None:
        raise NotFound("Ce code n’ouvre rien. Vérifiez-le, ou demandez-en un nouveau à votre établissement.")
    pupil, request, campaign = found
    wishes = select(Preference.sector).where(Preference.pupil_id == row.pupil_id).order_by(col(Preference.rank))
    return Asked(pupil, request, campaign, row.answered_at, tuple(session.exec(wishes)))


def _latest_request(session: Session, pupil_id: int) -> tuple[Pupil, PlacementRequest, Campaign] | None:
    query = (
        select(Pupil, PlacementRequest, Campaign)
        .join(PlacementRequest, col(PlacementRequest.class_id) == col(Pupil.class_id))
        .join(Campaign, col(Campaign.id) == col(PlacementRequest.campaign_id))
        .where(Pupil.id == pupil_id, PlacementRequest.status != RequestStatus.WITHDRAWN)
        .order_by(col(Campaign.id).desc())
    )
    return session.exec(query).first()


def refuse_unless_answering(session: Session, asked: Asked, today: date) -> None:
    """
    Raises:
        Conflict: the deadline is past, a round is computing or has decided, in words for a pupil.
    """
    if today > asked.until:
        raise Conflict("wishes_over", f"Les vœux se donnaient jusqu’au {french_day(asked.until)}.")
    _refuse_unless_changing(session, asked.request)
    placed = select(Placement.id).where(Placement.pupil_id == row_id(asked.pupil), col(Placement.published).is_(True))
    if session.exec(placed).first() is not None:
        raise Conflict("wishes_frozen", "Une place vous est déjà attribuée\u00a0: vos vœux ne changent plus.")


def choose_wishes(session: Session, asked: Asked, sectors: Sequence[str], today: date, now: datetime) -> None:
    """Replaces the pupil's wishes by these, first one first.

    Raises:
        ServiceError: none, an unknown sector, or the same one twice.
        Conflict: wishes can no longer change.
    """
    # Moved first: it holds the class's row, so that two answers of one pupil wait for each other, and a form of the
    # school opened before this answer cannot overwrite it unseen.
    session.connection().execute(
        update(PlacementRequest)
        .where(col(PlacementRequest.id) == row_id(asked.request))
        .values(version=col(PlacementRequest.version) + 1)
    )
    refuse_unless_answering(session, asked, today)
    if not sectors:
        raise ServiceError("wish_missing", "Choisissez au moins un secteur.", "wish_1")
    check_wishes(session, sectors, "wish_1")
    pupil_id = row_id(asked.pupil)
    session.connection().execute(delete(Preference).where(col(Preference.pupil_id) == pupil_id))
    rows = [{"pupil_id": pupil_id, "rank": rank, "sector": sector} for rank, sector in enumerate(sectors, start=1)]
    insert_rows(session, Preference, rows)
    session.connection().execute(update(WishCode).where(col(WishCode.pupil_id) == pupil_id).values(answered_at=now))
    record(session, "pupil", "choose_wishes", f"request:{asked.request.id}")
