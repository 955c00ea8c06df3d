"""A partner's own choices on its ceilings: given, changed, cut finer, taken back; each one is kept with its date.

Responsible for which lines may stand beside each other and for refusing a ceiling below what is allocated. Refuses to
count: `service.domain.ceilings` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlmodel import Session, col

from service.domain.audit import record
from service.domain.ceilings import in_order, lines_of, most_allocated, state_seen
from service.domain.convention_states import departments_of
from service.domain.gathering import gathered
from service.domain.quota_lines import Line, QuotaTree
from service.domain.texts import clean_text, french_list, french_number, plural
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.bulk import fetch
from service.persistence.columns import utc_now
from service.persistence.rows import row_id
from service.persistence.tables import CeilingChoice, Convention, Department, Partner, QuotaLine, QuotaLineDepartment
from service.vocabulary import LEVEL_LABELS, Level

MOST = 100_000
_NAMED = 3
"""Départements that a line's label names; beyond, it counts them."""
_CANDIDATE = 0
"""Identifier of a line that is only being tried: the database gives none below 1."""


def set_ceilings(
    session: Session,
    convention: Convention,
    wanted: Mapping[int, int | None],
    *,
    school_year: str,
    actor: str,
    note: str = "",
    seen: int | None = None,
) -> int:
    """Gives each line named its ceiling, None for none. Returns how many have changed.

    Raises:
        Refusals: a ceiling below what is allocated this year or later, or above that of the line that contains it.
        Conflict: someone else has chosen since `seen`.
        NotFound: a line that is not in force under this convention.
    """
    note = clean_text(note, "note", "La précision", at_most=300, required=False)
    _take(session, convention, seen)
    tree = lines_of(session, convention)
    if wanted.keys() - tree.lines.keys():
        raise NotFound
    changed = {key: ceiling for key, ceiling in wanted.items() if ceiling != tree.lines[key].ceiling}
    lines = [replace(line, ceiling=wanted.get(line.id, line.ceiling)) for line in tree.lines.values()]
    _check(session, convention, QuotaTree(lines), set(changed), school_year)
    for line_id, ceiling in sorted(changed.items()):
        _choose(session, convention, line_id, ceiling, note, actor)
    return len(changed)


def add_line(
    session: Session,
    convention: Convention,
    level: Level,
    departments: frozenset[str] | None,
    ceiling: int,
    *,
    school_year: str,
    actor: str,
    note: str = "",
    seen: int | None = None,
) -> QuotaLine:
    """A line of the partner's own, inside the line that contains it and around those it contains.

    `departments` is None for the convention's whole territory.

    Raises:
        ServiceError: a level or a département that the convention does not have, a line that is there already or that
            overlaps another, and what `set_ceilings` refuses.
    """
    note = clean_text(note, "note", "La précision", at_most=300, required=False)
    _take(session, convention, seen)
    names = _check_territory(session, convention, level, departments)
    tree = lines_of(session, convention)
    label = _label(session, convention, level, departments, names)
    parent, inside = line_place(
        tree, Line(_CANDIDATE, convention.key, "", None, level, label, ceiling, None, departments)
    )
    candidate = Line(_CANDIDATE, convention.key, "", parent, level, label, ceiling, None, departments)
    moved = [replace(line, parent=_CANDIDATE) if line.id in inside else line for line in tree.lines.values()]
    _check(session, convention, QuotaTree([*moved, candidate]), {_CANDIDATE}, school_year)
    row = QuotaLine(convention_id=row_id(convention), parent_id=parent, level=level, label=label)
    session.add(row)
    session.flush()
    for code in sorted(departments or ()):
        session.add(QuotaLineDepartment(line_id=row_id(row), department_code=code))
    for line_id in inside:
        session.get_one(QuotaLine, line_id).parent_id = row_id(row)
    _choose(session, convention, row_id(row), ceiling, note, actor)
    return row


def retire_line(session: Session, convention: Convention, line_id: int, *, actor: str, seen: int | None = None) -> None:
    """Takes back a line of the partner's own: what it contained goes to the line around it.

    Raises:
        NotFound: no such line is in force, or it was made with the deed.
        Conflict: someone else has chosen since `seen`.
    """
    _take(session, convention, seen)
    tree = lines_of(session, convention)
    line = tree.lines.get(line_id)
    if line is None or line.commitment_code or line.territory:
        raise NotFound
    for other in tree.lines.values():
        if other.parent == line_id:
            session.get_one(QuotaLine, other.id).parent_id = line.parent
    session.get_one(QuotaLine, line_id).retired_at = utc_now()
    session.add(CeilingChoice(line_id=line_id, retired=True, chosen_by=actor))
    record(session, actor, "retire_ceiling_line", f"convention:{convention.key}", line=line_id)
    session.flush()


