"""How long the agreements of many pupils take in one job, and whether the memory stays flat.

`python -m tests.benchmarks.agreements [--count 1000]` fills a database of its own with validated agreements, lets the
real scribe write them all, and prints seconds, processor and the process's memory after a tenth of them and after all.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import psutil
from sqlalchemy import Engine
from sqlmodel import Session, select

from service.domain.agreement_templates import template_for
from service.jobs.scribe import AT_ONCE, write_some, write_waiting
from service.persistence.bulk import insert_rows
from service.persistence.columns import utc_now
from service.persistence.engine import make_engine, session_scope
from service.persistence.tables import Agreement, AgreementDocument, AgreementStay, Confirmation, Pupil
from service.vocabulary import AgreementState, ConfirmationState, Level
from tests.service.agreement_field import PART
from tests.service.conftest import TODAY, fill_conventions
from tests.service.small_field import make_field

MIB = 2**20


def fill(session: Session, count: int) -> None:
    """So many pupils of one class, each under an agreement that waits for its document."""
    field = make_field(session)
    opening, school = field.opening.id or 0, field.school.id or 0
    template = template_for(session, Level.SECONDE_GT, TODAY).id or 0
    insert_rows(
        session,
        Pupil,
        [
            {"class_id": field.request.class_id, "pseudonym": f"B{n:09d}", "display_name": f"Élève {n}", "needs": []}
            for n in range(count)
        ],
    )
    now = utc_now()
    said = {"state": ConfirmationState.CONFIRMED, "asked_at": now, "school_at": now, "host_at": now}
    rows = [
        {"pupil_id": key, "opening_id": opening, "answer_by": TODAY, "school_by": "", "host_by": "", **said}
        for key in session.exec(select(Pupil.id).where(Pupil.pseudonym.startswith("B0"))).all()  # type: ignore[attr-defined]
    ]
    insert_rows(session, Confirmation, rows)
    for stay in session.exec(select(Confirmation.id)).all():
        agreement = Agreement(
            opening_id=opening,
            school_id=school,
            template_id=template,
            state=AgreementState.SCHOOL_VALIDATED,
            head_of_school="Claude Rivière",
            **{name: getattr(PART, name) for name in PART.__slots__},
        )
        session.add(agreement)
        session.flush()
        session.add(AgreementStay(agreement_id=agreement.id or 0, confirmation_id=stay or 0))


def measure(engine: Engine, count: int) -> str:
    process, written = psutil.Process(), 0
    wall, processor = perf_counter(), process_time()
    while written < count // 10 and (some := write_some(engine, AT_ONCE)):
        written += some
    early = process.memory_info().rss / MIB
    written += write_waiting(engine)
    wall, processor = perf_counter() - wall, process_time() - processor
    late = process.memory_info().rss / MIB
    with session_scope(engine, write=False) as session:
        kept = len(session.exec(select(AgreementDocument.agreement_id)).all())
    assert kept == written == count, (kept, written, count)
    return (
        f"{count} agreements: {wall:.1f} s, {processor:.1f} s of processor, "
        f"{early:.0f} MiB after a tenth, {late:.0f} MiB after all"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'agreements.db'}")
        fill_conventions(engine)
        with session_scope(engine) as session:
            fill(session, count)
        print(measure(engine, count))
        engine.dispose()


if __name__ == "__main__":
    main()
