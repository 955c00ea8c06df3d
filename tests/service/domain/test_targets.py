"""Targets by territory: shared, moved, undone, never more than is promised; the next round works with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date

import pytest
from sqlmodel import Session, select

from fixtures import readers
from service.domain.bridge import freeze
from service.domain.campaigns import open_campaign
from service.domain.ceilings import ceilings_of
from service.domain.conventions import get_convention, import_conventions, ledger
from service.domain.perimeters import area_of
from service.domain.quota_lines import load_quota_tree
from service.domain.targets import Shift, shared_lines, shift_target, shifts_made
from service.errors import NotFound, ServiceError
from service.persistence.engine import make_engine, session_scope
from service.persistence.migrate import upgrade
from service.persistence.tables import AuditEntry
from service.vocabulary import Level
from tests.service.web.filled_country import add_places
from tests.service.web.small_country import SCHOOL_YEAR, build_country

DAY = date(2026, 11, 23)
WHY = "Fermeture du site de Roubaix"
NORD, RHONE, GIRONDE = "department:59", "department:69", "department:33"


@pytest.fixture
def session() -> Iterator[Session]:
    engine = make_engine("sqlite://")
    upgrade(engine)
    with session_scope(engine) as session:
        country = build_country(session)
        import_conventions(session, DAY, with_sample_events=True)
        add_places(session, country)
        yield session
    engine.dispose()


def thirds(session: Session) -> int:
    """OVHcloud's line for the 3e: thirty places promised in nine départements."""
    tree = load_quota_tree(session)
    return next(
        one.id for one in tree.lines.values() if (one.convention_key, one.commitment_code) == ("ovhcloud", "OVH-2")
    )


def move(session: Session, source: str, destination: str, seats: int, area: str = "") -> None:
    shift_target(session, Shift(thirds(session), source, destination, seats, WHY), area_of(session, area), "user:1")


def shares(session: Session, area: str = "") -> dict[str, int]:
    found = shared_lines(session, area_of(session, area), SCHOOL_YEAR)
    return {one.territory: one.target for line in found if line.line.id == thirds(session) for one in line.shares}


def test_a_target_moves_and_another_move_undoes_it(session: Session) -> None:
    """What a territory gives another one receives, what nobody holds is told, and each move is dated and explained."""
    move(session, "", NORD, 12)
    move(session, "", RHONE, 8)
    move(session, NORD, RHONE, 5)
    assert shares(session) == {NORD: 7, RHONE: 13}
    move(session, RHONE, NORD, 5)
    assert shares(session) == {NORD: 12, RHONE: 8}
    line = next(one for one in shared_lines(session, None, SCHOOL_YEAR) if one.line.id == thirds(session))
    assert (line.promised, line.left) == (30, 10)
    made = shifts_made(session, None)
    assert [(one.source, one.destination, one.seats, one.why) for one, _ in made][:2] == [
        (RHONE, NORD, 5, WHY),
        (NORD, RHONE, 5, WHY),
    ]
    told = session.exec(select(AuditEntry).where(AuditEntry.action == "shift_target")).all()
    assert len(told) == 4
    written = next(one for one in ledger(session, get_convention(session, "ovhcloud"), SCHOOL_YEAR) if one.targets)
    assert written.targets == {"Nord (59)": 12, "Rhône (69)": 8}


def test_the_next_round_counts_each_territory_s_target(session: Session) -> None:
    """A share is frozen as a line of its own under the deed's, with its part of the commitment."""
    levels = [Level.TROISIEME.value]
    campaign = open_campaign(session, "Essai", SCHOOL_YEAR, levels, date(2026, 12, 31), actor="test", today=DAY)
    move(session, "", NORD, 12)
    frozen = {line.id: line for line in freeze(session, campaign, DAY).lines}
    tree = load_quota_tree(session)
    share = next(one for one in tree.lines.values() if one.territory == NORD)
    assert (frozen[str(share.id)].commitment, frozen[str(share.id)].parent) == (12, str(thirds(session)))
    assert frozen[str(thirds(session))].commitment == 30
    assert tree.line_of("ovhcloud", "OVH-2", Level.TROISIEME, "59") == share.id
    assert tree.line_of("ovhcloud", "OVH-2", Level.TROISIEME, "33") == thirds(session)
    rows = ceilings_of(session, get_convention(session, "ovhcloud"), SCHOOL_YEAR)
    assert not any(row.is_own for row in rows)


@pytest.mark.parametrize(
    ("source", "destination", "seats", "code"),
    [
        ("", NORD, 31, "too_many_seats"),
        (RHONE, NORD, 1, "too_many_seats"),
        (NORD, RHONE, 13, "too_many_seats"),
        (NORD, RHONE, 0, "too_many_seats"),
        (NORD, NORD, 1, "same_territory"),
        (NORD, "academy:10", 1, "mixed_territories"),
        (NORD, "department:48", 1, "outside_territory"),
        (NORD, "department:ZZ", 1, "territory_unknown"),
    ],
)
def test_nothing_moves_that_is_not_there(
    session: Session, source: str, destination: str, seats: int, code: str
) -> None:
    """Never more than a territory holds or than is promised, only where the convention applies, among equals."""
    move(session, "", NORD, 12)
    with pytest.raises(ServiceError) as refused:
        move(session, source, destination, seats)
    assert refused.value.code == code
    assert shares(session) == {NORD: 12}


def test_targets_outlive_a_new_version_of_the_deed(session: Session) -> None:
    """The text changes: what each territory answers for stays, under the new version's line."""
    move(session, "", NORD, 12)
    former = thirds(session)
    deed = next(one for one in readers.read_conventions() if one.key == "ovhcloud")
    import_conventions(session, DAY, False, [dataclasses.replace(deed, title="Convention modifiée")])
    assert thirds(session) != former
    assert shares(session) == {NORD: 12}
    move(session, NORD, RHONE, 2)
    assert shares(session) == {NORD: 10, RHONE: 2}


def test_a_region_moves_targets_inside_itself_alone(session: Session) -> None:
    """It reads its own shares; another's, and what nobody holds, are not its to move, nor even to see."""
    for territory in (NORD, RHONE, GIRONDE):
        move(session, "", territory, 6)
    assert shares(session, "region:84") == {RHONE: 6}
    for source, destination in (("", RHONE), (RHONE, ""), (RHONE, NORD), (NORD, RHONE), (NORD, GIRONDE)):
        with pytest.raises(NotFound):
            move(session, source, destination, 1, area="region:84")
    assert {label for _, label in shifts_made(session, area_of(session, "region:93"))} == set()
    assert len(shifts_made(session, area_of(session, "region:84"))) == 1
