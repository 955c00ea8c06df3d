"""Conventions: imported as written, versioned, their state computed from dates, their clauses enforced."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from fixtures import readers
from service.domain.conventions import (
    accepts_offers,
    convention_state,
    departments_of,
    events_of,
    get_convention,
    import_conventions,
    is_numbers_only,
    record_event,
)
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.engine import session_scope
from service.persistence.tables import Commitment, Convention, Offer, Partner, QuotaLine, QuotaLineDepartment
from service.vocabulary import ConventionEventKind, ConventionState, PartnerKind
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, make_offer, make_site

OVH = ["29", "31", "33", "35", "44", "59", "67", "69", "75"]
OCCITANIE = ["09", "11", "12", "30", "31", "32", "34", "46", "48", "65", "66", "81", "82"]
KEYS = ["jobirl", "medef_occitanie", "microsoft_france", "ovhcloud", "serce"]


def _state(session: Session, key: str, today: date = TODAY) -> ConventionState:
    return convention_state(session, get_convention(session, key), today).state


def _deed(key: str) -> readers.Convention:
    return next(one for one in readers.read_conventions() if one.key == key)


def test_the_five_deeds_are_stored_as_written(session: Session) -> None:
    """Parties, figures and territories are the deeds', and a missing figure stays missing."""
    rows = session.exec(select(Convention.key, Commitment.code, Commitment.minimum).join(Commitment)).all()
    figures = {code: minimum for _, code, minimum in rows}
    assert {key for key, _, _ in rows} == set(KEYS)
    assert {code: figures[code] for code in ("OVH-1", "OVH-2", "OVH-3", "OVH-4", "MSF-1", "SER-2")} == {
        "OVH-1": 10,
        "OVH-2": 30,
        "OVH-3": 10,
        "OVH-4": 10,
        "MSF-1": 10,
        "SER-2": 1000,
    }
    assert [code for code, minimum in sorted(figures.items()) if minimum is None] == [
        "JOB-1",
        "JOB-2",
        "MED-1",
        "MED-2",
        "MSF-2",
        "MSF-3",
        "MSF-4",
        "SER-1",
    ]
    kinds = dict(session.exec(select(Partner.name, Partner.kind)).all())
    assert kinds["SERCE"] is PartnerKind.FEDERATION


def test_territories(session: Session) -> None:
    """OVHcloud hosts in nine départements, Occitanie is thirteen, the three others are national."""
    found = {key: departments_of(session, get_convention(session, key)) for key in KEYS}
    assert sorted(found["ovhcloud"] or ()) == OVH
    assert sorted(found["medef_occitanie"] or ()) == OCCITANIE
    assert [key for key, departments in found.items() if departments is None] == ["jobirl", "microsoft_france", "serce"]


def test_lines_follow_promises_to_host_and_only_the_sample_has_ceilings(session: Session) -> None:
    """One line per promise to host pupils; ceilings are OVHcloud's own declaration, never the deed's."""
    lines = {one.label: one for one in session.exec(select(QuotaLine))}
    assert len(lines) == 9
    assert {label: one.ceiling for label, one in lines.items() if one.ceiling is not None} == {
        "OVHcloud, 3e": 30,
        "OVHcloud, 3e prépa métiers": 10,
        "OVHcloud, 2de générale et technologique": 10,
    }
    assert "inventée" in lines["OVHcloud, 3e"].ceiling_source
    covered = select(QuotaLineDepartment.department_code).where(QuotaLineDepartment.line_id == lines["OVHcloud, 3e"].id)
    assert sorted(session.exec(covered)) == OVH


def test_without_the_sample_nothing_invented_is_loaded(reference_engine: Engine) -> None:
    """In real service: no event, no ceiling; undated deeds are drafts; old terms have run out."""
    with session_scope(reference_engine) as session:
        import_conventions(session, TODAY, with_sample_events=False)
        assert {key: _state(session, key) for key in KEYS} == {
            "jobirl": ConventionState.LAPSED,
            "medef_occitanie": ConventionState.LAPSED,
            "microsoft_france": ConventionState.DRAFT,
            "ovhcloud": ConventionState.DRAFT,
            "serce": ConventionState.IN_FORCE,
        }
        assert session.exec(select(QuotaLine).where(col(QuotaLine.ceiling).is_not(None))).all() == []
        why = convention_state(session, get_convention(session, "ovhcloud"), TODAY).why_fr
        assert "tant que sa date de signature n’est pas saisie" in why


