"""Identifiers: verified vectors, and refusals that say what to do."""

from __future__ import annotations

import random
import string

import pytest

from service.domain.identifiers import check_siren, check_siret, check_uai, uai_letter
from service.errors import ServiceError


@pytest.mark.parametrize("uai", ["0750655E", "6200002H", " 0750655e ", "075 0655 E"])
def test_a_right_uai_is_normalised(uai: str) -> None:
    """A UAI is read whatever its capitals and spaces."""
    assert check_uai(uai) in ("0750655E", "6200002H")


def test_a_wrong_letter_says_the_right_one() -> None:
    """The refusal names the letter the digits call for: the secretary sees at once what was mistyped."""
    with pytest.raises(ServiceError, match="appellent la lettre E") as refusal:
        check_uai("0750655F")
    assert (refusal.value.code, refusal.value.field) == ("uai_invalid", "uai")


@pytest.mark.parametrize(
    "text", ["", "0750655", "07506555E", "0750655I", "A750655E", "0750655É", "0960655E", "٠٧٥٠٦٥٥E"]
)
def test_what_is_no_uai_is_refused_with_an_example(text: str) -> None:
    """Neither seven digits and a letter, nor a known prefix, nor digits of another script."""
    with pytest.raises(ServiceError, match="par exemple 0750655E"):
        check_uai(text)


def test_one_letter_in_twenty_three_is_right(seed: int) -> None:
    """For any seven digits exactly one letter passes, and it is never I, O or Q."""
    chance = random.Random(seed)
    for _ in range(200):
        digits = f"0{chance.randrange(900000):06d}"
        passing = [letter for letter in string.ascii_uppercase if _passes(digits + letter)]
        assert passing == [uai_letter(digits)]


def _passes(uai: str) -> bool:
    try:
        check_uai(uai)
    except ServiceError:
        return False
    return True


@pytest.mark.parametrize("siret", ["73282932000074", "732 829 320 00074", "35600000000048", "35600000049837"])
def test_a_right_siret_gives_no_warning(siret: str) -> None:
    """La Poste's own sites, whose key follows another rule, are right too."""
    number, warning = check_siret(siret)
    assert (len(number), warning) == (14, "")


def test_a_doubtful_siret_warns_and_is_kept() -> None:
    """Real schools have a SIRET with a wrong key: the service warns and keeps it."""
    number, warning = check_siret("73282932000075")
    assert number == "73282932000075"
    assert "relisez-le" in warning


@pytest.mark.parametrize(
    "text", ["732829320", "7328293200007", "732829320000745", "7328293200007A", "٧٣٢٨٢٩٣٢٠٠٠٠٧٤", ""]
)
def test_what_is_no_siret_is_refused(text: str) -> None:
    """Fourteen digits, nothing else; and the refusal says which ones are wanted."""
    with pytest.raises(ServiceError, match="quatorze chiffres, ceux du site"):
        check_siret(text)


def test_sirens() -> None:
    """Nine digits; a wrong key only warns."""
    assert check_siren("732 829 320") == ("732829320", "")
    assert "relisez-le" in check_siren("732829321")[1]
    with pytest.raises(ServiceError, match="neuf chiffres"):
        check_siren("73282932")
