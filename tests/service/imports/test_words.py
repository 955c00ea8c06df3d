"""Weeks, levels, sectors and places as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session

from fixtures import readers
from service.domain.calendar import period_choices
from service.domain.commune_lookup import CommuneLookup, five_digits, spoken_name
from service.errors import ServiceError
from service.imports.weeks import read_weeks
from service.imports.words import read_level, read_needs, read_sector, read_whole_number, sector_names
from service.vocabulary import Level, Need

LABELS = {one.key: one.label for one in readers.read_sectors()}
YEAR = "2026-2027"


@pytest.mark.parametrize(
    ("text", "level", "wanted"),
    [
        ("25/01/2027", Level.TROISIEME, ["2027-W04"]),
        ("27-01-2027 ; S5", Level.TROISIEME, ["2027-W04", "2027-W05"]),
        ("2027-W05, 2027-w05", Level.TROISIEME, ["2027-W05"]),
        ("2027-02-01 et semaine 12", Level.TROISIEME, ["2027-W05", "2027-W12"]),
        ("sem. 49", Level.TROISIEME, ["2026-W49"]),
        ("25/01/2027 01/02/2027", Level.TROISIEME, ["2027-W04", "2027-W05"]),
        ("", Level.SECONDE_GT, ["2027-W24-2"]),
        ("14/06/2027", Level.SECONDE_GT, ["2027-W24-2"]),
        ("2027-W04-2", Level.TROISIEME_PREPA_METIERS, ["2027-W04-2"]),
        ("25/01/2027", Level.TROISIEME_PREPA_METIERS, ["2027-W04"]),
    ],
)
def test_weeks_are_read_as_people_write_them(session: Session, text: str, level: Level, wanted: list[str]) -> None:
    """Any day of the week, its number, or the identifier of the period."""
    assert read_weeks(text, period_choices(session, level, YEAR, "69"), YEAR) == wanted


@pytest.mark.parametrize("text", ["", "demain", "31/02/2027", "S60", "25/01/2031", "14/06"])
def test_a_week_that_does_not_exist_is_refused(session: Session, text: str) -> None:
    """A date that is none, a week of another year, and no week at all for a level that has several."""
    with pytest.raises(ServiceError):
        read_weeks(text, period_choices(session, Level.TROISIEME, YEAR, "69"), YEAR)


def test_calendar_2026_has_a_53rd_week(session: Session) -> None:
    """«\u00a0S53\u00a0» is the week of 28 December 2026, in the holidays: it is found, the calendar then refuses it."""
    choices = period_choices(session, Level.TROISIEME, YEAR, "69")
    (found,) = read_weeks("S53", choices, YEAR)
    closed = next(one for one in choices if one.period.id == found)
    assert closed.period.starts_on == date(2026, 12, 28)
    assert not closed.open


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ST ETIENNE CEDEX 2", "saint etienne"),
        ("Ste-Foy-lès-Lyon", "sainte foy les lyon"),
        ("Lyon 3e", "lyon"),
        ("PARIS 15", "paris"),
        ("Marseille 08", "marseille"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("Lyons-la-Forêt", "lyons la foret"),
    ],
)
def test_the_name_of_a_commune_has_one_form(text: str, wanted: str) -> None:
    """Capitals, accents, « cedex », arrondissements and « st » do not matter."""
    assert spoken_name(text) == wanted


def test_a_post_code_tells_communes_apart(session: Session) -> None:
    """Right, absent, of a cedex, without its zero: the commune is found; one that contradicts the name is refused."""
    lookup = CommuneLookup(session, ["Lyon", "Bourg-en-Bresse", "Nulle-Part"])
    assert {lookup.find("Lyon", code).insee for code in ("", "69003", "69487")} == {"69123"}
    assert lookup.find("bourg en bresse", "1000").insee == "01053"
    assert five_digits("01 000") == "01000"
    for name, code, wrong in (
        ("Lyon", "75011", "commune_contradicted"),
        ("Nulle-Part", "", "commune_unknown"),
        ("", "", "commune_missing"),
        ("", "99999", "commune_unknown"),
    ):
        with pytest.raises(ServiceError) as refused:
            lookup.find(name, code)
        assert refused.value.code == wrong


def test_levels_sectors_and_needs_are_read_as_people_write_them() -> None:
    """Accents and capitals do not matter; a near miss is told with what could have been meant."""
    names = sector_names(LABELS)
    assert {read_level(text) for text in ("2nde", "Seconde GT", "2211", "2DE")} == {Level.SECONDE_GT}
    assert read_level("3ème prépa-métiers") is Level.TROISIEME_PREPA_METIERS
    assert read_sector("NUMERIQUE", names, LABELS) == "numerique"
    assert read_needs("Lieu calme ; langue des signes") == (Need.QUIET_PLACE, Need.SIGN_LANGUAGE)
    with pytest.raises(ServiceError, match="Santé"):
        read_sector("santee", names, LABELS)
    with pytest.raises(ServiceError, match="Choix possibles"):
        read_needs("dyslexie")


@pytest.mark.parametrize("text", ["٣", "１", "1_0", "+3", "-3", "3.0", "²", "9" * 4301, "trois", ""])
def test_only_plain_digits_are_a_number(text: str) -> None:
    """What Python's `int` would take, or choke on, is not a number of places."""
    with pytest.raises(ServiceError):
        read_whole_number(text, "Places")