def _take(session: Session, convention: Convention, seen: int | None) -> None:
    """The same lock as a publication's (PostgreSQL): neither looks at ceilings that the other is changing."""
    fetch(session, select(col(QuotaLine.id)).order_by(col(QuotaLine.id)).with_for_update())
    if seen is not None and seen != state_seen(session, convention):
        raise Conflict(
            "stale_version",
            "Quelqu’un d’autre a modifié les plafonds entre-temps. Rechargez la page, puis recommencez.",
        )


def _check(session: Session, convention: Convention, tree: QuotaTree, changed: set[int], school_year: str) -> None:
    held = most_allocated(session, convention, tree, school_year)
    with gathered() as faults:
        for line in in_order(tree):
            least = held.get(line.id, 0)
            if line.ceiling is None:
                continue
            if line.id in changed and not least <= line.ceiling <= MOST:
                faults.add("ceiling_below_allocated", _too_low(line, least), "ceilings")
            wider = _first_capped(tree, line)
            if wider is not None and {line.id, wider.id} & changed and line.ceiling > (wider.ceiling or 0):
                message = (
                    f"{line.label}\u00a0: {french_number(line.ceiling)} dépasse le plafond de la ligne qui la "
                    f"contient, {wider.label} ({french_number(wider.ceiling or 0)}). Baissez l’un ou relevez l’autre."
                )
                faults.add("ceiling_above_wider", message, "ceilings")


def _too_low(line: Line, least: int) -> str:
    if line.ceiling is not None and line.ceiling > MOST:
        return f"{line.label}\u00a0: indiquez un nombre jusqu’à {french_number(MOST)}, ou laissez vide."
    told = plural(least, "élève y est déjà affecté", "élèves y sont déjà affectés")
    return f"{line.label}\u00a0: {told}. Indiquez au moins {french_number(least)}, ou laissez vide."


def _first_capped(tree: QuotaTree, line: Line) -> Line | None:
    wider = [tree.lines[one] for one in tree.ancestry(line.id)[1:]]
    return next((one for one in wider if one.ceiling is not None), None)


def _check_territory(
    session: Session, convention: Convention, level: Level, departments: frozenset[str] | None
) -> dict[str, str]:
    """The names of the départements, once the level and all of them are the convention's."""
    if level not in convention.document["levels"]:
        raise ServiceError("level_not_in_convention", "La convention ne prévoit pas d’accueil à ce niveau.", "level")
    names: dict[str, str] = dict(fetch(session, select(col(Department.code), col(Department.name))))
    own = departments_of(session, convention)
    outside = sorted((departments or frozenset()) - (own or frozenset(names)))
    if outside:
        way = (
            f"Son territoire\u00a0: {', '.join(sorted(own))}." if own else "Écrivez des codes, par exemple 59, 2A, 974."
        )
        message = f"Hors du territoire de la convention\u00a0: {french_list(outside)}. {way}"
        raise ServiceError("outside_territory", message, "departments")
    return names


def _label(
    session: Session, convention: Convention, level: Level, departments: frozenset[str] | None, names: Mapping[str, str]
) -> str:
    where = "tout le territoire"
    if departments is not None:
        codes = sorted(departments)
        some = french_list([f"{names[code]} ({code})" for code in codes])
        where = some if len(codes) <= _NAMED else plural(len(codes), "département")
    return f"{session.get_one(Partner, convention.partner_id).name}, {LEVEL_LABELS[level]}, {where}"


def line_place(tree: QuotaTree, new: Line) -> tuple[int | None, list[int]]:
    """The line around the new one, and those that go inside it. Two lines of a level are nested or apart."""
    around: list[Line] = []
    inside: list[Line] = []
    for line in tree.lines.values():
        if line.level != new.level:
            continue
        if line.departments == new.departments:
            message = f"Cette ligne existe déjà\u00a0: {line.label}. Changez son plafond."
            raise ServiceError("line_exists", message, "departments")
        if line.departments is None or (new.departments is not None and new.departments < line.departments):
            around.append(line)
        elif new.departments is None or line.departments < new.departments:
            inside.append(line)
        elif line.departments & new.departments:
            common = french_list(sorted(line.departments & new.departments))
            message = (
                f"Cette ligne chevauche {line.label} ({common}). Deux lignes d’un niveau sont l’une dans l’autre, ou "
                "n’ont aucun département en commun."
            )
            raise ServiceError("lines_overlap", message, "departments")
    narrowest = max(around, key=lambda line: (len(tree.ancestry(line.id)), -line.id), default=None)
    parent = None if narrowest is None else narrowest.id
    return parent, [line.id for line in inside if line.parent == parent]


def _choose(session: Session, convention: Convention, line_id: int, ceiling: int | None, note: str, actor: str) -> None:
    row = session.get_one(QuotaLine, line_id)
    before, row.ceiling = row.ceiling, ceiling
    row.ceiling_source = session.get_one(Partner, convention.partner_id).name
    session.add_all([row, CeilingChoice(line_id=line_id, ceiling=ceiling, note=note, chosen_by=actor)])
    subject = f"convention:{convention.key}"
    record(session, actor, "set_ceiling", subject, line=line_id, before=before, ceiling=ceiling)
    session.flush()
