"""What a computed round says, for the coordinator: headline, proof, cuts, charts and map.

Responsible for turning the domain's counts into figures and words. Refuses to count anything itself: a page, an export
and a recount must agree, so every number comes from `service.domain.placements`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for

from service.domain.campaigns import get_campaign
from service.domain.moves import count_moves, reference_of
from service.domain.perimeters import Area
from service.domain.placements import RoundSummary, SchoolShare, round_summary
from service.domain.repair_notices import said_of_counts
from service.domain.round_tables import TABLES
from service.domain.rounds import get_round, name_of
from service.errors import NotFound
from service.persistence.rows import row_id
from service.persistence.tables import AllocationRound
from service.vocabulary import (
    HAS_RESULT,
    LEVEL_LABELS,
    PRIORITY_LABELS,
    ROUND_STATUS_LABELS,
    TIER_LABELS,
    Priority,
    RoundKind,
)
from service.web.access import part_read, reads_whole, runs
from service.web.charts import Bin, Chart, Dot, Versus, comparison_bars, dot_plot, histogram, stacked_share
from service.web.context import db
from service.web.coordinators import department_names
from service.web.french import NBSP, counted, number, ordinal, percent, typeset
from service.web.map import FranceMap, Measure, Scale, france_map

PLACED_SCALE = Scale((60, 80, 90, 97), "% des élèves", number, "aucun élève demandeur")
TIER_UNITS = {
    "placed": "élèves sans place",
    "reserves": "places réservées occupées par d’autres",
    "equity": "coût des élèves sans place, cumulé par établissement",
    "commitments": "places manquantes sous les engagements, dépassements de plafond compris",
    "stability": "élèves qui n’ont plus la place annoncée",
    "wishes": "somme des rangs obtenus",
    "distance": "somme des trajets, en mètres",
    "longest": "trajet le plus long, en mètres",
    "draw": "somme des numéros tirés",
}


def get_computed(round_id: int) -> AllocationRound:
    """A round that has a result: the others have no lists."""
    found = get_round(db(), round_id)
    if found.status not in HAS_RESULT or found.kind is RoundKind.SCENARIO:
        raise NotFound
    return found


def part_of(found: AllocationRound) -> Area:
    """What the person reads of a round: the whole, or the rows of their own territory."""
    return part_read(get_campaign(db(), found.campaign_id))


@dataclass(frozen=True, slots=True)
class TierRow:
    label: str
    unit: str
    value: int
    bound: int
    has_bound: bool
    proof: str


def tier_rows(found: AllocationRound) -> list[TierRow]:
    """The aims in the round's own order, each with what it reached and what nothing can beat."""
    return [
        TierRow(
            TIER_LABELS[tier["tier"]],
            TIER_UNITS[tier["tier"]],
            tier["value"],
            tier["bound"],
            tier["proof"] != "none",
            proof_words(tier, judged=found.proved_at is not None or found.solver_status == "OPTIMAL"),
        )
        for tier in found.tiers
    ]


def proof_words(tier: Mapping[str, Any], *, judged: bool = True) -> str:
    """Who vouches for the bound, and how far the value is from it: what only CP-SAT declares is called so.

    What the network vouches for is said to be proven if the judge found it again.
    """
    gap = tier["value"] - tier["bound"]
    if tier["proof"] == "none":
        return "sans borne"
    if tier["proof"] != "solver" and not judged:
        return "borne non vérifiée"
    apart = f"écart de {number(gap)} à la borne"
    if tier["proof"] == "solver":
        whose = "borne déclarée par le solveur, non prouvée"
        return f"{apart} déclarée par le solveur, non prouvée" if gap else whose
    held = ", les objectifs précédents tenus à leur valeur" if tier["proof"] == "held" else ""
    return (f"{apart} prouvée" if gap else "prouvé") + held


def frame_values(found: AllocationRound) -> dict[str, object]:
    """What the frame of every page of a round shows."""
    campaign = get_campaign(db(), found.campaign_id)
    return {
        "whole": reads_whole(campaign),
        "may_act": runs(campaign),
        "launched_by": name_of(db(), found.launched_by),
        "published_by": name_of(db(), found.published_by),
        "reference": reference_of(db(), found),
    }


def moves_values(found: AllocationRound) -> dict[str, object]:
    """What changes for whom since the round it starts from, in one sentence; empty for a first round."""
    reference = reference_of(db(), found)
    counts = count_moves(db(), row_id(reference), row_id(found)) if reference is not None else {}
    return {"reference": reference, "moves_said": said_of_counts(counts)}


