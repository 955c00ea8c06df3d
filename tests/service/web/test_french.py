"""Numbers, dates and distances are written as French readers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from service.web import french


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (french.number(12480), "12\u202f480"),
        (french.number(0), "0"),
        (french.number(-3.25, 1), "\u22123,2"),
        (french.percent(187, 230), "81\u00a0%"),
        (french.percent(999, 1000), "99\u00a0%"),
        (french.percent(9999, 10000, 1), "99,9\u00a0%"),
        (french.percent(3, 3), "100\u00a0%"),
        (french.percent(0, 0), "–"),
        (french.day_short(date(2026, 11, 27)), "27/11/2026"),
        (french.day_long(date(2027, 6, 14)), "lun.\u00a014\u00a0juin\u00a02027"),
        (french.day_long(date(2027, 2, 1)), "lun.\u00a01er\u00a0février\u00a02027"),
        (french.day_span(date(2027, 6, 14), date(2027, 6, 25)), "du 14 au 25\u00a0juin\u00a02027"),
        (
            french.day_span(date(2026, 12, 28), date(2027, 1, 1)),
            "du 28\u00a0décembre\u00a02026 au 1er\u00a0janvier\u00a02027",
        ),
        (french.moment(datetime(2026, 11, 22, 13, 5, tzinfo=UTC)), "22/11/2026 à 14\u00a0h\u00a005"),
        (french.distance(804), "800\u00a0m"),
        (french.distance(3420), "3,4\u00a0km"),
        (french.distance(27400), "27\u00a0km"),
        (french.ordinal(1), "1er"),
        (french.ordinal(2), "2e"),
        (french.counted(0, "élève"), "0\u00a0élève"),
        (french.counted(1, "élève"), "1\u00a0élève"),
        (french.counted(2000, "place offerte", "places offertes"), "2\u202f000\u00a0places offertes"),
        (french.typeset("Pourquoi ? « Oui » : 3 %"), "Pourquoi\u00a0? «\u00a0Oui\u00a0»\u00a0: 3\u00a0%"),
    ],
)
def test_what_people_read_is_typeset_in_french(written: str, expected: str) -> None:
    """Thousands, percentages, dates, hours, distances and agreement in number."""
    assert written == expected
