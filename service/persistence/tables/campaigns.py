"""Campaigns, their rounds, and what a round decided. A round's row is the truth, the queue only carries its number."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, json_field, utc_now
from service.vocabulary import AdjustmentKind, CampaignStatus, PeriodKind, RoundKind, RoundStatus

_ACTIVE = text("status IN ('queued', 'running')")


class Period(SQLModel, table=True):
    """A stretch of time capacity is counted over: `2027-W05`, or `2027-W24-2` for two weeks from week 24."""

    id: str = Field(primary_key=True, max_length=12)
    kind: PeriodKind = Field(sa_type=enum_column(PeriodKind))
    school_year: str = Field(max_length=9, index=True)
    starts_on: date
    ends_on: date
    weeks: list[str] = json_field(list)
    """ISO weeks it occupies."""

    __table_args__ = (check("ends_on >= starts_on", "period_order"),)


class Campaign(SQLModel, table=True):
    """A pooling of requests and offers. `published_round_id` is what everybody reads."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    school_year: str = Field(max_length=9)
    territory: str = Field(default="", max_length=16)
    """Whose schools ask and whose sites receive: a key of `service.domain.perimeters`, empty for the whole country."""
    levels: list[str] = json_field(list)
    status: CampaignStatus = Field(default=CampaignStatus.DRAFT, sa_type=enum_column(CampaignStatus))
    closes_on: date
    default_reach_km: int = 30
    added_reach_km: int = 0
    """Kilometres more than what each class accepts (fewer if negative), for every class."""
    reserves: dict[str, int] = json_field(dict)
    """Percent of each offer's seats that belong first to a priority class, by class."""
    territory_rule: str = "academy_or_neighbour"
    tiers: list[str] = json_field(list)
    """Order of the aims between `placed` and `draw`; empty means the official one."""
    two_people: bool = False
    """Whether one person agrees and another publishes."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    published_round_id: int | None = Field(
        default=None,
        sa_column_args=(ForeignKey("allocationround.id", use_alter=True, name="fk_campaign_published_round_id"),),
    )
    version: int = 1


class AllocationRound(SQLModel, table=True):
    """One launch. Leased by the worker that computes it: `token` fences off a worker that comes back too late."""

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id", index=True)
    number: int
    kind: RoundKind = Field(default=RoundKind.ROUND, sa_type=enum_column(RoundKind))
    base_round_id: int | None = Field(default=None, foreign_key="allocationround.id")
    """The round whose placements it keeps as still as it can, or, for a scenario, the one it changes."""
    name: str = ""
    """What a person called a scenario; empty for the others."""
    changes: list[dict[str, Any]] = json_field(list)
    """What a scenario changes in the frozen round, as `service.domain.scenarios` says it."""
    status: RoundStatus = Field(default=RoundStatus.QUEUED, sa_type=enum_column(RoundStatus))
    launched_by: str
    launched_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    token: int = 0
    phase: str = ""
    progress: float = 0.0
    cancel_requested: bool = False
    input_sha256: str = ""
    engine: str = ""
    solver_status: str = ""
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    proved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its certificate was found to prove it optimal; None for a degraded round."""
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_by: str = ""
    applied_by: str = ""
    """Of a scenario alone: who made rules of what it changes."""
    applied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_by: str = ""
    """Who agreed that it be published, where two people are wanted."""
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failure: str = ""
    """French sentence: what went wrong and what to do."""
    pupils: int = 0
    placed: int = 0
    seats: int = 0
    tiers: list[dict[str, Any]] = json_field(list)
    baseline: dict[str, Any] = json_field(dict)
    """What first come, first served would have given on the same instance."""
    figures: dict[str, Any] = json_field(dict)
    """What only the frozen instance knows, counted once: seats by département, quota lines with what they held."""
    seconds: dict[str, float] = json_field(dict)

    __table_args__ = (
        UniqueConstraint("campaign_id", "number", name="allocation_round_number_once"),
        Index(
            "one_active_round_per_campaign",
            "campaign_id",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        check("placed >= 0 AND placed <= pupils", "allocation_round_counts"),
    )


class RoundPart(SQLModel, table=True):
    """A part of a round under way that another worker may compute. `round_token` is the attempt that offers it: when
    that one is over the part means nothing. Leased and fenced like the round itself."""

    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="allocationround.id")
    round_token: int
    number: int
    body: bytes = Field(sa_type=LargeBinary)
    answer: bytes | None = Field(default=None, sa_type=LargeBinary)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    token: int = 0

    __table_args__ = (UniqueConstraint("round_id", "round_token", "number", name="round_part_once"),)


