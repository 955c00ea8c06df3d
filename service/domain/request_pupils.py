"""The pupils of a class and their wishes: entered, kept under the same pseudonym, removed when no round knows them.

The name a school uses never leaves it; what identifies a pupil elsewhere is drawn at random and means nothing.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from service.domain.request_rules import PupilDraft, RequestDraft
from service.domain.texts import clean_text
from service.errors import Conflict
from service.persistence.bulk import fetch, in_parts, insert_rows
from service.persistence.rows import row_id
from service.persistence.tables import ClassGroup, Placement, Preference, Pupil, UnplacedPupil, WishCode

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Neither 0 nor O, neither 1 nor I nor L, no U: read aloud without mistakes."""
_PSEUDONYM_LENGTH = 12


def new_pseudonym() -> str:
    """Thirty to the twelfth: a million pupils collide with a probability of one in a million."""
    return "".join(secrets.choice(ALPHABET) for _ in range(_PSEUDONYM_LENGTH))


def read_pupils(session: Session, group: ClassGroup) -> list[PupilDraft]:
    """The pupils of a class as drafts, in the order they were entered."""
    pupils = _pupils(session, group)
    wishes = _wishes(session, group)
    return [
        PupilDraft(
            display_name=one.display_name,
            wishes=tuple(wishes[row_id(one)]),
            needs=tuple(one.needs),
            together=one.together,
        )
        for one in pupils
    ]


def _pupils(session: Session, group: ClassGroup) -> list[Pupil]:
    return list(session.exec(select(Pupil).where(Pupil.class_id == row_id(group)).order_by(col(Pupil.id))))


def _wishes(session: Session, group: ClassGroup) -> dict[int, list[str]]:
    query = (
        select(Preference.pupil_id, Preference.sector)
        .join(Pupil, col(Pupil.id) == col(Preference.pupil_id))
        .where(Pupil.class_id == row_id(group))
        .order_by(col(Preference.pupil_id), col(Preference.rank))
    )
    wishes: dict[int, list[str]] = defaultdict(list)
    for pupil_id, sector in session.exec(query):
        wishes[pupil_id].append(sector)
    return wishes


def replace_pupils(
    session: Session, drafts: Sequence[tuple[ClassGroup, RequestDraft]], make_pseudonym: Callable[[], str]
) -> None:
    """Brings each class to the pupils of its draft; a name that stays keeps its row and its pseudonym.

    Raises:
        Conflict: a pupil that a round has decided on would disappear.
    """
    known_classes = _classes_with_pupils(session, drafts)
    new: list[dict[str, Any]] = []
    stayed: list[int] = []
    wishes: dict[str, Sequence[str]] = {}
    for group, draft in drafts:
        present = _by_name(_pupils(session, group)) if group.id in known_classes else {}
        for (name, order), wanted in _in_order(draft.pupils_asked()):
            pupil = present.pop((name, order), None)
            needs, together = sorted(set(wanted.needs)), " ".join(wanted.together.split())
            if pupil is None:
                pseudonym = make_pseudonym()
                row = {"class_id": row_id(group), "pseudonym": pseudonym, "display_name": name}
                new.append(row | {"needs": needs, "together": together})
            else:
                pupil.needs, pupil.together, pseudonym = needs, together, pupil.pseudonym
                stayed.append(row_id(pupil))
            wishes[pseudonym] = wanted.wishes or draft.wishes
        _remove(session, present.values())
    # An object per pupil costs more than everything else together: twenty thousand are written as plain rows.
    insert_rows(session, Pupil, new)
    _forget_wishes(session, stayed)
    ids = _ids_by_pseudonym(session, [row_id(group) for group, _ in drafts])
    rows = [
        {"pupil_id": ids[pseudonym], "rank": rank, "sector": sector}
        for pseudonym, sectors in wishes.items()
        for rank, sector in enumerate(sectors, start=1)
    ]
    insert_rows(session, Preference, rows)


def _classes_with_pupils(session: Session, drafts: Sequence[tuple[ClassGroup, RequestDraft]]) -> set[int | None]:
    """Most classes of an import are new: they are not looked up one by one."""
    schools = sorted({group.school_id for group, _ in drafts})
    found: set[int | None] = set()
    for some in in_parts(schools):
        query = (
            sa_select(col(Pupil.class_id))
            .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
            .where(col(ClassGroup.school_id).in_(some))
            .distinct()
        )
        found.update(row[0] for row in fetch(session, query))
    return found


def _by_name(pupils: Iterable[Pupil]) -> dict[tuple[str, int], Pupil]:
    """Namesakes are told apart by their order."""
    seen: Counter[str] = Counter()
    named = {}
    for pupil in pupils:
        seen[pupil.display_name] += 1
        named[pupil.display_name, seen[pupil.display_name]] = pupil
    return named


def _in_order(wanted: Iterable[PupilDraft]) -> Iterable[tuple[tuple[str, int], PupilDraft]]:
    seen: Counter[str] = Counter()
    for draft in wanted:
        name = clean_text(draft.display_name, "pupils", "Le nom de l’élève", at_most=60)
        seen[name] += 1
        yield (name, seen[name]), draft


def _ids_by_pseudonym(session: Session, class_ids: Sequence[int]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for some in in_parts(class_ids):
        query = sa_select(col(Pupil.pseudonym), col(Pupil.id)).where(col(Pupil.class_id).in_(some))
        ids.update({row[0]: row[1] for row in fetch(session, query)})
    return ids


def _remove(session: Session, pupils: Iterable[Pupil]) -> None:
    gone = {row_id(one): one for one in pupils}
    if not gone:
        return
    for decided in (col(Placement.pupil_id), col(UnplacedPupil.pupil_id)):
        if fetch(session, sa_select(decided).where(decided.in_(gone)).limit(1)):
            raise Conflict(
                "pupil_in_round",
                "Un tour a déjà décidé pour un élève que vous retirez. Gardez-le dans la liste, ou prévenez la "
                "coordination.",
                "pupils",
            )
    session.connection().execute(delete(Preference).where(col(Preference.pupil_id).in_(gone)))
    session.connection().execute(delete(WishCode).where(col(WishCode.pupil_id).in_(gone)))
    session.connection().execute(delete(Pupil).where(col(Pupil.id).in_(gone)))
    for pupil in gone.values():
        session.expunge(pupil)


def _forget_wishes(session: Session, pupil_ids: Sequence[int]) -> None:
    for some in in_parts(pupil_ids):
        session.connection().execute(delete(Preference).where(col(Preference.pupil_id).in_(some)))
