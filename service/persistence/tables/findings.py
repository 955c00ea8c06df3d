"""What a round teaches besides its placements: what one more seat would be worth, and what stays empty or is full."""

from __future__ import annotations

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.persistence.columns import check, json_field


class NewSeatValue(SQLModel, table=True):
    """Who could take one more seat of a sector, in a département and a period, for a level: counts overlap."""

    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="allocationround.id", index=True)
    department_code: str = Field(max_length=3)
    level: str
    period_id: str
    sector: str
    unplaced: int
    """Pupils without a place who could take it."""
    movers: int
    """Placed pupils who, by taking it, would let a chain of moves place somebody."""

    __table_args__ = (
        UniqueConstraint(
            "round_id", "department_code", "level", "period_id", "sector", name="new_seat_value_once_per_round"
        ),
        check("unplaced >= 0 AND movers >= 0 AND unplaced + movers > 0", "new_seat_value_counts"),
    )


class HigherWish(SQLModel, table=True):
    """A sector that a placed pupil ranks higher than the one obtained, and why not there."""

    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="allocationround.id", index=True)
    pupil_id: int = Field(foreign_key="pupil.id", index=True)
    rank: int
    sector: str
    reason: str
    openings: int = 0
    """Openings of that sector that the pupil may have."""
    tier: str = ""
    """The aim that going there makes worse by at least `at_least`, in its unit; empty when the prices do not tell."""
    at_least: int = Field(default=0, sa_type=BigInteger)

    __table_args__ = (
        UniqueConstraint("round_id", "pupil_id", "rank", name="higher_wish_once_per_round"),
        check("rank >= 1 AND openings >= 0", "higher_wish_counts"),
    )


class OpeningFinding(SQLModel, table=True):
    """An opening with free seats and why, or a full one where one more seat would place one more pupil."""

    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="allocationround.id", index=True)
    offer_id: int
    period_id: str
    seats: int = 0
    """Seats left free by the round."""
    reason: str = ""
    """Why they are; empty when there are none."""
    one_more: bool = False
    """Whether one more seat there would place one more pupil."""
    pupils: int = 0
    """Pupils who may come; of them `unplaced` have no place, `prefer` have one in a sector they rank lower."""
    unplaced: int = 0
    prefer: int = 0
    kept_out: int = 0
    """Pupils whom the rule named by the reason keeps out, when nobody may come."""
    lines: list[str] = json_field(list)
    """Quota lines above it that are full."""

    __table_args__ = (
        UniqueConstraint("round_id", "offer_id", "period_id", name="opening_finding_once_per_round"),
        check("(seats > 0) = (reason <> '')", "opening_finding_reason"),
    )
