"""A round cut by class, sector and host, and compared: with first come, first served, and with the round before it.

Responsible for choosing and showing. Refuses to count: every number is the domain's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request

from service.domain.cut_tables import first_come
from service.domain.placements import RoundSummary, Share, round_summary
from service.domain.round_cuts import (
    ClassShare,
    beside_the_one_before,
    classes_of_round,
    partners_of_round,
    sectors_of_round,
)
from service.domain.texts import search_form
from service.persistence.tables import AllocationRound
from service.vocabulary import LEVEL_LABELS, PRIORITY_LABELS, Level
from service.web.context import db
from service.web.coordinators import reads_campaigns, reads_its_part
from service.web.french import NBSP, distance, number, ordinal
from service.web.paging import cut
from service.web.results import asked_filters, comparison_chart, get_computed, part_of, show_in_frame

blueprint = Blueprint("cuts", __name__, url_prefix="/coordination")
ORDERS = (("", "par établissement"), ("taux", "les moins bien servies d’abord"))


@blueprint.get("/tours/<int:round_id>/classes")
@reads_its_part
def classes(round_id: int) -> Any:
    found = get_computed(round_id)
    chosen = asked_filters("q", "niveau", "departement", "tri")
    rows = _filtered(classes_of_round(db(), found, part_of(found)), chosen)
    if chosen["tri"] == "taux":
        rows.sort(key=lambda one: (one.share.rate or 0.0, -one.share.unplaced, one.uai, one.name))
    return show_in_frame(
        "coordinators/classes.html",
        found,
        chosen=chosen,
        page=cut(rows, request.args),
        levels=[(level.value, LEVEL_LABELS[level]) for level in Level],
        level_labels=LEVEL_LABELS,
        orders=ORDERS,
    )


def _filtered(rows: Sequence[ClassShare], chosen: Mapping[str, str]) -> list[ClassShare]:
    text = search_form(chosen["q"])
    return [
        one
        for one in rows
        if chosen["niveau"] in ("", one.level)
        and chosen["departement"] in ("", one.department_code)
        and (not text or text in search_form(f"{one.school} {one.uai} {one.name}"))
    ]


@blueprint.get("/tours/<int:round_id>/repartition")
@reads_campaigns
def shares(round_id: int) -> Any:
    """By level, by category, by sector, by host."""
    found = get_computed(round_id)
    summary = round_summary(db(), found)
    return show_in_frame(
        "coordinators/shares.html",
        found,
        levels=[(LEVEL_LABELS[level], share) for level, share in summary.by_level.items()],
        categories=[(PRIORITY_LABELS[priority], share) for priority, share in summary.by_priority.items()],
        sectors=sectors_of_round(db(), found),
        hosts=cut(partners_of_round(db(), found), request.args),
    )


@dataclass(frozen=True, slots=True)
class Versus:
    """One line of a comparison: this round, first come, first served, and how far apart they are."""

    label: str
    ours: str
    theirs: str
    gap: str


@blueprint.get("/tours/<int:round_id>/comparaison")
@reads_campaigns
def compared(round_id: int) -> Any:
    """Beside first come, first served on the very same demands and seats; then beside the round before."""
    found = get_computed(round_id)
    summary = round_summary(db(), found)
    known = "first_come" in found.figures
    return show_in_frame(
        "coordinators/compared.html",
        found,
        known=known,
        chart=comparison_chart(found, summary),
        cuts=_cuts(found, summary) if known else [],
        measures=_measures(found, summary) if known else [],
        before=beside_the_one_before(db(), found),
    )


def _cuts(found: AllocationRound, summary: RoundSummary) -> list[tuple[str, list[Versus]]]:
    levels = {LEVEL_LABELS[key]: (str(key), one) for key, one in summary.by_level.items()}
    categories = {PRIORITY_LABELS[key]: (str(key), one) for key, one in summary.by_priority.items()}
    departments = {f"{one.name} ({one.code})": (one.code, Share(one.pupils, one.placed)) for one in summary.departments}
    return [
        ("Niveau", _lines(levels, found, "by_level")),
        ("Catégorie", _lines(categories, found, "by_priority")),
        ("Département", _lines(departments, found, "by_department")),
    ]


def _lines(shares: Mapping[str, tuple[str, Share]], found: AllocationRound, cut_name: str) -> list[Versus]:
    theirs = first_come(found, cut_name)
    return [_versus(label, share.placed, theirs.get(key, 0)) for label, (key, share) in shares.items() if share.pupils]


def _versus(label: str, ours: int, theirs: int) -> Versus:
    return Versus(label, number(ours), number(theirs), signed(ours - theirs))


def signed(value: int) -> str:
    """« +12 », « −3 », « 0 »."""
    return f"+{number(value)}" if value > 0 else number(value)


def _measures(found: AllocationRound, summary: RoundSummary) -> list[Versus]:
    """Wishes obtained, trips, and schools left without a single place."""
    theirs = found.figures["first_come"]
    ranks, outside = theirs["by_rank"], str(found.figures["outside_rank"])
    mine = summary.wishes.by_rank
    lines = [_versus(f"{ordinal(rank)} vœu obtenu", mine.get(rank, 0), ranks.get(str(rank), 0)) for rank in (1, 2, 3)]
    lines.append(_versus("Secteur hors des vœux", summary.wishes.outside, ranks.get(outside, 0)))
    served = sum(1 for one in summary.schools if one.share.placed)
    lines.append(_versus("Établissements qui ont au moins une place", served, theirs["schools_with_a_place"]))
    lines.append(_trips("Trajet médian", summary.median_trip_m, theirs["median_trip_m"]))
    longest = next((tier["value"] for tier in found.tiers if tier["tier"] == "longest"), None)
    lines.append(_trips("Trajet le plus long", longest, theirs["longest_trip_m"]))
    return lines


def _trips(label: str, ours: int | None, theirs: int | None) -> Versus:
    if ours is None or theirs is None:
        return Versus(label, _metres(ours), _metres(theirs), "–")
    return Versus(label, _metres(ours), _metres(theirs), f"{signed(ours - theirs)}{NBSP}m")


def _metres(value: int | None) -> str:
    return "–" if value is None else distance(value)