def test_the_term_of_serce_and_its_notice(reference_engine: Engine) -> None:
    """Signed on 31 May 2024 for three years: the notice is due on 30 November 2026, the term is 31 May 2027."""
    with session_scope(reference_engine) as session:
        import_conventions(session, TODAY, with_sample_events=False)
        serce = get_convention(session, "serce")
        standing = convention_state(session, serce, date(2026, 11, 30))
        assert (standing.expires_on, standing.notice_on) == (date(2027, 5, 31), date(2026, 11, 30))
        assert standing.state is ConventionState.NOTICE_DUE
        assert "au plus tard le 30 novembre 2026" in standing.why_fr
        days = {date(2024, 5, 30): "draft", date(2024, 5, 31): "in_force", date(2026, 11, 29): "in_force"}
        days |= {date(2027, 5, 30): "notice_due", date(2027, 5, 31): "lapsed"}
        assert {day: _state(session, "serce", day) for day in days} == days


def test_jobirl_has_lapsed_by_its_own_text(session: Session) -> None:
    """Five years from 29 April 2019, no tacit renewal: nobody is sent under it, and the page says why."""
    jobirl = get_convention(session, "jobirl")
    standing = convention_state(session, jobirl, TODAY)
    assert (standing.state, standing.expires_on) == (ConventionState.LAPSED, date(2024, 4, 29))
    accepted, why = accepts_offers(session, jobirl, TODAY)
    assert not accepted
    assert why == (
        "Échue le 29 avril 2024 par son propre texte\u00a0: conclue pour 5 ans, sans reconduction tacite, et aucun "
        "renouvellement n’est enregistré. Personne n’y est affecté."
    )


def test_the_sample_events_put_four_conventions_in_force(session: Session) -> None:
    """Signatures, tacit renewals and an addendum, all marked invented; JobIRL stays lapsed."""
    accepted = {key: accepts_offers(session, get_convention(session, key), TODAY)[0] for key in KEYS}
    assert accepted == {key: key != "jobirl" for key in KEYS}
    events = [one for key in KEYS for one in events_of(session, get_convention(session, key))]
    assert len(events) == 5
    assert all(one.invented for one in events)
    medef = convention_state(session, get_convention(session, "medef_occitanie"), TODAY)
    assert (medef.expires_on, medef.notice_on) == (date(2028, 3, 18), None)


def test_importing_twice_is_importing_once(session: Session) -> None:
    """No second version, no second line, no second event."""
    before = [len(session.exec(select(one)).all()) for one in (Convention, Commitment, QuotaLine)]
    again = import_conventions(session, TODAY, with_sample_events=True)
    assert [one.outcome for one in again] == ["unchanged"] * 5
    assert [len(session.exec(select(one)).all()) for one in (Convention, Commitment, QuotaLine)] == before
    assert len(events_of(session, get_convention(session, "medef_occitanie"))) == 2


def test_a_changed_deed_is_a_new_version(session: Session) -> None:
    """The old text stays; offers, events and the partner's own ceilings follow the deed as it now reads."""
    offer = make_offer(session, make_site(session))
    line = session.exec(select(QuotaLine).where(QuotaLine.label == "OVHcloud, 3e")).one()
    line.ceiling, line.ceiling_source = 25, "le partenaire"
    old = get_convention(session, "ovhcloud")
    deed = _deed("ovhcloud")
    raised = tuple(dataclasses.replace(one, minimum=35) if one.id == "OVH-2" else one for one in deed.commitments)
    [imported] = import_conventions(session, TODAY, True, [dataclasses.replace(deed, commitments=raised)])
    new = get_convention(session, "ovhcloud")
    assert (imported.outcome, imported.convention.id, new.version) == ("changed", new.id, old.version + 1)
    minima = session.exec(select(Commitment.convention_id, Commitment.minimum).where(Commitment.code == "OVH-2")).all()
    assert dict(minima) == {old.id: 30, new.id: 35}
    moved = session.get_one(Offer, offer.id)
    assert moved.convention_id == new.id
    assert session.get_one(Commitment, moved.commitment_id).convention_id == new.id
    ceilings = session.exec(
        select(QuotaLine.ceiling, QuotaLine.ceiling_source).where(
            QuotaLine.convention_id == new.id, QuotaLine.label == "OVHcloud, 3e"
        )
    )
    assert ceilings.one() == (25, "le partenaire")
    assert accepts_offers(session, new, TODAY)[0]


def test_a_deed_from_the_future_is_refused(session: Session) -> None:
    """A date of signature after today is a typing error until that day comes."""
    deed = dataclasses.replace(_deed("serce"), signed_on=date(2030, 1, 1))
    with pytest.raises(ServiceError, match="après aujourd’hui"):
        import_conventions(session, TODAY, False, [deed])


def test_an_unknown_key_is_not_found(session: Session) -> None:
    """A convention that was never imported does not exist."""
    with pytest.raises(NotFound, match="Aucune convention"):
        get_convention(session, "tartempion")


