"""How long the agreements of many pupils take in one job, and whether the memory stays flat.

A database of its own is filled with validated agreements; the real scribe writes them all. What is measured: its
seconds, and the process's memory after a tenth of them and after all.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import psutil
from sqlmodel import Session, select

from service.domain.agreement_templates import template_for
from service.jobs.scribe import AT_ONCE, write_some, write_waiting
from service.persistence.bulk import insert_rows
from service.persistence.columns import utc_now
from service.persistence.engine import make_engine, session_scope
from service.persistence.tables import Agreement, AgreementDocument, AgreementStay, Confirmation, Pupil
from service.vocabulary import AgreementState, ConfirmationState, Level
from solver.instance import Instance
from tests.benchmarks.answer import EARLY, LATE, Answer
from tests.benchmarks.clock import Clock
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


def run(instance: Instance, clock: Clock) -> Answer:
    """As many agreements as the instance has pupils, written by the real scribe; filling the database is not timed."""
    count, written, process = sum(group.count for group in instance.groups), 0, psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'agreements.db'}")
        fill_conventions(engine)
        with session_scope(engine) as session:
            fill(session, count)
        with clock.running():
            while written < count // 10 and (some := write_some(engine, AT_ONCE)):
                written += some
            early = process.memory_info().rss // MIB
            written += write_waiting(engine)
        late = process.memory_info().rss // MIB
        with session_scope(engine, write=False) as session:
            kept = len(session.exec(select(AgreementDocument.agreement_id)).all())
        engine.dispose()
    return Answer(count - kept, 0, 0, kept == written == count, notes={EARLY: early, LATE: late})
