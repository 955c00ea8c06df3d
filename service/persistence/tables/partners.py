"""Who offers: partners, their member companies, sites, offers and the seats each offer opens per period."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import UtcDateTime, check, enum_column, json_field, utc_now
from service.vocabulary import Level, OfferStatus, PartnerKind, Priority


class Partner(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    kind: PartnerKind = Field(sa_type=enum_column(PartnerKind))
    siren: str | None = Field(default=None, max_length=9)
    city: str = ""
    department_code: str | None = Field(default=None, foreign_key="department.code")
    sector: str = ""


class PartnerMember(SQLModel, table=True):
    """A member company of a federation, a network or a movement: the one that really hosts."""

    id: int | None = Field(default=None, primary_key=True)
    partner_id: int = Field(foreign_key="partner.id", index=True)
    name: str
    siren: str | None = Field(default=None, max_length=9)

    __table_args__ = (
        UniqueConstraint("partner_id", "name", name="partner_member_once"),
        UniqueConstraint("id", "partner_id", name="partner_member_with_its_partner"),
    )


class Site(SQLModel, table=True):
    """A place that receives pupils. Its SIRET is the site's own, not the head office's; a doubtful one only warns."""

    id: int | None = Field(default=None, primary_key=True)
    partner_id: int = Field(foreign_key="partner.id", index=True)
    member_id: int | None = Field(default=None, foreign_key="partnermember.id", index=True)
    name: str
    siret: str = Field(default="", max_length=14)
    street: str = ""
    insee: str = Field(foreign_key="commune.insee")
    department_code: str = Field(foreign_key="department.code", index=True)
    latitude: float
    longitude: float
    serves: list[str] = json_field(list)
    """Functional needs the site can serve (`Need`)."""
    contact_email: str = ""
    """Who answers for the site by mail, without an account; empty when nobody does."""
    safety_notes: str = ""
    """What everybody who comes has to know: shoes, badge, where to go first."""
    tutor_name: str = ""
    tutor_function: str = ""
    tutor_email: str = ""
    """Who usually accompanies the pupils there: what the agreements of the site start from."""
    version: int = 1

    __table_args__ = (
        UniqueConstraint("partner_id", "name", "insee", name="site_once"),
        UniqueConstraint("id", "partner_id", name="site_with_its_partner"),
        ForeignKeyConstraint(
            ["member_id", "partner_id"], ["partnermember.id", "partnermember.partner_id"], name="site_own_member"
        ),
    )


class Offer(SQLModel, table=True):
    """One site's opening for one level, under one convention or none. Remaining seats are computed, never typed."""

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    convention_id: int | None = Field(default=None, foreign_key="convention.id", index=True)
    commitment_id: int | None = Field(default=None, foreign_key="commitment.id", index=True)
    school_year: str = Field(max_length=9)
    level: Level = Field(sa_type=enum_column(Level))
    sector: str = Field(foreign_key="sector.key")
    status: OfferStatus = Field(default=OfferStatus.DRAFT, sa_type=enum_column(OfferStatus))
    max_per_school: int | None = None
    min_group: int | None = None
    """Pupils of one school in the same period: none of them, or at least that many. None: one may come alone."""
    title: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the site last said that its places stand."""
    version: int = 1

    __table_args__ = (
        check("max_per_school IS NULL OR max_per_school > 0", "offer_max_per_school_positive"),
        check("min_group IS NULL OR min_group > 1", "offer_min_group_is_several"),
        check("max_per_school >= min_group", "offer_group_bounds"),
        # A seat is counted once: its promise is one, and of the very deed under which it is offered.
        check("commitment_id IS NULL OR convention_id IS NOT NULL", "offer_commitment_of_a_convention"),
        ForeignKeyConstraint(
            ["commitment_id", "convention_id"],
            ["commitment.id", "commitment.convention_id"],
            name="offer_commitment_of_its_convention",
        ),
    )


class OfferReserve(SQLModel, table=True):
    """Seats of each period of an offer that belong first to the pupils of one category of schools."""

    offer_id: int = Field(foreign_key="offer.id", primary_key=True)
    category: Priority = Field(sa_type=enum_column(Priority), primary_key=True)
    seats: int

    __table_args__ = (check("seats > 0 AND seats <= 2000", "offer_reserve_bounds"),)


class OfferDay(SQLModel, table=True):
    """The hours of one day of the week, in minutes since midnight; 1 is Monday. A day without row is a day off."""

    offer_id: int = Field(foreign_key="offer.id", primary_key=True)
    weekday: int = Field(primary_key=True)
    starts: int
    pause_from: int | None = None
    pause_to: int | None = None
    ends: int

    __table_args__ = (
        check("weekday >= 1 AND weekday <= 6", "offer_day_of_the_week"),
        check("starts >= 0 AND starts < ends AND ends <= 1440", "offer_day_order"),
        check("(pause_from IS NULL) = (pause_to IS NULL)", "offer_day_whole_pause"),
        check("starts < pause_from AND pause_from < pause_to AND pause_to < ends", "offer_day_pause_inside"),
    )


class Opening(SQLModel, table=True):
    """Seats of one offer in one period. `used` counts published placements and can never pass `capacity`."""

    id: int | None = Field(default=None, primary_key=True)
    offer_id: int = Field(foreign_key="offer.id", index=True)
    period_id: str = Field(foreign_key="period.id", index=True)
    capacity: int
    used: int = 0
    keeps: int | None = None
    """What the host still receives of `used`, once it has said that it cannot receive them all; None when it can.

    The pupils above it stay where they are until a repair is published; nobody new comes meanwhile."""

    __table_args__ = (
        UniqueConstraint("offer_id", "period_id", name="opening_once"),
        UniqueConstraint("id", "period_id", name="opening_with_its_period"),
        check("capacity >= 0 AND capacity <= 2000", "opening_capacity_bounds"),
        check("used >= 0 AND used <= capacity", "opening_never_oversold"),
        check("keeps IS NULL OR keeps >= 0", "opening_keeps_positive"),
    )
