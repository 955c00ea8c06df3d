"""The demonstration: an invented country entered, computed, verified and published by the service's own operations.

Responsible for the order of the steps and for never touching a database that is not a demonstration. Refuses to take
any shortcut that a real campaign could not take.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from fixtures.invented.country import invent_country
from fixtures.invented.settle import ACTOR, open_periods_of, settle_hosts, settle_requests, settle_schools
from service.config import DEVELOPMENT_KEY, Settings
from service.demo_databases import make_fresh_database
from service.demo_reports import Report, make_report
from service.domain.accounts import SampleAccount, create_sample_accounts, find_user_by_email
from service.domain.audit import record
from service.domain.calendar import make_periods
from service.domain.campaigns import open_campaign
from service.domain.conventions import import_conventions
from service.domain.publication import publish_round
from service.domain.rounds import get_round, launch_round
from service.domain.schools import get_school
from service.domain.territories import load_reference
from service.domain.texts import french_number, plural
from service.errors import ServiceError
from service.jobs.inline import run_now
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.terminal import Phases
from service.vocabulary import Level, Role, RoundStatus

DEFAULT_DATABASE = "sqlite:///instance/demo.db"
CAMPAIGN, SCHOOL_YEAR = "Campagne 2026-2027", "2026-2027"
DAY, _CLOSES_ON = date(2026, 11, 23), date(2026, 12, 18)
"""The demonstration's own day, whenever it is run: its conventions are in force then and its weeks are still ahead."""
LARGEST = 200_000


@dataclass(frozen=True, slots=True)
class Size:
    """How large a country (`SMALLEST` to `LARGEST` pupils), and which one."""

    pupils: int
    seed: int


def own_settings(settings: Settings) -> Settings:
    """The same settings on the demonstration's day, with a key of its own: no cookie is signed with a public one."""
    given = {} if settings.secret_key != DEVELOPMENT_KEY else {"secret_key": secrets.token_urlsafe(32)}
    return settings.model_copy(update={"today": settings.today or DAY, **given})


def build(settings: Settings, size: Size, phases: Phases) -> Report:
    """From nothing to a published round.

    Raises:
        ServiceError: the database is not a demonstration, or the round was not verified.
    """
    today = settings.today or DAY
    with phases.phase("Base de données"):
        engine = make_fresh_database(settings)
    try:
        with session_scope(engine) as session:
            record(session, ACTOR, "create_demo", "database", pupils=size.pupils, seed=size.seed)
        _load_reference(engine, today, phases)
        refused, accounts, campaign_id = _settle(engine, size, today, phases)
        round_id = _publish(settings, engine, campaign_id, accounts, phases)
        with session_scope(engine, write=False) as session:
            return make_report(session, get_round(session, round_id), refused, accounts, phases)
    finally:
        engine.dispose()


def _load_reference(engine: Engine, today: date, phases: Phases) -> None:
    with phases.phase("Données de référence") as tell, session_scope(engine) as session:
        load_reference(session)
        periods = make_periods(session, SCHOOL_YEAR)
        conventions = import_conventions(session, today, with_sample_events=True)
        tell(f"{len(conventions)} conventions, {len(periods)} périodes")


def _settle(engine: Engine, size: Size, today: date, phases: Phases) -> tuple[dict[str, str], list[SampleAccount], int]:
    """The country's rows. Returns refused conventions with the reason, the sample accounts, the campaign."""
    with session_scope(engine) as session:
        with phases.phase("Pays inventé") as tell:
            country = invent_country(size.seed, size.pupils, open_periods_of(session, SCHOOL_YEAR, _CLOSES_ON))
            tell(f"{len(country.schools)} établissements, {len(country.sites)} sites")
        with phases.phase("Demandes des établissements") as tell:
            campaign = open_campaign(session, CAMPAIGN, SCHOOL_YEAR, list(Level), _CLOSES_ON, actor=ACTOR, today=today)
            schools = settle_schools(session, country)
            tell(plural(settle_requests(session, campaign, country.schools, schools, today, size.seed), "demande"))
        with phases.phase("Offres des partenaires") as tell:
            refused = settle_hosts(session, country.sites, today) | settle_hosts(session, [country.lapsed], today)
            tell(f"{plural(len(refused), 'convention refusée', 'conventions refusées')}")
        shown = max(country.schools, key=lambda plan: (len(plan.classes), plan.uai))
        accounts = create_sample_accounts(session, get_school(session, shown.uai))
        return refused, accounts, row_id(campaign)


def _publish(
    settings: Settings, engine: Engine, campaign_id: int, accounts: list[SampleAccount], phases: Phases
) -> int:
    """One round launched by the sample coordinator, computed by the same job as any other, then published."""
    coordinator = next(account for account in accounts if account.role is Role.NATIONAL_COORDINATOR)
    with phases.phase("Calcul et vérification du tour") as tell:
        with session_scope(engine) as session:
            user = find_user_by_email(session, coordinator.email)
            assert user is not None
            actor = f"user:{user.id}"
            round_id = row_id(launch_round(session, campaign_id, actor))
        run_now(settings, round_id)
        with session_scope(engine, write=False) as session:
            computed = get_round(session, round_id)
            if computed.status is not RoundStatus.COMPUTED:
                raise ServiceError("round_not_computed", computed.failure or "Le tour n’a pas été calculé.")
            tell(f"{french_number(computed.placed)} élèves placés sur {french_number(computed.pupils)}")
    with phases.phase("Publication"), session_scope(engine) as session:
        publish_round(session, round_id, actor, settings.today or DAY)
    return round_id
