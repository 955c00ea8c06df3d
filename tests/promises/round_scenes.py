"""Scenes for the tests of rounds: a round launched on a small campaign, a quick workshop, children that misbehave.

The children here are real processes that speak (or fail to speak) the real conversation; only what they say is written
in advance.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlmodel import Session, SQLModel, col

from service.domain import rounds
from service.domain.bridge import freeze, frozen_bytes
from service.domain.campaigns import get_campaign
from service.jobs.attempts import Workshop
from service.jobs.messages import Answer, send
from service.persistence.bulk import fetch
from service.persistence.engine import make_engine, session_scope
from service.persistence.rows import row_id
from service.persistence.tables import AllocationRound
from service.vocabulary import RoundStatus
from solver.certificate import solve_with_certificate
from solver.files import canonical_bytes, result_document
from solver.instance import Instance
from tests.promises.campaign_rows import fill_campaign

COORDINATOR = "user:1"
TODAY = date(2026, 11, 27)
"""The day of every scene: before the weeks of the campaign, while its convention is in force."""
READ_THE_ORDER = (
    "import json,os,signal,sys,time\n"
    "head=json.loads(sys.stdin.buffer.readline()); sys.stdin.buffer.read(head['bytes'])\n"
    "def say(line, body=b''): sys.stdout.buffer.write(line.encode()+b'\\n'+body); sys.stdout.buffer.flush()\n"
)
STEP = 'say(\'{"kind":"Step","bytes":0,"phase":"optimise:placed","progress":0.5}\')\n'
MISBEHAVIOURS = {
    "killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "segmentation fault": "os.kill(os.getpid(), signal.SIGSEGV)",
    "aborted": "os.kill(os.getpid(), signal.SIGABRT)",
    "error": "sys.exit(1)",
    "nothing said": "sys.exit(0)",
    "out of memory": "sys.exit(3)",
    "garbage": "say('\\x00\\xffnonsense')",
    "other words": 'say(\'{"kind":"Step","bytes":0,"phase":7,"progress":9}\')',
    "cut answer": 'say(\'{"kind":"Answer","bytes":99,"baseline":{},"seconds":{}}\', b\'{}\')',
    "no document": 'say(\'{"kind":"Answer","bytes":3,"baseline":{},"seconds":{}}\', b\'{]}\')',
    "talks after the answer": (
        'say(\'{"kind":"Answer","bytes":2,"baseline":{},"seconds":{}}\', b\'{}\'); ' + STEP.strip()
    ),
}
"""What a child may do instead of answering, as the end of a program."""


def child_that(does: str) -> tuple[str, ...]:
    """The command of a child that reads its order, announces one step, then misbehaves."""
    return (sys.executable, "-S", "-E", "-c", READ_THE_ORDER + STEP + does)


SLOW = child_that("sys.stdin.buffer.read()")
"""Says nothing more as long as its worker lives."""


def child_that_answers(path: Path, answer: Answer, baseline: dict[str, Any] | None = None) -> tuple[str, ...]:
    """The command of a child that gives this answer, whatever it is asked."""
    with path.open("wb") as file:
        send(file, replace(answer, baseline=baseline or {}))
    copy = f"sys.stdout.buffer.write(open({str(path)!r},'rb').read()); sys.stdout.buffer.flush()"
    return child_that(copy)


def quick_workshop(engine: Engine, **changes: Any) -> Workshop:
    """Beats fast enough for a test; leases never end by themselves during one."""
    return Workshop(engine, **{"lease_s": 600.0, "heartbeat_s": 0.02, "today": TODAY, **changes})


def launched(engine: Engine, seed: int, **size: int) -> int:
    """A round just launched on a new campaign. Returns its key."""
    with session_scope(engine) as session:
        campaign_id = fill_campaign(session, seed % 90_000, **size)
        return row_id(rounds.launch_round(session, campaign_id, COORDINATOR))


def frozen(engine: Engine, round_id: int) -> Instance:
    """The instance that a worker would freeze for the round now."""
    with session_scope(engine, write=False) as session:
        found = rounds.get_round(session, round_id)
        return freeze(session, get_campaign(session, found.campaign_id), TODAY)


def right_answer(engine: Engine, round_id: int) -> tuple[bytes, Answer]:
    """The instance's bytes, and the engine's own result with its certificate."""
    instance = frozen(engine, round_id)
    result, certificate = solve_with_certificate(instance)
    body, proof = canonical_bytes(result_document(result)), canonical_bytes(certificate)
    return frozen_bytes(instance), Answer(body, {}, {"solve": 0.1}, proof)


def round_with_something(engine: Engine, seed: int) -> tuple[int, Answer]:
    """A round whose right answer has pupils placed in several offers and pupils left, and that answer."""
    for attempt in range(20):
        round_id = launched(engine, seed + 1000 * attempt, schools=3, pupils=60, sites=24)
        answer = right_answer(engine, round_id)[1]
        result = loads(answer.body)
        if len({row["offer"] for row in result["assignments"]}) > 2 and result["unplaced"]:
            return round_id, answer
    pytest.fail("no seed gives a campaign with something to falsify")


def read_round(engine: Engine, round_id: int) -> AllocationRound:
    with session_scope(engine, write=False) as session:
        return rounds.get_round(session, round_id)


def expire(engine: Engine, round_id: int) -> None:
    """Lets the lease of the round be over, as if its worker had been silent for that long."""
    with session_scope(engine) as session:
        if engine.dialect.name == "postgresql":  # as SQLite's engine does: rather an error than a wait without end
            session.connection().execute(text("SET LOCAL lock_timeout = '10s'"))
        session.connection().execute(
            text("UPDATE allocationround SET lease_until = '2000-01-01 00:00:00.000000' WHERE id = :id"),
            {"id": round_id},
        )


def count_rows(engine: Engine, *tables: type[SQLModel]) -> dict[str, int]:
    with session_scope(engine, write=False) as session:
        return {one.__name__: len(fetch(session, select(one.__table__))) for one in tables}  # type: ignore[attr-defined]


def checksum(engine: Engine, *, but: tuple[str, ...] = ()) -> str:
    """One number for the content of every table, whatever the order of the rows."""
    digest = hashlib.sha256()
    with session_scope(engine, write=False) as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in but:
                digest.update("\n".join(sorted(str(tuple(row)) for row in fetch(session, select(table)))).encode())
    return digest.hexdigest()


def audited(session: Session, action: str) -> int:
    return len(fetch(session, select(text("id")).select_from(text("auditentry")).where(text(f"action = '{action}'"))))


def wait_until(holds: Callable[[], bool], what: str, patience_s: float = 60.0) -> None:
    """A watchdog, not a measurement: a test that waits longer is hung."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, f"hung while waiting for: {what}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def phase_of(engine: Engine, round_id: int) -> str:
    found = read_round(engine, round_id)
    return found.phase if found.status == RoundStatus.RUNNING else ""


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def engine_at(url: str) -> Engine:
    """An engine for another process: connections never cross a fork."""
    return make_engine(url)


def loads(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(body)
    return document


def rounds_of_campaign(session: Session, campaign_id: int) -> int:
    return len(fetch(session, select(col(AllocationRound.id)).where(col(AllocationRound.campaign_id) == campaign_id)))
