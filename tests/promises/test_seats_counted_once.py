"""«Une place ne compte qu’une fois»: two partners who mobilise one company cannot both publish its seats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from service.domain import offer_doubles
from service.domain.offers import OfferDraft, publish_offer
from service.domain.sites import SiteDraft, add_partner, add_site
from service.errors import Refusals
from service.persistence.engine import make_engine, open_session, session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Opening, Site
from service.vocabulary import Level, PartnerKind
from tests.promises.round_scenes import TODAY, url_of
from tests.service.conftest import ENGINES, _copy

SIRET, INSEE = "00000001800012", "69123"
DRAFT = OfferDraft(level=Level.SECONDE_GT, sector="industrie", seats={"2027-W24-2": 3})
IMPATIENCE = {"sqlite": "PRAGMA busy_timeout = 0", "postgresql": "SET lock_timeout = '200ms'"}


@pytest.fixture(params=ENGINES)
def field(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The reference data, on each engine in turn."""
    yield from _copy(request.param, "reference", request)


@pytest.fixture
def postgres_field(request: pytest.FixtureRequest) -> Iterator[Engine]:
    yield from _copy("postgres", "reference", request)


def two_sites(engine: Engine) -> tuple[int, int]:
    """The same establishment, entered by two partners."""
    with session_scope(engine) as session:
        partners = [row_id(add_partner(session, name, PartnerKind.INDEPENDENT, "cli")[0]) for name in ("Un", "Deux")]
        draft = SiteDraft(name="Fonderie du Vallon", insee=INSEE, siret=SIRET)
        one, other = (row_id(add_site(session, partner, draft, "cli")[0]) for partner in partners)
    return one, other


def publish(session: Session, site: int) -> None:
    publish_offer(session, session.get_one(Site, site), DRAFT, TODAY, "cli")


@contextmanager
def impatient(engine: Engine) -> Iterator[Engine]:
    """Another process's engine on the same database, which does not wait for anybody's turn to end."""
    other = make_engine(url_of(engine))

    def refuse_to_wait(connection: Any, _record: object) -> None:
        connection.execute(IMPATIENCE[engine.dialect.name])
        connection.commit()

    event.listen(other, "connect", refuse_to_wait)
    yield other
    other.dispose()


def seats(engine: Engine) -> int:
    with session_scope(engine, write=False) as session:
        return int(session.exec(select(func.sum(col(Opening.capacity)))).one() or 0)


def test_two_partners_publish_at_the_same_instant(field: Engine) -> None:
    """While one partner publishes, the other waits; then it is told who has published those seats already."""
    one, other = two_sites(field)
    with impatient(field) as elsewhere:
        with open_session(field) as first:
            publish(first, one)
            with pytest.raises(OperationalError, match="lock"), session_scope(elsewhere) as second:
                publish(second, other)
            first.commit()
        with pytest.raises(Refusals, match="y publie déjà des places avec Un"), session_scope(elsewhere) as second:
            publish(second, other)
    assert seats(field) == 3


def test_sabotage_nobody_waits(postgres_field: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: without the turn, PostgreSQL lets both publish, and the same seats count twice."""
    monkeypatch.setattr(offer_doubles, "wait_for_turn", lambda *_: None)
    one, other = two_sites(postgres_field)
    with impatient(postgres_field) as elsewhere, open_session(postgres_field) as first:
        publish(first, one)
        with session_scope(elsewhere) as second:
            publish(second, other)
        first.commit()
    assert seats(postgres_field) == 6
