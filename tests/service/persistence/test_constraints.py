"""The database itself keeps the promises: statements that go past the application are refused, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import SQLModel

from service.persistence.engine import session_scope
from tests.service.small_field import make_field


def copied(table: str, where: str = "", **other: str) -> str:
    """A statement that copies the table's rows under new keys, with `other` values instead of theirs."""
    columns = [one.name for one in SQLModel.metadata.tables[table].columns if one.name != "id"]
    values = ", ".join(other.get(one, f'"{one}"') for one in columns)
    names = ", ".join(f'"{one}"' for one in columns)
    return f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" {where}'  # noqa: S608


OTHER_PUPIL = "(SELECT max(id) FROM pupil)"
FIRST_ROUND = "WHERE number = 1"
ACTIVE = [
    copied("allocationround", FIRST_ROUND, number=str(n), status=f"'{s}'") for n, s in ((8, "queued"), (9, "running"))
]

REFUSED = {
    "more pupils than places": "UPDATE opening SET used = capacity + 1",
    "fewer places than pupils": "UPDATE opening SET capacity = used - 1",
    "a negative number of places": "UPDATE opening SET used = 0, capacity = -1",
    "more places than any site has": "UPDATE opening SET capacity = 2001",
    "a negative number of pupils": "UPDATE opening SET used = -1",
    "a word for a number of places": "UPDATE opening SET capacity = 'beaucoup'",
    "the same opening twice": copied("opening"),
    "an opening of no offer": copied("opening", offer_id="0"),
    "an opening in no period": copied("opening", period_id="'2027-W99'"),
    "a second published placement in the same period": copied(
        "placement", round_id="(SELECT id FROM allocationround WHERE number = 2)"
    ),
    "a pupil twice in a round": copied("placement", published="FALSE"),
    "a placement of no pupil": copied("placement", pupil_id="0"),
    "a placement in no round": copied("placement", pupil_id=OTHER_PUPIL, round_id="0"),
    "a placement in no opening": copied("placement", pupil_id=OTHER_PUPIL, opening_id="0"),
    "a placement in a period that is not its opening's": copied(
        "placement", pupil_id=OTHER_PUPIL, period_id="'2027-W05'"
    ),
    "a negative trip": copied("placement", pupil_id=OTHER_PUPIL, trip_m="-1"),
    "two active rounds": "; ".join(ACTIVE),
    "the same round number twice": copied("allocationround", FIRST_ROUND),
    "more pupils placed than there are": copied("allocationround", FIRST_ROUND, number="8", placed="pupils + 1"),
    "an unknown status of a round": copied("allocationround", FIRST_ROUND, number="8", status="'perhaps'"),
    "a campaign that points to no round": "UPDATE campaign SET published_round_id = 0",
    "an unknown status of an offer": "UPDATE offer SET status = 'maybe'",
    "an unknown level": "UPDATE offer SET level = 'cm2'",
    "an unknown sector": "UPDATE offer SET sector = 'astrologie'",
    "a maximum of no pupil per school": "UPDATE offer SET max_per_school = 0",
    "an unknown status of a request": "UPDATE placementrequest SET status = 'sent'",
    "a request without any reach": "UPDATE placementrequest SET reach_km = 0",
    "two requests of a class in a campaign": copied("placementrequest"),
    "a wish of rank zero": "UPDATE preference SET rank = 0",
    "the same sector wished twice": copied("preference", rank="2"),
    "two schools with one UAI": copied("school"),
    "two pupils with one pseudonym": copied("pupil"),
    "a class that disappears under its pupils": "DELETE FROM classgroup",
    "a pupil that disappears under its placement": "DELETE FROM pupil",
    "an opening that disappears under its placement": "DELETE FROM opening",
    "a convention version twice": copied("convention"),
    "a term of no year": "UPDATE convention SET term_years = 0",
    "a negative ceiling": "UPDATE quotaline SET ceiling = -1",
    "a negative commitment": "UPDATE commitment SET minimum = -1",
    "two accounts with one address": copied("user", fs_uniquifier="'other'"),
    "a school's right without a school": (
        "INSERT INTO membership (user_id, role) SELECT id, 'school_coordinator' FROM \"user\""
    ),
    "a partner's right on a school": (
        "INSERT INTO membership (user_id, role, school_id)"
        ' SELECT "user".id, \'partner_manager\', school.id FROM "user", school'
    ),
    "an unknown role": "INSERT INTO membership (user_id, role) SELECT id, 'king' FROM \"user\"",
    "holidays that end before they start": "UPDATE calendarentry SET ends_on = '1999-01-01'",
    "a place that is neither known nor interpolated": "UPDATE commune SET position = 'somewhere'",
}


@pytest.fixture
def field_engine(conventions_engine: Engine) -> Engine:
    with session_scope(conventions_engine) as session:
        make_field(session)
    # A later round, so that a statement may be refused for its pupil and period and for nothing else.
    _run(conventions_engine, copied("allocationround", FIRST_ROUND, number="2"))
    return conventions_engine


def _run(engine: Engine, script: str) -> list[int]:
    """How many rows each statement wrote."""
    with engine.begin() as connection:
        return [connection.execute(text(statement)).rowcount for statement in script.split(";")]


def test_statements_past_the_application_are_refused(field_engine: Engine) -> None:
    """Whoever holds the database cannot oversell a place, double a placement, or point to what does not exist."""
    accepted = []
    for what, script in REFUSED.items():
        try:
            assert all(_run(field_engine, script)), f"nothing tried: {what}"
        except (IntegrityError, DataError):
            continue
        accepted.append(what)
    assert accepted == []
    assert len(REFUSED) > 40


def test_what_the_rules_allow_is_accepted(field_engine: Engine) -> None:
    """The same statements one step inside the bounds pass: it is the rule that refuses, not the statement."""
    for script in (
        "UPDATE opening SET capacity = 2000, used = 1",
        copied("placement", pupil_id=OTHER_PUPIL),
        *ACTIVE[:1],
        copied("allocationround", FIRST_ROUND, number="10", status="'failed'"),
        "UPDATE offer SET max_per_school = 1",
        "UPDATE placementrequest SET reach_km = 300",
        copied("preference", rank="2", sector="'sante'"),
        copied("school", uai="'0690027E'"),
        copied("user", fs_uniquifier="'other'", email="'other@college.example'"),
        "INSERT INTO membership (user_id, role) SELECT id, 'national_coordinator' FROM \"user\"",
    ):
        assert all(_run(field_engine, script)), f"nothing written: {script}"


def test_a_dropped_check_is_seen(field_engine: Engine) -> None:
    """Sabotage: without its CHECK, the table oversells; so the refusal above does come from the CHECK."""
    with field_engine.begin() as connection:
        if field_engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE opening DROP CONSTRAINT opening_never_oversold"))
        else:
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        connection.execute(text("UPDATE opening SET used = capacity + 1"))
        assert connection.execute(text("SELECT count(*) FROM opening WHERE used > capacity")).scalar_one() == 1
