"""«Les données d’un élève ne survivent pas à leur utilité»: the day before all is there, the day after nothing is.

A canary is planted in every table that may name somebody; it is then looked for in every column of every table, and in
fresh exports. Statistics do not move, and the published round still verifies on pseudonyms.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, SQLModel, select

from service import backups
from service.documents.spreadsheets import write_xlsx
from service.domain import retention
from service.domain.accounts import create_user, grant
from service.domain.conventions import get_convention, ledger
from service.domain.dates import add_months
from service.domain.relays import RelayDraft, add_relay
from service.domain.retention import ERASURES, KEPT, purge, rules_in_force
from service.domain.round_tables import TABLES, export_rows
from service.errors import ServiceError
from service.persistence.engine import make_engine, session_scope
from service.persistence.tables import (
    ActivityRequest,
    Adjustment,
    Agreement,
    AgreementDocument,
    AgreementStay,
    AgreementTemplate,
    AllocationRound,
    AuditEntry,
    Confirmation,
    ImportFile,
    Invitation,
    Offer,
    OutboxLine,
    PersonalLink,
    Preference,
    Pupil,
    RoundDossier,
    School,
    Signature,
    Site,
    User,
    UserSession,
)
from service.vocabulary import AdjustmentKind, LinkPurpose, RelayKind, Role, Signatory, SignatureMethod
from solver.judge.plain.verify import verify_documents
from tests.service.web.conftest import Templates, templates  # noqa: F401
from tests.service.web.filled_country import CANARY
from tests.service.web.small_country import ACTOR, SCHOOL_YEAR

PLANTED = datetime(2026, 11, 23, 12, tzinfo=UTC)
YEAR_ENDS = date(2027, 7, 31)
LAST_DAYS = {
    "pupil": date(2028, 7, 31),
    "agreement": date(2028, 7, 31),
    "school_message": date(2028, 7, 31),
    "import_file": date(2026, 12, 23),
    "mail": date(2027, 11, 23),
    "link": date(2027, 11, 23),
    "invitation": date(2028, 11, 23),
    "account": date(2028, 11, 23),
    "staff": date(2029, 7, 31),
    "relay": date(2027, 9, 30),
    "audit": date(2029, 11, 23),
}
"""The last day on which each kind is still there, counted by hand from what is planted."""


def canary(key: str) -> str:
    """One word per kind of data, that stands nowhere else."""
    return f"{CANARY}{key.replace('_', '')}"


@pytest.fixture
def planted(templates: Templates, tmp_path: Path) -> Iterator[Engine]:  # noqa: F811
    """The published round, and a canary wherever a person may be named."""
    templates.copy("published", tmp_path / "sequence.db")
    engine = make_engine(f"sqlite:///{tmp_path / 'sequence.db'}")
    with session_scope(engine) as session:
        plant(session)
    yield engine
    engine.dispose()


def plant(session: Session) -> None:
    for pupil in session.exec(select(Pupil)):
        pupil.display_name = f"{canary('pupil')} {pupil.id}"
    said = f"Demande de la famille de {canary('pupil')}"
    whom = {"offer_id": session.exec(select(Offer.id)).first(), "pupil_id": session.exec(select(Pupil.id)).first()}
    session.add(Adjustment(campaign_id=1, kind=AdjustmentKind.BAN, why=said, made_by=ACTOR, **whom))
    request = session.exec(select(ActivityRequest)).first()
    assert request is not None
    request.message = f"Demandez {canary('school_message')}"
    plant_agreement(session)
    for school in session.exec(select(School)):
        school.head_of_school = canary("staff")
    for site in session.exec(select(Site)):
        site.contact_email = site.tutor_email = f"{canary('staff')}@hote.example"
        site.tutor_name = site.tutor_function = canary("staff")
    user = create_user(session, f"{canary('account')}@college.example", canary("account"), "une longue phrase", ACTOR)
    grant(session, user, Role.NATIONAL_COORDINATOR, ACTOR)
    user.created_at = PLANTED
    plant_traces(session, user)
    draft = RelayDraft(RelayKind.IPE, canary("relay"), "ipe@academie.example", "31", canary("relay"))
    add_relay(session, draft, None, PLANTED.date(), ACTOR)
    session.flush()
    for line in session.exec(select(OutboxLine)):
        line.created_at = PLANTED
    for entry in session.exec(select(AuditEntry)):
        entry.at = PLANTED
    for user in session.exec(select(User)):
        user.created_at = PLANTED


def plant_agreement(session: Session) -> None:
    """A stay under an agreement that names a tutor, a head, a family and a signer, with its document."""
    word = canary("agreement")
    stay = session.exec(select(Confirmation)).first()
    school = session.exec(select(School)).first()
    template = session.exec(select(AgreementTemplate)).first()
    assert stay is not None
    assert school is not None
    assert template is not None
    named = {"head_of_school": word, "referent_teacher": word, "signatory_name": word, "tutor_name": word}
    agreement = Agreement(
        opening_id=stay.opening_id,
        school_id=school.id or 0,
        template_id=template.id or 0,
        tutor_email=f"{word}@hote.example",
        **named,
    )
    session.add(agreement)
    session.flush()
    covered = AgreementStay(
        agreement_id=agreement.id or 0,
        confirmation_id=stay.id or 0,
        birth_date=date(2012, 2, 29),
        representative_name=word,
        representative_email=f"{word}@famille.example",
    )
    session.add(covered)
    session.flush()
    session.add_all(
        Signature(
            agreement_id=agreement.id or 0,
            party=party,
            stay_id=stay_id or 0,
            email=f"{word}@famille.example",
            signer=word,
            signed_at=PLANTED,
            method=SignatureMethod.PAPER,
            sha256="0" * 64,
        )
        for party, stay_id in ((Signatory.HEAD, 0), (Signatory.PUPIL, covered.id))
    )
    session.add(AgreementDocument(agreement_id=agreement.id or 0, pdf=word.encode(), sha256="0" * 64))


def plant_traces(session: Session, user: User) -> None:
    """What a person leaves behind: files, messages, links, invitations, sessions, acts."""
    school = session.exec(select(School)).first()
    assert school is not None
    session.add_all(
        [
            ImportFile(
                school_id=school.id,
                name=f"{canary('import_file')}.csv",
                sha256="0" * 64,
                content=canary("import_file").encode(),
                deposited_by=f"user:{user.id}",
                created_at=PLANTED,
            ),
            OutboxLine(
                cause="essai", recipient=f"{canary('mail')}@x.example", subject="", body=canary("mail"), html=""
            ),
            PersonalLink(
                token_sha256="1" * 64,
                purpose=LinkPurpose.ACCESS,
                subject="user:0",
                recipient=f"{canary('link')}@x.example",
                created_at=PLANTED,
                expires_at=PLANTED,
            ),
            Invitation(
                email=f"{canary('invitation')}@x.example",
                scope=f"school:{school.id}",
                role=Role.SCHOOL_COORDINATOR,
                school_id=school.id,
                invited_by=ACTOR,
                sent_at=PLANTED,
            ),
            UserSession(
                id_sha256="2" * 64,
                user_id=user.id,
                data={"nom": canary("account")},
                created_at=PLANTED,
                seen_at=PLANTED,
            ),
            AuditEntry(at=PLANTED, actor="user:0", action="essai", subject="essai", detail={"nom": canary("audit")}),
        ]
    )


def everything_stored(session: Session) -> str:
    """Every column of every table as text, compressed documents opened."""
    said = []
    for table in SQLModel.metadata.tables.values():
        for row in session.connection().execute(select(table)):
            said += [readable(value) for value in row]
    return "\n".join(said)


def readable(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    return (gzip.decompress(value) if value.startswith(b"\x1f\x8b") else value).decode("utf-8", "replace")


def fresh_exports(session: Session) -> str:
    """Every table of the round, written as a spreadsheet and read back."""
    found = session.exec(select(AllocationRound)).one()
    said = []
    for name in TABLES:
        content = export_rows(session, found, name)
        with zipfile.ZipFile(io.BytesIO(write_xlsx(name, content.columns, content.rows))) as book:
            said += [book.read(part).decode() for part in book.namelist()]
    return "\n".join(said)


def found_in(text: str) -> set[str]:
    return {key for key in LAST_DAYS if canary(key) in text}


def statistics(session: Session) -> object:
    """What a ministry counts: ledgers, the round's own figures, one row per placement."""
    found = session.exec(select(AllocationRound)).one()
    lines = [ledger(session, get_convention(session, key), SCHOOL_YEAR) for key in ("ovhcloud", "serce")]
    tables = {name: len(export_rows(session, found, name).rows) for name in TABLES}
    return lines, found.placed, found.pupils, found.tiers, found.figures, tables


