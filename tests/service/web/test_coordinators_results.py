"""A computed round on screen: every number equals a recount of the exported rows, every list can be filtered, and no
pupil's name is ever there."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import event
from sqlmodel import Session, select

from service.domain.publication import verify_ahead
from service.domain.round_tables import TABLES
from service.persistence.engine import session_scope
from service.persistence.tables import (
    Adjustment,
    AllocationRound,
    AuditEntry,
    NewSeatValue,
    Offer,
    OpeningFinding,
    Partner,
    Placement,
    RoundDossier,
    UnplacedPupil,
    User,
)
from service.vocabulary import AdjustmentKind, RoundKind, RoundStatus
from service.web import round_pages
from service.web.results import proof_words
from solver.judge.plain.bounds import VOUCHED
from solver.judge.plain.verify import verify_documents
from solver.params import Tier
from tests.service.web.conftest import Browser, text_of
from tests.service.web.filled_country import CANARY, CEILING_3E
from tests.service.web.small_country import SmallCountry

ROUND = "/coordination/tours/1"
SOLVER = Path(__file__).parents[3] / "solver"
LISTS = (
    "etablissements",
    "classes",
    "repartition",
    "comparaison",
    "non-places",
    "changements",
    "leviers",
    "ou-demarcher",
    "places-vides",
)
Row = dict[str, str]


@pytest.fixture
def stage() -> str:
    return "computed"


@pytest.fixture
def coordinator(browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    return browser_for(country.email_coordinator)


def exported(coordinator: Browser, table: str) -> list[Row]:
    """The rows of a CSV export, as whoever receives it reads them."""
    answer = coordinator.get(f"{ROUND}/exports/{table}.csv")
    assert answer.status_code == 200
    assert f"tour-1-{table}.csv" in answer.headers["Content-Disposition"]
    text = answer.get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";", strict=True))


def test_the_headline_equals_a_recount(coordinator: Browser, database: Session) -> None:
    """Placed, pupils and rate are those of the exported rows, which are those of the database."""
    placed, left = exported(coordinator, "affectations"), exported(coordinator, "non-places")
    assert len(placed) == len(database.exec(select(Placement)).all())
    assert len(left) == len(database.exec(select(UnplacedPupil)).all())
    said = text_of(coordinator.get(ROUND))
    assert f"{len(placed)} élèves placés sur {len(placed) + len(left)}" in said
    assert f"Pourquoi {len(left)} élèves n’ont pas de place" in said


def test_levels_equal_a_recount(coordinator: Browser) -> None:
    """Each level's line is the count of the exported rows of that level."""
    placed = Counter(row["Niveau"] for row in exported(coordinator, "affectations"))
    left = Counter(row["Niveau"] for row in exported(coordinator, "non-places"))
    said = text_of(coordinator.get(ROUND))
    for level in placed | left:
        assert f"{level} {placed[level] + left[level]} {placed[level]} " in said


def test_convention_lines_equal_a_recount_and_hold_their_ceiling(coordinator: Browser) -> None:
    """Pupils per line, recounted from the placed rows; OVHcloud stops at its ceiling of thirty."""
    through = Counter(row["Ligne"] for row in exported(coordinator, "affectations") if row["Ligne"])
    lines = exported(coordinator, "conventions")
    assert {row["Ligne"]: int(row["Affectés"]) for row in lines if int(row["Affectés"])} == dict(through)
    assert through["OVHcloud, 3e"] == CEILING_3E
    said = text_of(coordinator.get(ROUND))
    for row in lines:
        cells = (row["Engagement"] or "non chiffré", row["Plafond"] or "aucun", row["Places ouvertes"], row["Affectés"])
        words = " ".join(f"{int(cell):,}".replace(",", " ") if cell.isdigit() else cell for cell in cells)
        assert f"{row['Ligne']} {words}" in said


