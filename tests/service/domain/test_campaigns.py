"""A campaign is opened with rules that make sense, or not at all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from service.domain.campaigns import close_campaign, find_open_campaign, get_campaign, open_campaign
from service.errors import NotFound, ServiceError
from service.persistence.columns import utc_now
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Campaign
from service.vocabulary import CampaignStatus, Level

SOON = utc_now().date() + timedelta(days=30)


def opened(session: Session, **changes: Any) -> Campaign:
    values = {"name": "Campagne", "school_year": "2026-2027", "levels": ["2de_gt", "3e"], "closes_on": SOON, **changes}
    return open_campaign(session, actor="user:1", **values)


def test_a_campaign_in_force(engine: Engine) -> None:
    """A campaign is open at once, keeps its levels in order, and is the one in force until it is closed."""
    with session_scope(engine) as session:
        campaign = opened(session)
        assert campaign.status is CampaignStatus.OPEN
        assert campaign.levels == [Level.TROISIEME, Level.SECONDE_GT]
        later = opened(session, name="Campagne suivante")
        assert find_open_campaign(session) == later
        close_campaign(session, later, "user:1")
        assert find_open_campaign(session) == campaign
        assert get_campaign(session, row_id(campaign)) == campaign


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "Déjà là"}, "name"),
        ({"levels": []}, "levels"),
        ({"levels": ["4e"]}, "levels"),
        ({"closes_on": date(2020, 1, 1)}, "closes_on"),
        ({"default_reach_km": 0}, "default_reach_km"),
        ({"default_reach_km": 301}, "default_reach_km"),
        ({"territory_rule": "planet"}, "territory_rule"),
        ({"tiers": ["wishes"]}, "tiers"),
        ({"tiers": ["wishes", "wishes", "equity", "distance"]}, "tiers"),
    ],
)
def test_refusals(sqlite_engine: Engine, changes: dict[str, Any], field: str) -> None:
    """Each senseless setting is refused at its own field, and leaves no campaign behind."""
    with session_scope(sqlite_engine) as session:
        opened(session, name="Déjà là")
    with pytest.raises(ServiceError) as refusal, session_scope(sqlite_engine) as session:
        opened(session, **changes)
    assert refusal.value.field == field
    with session_scope(sqlite_engine, write=False) as session:
        assert len(session.exec(select(Campaign)).all()) == 1


def test_an_unknown_campaign(sqlite_engine: Engine) -> None:
    """A campaign that does not exist is not found, and none is in force."""
    with session_scope(sqlite_engine, write=False) as session:
        with pytest.raises(NotFound):
            get_campaign(session, 404)
        assert find_open_campaign(session) is None
