"""The map: every département once, in the right class, with the sentence and the line of the same number."""

from __future__ import annotations

import random

from fixtures.readers import read_departments
from service.web.french import number
from service.web.map import ILE_DE_FRANCE, OVERSEAS, FranceMap, Measure, Scale, count_scale, france_map

NAMES = {one.code: one.name for one in read_departments()}
SCALE = Scale((1, 2, 3, 4), "élèves par place", number, "aucune place")


def draw(values: dict[str, float | None]) -> FranceMap:
    measures = {code: Measure(value, f"{value} élèves", (str(value),)) for code, value in values.items()}
    return france_map("Carte", SCALE, measures, NAMES, ("Département", "Valeur"), lambda code: f"#dep-{code}")


def test_every_departement_is_drawn_once() -> None:
    """96 outlines, five labelled squares overseas, the eight of Île-de-France again in the enlarged inset."""
    drawn = draw({})
    assert sorted([one.code for one in drawn.mainland] + [one.code for one in drawn.overseas]) == sorted(NAMES)
    assert tuple(one.code for one in drawn.inset) == ILE_DE_FRANCE
    assert tuple(one.code for one in drawn.overseas) == OVERSEAS
    assert all(one.path.startswith("M") for one in (*drawn.mainland, *drawn.inset))


def test_a_number_on_a_break_belongs_to_the_class_above() -> None:
    """The legend says « de 1 à 2 »: 2 itself is in the next one."""
    assert [SCALE.step(value) for value in (None, 0.99, 1, 1.99, 2, 3, 4, 400)] == [0, 1, 2, 2, 3, 4, 5, 5]


def test_the_legend_counts_every_departement(seed: int) -> None:
    """The counts of the legend add up to 101."""
    source = random.Random(seed)
    drawn = draw({code: source.choice([None, *range(7)]) for code in NAMES})
    counts = [int(label.rpartition("(")[2].rstrip(")")) for _, label in drawn.legend]
    assert sum(counts) == len(NAMES) == 101
    shown = [one.step for one in (*drawn.mainland, *drawn.overseas)]
    assert counts == [shown.count(step) for step in range(6)]


def test_the_table_has_the_sentence_s_numbers() -> None:
    """An area, its text alternative and its line of the table say one thing."""
    drawn = draw({"59": 3.0})
    area = next(one for one in drawn.mainland if one.code == "59")
    assert (area.step, area.href) == (4, "#dep-59")
    assert area.said == "Nord (59)\u00a0: 3.0 élèves"
    assert dict(drawn.rows)["59"] == ("Nord (59)", "3.0")
    assert set(dict(drawn.rows)) == {"59"}
    assert next(one for one in drawn.mainland if one.code == "62").href == ""


def test_the_enlarged_inset_holds_its_outlines() -> None:
    """The inset's box is a small part of the map, around Paris."""
    left, top, width, height = (float(one) for one in draw({}).inset_view_box.split())
    assert 200 < left < 350
    assert 50 < top < 200
    assert 0 < width < 120
    assert 0 < height < 120


def test_classes_of_counts_keep_zero_apart_and_grow(seed: int) -> None:
    """No place is a class of its own, and breaks taken from the numbers grow even when most numbers are equal."""
    source = random.Random(seed)
    for values in ([], [1] * 30, [source.randrange(0, 400) for _ in range(60)]):
        scale = count_scale(values, "places", "aucune place", "hors du territoire")
        assert sorted(set(scale.breaks)) == list(scale.breaks)
        assert (scale.step(None), scale.step(0), scale.step(1)) == (0, 1, 2)
        assert scale.labels()[0] == "aucune place"


def test_a_class_of_counts_says_its_two_ends() -> None:
    """« de 4 à 8 » holds 8, and a class of one number is that number."""
    scale = Scale((1, 4, 9, 10), "places", number, "hors du territoire", "aucune place")
    assert scale.labels() == ("aucune place", "de 1 à 3", "de 4 à 8", "9", "10\u00a0places et plus")