class RoundDossier(SQLModel, table=True):
    """The frozen instance, the result and the certificate, gzip-compressed: the very bytes that were judged."""

    round_id: int = Field(foreign_key="allocationround.id", primary_key=True)
    instance_gz: bytes = Field(sa_type=LargeBinary)
    result_gz: bytes | None = Field(default=None, sa_type=LargeBinary)
    certificate_gz: bytes | None = Field(default=None, sa_type=LargeBinary)
    difference_gz: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Of a scenario alone: who gains, loses or moves against the round it starts from."""


class Placement(SQLModel, table=True):
    """A pupil's place decided by a round: two, in distinct periods, for a pupil sent to two hosts.

    Only a published one counts against seats and against other rounds.
    """

    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="allocationround.id", index=True)
    pupil_id: int = Field(foreign_key="pupil.id", index=True)
    opening_id: int = Field(index=True)
    period_id: str
    rank: int
    """Rank of the wish obtained; 0 for a pupil without wishes; the campaign's last rank + 1 outside the wishes."""
    trip_m: int
    published: bool = False

    __table_args__ = (
        UniqueConstraint("round_id", "pupil_id", "period_id", name="placement_once_per_round_and_period"),
        Index(
            "one_published_placement_per_pupil_and_period",
            "pupil_id",
            "period_id",
            unique=True,
            sqlite_where=text("published"),
            postgresql_where=text("published"),
        ),
        ForeignKeyConstraint(
            ["opening_id", "period_id"], ["opening.id", "opening.period_id"], name="fk_placement_opening_and_period"
        ),
        check("trip_m >= 0", "placement_trip_positive"),
    )


class UnplacedPupil(SQLModel, table=True):
    """A pupil a round could not place, and why."""

    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="allocationround.id", index=True)
    pupil_id: int = Field(foreign_key="pupil.id", index=True)
    reason: str
    facts: dict[str, Any] = json_field(dict)
    fix_kind: str = ""
    """What the smallest change that places one more pupil here changes; empty when none is known."""
    fix_subject: str = ""
    """On what: pupils who wait for the same change have the same words (`service.domain.findings`)."""
    fixes: list[dict[str, Any]] = json_field(list)
    """Every change that would do, the smallest first, at most one of a kind."""

    __table_args__ = (UniqueConstraint("round_id", "pupil_id", name="unplaced_once_per_round"),)


class Adjustment(SQLModel, table=True):
    """What a coordinator decided beside the rules, with the reason: the campaign's next rounds take it in.

    A lifted one no longer counts and stays readable.
    """

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id", index=True)
    kind: AdjustmentKind = Field(sa_type=enum_column(AdjustmentKind))
    offer_id: int = Field(foreign_key="offer.id", index=True)
    pupil_id: int | None = Field(default=None, foreign_key="pupil.id", index=True)
    period_id: str | None = Field(default=None, foreign_key="period.id")
    why: str
    made_by: str
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    lifted_by: str = ""
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        check(
            "(kind = 'exclude') = (pupil_id IS NULL) AND (kind = 'pin') = (period_id IS NOT NULL)", "adjustment_target"
        ),
    )