def test_the_ledger_of_a_convention_equals_a_recount_once_published(coordinator: Browser) -> None:
    """Before publication nothing is allocated; afterwards as many as the exported rows of its line."""
    assert "OVHcloud, 3e 30 40 0" in text_of(coordinator.get("/conventions/ovhcloud"))
    assert coordinator.post(f"{ROUND}/publication").status_code == 303
    through = Counter(row["Convention"] for row in exported(coordinator, "affectations"))
    assert f"OVHcloud, 3e 30 40 {through['ovhcloud']}" in text_of(coordinator.get("/conventions/ovhcloud"))
    assert f"Nord (59) 40 {through['ovhcloud']}" in text_of(coordinator.get("/conventions/ovhcloud"))
    assert f"2de générale et technologique 1 000 6 {through['serce']}" in text_of(coordinator.get("/conventions/serce"))
    assert f"En vigueur, échéance le 1er juillet 2027. 40 {through['ovhcloud']}" in text_of(
        coordinator.get("/conventions")
    )


def test_others_write_while_a_round_is_verified(
    coordinator: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verifier takes seconds at the size of an académie: publishing keeps nobody from writing meanwhile."""
    engine, heard = app.extensions["sequence_engine"], []

    def verify_slowly(session: Session, round_id: int) -> object:
        with session_scope(engine) as other:
            other.connection().exec_driver_sql("PRAGMA busy_timeout = 0")
            heard.append(other.get_one(AllocationRound, round_id).status)
        return verify_ahead(session, round_id)

    monkeypatch.setattr(round_pages, "verify_ahead", verify_slowly)
    assert coordinator.post(f"{ROUND}/publication").status_code == 303
    assert heard == [RoundStatus.COMPUTED]
    with session_scope(engine, write=False) as session:
        assert session.get_one(AllocationRound, 1).status is RoundStatus.PUBLISHED


def test_schools_come_worst_served_first(coordinator: Browser) -> None:
    """The school without a single place is on top; each line equals a recount."""
    said = text_of(coordinator.get(f"{ROUND}/etablissements"))
    order = [said.index(name) for name in ("Collège des Causses", "Lycée des Acacias", "Collège des Peupliers")]
    assert order == sorted(order)
    placed = Counter(row["UAI"] for row in exported(coordinator, "affectations"))
    left = Counter(row["UAI"] for row in exported(coordinator, "non-places"))
    for row in exported(coordinator, "etablissements"):
        uai = row["UAI"]
        assert (int(row["Placés"]), int(row["Non placés"])) == (placed[uai], left[uai])
        assert f"{row['Catégorie']} {placed[uai] + left[uai]} {placed[uai]} {left[uai]} " in said


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("q=peupliers", {"Collège des Peupliers"}),
        ("q=0480004", {"Collège des Causses"}),
        ("departement=75", {"Lycée des Acacias"}),
        ("categorie=rural", {"Collège des Causses"}),
        ("categorie=rep&departement=75", set()),
        ("q=%25peupliers%25x", set()),
    ],
)
def test_schools_are_filtered_by_the_address(coordinator: Browser, query: str, kept: set[str]) -> None:
    """The filters are in the address and in the form, which keeps them."""
    body = coordinator.get(f"{ROUND}/etablissements?{query}")
    said = text_of(body)
    names = ("Collège des Peupliers", "Collège des Causses", "Lycée des Acacias", "Collège des Tilleuls")
    assert {name for name in names if name in said} == kept
    if not kept:
        assert "Aucun établissement ne répond à ces filtres" in said


def test_reasons_are_grouped_with_their_counts(coordinator: Browser) -> None:
    """Each group's count is a recount of the exported reasons, with what would change the answer."""
    counts = Counter(row["Motif"] for row in exported(coordinator, "non-places"))
    said = text_of(coordinator.get(f"{ROUND}/non-places"))
    assert len(counts) == 3
    for reason, count in counts.items():
        assert f"{reason} {count} " in said


def test_each_unplaced_pupil_has_a_reason_with_its_facts(coordinator: Browser) -> None:
    """The ceiling is named, the offers within reach are counted, and no place at all is said as such."""
    said = text_of(coordinator.get(f"{ROUND}/non-places"))
    assert said.count("Le plafond du partenaire est atteint : OVHcloud, 3e (1 offre à portée).") == 4
    assert said.count("Toutes les places à portée sont prises : 2 offres à portée.") == 7
    assert said.count("Aucune offre de ce niveau n’est à portée : le territoire n’en compte aucune.") == 9


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("raison=quota_ceiling", 4),
        ("departement=48", 9),
        ("niveau=2de_gt", 7),
        ("q=acacias", 7),
        ("q=acacias&raison=quota_ceiling", 0),
        ("raison=inconnue", 0),
        ("page=99", 20),
    ],
)
def test_unplaced_pupils_are_filtered_by_the_address(coordinator: Browser, query: str, count: int) -> None:
    """The list holds the pupils of the filter, and the count under it is theirs."""
    page = coordinator.get(f"{ROUND}/non-places?{query}")
    assert page.get_data(as_text=True).count('data-label="Raison"') == count
    expected = f" {count} élèves Comment" if count else "Aucun élève non placé ne répond à ces filtres"
    assert expected in text_of(page)