def asked_filters(*names: str) -> dict[str, str]:
    """What the address asks a list to keep."""
    return {name: request.args.get(name, "").strip()[:80] for name in names}


def show_in_frame(template: str, found: AllocationRound, **values: object) -> str:
    """One of a computed round's pages, under its tabs."""
    return render_template(
        template,
        round=found,
        campaign=get_campaign(db(), found.campaign_id),
        round_labels=ROUND_STATUS_LABELS,
        departments=sorted(department_names().items()),
        **frame_values(found),
        **values,
    )


def result_values(found: AllocationRound) -> dict[str, object]:
    summary = round_summary(db(), found)
    baseline_placed = summary.baseline.get("placed")
    return {
        **frame_values(found),
        **moves_values(found),
        "summary": summary,
        "tiers": tier_rows(found),
        "baseline_placed": baseline_placed,
        "gain": None if baseline_placed is None else summary.share.placed - baseline_placed,
        "comparison": comparison_chart(found, summary),
        "wishes": wishes_chart(summary),
        "equity": equity_chart(summary.schools),
        "distances": distances_chart(summary),
        "map": placed_map(found, summary),
        "level_labels": LEVEL_LABELS,
        "exports": [(key, table.label) for key, table in TABLES.items()],
    }


def comparison_chart(found: AllocationRound, summary: RoundSummary) -> Chart:
    """The round beside first come, first served: placed, first wishes, mean trip of those placed."""
    baseline = summary.baseline
    rows: list[Versus] = []
    if "placed" in baseline:
        rows.append(Versus("Élèves placés", summary.share.placed, baseline["placed"]))
        rows.append(Versus("Premiers vœux obtenus", summary.wishes.by_rank.get(1, 0), baseline["first_wishes"]))
        metres = next((tier["value"] for tier in found.tiers if tier["tier"] == "distance"), 0)
        ours = metres / max(summary.hostings, 1)
        theirs = baseline["tiers"]["distance"] / max(baseline.get("hostings", baseline["placed"]), 1)
        rows.append(Versus("Distance moyenne d’un accueil", ours / 1000, theirs / 1000, _kilometres))
    return comparison_bars("comparaison", "Ce tour et le premier arrivé, premier servi", rows)


def _kilometres(value: float) -> str:
    return f"{number(value, 1)}{NBSP}km"


def wishes_chart(summary: RoundSummary) -> Chart:
    """What pupils obtained, those without a place included: the shares are of everybody."""
    by_rank = summary.wishes.by_rank
    parts = [(f"{ordinal(rank)} vœu", by_rank.get(rank, 0)) for rank in (1, 2, 3)]
    later = sum(count for rank, count in by_rank.items() if rank > 3)
    parts.append(("autre secteur, ou sans vœu", later + summary.wishes.outside + summary.wishes.without_wishes))
    parts.append(("aucune place", summary.share.unplaced))
    return stacked_share("voeux", "Vœux obtenus", "Élèves", parts)


def equity_chart(schools: Sequence[SchoolShare]) -> Chart:
    """One dot a school, a lane a class."""
    lanes = []
    for priority in Priority:
        dots = [Dot(one.name, one.share.placed, one.share.pupils) for one in schools if one.priority is priority]
        if dots:
            lanes.append((PRIORITY_LABELS[priority], dots))
    return dot_plot("equite", "Part des élèves placés, un point par établissement", lanes)


def distances_chart(summary: RoundSummary) -> Chart:
    bins = [Bin(one.from_km, one.to_km, one.pupils) for one in summary.trips]
    median = None if summary.median_trip_m is None else summary.median_trip_m / 1000
    return histogram("distances", "Distance de l’établissement au lieu du stage", "km", "élèves placés", bins, median)


def placed_map(found: AllocationRound, summary: RoundSummary) -> FranceMap:
    """Share of each département's pupils who have a place; an area leads to its schools."""
    measures = {
        one.code: Measure(
            100 * one.placed / one.pupils if one.pupils else None,
            typeset(f"{counted(one.placed, 'élève placé', 'élèves placés')} sur {number(one.pupils)}"),
            (number(one.pupils), number(one.placed), percent(one.placed, one.pupils), number(one.seats)),
        )
        for one in summary.departments
    }
    columns = ("Département", "Élèves", "Placés", "Part placée", "Places ouvertes")
    return france_map(
        "Part des élèves placés, par département de l’établissement",
        PLACED_SCALE,
        measures,
        department_names(),
        columns,
        lambda code: url_for("results.schools", round_id=found.id, departement=code),
    )
