"""How far a round fills each line of a convention: what the frozen instance allowed, what the round put there.

Responsible for putting names on the figures kept with the round. Refuses to recount: the ledger of a convention does.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from service.persistence.bulk import fetch
from service.persistence.tables import AllocationRound, Convention, QuotaLine


@dataclass(frozen=True, slots=True)
class LineFill:
    """`ceiling` and `commitment` as the round had them: less what the school year's other campaigns held."""

    line_id: int
    convention_key: str
    label: str
    level: str
    ceiling: int | None
    commitment: int | None
    seats: int
    placed: int


def lines_of_round(session: Session, found: AllocationRound) -> list[LineFill]:
    rows = fetch(
        session,
        select(col(QuotaLine.id), col(Convention.key), col(QuotaLine.label), col(QuotaLine.level))
        .join(Convention, col(Convention.id) == col(QuotaLine.convention_id))
        .order_by(col(Convention.key), col(QuotaLine.id)),
    )
    kept = {figures["line"]: figures for figures in found.figures["lines"]}
    return [
        LineFill(
            line_id=line_id,
            convention_key=key,
            label=label,
            level=level,
            ceiling=kept[line_id]["ceiling"],
            commitment=kept[line_id]["commitment"],
            seats=kept[line_id]["seats"],
            placed=kept[line_id]["placed"],
        )
        for line_id, key, label, level in rows
        if line_id in kept
    ]
