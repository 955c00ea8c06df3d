"""Invented instances: the same seed gives the same bytes, and they look like the country they imitate."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from solver.files import canonical_bytes, instance_document, instance_sha256
from solver.generate import generate
from solver.generate_classes import with_classes
from solver.generate_year import WEEKS, generate_year
from solver.parts import gather


def test_the_same_seed_gives_the_same_bytes(seed: int) -> None:
    """A benchmark names its instance by two numbers; another seed is another instance."""
    first, again, other = (canonical_bytes(instance_document(generate(400, s))) for s in (seed, seed, seed + 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize("pupils", [0, 1, 2, 10, 141])
def test_any_size_is_a_lawful_instance(pupils: int, seed: int) -> None:
    """However few pupils are asked for, exactly so many come, each with three different wishes."""
    instance = generate(pupils, seed)
    assert sum(group.count for group in instance.groups) == pupils
    assert all(len(set(group.wishes)) == 3 for group in instance.groups)


def test_a_large_instance_has_the_announced_proportions(seed: int) -> None:
    """Schools of about 140 pupils, an offer for nine pupils, about 0.45 seat per pupil, quotas, needs and maxima."""
    instance = generate(20_000, seed)
    seats = sum(sum(offer.seats.values()) for offer in instance.offers)
    assert 130 <= 20_000 / len(instance.schools) <= 150
    assert len(instance.offers) == 2_223
    assert 0.38 <= seats / 20_000 <= 0.62
    kinds = Counter()
    for offer in instance.offers:
        kinds.update(line=offer.line is not None, maximum=offer.max_per_school is not None, serves=bool(offer.serves))
    assert all(kinds[name] > 100 for name in ("line", "maximum", "serves"))
    choices = gather(instance).choices
    assert 60 <= np.median(np.bincount(choices.profile)) <= 800


def test_a_year_is_the_seconde_and_thirty_weeks_of_3e(seed: int) -> None:
    """Exactly so many pupils, two fifths of them the very seconde; each 3e class in one week, hosts in three each."""
    year, base = generate_year(3_000, seed), generate(1_175, seed)
    assert sum(group.count for group in year.groups) == 3_000
    assert {group.id for group in base.groups} < {group.id for group in year.groups}
    added = [group for group in year.groups if group.id.startswith("class-")]
    weeks = {(group.id.rpartition("-")[0], *group.periods) for group in added}
    assert len(weeks) == len({name for name, _ in weeks}) == -(-len(added) // 27)
    assert {week for _, week in weeks} <= {week.id for week in WEEKS}
    assert all(len(offer.seats) == 3 for offer in year.offers if offer.id.endswith("-3e"))
    assert canonical_bytes(instance_document(generate_year(400, seed))) == canonical_bytes(
        instance_document(generate_year(400, seed))
    )


def test_the_impossible_is_refused() -> None:
    """A negative number of pupils or seats makes no instance."""
    with pytest.raises(ValueError, match="not negative"):
        generate(-1, 0)
    with pytest.raises(ValueError, match="not negative"):
        generate(1, 0, seats_per_pupil=-0.1)


def test_classes_that_stay_whole_take_the_place_of_single_pupils() -> None:
    """A campaign with classes has as many pupils, the share asked for in classes of 5 to 30, and the same bytes."""
    plain = generate(3_000, 5)
    instance = with_classes(plain, 0.05, 5)
    classes = [instance.group[row.group].count for row in instance.wholes]
    assert sum(group.count for group in instance.groups) == 3_000
    assert 150 <= sum(classes) < 180
    assert all(5 <= count <= 30 for count in classes)
    assert with_classes(plain, 0.0, 5) == plain
    assert instance_sha256(instance) == instance_sha256(with_classes(generate(3_000, 5), 0.05, 5))
    with pytest.raises(ValueError, match="share of pupils in classes"):
        with_classes(plain, 1.5, 5)
