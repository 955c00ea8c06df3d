"""Every figure of a result equals a recount of the exported rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from service.domain import rounds
from service.domain.exports import PLACED_COLUMNS, ExportTable
from service.domain.placements import DISTANCE_BOUNDS_KM, RoundSummary, round_summary, unplaced_of_round
from service.domain.round_tables import TABLES, export_rows
from service.errors import NotFound
from service.jobs.attempts import run_round
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound
from service.vocabulary import LEVEL_LABELS, REASON_LABELS
from tests.promises.round_scenes import child_that_answers, launched, quick_workshop, right_answer

Row = dict[str, object]


def named(table: ExportTable) -> list[Row]:
    assert all(len(row) == len(table.columns) for row in table.rows)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def computed(engine: Engine, seed: int, folder: Path) -> int:
    round_id = launched(engine, seed, schools=6, pupils=120, sites=40)
    command = child_that_answers(folder / "answer", right_answer(engine, round_id)[1], {"placed": 3})
    run_round(quick_workshop(engine, command=command), round_id)
    return round_id


def test_figures_equal_a_recount(engine: Engine, seed: int, tmp_path: Path) -> None:
    """Headline, levels, schools, départements, lines, wishes, reasons and trips are recounted from the exports."""
    round_id = computed(engine, seed, tmp_path)
    with session_scope(engine, write=False) as session:
        found = rounds.get_round(session, round_id)
        summary = round_summary(session, found)
        tables = {key: named(export_rows(session, found, key)) for key in TABLES}
    placed, left = tables["affectations"], tables["non-places"]
    assert (summary.share.placed, summary.share.unplaced) == (len(placed), len(left))
    assert (found.placed, found.pupils) == (len(placed), len(placed) + len(left))
    recount_schools(summary, placed, left, tables["etablissements"])
    recount_lines(summary, placed, tables["conventions"])
    recount_pupils(summary, placed, left)
    assert summary.baseline == {"placed": 3}


def recount_schools(summary: RoundSummary, placed: list[Row], left: list[Row], exported: list[Row]) -> None:
    there = Counter(row["UAI"] for row in placed)
    everybody = there + Counter(row["UAI"] for row in left)
    assert {one.uai: (one.share.pupils, one.share.placed) for one in summary.schools} == {
        uai: (count, there[uai]) for uai, count in everybody.items()
    }
    assert {row["UAI"]: (row["Élèves"], row["Placés"]) for row in exported} == {
        uai: (count, there[uai]) for uai, count in everybody.items()
    }
    rates = [one.share.rate for one in summary.schools]
    assert rates == sorted(rates, key=lambda rate: rate or 0.0)
    homes = Counter(row["Département de l’établissement"] for row in (*placed, *left))
    assert {one.code: one.pupils for one in summary.departments if one.pupils} == dict(homes)
    assert sum(one.placed for one in summary.departments) == len(placed)
    assert sum(one.seats for one in summary.departments) == summary.seats
    assert sum(share.pupils for share in summary.by_priority.values()) == len(placed) + len(left)


def recount_lines(summary: RoundSummary, placed: list[Row], exported: list[Row]) -> None:
    through = Counter((row["Convention"], row["Ligne"]) for row in placed if row["Ligne"])
    assert {(one.convention_key, one.label): one.placed for one in summary.lines if one.placed} == dict(through)
    assert {(row["Convention"], row["Ligne"]): row["Affectés"] for row in exported if row["Affectés"]} == dict(through)
    assert all(one.placed <= (one.seats if one.ceiling is None else one.ceiling) for one in summary.lines)


def recount_pupils(summary: RoundSummary, placed: list[Row], left: list[Row]) -> None:
    levels = Counter(row["Niveau"] for row in placed)
    assert {LEVEL_LABELS[level]: share.placed for level, share in summary.by_level.items() if share.placed} == dict(
        levels
    )
    reasons = Counter(row["Motif"] for row in left)
    assert {REASON_LABELS[reason]: count for reason, count in summary.reasons.items()} == dict(reasons)
    ranks = Counter(row["Rang du vœu obtenu"] for row in placed)
    wishes = summary.wishes
    assert wishes.without_wishes == ranks.pop(None, 0)
    assert {**wishes.by_rank} == {rank: count for rank, count in ranks.items() if rank in wishes.by_rank}
    assert wishes.outside == ranks.total() - sum(wishes.by_rank.values())
    trips = sorted(int(str(row["Trajet (m)"])) for row in placed)
    assert summary.median_trip_m == (trips[len(trips) // 2] if trips else None)
    for one in summary.trips:
        end = float("inf") if one.to_km is None else one.to_km * 1000
        assert one.pupils == sum(one.from_km * 1000 <= trip < end for trip in trips)
    assert tuple(one.from_km for one in summary.trips) == DISTANCE_BOUNDS_KM


def test_unplaced_pupils_page_by_page(engine: Engine, seed: int, tmp_path: Path) -> None:
    """Pages put end to end give every pupil without a place once; filters keep the ones asked for."""
    round_id = computed(engine, seed, tmp_path)
    with session_scope(engine, write=False) as session:
        found = rounds.get_round(session, round_id)
        total, everybody = unplaced_of_round(session, found, limit=None)
        assert total == len(everybody) == found.pupils - found.placed
        paged = [
            row for start in range(0, total, 7) for row in unplaced_of_round(session, found, offset=start, limit=7)[1]
        ]
        assert paged == everybody
        for reason in {row.reason for row in everybody}:
            count, kept = unplaced_of_round(session, found, reason=reason, limit=None)
            assert kept == [row for row in everybody if row.reason == reason]
            assert count == len(kept)
        home = everybody[0].department_code
        assert unplaced_of_round(session, found, department_code=home, limit=1)[0] == sum(
            row.department_code == home for row in everybody
        )


def test_no_name_leaves(engine: Engine, seed: int, tmp_path: Path) -> None:
    """No export holds a pupil's name: only pseudonyms."""
    round_id = computed(engine, seed, tmp_path)
    with session_scope(engine) as session:
        session.connection().execute(text("UPDATE pupil SET display_name = 'Canari'"))
    with session_scope(engine, write=False) as session:
        found = session.get_one(AllocationRound, round_id)
        assert "Canari" not in str([export_rows(session, found, key).rows for key in TABLES])
        assert PLACED_COLUMNS[0] == "Élève"


def test_an_unknown_table(sqlite_engine: Engine, seed: int) -> None:
    """A table nobody announced is not found."""
    round_id = launched(sqlite_engine, seed)
    with session_scope(sqlite_engine, write=False) as session, pytest.raises(NotFound):
        export_rows(session, rounds.get_round(session, round_id), "élèves")