def test_every_kind_has_its_rule_and_every_table_its_place() -> None:
    """By construction: a table that nobody has thought of stops the tests, a rule without erasure as well."""
    assert {one.key for one in ERASURES} == set(LAST_DAYS)
    assert set(rules_in_force(PLANTED.date())) == {*LAST_DAYS, backups.RULE}
    erased = {table.__tablename__ for one in ERASURES for table in one.tables}
    kept = {name for names in KEPT for name in names.split()}
    assert not erased & kept
    assert set(SQLModel.metadata.tables) == erased | kept, "say in retention.py what becomes of it"


@pytest.mark.parametrize("key", sorted(LAST_DAYS))
def test_the_day_before_all_is_there_the_day_after_nothing(planted: Engine, key: str) -> None:
    """Each kind at its own date, by the worker's own job."""
    last = LAST_DAYS[key]
    with session_scope(planted) as session:
        purge(session, last)
        assert key in found_in(everything_stored(session)), "still there on its last day"
    with session_scope(planted) as session:
        assert purge(session, last + timedelta(days=1)).get(key)
        assert key not in found_in(everything_stored(session))


def test_in_the_end_nobody_is_named_and_nothing_counted_has_moved(planted: Engine) -> None:
    """0 canaries in any table or fresh export, the same statistics, a round that still verifies."""
    assert_nobody_is_named(planted)


