"""The ceilings a partner chooses: nested lines, never below what is allocated, every choice kept."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from sqlmodel import Session, col, select

from fixtures import readers
from service.domain.bridge import freeze
from service.domain.ceiling_choices import add_line, retire_line, set_ceilings
from service.domain.ceilings import CeilingRow, ceilings_of, choices_made, state_seen
from service.domain.conventions import get_convention, import_conventions
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.tables import AuditEntry, Convention
from service.vocabulary import Level
from tests.service.conftest import SCHOOL_YEAR, TODAY
from tests.service.small_field import ACTOR, LILLE, make_field, make_offer, make_site

SECONDE = Level.SECONDE_GT
YEAR = {"school_year": SCHOOL_YEAR, "actor": ACTOR}


@pytest.fixture
def ovhcloud(session: Session) -> Convention:
    return get_convention(session, "ovhcloud")


def rows_of(session: Session, convention: Convention) -> dict[tuple[str, str], CeilingRow]:
    """By level and départements."""
    return {
        (row.line.level, ",".join(sorted(row.line.departments or ()))): row
        for row in ceilings_of(session, convention, SCHOOL_YEAR)
    }


def seconde_line(session: Session, convention: Convention) -> CeilingRow:
    return next(row for row in ceilings_of(session, convention, SCHOOL_YEAR) if row.line.commitment_code == "OVH-4")


def test_a_ceiling_is_chosen_dated_and_seen_by_the_next_round(session: Session, ovhcloud: Convention) -> None:
    """Ten pupils in seconde become four; the next round is held to it; the choice is in the history."""
    field, row = make_field(session), seconde_line(session, ovhcloud)
    assert (row.line.ceiling, row.published, row.allocated) == (10, 5, 1)
    assert set_ceilings(session, ovhcloud, {row.line.id: 4}, note="Un site fermé", **YEAR) == 1
    frozen = {line.id: line.ceiling for line in freeze(session, field.campaign, TODAY).lines}
    assert frozen[str(row.line.id)] == 3, "less the pupil who has a place already"
    [(choice, label)] = choices_made(session, ovhcloud)
    assert (choice.ceiling, choice.note, choice.chosen_by, label) == (4, "Un site fermé", ACTOR, row.line.label)
    logged = session.exec(select(AuditEntry).where(AuditEntry.action == "set_ceiling")).one()
    assert (logged.detail["before"], logged.detail["ceiling"]) == (10, 4)
    assert set_ceilings(session, ovhcloud, {row.line.id: 4}, **YEAR) == 0, "the same choice twice is one choice"


def test_a_ceiling_never_goes_below_what_is_allocated(session: Session, ovhcloud: Convention) -> None:
    """One pupil has a place: zero is refused and says so, one is accepted."""
    make_field(session)
    line = seconde_line(session, ovhcloud).line.id
    with pytest.raises(ServiceError, match="1 élève y est déjà affecté") as refused:
        set_ceilings(session, ovhcloud, {line: 0}, **YEAR)
    assert refused.value.code == "ceiling_below_allocated"
    assert set_ceilings(session, ovhcloud, {line: 1}, **YEAR) == 1
    assert set_ceilings(session, ovhcloud, {line: None}, **YEAR) == 1, "and may be lifted"


def test_a_finer_line_counts_the_offers_of_its_departments(session: Session, ovhcloud: Convention) -> None:
    """The Nord within seconde: its offers count under both lines, and a round enforces both."""
    field = make_field(session)
    make_offer(session, make_site(session, LILLE), seats=7)
    line = add_line(session, ovhcloud, SECONDE, frozenset({"59"}), 3, **YEAR)
    nord, whole = rows_of(session, ovhcloud)[SECONDE, "59"], seconde_line(session, ovhcloud)
    assert line.label == "OVHcloud, 2de générale et technologique, Nord (59)"
    assert (nord.depth, nord.line.parent, nord.published, nord.allocated) == (1, whole.line.id, 7, 0)
    assert (whole.published, whole.allocated) == (12, 1)
    frozen = freeze(session, field.campaign, TODAY)
    by_department = {offer.department: offer.line for offer in frozen.offers}
    assert by_department == {"59": str(line.id), "69": str(whole.line.id)}
    retire_line(session, ovhcloud, line.id or 0, **{"actor": ACTOR})
    frozen = freeze(session, field.campaign, TODAY)
    assert {offer.line for offer in frozen.offers} == {str(whole.line.id)}
    assert choices_made(session, ovhcloud)[0][0].retired


def test_lines_of_a_level_are_nested_or_apart(session: Session, ovhcloud: Convention) -> None:
    """Twice the same, half over another, out of the territory, above the line around it: all refused."""
    add_line(session, ovhcloud, SECONDE, frozenset({"59", "75"}), 5, **YEAR)
    for departments, ceiling, code in (
        ({"59", "75"}, 5, "line_exists"),
        ({"59", "33"}, 5, "lines_overlap"),
        ({"13"}, 5, "outside_territory"),
        ({"59"}, 6, "ceiling_above_wider"),
        ({"33"}, 11, "ceiling_above_wider"),
    ):
        with pytest.raises(ServiceError) as refused:
            add_line(session, ovhcloud, SECONDE, frozenset(departments), ceiling, **YEAR)
        assert refused.value.code == code, departments
    inner = add_line(session, ovhcloud, SECONDE, frozenset({"59"}), 4, **YEAR)
    outer = add_line(session, ovhcloud, SECONDE, frozenset({"59", "75", "33"}), 8, **YEAR)
    found = rows_of(session, ovhcloud)
    assert found[SECONDE, "59,75"].line.parent == outer.id, "a wider line goes around those it contains"
    assert found[SECONDE, "59"].line.id == inner.id
    assert found[SECONDE, "59"].depth == 3
    with pytest.raises(ServiceError) as refused:
        set_ceilings(session, ovhcloud, {outer.id or 0: 4}, **YEAR)
    assert refused.value.code == "ceiling_above_wider"


def test_the_deeds_own_lines_stay_and_anothers_are_unknown(session: Session, ovhcloud: Convention) -> None:
    """Only a line that the partner has cut out is taken back; a line of another convention does not exist."""
    own = seconde_line(session, ovhcloud).line.id
    with pytest.raises(NotFound):
        retire_line(session, ovhcloud, own, actor=ACTOR)
    with pytest.raises(NotFound):
        set_ceilings(session, get_convention(session, "serce"), {own: 5}, **YEAR)
    with pytest.raises(ServiceError, match="à ce niveau"):
        add_line(session, get_convention(session, "serce"), Level.TROISIEME, None, 5, **YEAR)


def test_the_second_of_two_people_is_told(session: Session, ovhcloud: Convention) -> None:
    """Who chooses on a page that someone else has made old loses nothing silently."""
    seen, line = state_seen(session, ovhcloud), seconde_line(session, ovhcloud).line.id
    set_ceilings(session, ovhcloud, {line: 8}, seen=seen, **YEAR)
    with pytest.raises(Conflict):
        set_ceilings(session, ovhcloud, {line: 9}, seen=seen, **YEAR)
    with pytest.raises(Conflict):
        add_line(session, ovhcloud, SECONDE, frozenset({"59"}), 3, seen=seen, **YEAR)
    assert seconde_line(session, ovhcloud).line.ceiling == 8


def test_choices_outlive_a_new_version_of_the_deed(session: Session, ovhcloud: Convention) -> None:
    """The text changes: ceilings, finer lines and what is around them are the partner's, and stay."""
    line = seconde_line(session, ovhcloud).line.id
    set_ceilings(session, ovhcloud, {line: 8}, **YEAR)
    add_line(session, ovhcloud, SECONDE, frozenset({"59"}), 3, **YEAR)
    gone = add_line(session, ovhcloud, SECONDE, frozenset({"75"}), 3, **YEAR)
    retire_line(session, ovhcloud, gone.id or 0, actor=ACTOR)
    before = rows_of(session, ovhcloud)
    deed = next(one for one in readers.read_conventions() if one.key == "ovhcloud")
    import_conventions(session, date(2026, 12, 1), False, [dataclasses.replace(deed, title="Convention modifiée")])
    latest = get_convention(session, "ovhcloud")
    after = rows_of(session, latest)
    assert latest.version > ovhcloud.version
    assert {key: (row.line.ceiling, row.depth) for key, row in after.items()} == {
        key: (row.line.ceiling, row.depth) for key, row in before.items()
    }
    assert after[SECONDE, "59"].line.id != before[SECONDE, "59"].line.id
    assert len(choices_made(session, latest)) == 4
    assert session.exec(select(Convention.version).where(col(Convention.key) == "ovhcloud")).all()