def test_the_proof_is_on_the_page(coordinator: Browser, database: Session) -> None:
    """Every aim in order with its value and its bound, the instant of the verification and the instance's hash."""
    computed = database.exec(select(AllocationRound)).one()
    said = text_of(coordinator.get(ROUND))
    assert computed.input_sha256 in said
    assert said.count("prouvé") >= len(computed.tiers) == len(Tier)
    assert "atteint la borne qu’aucune autre répartition ne peut dépasser" in said
    for tier in computed.tiers:
        assert f"{tier['value']:,} {tier['bound']:,} prouvé".replace(",", " ") in said


def test_the_dossier_can_be_verified_by_whoever_downloads_it(coordinator: Browser, database: Session) -> None:
    """The bytes served are those hashed on the page, and the independent verifier is silent on them."""
    instance, result = (
        gzip.decompress(coordinator.get(f"{ROUND}/dossier/{name}.json.gz").get_data())
        for name in ("instance", "result")
    )
    assert hashlib.sha256(instance).hexdigest() == database.exec(select(AllocationRound.input_sha256)).one()
    assert verify_documents(json.loads(instance), json.loads(result)) == []
    assert CANARY.encode() not in instance + result
    assert coordinator.get(f"{ROUND}/dossier/secret.json.gz").status_code == 404


def test_the_proof_can_be_judged_by_whoever_downloads_it(coordinator: Browser, tmp_path: Path) -> None:
    """The three files of the page, as they are, are accepted by both judges alone on a bare Python."""
    page = coordinator.get(ROUND)
    assert "Optimalité prouvée le " in text_of(page)
    assert "par un second programme indépendant du calcul" in text_of(page)
    files = []
    for name in ("instance", "result", "certificate"):
        address = f"{ROUND}/dossier/{name}.json.gz"
        assert f'href="{address}"' in page.get_data(as_text=True)
        files.append(tmp_path / f"tour-1-{name}.json.gz")
        files[-1].write_bytes(coordinator.get(address).get_data())
    assert judged("verify", files[:2]) == (0, "")
    code, said = judged("prove", files)
    assert (code, said.partition(":")[0]) == (0, "proved")


