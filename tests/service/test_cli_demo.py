"""The demonstration, small: a verified, published round whose figures are those of the rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.test_cli import sequence

OVHCLOUD = ("59", "35", "44", "67", "33", "31", "69", "29", "75")
PUPILS = 900


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    """What one small demonstration says as JSON: the only thing on the standard output."""
    run = sequence(folder, "demo", "--no-serve", "--json", "--pupils", str(PUPILS), "--seed", "7")
    assert run.returncode == 0, run.stderr
    read: dict[str, Any] = json.loads(run.stdout)
    return read


@pytest.fixture
def rows(folder: Path, document: dict[str, Any]) -> Iterator[sqlite3.Connection]:
    assert document["published"]
    connection = sqlite3.connect(folder / "instance" / "demo.db")
    yield connection
    connection.close()


PLACED = """
    SELECT count(*) FROM placement JOIN opening ON opening.id = placement.opening_id
    JOIN offer ON offer.id = opening.offer_id JOIN site ON site.id = offer.site_id
    JOIN pupil ON pupil.id = placement.pupil_id JOIN classgroup ON classgroup.id = pupil.class_id
    JOIN school ON school.id = classgroup.school_id
    LEFT JOIN convention ON convention.id = offer.convention_id
    LEFT JOIN commitment ON commitment.id = offer.commitment_id
    WHERE placement.published AND {}
"""


def count(rows: sqlite3.Connection, condition: str, *values: object) -> int:
    return int(rows.execute(PLACED.format(condition), values).fetchone()[0])


def test_summary(document: dict[str, Any]) -> None:
    """The round is optimal, verified and published, and beats first come, first served."""
    assert document["pupils"] == PUPILS
    assert document["status"] == "OPTIMAL"
    assert document["verified"] is True
    assert 0 < document["placed"] <= PUPILS
    assert document["placed"] <= document["seats"]
    assert document["placed"] >= document["first_come_first_served"]["placed"]
    assert document["seconds"] > 0


def test_figures_are_those_of_the_rows(document: dict[str, Any], rows: sqlite3.Connection) -> None:
    """Every number printed equals a recount of the rows."""
    assert count(rows, "1") == document["placed"]
    for code, line in document["conventions"].items():
        assert count(rows, "commitment.code = ?", code) == line["allocated"]
        published = rows.execute(
            "SELECT coalesce(sum(capacity), 0) FROM opening JOIN offer ON offer.id = opening.offer_id"
            " JOIN commitment ON commitment.id = offer.commitment_id WHERE commitment.code = ?",
            (code,),
        ).fetchone()[0]
        assert published == line["published"]
        assert line["ceiling"] is None or line["allocated"] <= line["ceiling"]


def test_conventions_hold(document: dict[str, Any], rows: sqlite3.Connection) -> None:
    """OVHcloud hosts in its nine départements under its ceilings, SERCE seconde only, a lapsed convention nobody."""
    lines = document["conventions"]
    assert [lines[code]["promised"] for code in ("OVH-2", "OVH-3", "OVH-4", "SER-2")] == [30, 10, 10, 1000]
    assert [lines[code]["ceiling"] for code in ("OVH-2", "OVH-3", "OVH-4")] == [30, 10, 10]
    assert lines["OVH-2"]["published"] > 30
    assert lines["MSF-4"]["promised"] is None
    outside = ", ".join("?" for _ in OVHCLOUD)
    for table in ("site", "school"):
        condition = f"convention.key = 'ovhcloud' AND {table}.department_code NOT IN ({outside})"
        assert count(rows, condition, *OVHCLOUD) == 0
    assert count(rows, "convention.key = 'ovhcloud'") > 0
    assert count(rows, "convention.key = 'serce'") > 0
    assert count(rows, "convention.key = 'serce' AND classgroup.level != '2de_gt'") == 0
    assert count(rows, "convention.key = 'jobirl'") == 0
    assert "29 avril 2024" in document["refused"]["jobirl"]


def test_accounts(document: dict[str, Any]) -> None:
    """One sample account for each role, on an address that can be nobody's."""
    accounts = document["accounts"]
    assert [one["role"] for one in accounts] == [
        "national_coordinator",
        "school_coordinator",
        "partner_manager",
        "region_coordinator",
        "academy_coordinator",
        "department_coordinator",
    ]
    assert all(one["email"].endswith(".example") and len(one["password"]) >= 12 for one in accounts)


def test_again_gives_the_same_round(document: dict[str, Any], folder: Path) -> None:
    """An older demonstration is replaced, and the same seed gives the same input, so the same draw."""
    database = folder / "instance" / "demo.db"

    def fingerprints() -> list[str]:
        connection = sqlite3.connect(database)
        try:
            return [row[0] for row in connection.execute("SELECT input_sha256 FROM allocationround")]
        finally:
            connection.close()

    before = fingerprints()
    run = sequence(folder, "demo", "--no-serve", "--pupils", str(PUPILS), "--seed", "7")
    assert run.returncode == 0, run.stderr
    assert fingerprints() == before
    assert "vérifié par un programme indépendant" in run.stdout
    assert "Échue le 29 avril 2024" in run.stdout