def test_numbers_only_until_opinion_and_addendum(session: Session) -> None:
    """Article 7: one of the two is not enough; deeds without the clause have no gate."""
    gates = {key: is_numbers_only(session, get_convention(session, key)) for key in KEYS}
    assert gates == {
        "jobirl": False,
        "medef_occitanie": False,
        "microsoft_france": True,
        "ovhcloud": True,
        "serce": True,
    }
    serce = get_convention(session, "serce")
    record_event(session, serce, ConventionEventKind.MINISTRY_OPINION, TODAY, "Avis favorable", actor=ACTOR)
    assert is_numbers_only(session, serce)
    record_event(session, serce, ConventionEventKind.DATA_PROTECTION_ADDENDUM, TODAY, "Avenant", actor=ACTOR)
    assert not is_numbers_only(session, serce)
    assert is_numbers_only(session, get_convention(session, "ovhcloud"))


def test_termination_takes_effect_as_the_deed_says(session: Session) -> None:
    """Six months after receipt for SERCE, next September for MEDEF Occitanie, at once where nothing is written."""
    record_event(
        session,
        get_convention(session, "serce"),
        ConventionEventKind.TERMINATION,
        date(2026, 12, 1),
        "Lettre",
        actor=ACTOR,
    )
    assert _state(session, "serce", date(2027, 5, 31)) is ConventionState.IN_FORCE
    assert _state(session, "serce", date(2027, 6, 1)) is ConventionState.TERMINATED
    medef = get_convention(session, "medef_occitanie")
    record_event(session, medef, ConventionEventKind.TERMINATION, date(2026, 12, 1), "Lettre", actor=ACTOR)
    assert _state(session, "medef_occitanie", date(2027, 8, 31)) is ConventionState.IN_FORCE
    assert _state(session, "medef_occitanie", date(2027, 9, 1)) is ConventionState.TERMINATED
    assert "effet le 1er septembre 2027" in convention_state(session, medef, TODAY).why_fr


def test_a_renewal_after_the_term_runs_from_its_own_day(session: Session) -> None:
    """JobIRL renewed in 2026 for two years is in force until 2028, not retroactively since 2024."""
    jobirl = get_convention(session, "jobirl")
    record_event(session, jobirl, ConventionEventKind.RENEWAL, date(2026, 10, 1), "Nouvel acte", actor=ACTOR, years=2)
    standing = convention_state(session, jobirl, TODAY)
    assert (standing.state, standing.expires_on) == (ConventionState.IN_FORCE, date(2028, 10, 1))
    assert "au terme de sa dernière prolongation" in convention_state(session, jobirl, date(2029, 1, 1)).why_fr


@pytest.mark.parametrize(
    ("key", "kind", "day", "years", "code"),
    [
        ("serce", "signature", TODAY, None, "already_signed"),
        ("serce", "renewal", TODAY, None, "years_missing"),
        ("serce", "renewal", TODAY, 0, "years_invalid"),
        ("serce", "addendum", TODAY, 99, "years_invalid"),
        ("serce", "ministry_opinion", TODAY, 2, "years_invalid"),
        ("serce", "addendum", date(2020, 1, 1), None, "date_invalid"),
    ],
)
def test_a_fact_that_does_not_follow_is_refused(
    session: Session, key: str, kind: str, day: date, years: int | None, code: str
) -> None:
    """Nothing is recorded, and the sentence says what to correct."""
    convention = get_convention(session, key)
    before = len(events_of(session, convention))
    with pytest.raises(ServiceError) as refusal:
        record_event(session, convention, ConventionEventKind(kind), day, "motif", actor=ACTOR, years=years)
    assert (refusal.value.code, refusal.value.message[-1]) == (code, ".")
    assert len(events_of(session, convention)) == before


def test_facts_about_an_undated_or_terminated_deed(reference_engine: Engine) -> None:
    """A draft can be signed and nothing else; a deed is terminated once; a reason is always given."""
    with session_scope(reference_engine) as session:
        import_conventions(session, TODAY, with_sample_events=False)
        ovh = get_convention(session, "ovhcloud")
        with pytest.raises(ServiceError, match="Saisissez d’abord sa signature"):
            record_event(session, ovh, ConventionEventKind.TERMINATION, TODAY, "motif", actor=ACTOR)
        with pytest.raises(ServiceError, match="Le motif manque"):
            record_event(session, ovh, ConventionEventKind.SIGNATURE, TODAY, "  ", actor=ACTOR)
        record_event(session, ovh, ConventionEventKind.SIGNATURE, TODAY, "Acte reçu", actor=ACTOR)
        assert _state(session, "ovhcloud") is ConventionState.IN_FORCE
        record_event(session, ovh, ConventionEventKind.TERMINATION, TODAY, "Lettre", actor=ACTOR)
        with pytest.raises(Conflict, match="déjà enregistrée"):
            record_event(session, ovh, ConventionEventKind.TERMINATION, TODAY, "Lettre", actor=ACTOR)
