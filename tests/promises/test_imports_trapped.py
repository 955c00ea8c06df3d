"""C6: a trapped file brings nobody down. Refused by the limit that names it, in a child whose limits are its own."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import threading
from collections.abc import Callable

import psutil
import pytest
from flask import Flask

from service.imports import workbooks
from service.imports.faults import FileRefused
from service.imports.pupils import COLUMNS
from service.imports.tables import read_table
from tests.promises.trapped_files import FILE_NAMES, TRAPS, Trap, lying_directory, sparse
from tests.service.web.conftest import (  # noqa: F401  (the small country and its application, as fixtures)
    Browser,
    app,
    browser_for,
    clock,
    country,
    database,
    stage,
    templates,
    text_of,
)
from tests.service.web.pupil_files import csv_of, good_lines
from tests.service.web.small_country import SmallCountry
from tests.service.web.test_pupil_imports import send

MOST_GROWTH = 64 * 2**20
DECLARED_SIZE_BELIEVED = (
    sys.executable,
    "-c",
    "import sys; from service.imports import workbook_child as child;"
    "child._count = lambda archive, entry, before, packed: entry.file_size; sys.exit(child.main())",
)
WITHOUT_A_CHILD = (
    "import io, sys, resource; from python_calamine import CalamineWorkbook;"
    "resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31));"
    "CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read())).get_sheet_by_index(0).to_python();"
)


@pytest.fixture
def stage() -> str:  # noqa: F811
    return "open"


def check_trap(trap: Trap) -> None:
    with pytest.raises(FileRefused) as refused:
        read_table(trap.content, COLUMNS)
    said = " ".join(fault.message for fault in refused.value.faults)
    assert trap.says in said, f"{trap.name}: {said}"


@pytest.mark.parametrize("number", range(len(TRAPS)), ids=[one.__name__ for one in TRAPS])
def test_each_trap_is_refused_by_the_limit_that_names_it(number: int, seed: int, full: bool) -> None:
    """Twelve traps (forty-eight in full): refused in words, while the process that asked hardly grows."""
    for again in range(4 if full else 1):
        trap = TRAPS[number](random.Random(f"{seed}/{number}/{again}"))
        before = psutil.Process().memory_info().rss
        check_trap(trap)
        assert psutil.Process().memory_info().rss - before < MOST_GROWTH


def test_another_person_is_served_meanwhile(
    app: Flask,  # noqa: F811
    browser_for: Callable[..., Browser],  # noqa: F811
    country: SmallCountry,  # noqa: F811
    seed: int,
) -> None:
    """While a trapped file is read, the site answers others; afterwards it answers its sender, with the reason."""
    sender, other = browser_for(country.email_school_b), browser_for(country.email_school_a)
    address = f"/etablissements/{country.school_b}/import"
    trap = sparse(random.Random(seed))
    answers = []
    token = sender.token(address)
    sending = threading.Thread(
        target=lambda: answers.append(
            sender.client.post(
                address,
                data={"csrf_token": token, "file": (io.BytesIO(trap.content), "piege.xlsx")},
                headers={"Origin": "http://localhost"},
            )
        )
    )
    sending.start()
    served = other.get(f"/etablissements/{country.school_a}/")
    sending.join()
    assert served.status_code == 200
    assert answers[0].status_code == 422
    assert trap.says.replace("\u00a0", " ") in text_of(answers[0])


def test_a_reader_that_believes_the_directory_is_caught(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Sabotage: sizes only read in the archive's directory; the one that lies is not refused by its size."""
    monkeypatch.setattr(workbooks, "READ_COMMAND", DECLARED_SIZE_BELIEVED)
    with pytest.raises(AssertionError):
        check_trap(lying_directory(random.Random(seed)))


def test_a_file_opened_in_the_web_process_is_caught(seed: int) -> None:
    """Sabotage: opened without a child of its own, two cells far apart bring the whole process down."""
    content = sparse(random.Random(seed)).content
    run = subprocess.run([sys.executable, "-c", WITHOUT_A_CHILD], input=content, capture_output=True, check=False)
    assert run.returncode != 0


def test_the_child_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads a stranger's file knows neither the site's key nor its database."""
    monkeypatch.setenv("SEQUENCE_SECRET_KEY", "never to be seen")
    command = (sys.executable, "-c", "import os, json; print(json.dumps({'sheet': str(dict(os.environ)), 'rows': []}))")
    monkeypatch.setattr(workbooks, "READ_COMMAND", command)
    assert "never to be seen" not in workbooks.read_workbook(b"PK")[0]


@pytest.mark.parametrize("name", FILE_NAMES, ids=range(len(FILE_NAMES)))
def test_a_hostile_file_name_is_only_a_name(
    browser_for: Callable[..., Browser],  # noqa: F811
    country: SmallCountry,  # noqa: F811
    name: str,
) -> None:
    """Paths, markup, controls and length: the list is read all the same, its name is shown and never obeyed."""
    browser = browser_for(country.email_school_b)
    read = send(browser, f"/etablissements/{country.school_b}/import", csv_of(good_lines(2)), name)
    assert "Set-Cookie: a" not in str(read.headers)
    if "\n" in name:
        # a browser never writes an end of line there: the part then has no file name, hence no file
        assert "Choisissez un fichier" in text_of(read)
        return
    assert read.status_code == 303
    page = browser.get(read.location)
    assert page.status_code == 200
    assert "<script>" not in page.get_data(as_text=True)
    assert "\u202e" not in text_of(page)
    assert "2 élèves" in text_of(page)