def judged(judge: str, files: list[Path]) -> tuple[int, str]:
    command = [sys.executable, "-I", "-S", str(SOLVER / "judge"), judge, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_round_without_certificate_says_no_proof(coordinator: Browser, app: Flask) -> None:
    """A degraded round, or one older than certificates: neither the sentence nor the link, and no file."""
    with session_scope(app.extensions["sequence_engine"]) as session:
        session.exec(select(AllocationRound)).one().proved_at = None
        session.exec(select(RoundDossier)).one().certificate_gz = None
    page = coordinator.get(ROUND)
    assert "Optimalité prouvée" not in text_of(page)
    assert "certificate.json.gz" not in page.get_data(as_text=True)
    assert coordinator.get(f"{ROUND}/dossier/certificate.json.gz").status_code == 404


@pytest.mark.parametrize("table", TABLES)
def test_both_formats_hold_the_same_rows(coordinator: Browser, table: str, database: Session) -> None:
    """XLSX and CSV of a table have the same cells, and taking either is in the audit trail."""
    rows = exported(coordinator, table)
    content = coordinator.get(f"{ROUND}/exports/{table}.xlsx").get_data()
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert len(sheet) == len(rows) + 1
    header = coordinator.get(f"{ROUND}/exports/{table}.csv").get_data().decode("utf-8-sig").splitlines()[0]
    assert ";".join(str(cell) for cell in sheet[0]) == header
    for line, row in zip(sheet[1:], rows, strict=True):
        assert [written(cell) for cell in line] == list(row.values())
    kinds = [
        entry.detail["kind"] for entry in database.exec(select(AuditEntry).where(AuditEntry.action == "export_round"))
    ]
    assert kinds == ["csv", "xlsx", "csv"]


def test_the_whole_round_is_one_workbook(coordinator: Browser) -> None:
    """One sheet per table, each with the rows of its own export; no pupil's name in any."""
    answer = coordinator.get(f"{ROUND}/exports/tour-complet.xlsx")
    assert "tour-1-tour-complet.xlsx" in answer.headers["Content-Disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data()))
    assert book.sheet_names == [table.sheet for table in TABLES.values()]
    for key, table in TABLES.items():
        sheet = book.get_sheet_by_name(table.sheet).to_python()
        assert len(sheet) == len(exported(coordinator, key)) + 1
        assert CANARY not in str(sheet)


def written(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def test_the_place_that_would_help_most(coordinator: Browser) -> None:
    """Mende has nine pupils of 3e and nothing within reach: a place there is the one that most could take."""
    rows = exported(coordinator, "ou-demarcher")
    assert {row["Département"] for row in rows} == {"48", "59", "75"}
    waiting = "Élèves sans place qui la prendraient"
    assert {(row["Niveau"], row[waiting]) for row in rows if row["Département"] == "48"} == {("3e", "9")}
    page = coordinator.get(f"{ROUND}/ou-demarcher?departement=48&secteur=commerce")
    assert "Lozère (48) 3e Semaine du 1er février 2027 Commerce et distribution 9 0" in text_of(page)
    assert "1 sorte de place" in text_of(page)
    nothing = coordinator.get(f"{ROUND}/ou-demarcher?departement=48&niveau=2de_gt")
    assert "Aucune sorte de place ne répond à ces filtres" in text_of(nothing)


def test_empty_seats_say_why(coordinator: Browser) -> None:
    """Seats kept empty by OVHcloud's ceiling, and those of Lyon whose pupils are all placed."""
    said = text_of(coordinator.get(f"{ROUND}/places-vides"))
    assert "Le plafond du partenaire est atteint 10 1" in said
    assert "Tous les élèves qui pouvaient venir ont une place 2 1" in said
    kept = text_of(coordinator.get(f"{ROUND}/places-vides?raison=quota_ceiling"))
    assert "Site numerique" in kept
    assert "Site commerce" not in kept


def test_the_smallest_change_of_each_pupil(coordinator: Browser) -> None:
    """The ceiling for four, a seat more for seven; the list of those who wait for a change is one link away."""
    said = text_of(coordinator.get(f"{ROUND}/leviers"))
    assert "Un élève de plus sous le plafond d’une ligne 4" in said
    assert "Une place de plus sur un site à portée 7" in said
    line = re.search(r'href="([^"]*changement=quota[^"]*)"', coordinator.get(f"{ROUND}/leviers").text)
    assert line is not None
    waiting = coordinator.get(unescape(line[1]))
    assert waiting.text.count("Un élève de plus sous le plafond «") == 4
    assert "Seulement les élèves dont c’est le plus petit changement." in text_of(waiting)


@pytest.mark.parametrize("path", ["exports/inconnue.csv", "exports/affectations.pdf", "exports/affectations.html"])
def test_an_unknown_export_is_not_found(coordinator: Browser, path: str) -> None:
    """Neither another table nor another format."""
    assert coordinator.get(f"{ROUND}/{path}").status_code == 404


def test_no_pupil_s_name_leaves_the_school(coordinator: Browser) -> None:
    """Pseudonyms only, on every page and in every file of the coordinator."""
    pages = [
        ROUND,
        *(f"{ROUND}/{one}" for one in LISTS),
        "/coordination",
        "/conventions/ovhcloud",
    ]
    files = [f"{ROUND}/exports/{table}.csv" for table in TABLES]
    for address in pages + files:
        answer = coordinator.get(address)
        assert answer.status_code == 200
        assert CANARY not in answer.get_data(as_text=True), address


def test_a_round_without_result_has_no_lists(coordinator: Browser, app: Flask) -> None:
    """A waiting round's lists, exports and dossier are not there yet."""
    assert coordinator.post("/coordination/campagnes/1/tours", token_from="/coordination").status_code == 303
    for path in (
        *LISTS,
        "exports/tour-complet.xlsx",
        "exports/affectations.csv",
        "dossier/result.json.gz",
    ):
        assert coordinator.get(f"/coordination/tours/2/{path}").status_code == 404
    assert coordinator.get("/coordination/tours/77").status_code == 404


@pytest.mark.parametrize(
    ("value", "bound", "proof", "words"),
    [
        (7, 7, "potentials", "prouvé"),
        (7, 7, "solver", "borne déclarée par le solveur, non prouvée"),
        (1207, 7, "potentials", "écart de 1\u202f200 à la borne prouvée"),
        (9, 7, "solver", "écart de 2 à la borne déclarée par le solveur, non prouvée"),
        (7, 7, "held", "prouvé, les objectifs précédents tenus à leur valeur"),
        (9, 7, "held", "écart de 2 à la borne prouvée, les objectifs précédents tenus à leur valeur"),
        (9, 0, "none", "sans borne"),
    ],
)
def test_who_vouches_for_a_bound(value: int, bound: int, proof: str, words: str) -> None:
    """What a solver only declares is never called proven, and a gap is said in figures."""
    tier = {"value": value, "bound": bound, "proof": proof}
    assert proof_words(tier) == words
    if proof in VOUCHED:
        assert proof_words(tier, judged=False) == "borne non vérifiée"


CAMPAIGN = "/coordination/campagnes/1"
OF_THE_CAMPAIGN = ("regles", "preparation", "essais", "ajustements", "desistements")


def decide_much(session: Session) -> None:
    """Many decisions and scenarios, by many people and about many partners."""
    offers, people = session.exec(select(Offer)).all(), session.exec(select(User)).all()
    partners = session.exec(select(Partner)).all()
    for number in range(40):
        who = f"user:{people[number % len(people)].id}"
        offer = offers[number % len(offers)].id or 0
        session.add(Adjustment(campaign_id=1, kind=AdjustmentKind.EXCLUDE, offer_id=offer, why="essai", made_by=who))
        asked = {"kind": "seats", "partner_id": partners[number % len(partners)].id, "level": "3e", "seats": 1}
        session.add(
            AllocationRound(
                campaign_id=1,
                number=100 + number,
                kind=RoundKind.SCENARIO,
                status=RoundStatus.COMPUTED,
                base_round_id=1,
                name=f"Essai {number}",
                launched_by=who,
                changes=[{**asked, "department": ("75", "69", "31")[number % 3]}],
            )
        )


def test_a_page_asks_the_database_as_often_whatever_its_length(coordinator: Browser, app: Flask) -> None:
    """D3: the number of statements of each list does not grow with its rows."""
    statements: list[str] = []
    engine = app.extensions["sequence_engine"]
    event.listen(engine, "before_cursor_execute", lambda _c, _k, said, *_rest: statements.append(said))

    def asked() -> dict[str, int]:
        counts = {}
        for one in (*(f"{ROUND}/{one}" for one in LISTS), *(f"{CAMPAIGN}/{one}" for one in OF_THE_CAMPAIGN)):
            statements.clear()
            assert coordinator.get(one).status_code == 200
            counts[one] = len(statements)
        return counts

    with session_scope(engine) as session:
        decide_much(session)
    many = asked()
    with session_scope(engine) as session:
        for row in session.exec(select(Adjustment)).all()[1:]:
            session.delete(row)
        for tried in session.exec(select(AllocationRound).where(AllocationRound.kind == RoundKind.SCENARIO)).all()[1:]:
            session.delete(tried)
        for table in (UnplacedPupil, Placement, NewSeatValue, OpeningFinding):
            for row in session.exec(select(table)).all()[1:]:
                session.delete(row)
    assert asked() == many
