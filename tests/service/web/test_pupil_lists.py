"""The pasted list of pupils: what is written is read back the same, whatever the school's habits."""

from __future__ import annotations

import random

import pytest

from fixtures import readers
from service.errors import Refusals
from service.vocabulary import Need
from service.web.pupil_lists import PupilLine, read_list, write_list

LABELS = {sector.key: sector.label for sector in readers.read_sectors()}


def test_what_is_written_is_read_back(seed: int) -> None:
    """Two hundred random classes: names, wishes and needs survive the form."""
    draw = random.Random(seed)
    for _ in range(200):
        pupils = [
            PupilLine(
                f"{draw.choice(['Zoé', 'Jean-Noël', 'Mc’Kenna', 'Éloïse'])} {chr(65 + draw.randrange(26))}.",
                tuple(draw.sample(sorted(LABELS), draw.randrange(4))),
                tuple(draw.sample(sorted(Need), draw.randrange(3))),
                draw.choice(["", "", "Groupe A"]),
            )
            for _ in range(draw.randrange(1, 40))
        ]
        assert read_list(write_list(pupils, LABELS), LABELS) == pupils


@pytest.mark.parametrize(
    "text",
    [
        "Zoé A.;Santé;Numérique",
        "Zoé A.\tsante\tNUMERIQUE",
        "  Zoé A. ;  santé ;numérique  ;\n\n ; ; \n",
        "Zoé A.;SANTÉ;numerique;;",
    ],
)
def test_spreadsheets_capitals_and_blank_lines_do_not_matter(text: str) -> None:
    """Pasted from a spreadsheet, without accents, with empty lines: the same pupil."""
    assert read_list(text, LABELS) == [PupilLine("Zoé A.", ("sante", "numerique"), ())]


def test_every_faulty_line_is_named_with_its_number_and_its_value() -> None:
    """Three faults among five lines: three refusals, each with its line as the eye counts them."""
    text = "Zoé A. ; Santé\n\nYanis B. ; Astrologie\n; Santé\nInès ; ; ; ; chimio ; A ; trop"
    with pytest.raises(Refusals) as caught:
        read_list(text, LABELS)
    said = [refusal.message for refusal in caught.value.refusals]
    assert [message.partition("\u00a0")[0] for message in said] == ["Ligne 3", "Ligne 4", "Ligne 5"]
    assert "Astrologie" in said[0]
    assert "le prénom manque" in said[1]
    assert "7 colonnes" in said[2]