def test_it_holds_on_postgresql(planted: Engine, postgres_engine: Engine) -> None:
    """The very same rows on the other engine: nobody is named either, and nothing counted has moved."""
    move_rows(planted, postgres_engine)
    assert_nobody_is_named(postgres_engine)


def move_rows(source: Engine, target: Engine) -> None:
    """Every row of one database into another that is migrated and empty, with the numbers that come next."""
    with source.connect() as reader, target.begin() as writer:
        # Rows of one table may point to each other: their keys are checked where they come from.
        writer.execute(text("SET LOCAL session_replication_role = replica"))
        for name, table in SQLModel.metadata.tables.items():
            rows = [dict(row) for row in reader.execute(select(table)).mappings()]
            if rows:
                writer.execute(table.insert(), rows)
            if rows and isinstance(rows[0].get("id"), int):
                last = max(row["id"] for row in rows)
                named = {"name": f'"{name}"', "last": last}
                writer.execute(text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"), named)


def assert_nobody_is_named(engine: Engine) -> None:
    with session_scope(engine, write=False) as session:
        assert found_in(everything_stored(session)) == set(LAST_DAYS)
        before = statistics(session)
    after_all = max(LAST_DAYS.values()) + timedelta(days=1)
    with session_scope(engine) as session:
        purge(session, after_all)
    with session_scope(engine) as session:
        assert found_in(everything_stored(session) + fresh_exports(session)) == set()
        assert CANARY not in everything_stored(session)
        assert statistics(session) == before
        kept = session.exec(select(RoundDossier)).one()
        assert kept.result_gz is not None
        documents = [json.loads(gzip.decompress(one)) for one in (kept.instance_gz, kept.result_gz)]
        assert verify_documents(*documents) == []
        assert session.exec(select(Preference)).all() == []
        assert {one.needs == [] for one in session.exec(select(Pupil))} == {True}
        assert set(purge(session, after_all)) <= {"audit"}, "only the trace of the first run, dated by the real clock"


def test_what_is_erased_leaves_the_backups_too(planted: Engine, tmp_path: Path) -> None:
    """A copy each fortnight: a month after the erasure no copy holds the canary, and another's file is left alone."""
    folder, url, erased_on = tmp_path / "copies", str(planted.url), LAST_DAYS["import_file"] + timedelta(days=1)
    backups.back_up(url, folder, erased_on - timedelta(days=1))
    (folder / "sequence-notes.txt").write_text("à garder", encoding="utf-8")
    with session_scope(planted) as session:
        purge(session, erased_on)
    assert copies_that_hold(folder, "import_file") == 1, "the erasure alone does not reach the copy made before"
    for day in (erased_on + timedelta(days=15), add_months(erased_on, 1)):
        backups.back_up(url, folder, day)
        backups.forget_backups(folder, day)
    assert copies_that_hold(folder, "import_file") == 0
    assert copies_that_hold(folder, "pupil") == 2, "what is still of use is still in the copies"
    assert (folder / "sequence-notes.txt").exists()
    with pytest.raises(ServiceError):
        backups.back_up(url, folder, add_months(erased_on, 1))


def test_a_copy_cut_short_is_not_the_day_s(planted: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails before the copy is whole: it is made again that day, and what was left is forgotten in time."""
    day, folder = LAST_DAYS["import_file"], tmp_path / "copies"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="power cut"):
            backups.back_up(str(planted.url), folder, day)
    assert [one.suffix for one in folder.iterdir()] == [".partial"]
    copy = backups.back_up(str(planted.url), folder, day)
    assert list(folder.iterdir()) == [copy]
    (folder / f"sequence-{(day - timedelta(days=1)).isoformat()}.partial").write_bytes(b"left behind")
    assert len(backups.forget_backups(folder, add_months(day, 1))) == 1
    assert list(folder.iterdir()) == [copy]


def fail(*_: object) -> None:
    raise OSError("power cut")


def copies_that_hold(folder: Path, key: str) -> int:
    return sum(canary(key).encode() in one.read_bytes() for one in folder.glob("*.db"))


@pytest.mark.parametrize("forgotten", sorted(LAST_DAYS))
def test_a_forgotten_erasure_is_seen(planted: Engine, monkeypatch: pytest.MonkeyPatch, forgotten: str) -> None:
    """Sabotage: each erasure left out in turn leaves its own canary behind."""
    lazy = tuple(replace(one, run=lambda *_: 0) if one.key == forgotten else one for one in ERASURES)
    monkeypatch.setattr(retention, "ERASURES", lazy)
    with session_scope(planted) as session:
        purge(session, max(LAST_DAYS.values()) + timedelta(days=1))
        assert forgotten in found_in(everything_stored(session))


def test_whoever_still_comes_is_not_forgotten(planted: Engine) -> None:
    """An account seen yesterday keeps its name, however old; a school or a site still at work keeps its contact."""
    late = LAST_DAYS["account"] + timedelta(days=1)
    with session_scope(planted) as session:
        user = session.exec(select(User).where(User.name == canary("account"))).one()
        seen = datetime(late.year, late.month, late.day, tzinfo=UTC) - timedelta(days=1)
        session.add(UserSession(id_sha256="3" * 64, user_id=user.id, data={}, created_at=seen, seen_at=seen))
        purge(session, late)
        assert {"account", "staff"} <= found_in(everything_stored(session))
