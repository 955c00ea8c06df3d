"""Charts: what is drawn, what is said and what the table holds are the same numbers."""

from __future__ import annotations

import random

import pytest

from service.web.charts import (
    Bin,
    Chart,
    Dot,
    LedgerRow,
    Versus,
    comparison_bars,
    dot_plot,
    histogram,
    ledger_bars,
    stacked_share,
)


def widths(chart: Chart, css: str) -> list[float]:
    return [float(mark.at["width"].rstrip("%")) for mark in chart.marks if mark.css == css]


def test_the_bars_of_a_ledger_are_on_one_scale() -> None:
    """A commitment of ten is drawn a third as long as one of thirty."""
    chart = ledger_bars("l", "Registre", [LedgerRow("3e", 30, 44, 30), LedgerRow("2de", 10, 12, 3)])
    promised, published, allocated = (widths(chart, f"chart-{name}") for name in ("promised", "published", "allocated"))
    assert published[0] == pytest.approx(100)
    assert promised == pytest.approx([100 * 30 / 44, 100 * 10 / 44], abs=0.01)
    assert allocated == pytest.approx([100 * 30 / 44, 100 * 3 / 44], abs=0.01)


def test_a_promise_without_a_number_is_said_and_never_drawn() -> None:
    """« non chiffré » is neither 0 % nor 100 %: no bar, the words in the figure, the table and the description."""
    chart = ledger_bars("l", "Registre", [LedgerRow("3e", None, 12, 5)])
    assert widths(chart, "chart-promised") == []
    assert chart.rows == (("3e", "non chiffré", "12", "5", "0", "0", "0"),)
    assert "non chiffré" in chart.description
    assert any("non chiffré" in mark.text for mark in chart.marks)


def test_an_empty_ledger_is_a_chart_without_rows() -> None:
    """Nothing to compare draws nothing and does not fail."""
    chart = ledger_bars("l", "Registre", [])
    assert chart.marks == ()
    assert chart.rows == ()


def test_shares_fill_the_whole_bar_and_the_table_adds_up(seed: int) -> None:
    """The segments of a share are contiguous from 0 to 100 %, whatever the counts."""
    source = random.Random(seed)
    counts = [source.randrange(1, 5000) for _ in range(5)]
    chart = stacked_share("w", "Vœux", "Élèves", [(f"part {i}", count) for i, count in enumerate(counts)])
    bars = [mark for mark in chart.marks if mark.tag == "rect"]
    edge = 0.0
    for bar in bars:
        assert float(bar.at["x"].rstrip("%")) == pytest.approx(edge, abs=0.05)
        edge += float(bar.at["width"].rstrip("%"))
    assert edge == pytest.approx(100, abs=0.05)
    assert [row[1].replace("\u202f", "") for row in chart.rows] == [str(count) for count in counts]


def test_shares_of_nobody_draw_nothing() -> None:
    """A round without pupils has no share and no division by zero."""
    chart = stacked_share("w", "Vœux", "Élèves", [("1er vœu", 0), ("aucun", 0)])
    assert chart.marks == ()
    assert [row[2] for row in chart.rows] == ["–", "–"]


def test_the_median_stands_in_its_bin() -> None:
    """A median of 7.5 km is drawn in the middle of the second bin of 5 km."""
    bins = [Bin(0, 5, 10), Bin(5, 10, 4), Bin(10, 15, 1), Bin(15, None, 0)]
    chart = histogram("h", "Distances", "km", "élèves", bins, 7.5)
    line = next(mark for mark in chart.marks if mark.css == "chart-median")
    assert line.at["x1"] == "37.50%"
    assert chart.rows[-1] == ("15 km et plus", "0")
    assert "7,5" in chart.description


def test_a_histogram_of_nothing_says_so() -> None:
    """Without a trip there is no median line."""
    chart = histogram("h", "Distances", "km", "élèves", [], None)
    assert all(mark.css != "chart-median" for mark in chart.marks)
    assert "aucune donnée" in chart.description


def test_every_school_is_one_dot_inside_its_lane(seed: int) -> None:
    """However many schools share a rate, each has its dot between the bounds of its class's lane."""
    source = random.Random(seed)
    dots = [Dot(f"Collège {i}", source.randrange(0, 31), 30) for i in range(300)]
    chart = dot_plot("d", "Équité", [("rural", dots), ("REP", dots[:7])])
    circles = [mark for mark in chart.marks if mark.tag == "circle"]
    assert len(circles) == 307
    for circle in circles:
        assert 0 < float(circle.at["cx"].rstrip("%")) < 100
        assert 38 <= float(circle.at["cy"]) <= 200
    assert [row[1] for row in chart.rows] == ["300", "7"]


def test_a_rate_just_under_everyone_is_not_shown_as_everyone() -> None:
    """999 placed of 1,000 is « 99 % », never « 100 % »."""
    chart = dot_plot("d", "Équité", [("rural", [Dot("Collège", 999, 1000)])])
    assert chart.rows[0][4].startswith("99")


def test_each_measure_of_a_comparison_has_its_own_scale() -> None:
    """A count of pupils and a distance are never on one axis."""
    rows = [Versus("placés", 200, 100), Versus("km", 4, 8)]
    chart = comparison_bars("c", "Comparaison", rows)
    assert widths(chart, "chart-ours") == [72, 36]
    assert widths(chart, "chart-theirs") == [36, 72]
