"""Texts are stored in one form; dates and lists read as French people write them."""

from __future__ import annotations

from datetime import date

import pytest

from service.domain.dates import add_months, add_years, french_day, french_span, short_date
from service.domain.texts import clean_text, french_list, french_number, plural, said_once, search_form
from service.errors import ServiceError


def test_two_ways_to_write_one_letter_are_one() -> None:
    """«É» typed in two characters is stored in one, and spaces are reduced."""
    assert clean_text("  E\u0301cole \u00a0du  pont ", "name", "Le nom") == "École du pont"


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\x1bb"])
def test_what_a_database_would_choke_on_is_refused(text: str) -> None:
    """NUL, lone surrogates and escapes never reach either database."""
    with pytest.raises(ServiceError, match="caractère interdit"):
        clean_text(text, "name", "Le nom")


def test_missing_and_endless_texts_are_refused() -> None:
    """The refusal names the field and what to do."""
    with pytest.raises(ServiceError, match="Le nom manque"):
        clean_text("  ", "name", "Le nom")
    with pytest.raises(ServiceError, match="dépasse 10 caractères"):
        clean_text("x" * 11, "name", "Le nom", at_most=10)
    assert clean_text(" ", "name", "Le nom", required=False) == ""


def test_searching_forgets_accents_and_punctuation() -> None:
    """What people type finds what the register writes."""
    assert search_form("L’Haÿ-les-Roses") == search_form("l hay les roses")
    assert search_form("Œuilly") == "oeuilly"


def test_french_words() -> None:
    """Lists, numbers and plurals."""
    assert french_list(["a"]) == "a"
    assert french_list(["a", "b", "c"]) == "a, b et c"
    assert french_number(5000) == "5\u202f000"
    assert [plural(n, "élève") for n in (0, 1, 2)] == ["0 élève", "1 élève", "2 élèves"]


def test_french_dates() -> None:
    """The first of the month is «1er»; a span says month and year once when it can."""
    assert french_day(date(2027, 2, 1)) == "1er février 2027"
    assert french_span(date(2027, 6, 14), date(2027, 6, 25)) == "du 14 au 25 juin 2027"
    assert french_span(date(2027, 5, 31), date(2027, 6, 4)) == "du 31 mai au 4 juin 2027"
    assert french_span(date(2026, 12, 28), date(2027, 1, 1)) == "du 28 décembre 2026 au 1er janvier 2027"
    assert short_date(date(2026, 11, 27)) == "27/11/2026"


def test_months_and_years_added() -> None:
    """Six months before 31 May is 30 November; three years after 29 February is 28 February."""
    assert add_months(date(2027, 5, 31), -6) == date(2026, 11, 30)
    assert add_months(date(2026, 12, 15), 1) == date(2027, 1, 15)
    assert add_years(date(2024, 2, 29), 3) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Agence de Paris 889", "Paris"), "Agence de Paris 889"),
        (
            ("Foyer des Cigales, Gennevilliers", "Foyer des Cigales", "Gennevilliers"),
            "Foyer des Cigales, Gennevilliers",
        ),
        (("Le Parisien", "Paris"), "Le Parisien, Paris"),
        (("Clinique de saint etienne", "Saint-Étienne"), "Clinique de saint etienne"),
        (("Atelier", "", "Lyon"), "Atelier, Lyon"),
    ],
)
def test_a_place_is_not_said_twice(names: tuple[str, ...], said: str) -> None:
    """A site that bears its commune's name is written alone; a part of a word is not the name."""
    assert said_once(*names) == said
