"""A round's life on screen: launch it, follow it, cancel it, see why it failed, publish it, download its dossier.

Responsible for showing every state with what to do next. Refuses to know how a round is computed, and what its result
says (`service.web.results`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from service.domain.campaigns import aims_in_order, get_campaign
from service.domain.publication import publish_round, verify_ahead
from service.domain.repairs import launch_next_round
from service.domain.rounds import ATTEMPTS, cancel_round, get_round, name_of
from service.errors import NotFound
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import AllocationRound, Campaign, RoundDossier
from service.vocabulary import ACTIVE_ROUNDS, HAS_RESULT, ROUND_STATUS_LABELS, TIER_LABELS, RoundKind, RoundStatus
from service.web.access import reads_whole, runs, signed_in_person
from service.web.context import after_commit, commit_unit, db, engine, now, today
from service.web.coordinators import reads_campaigns, reads_its_part, runs_campaigns
from service.web.french import typeset
from service.web.results import moves_values, result_values

blueprint = Blueprint("rounds", __name__, url_prefix="/coordination")
PATIENCE = timedelta(seconds=30)
"""How long a round may wait for a worker before the page says that none seems to run."""


@dataclass(frozen=True, slots=True)
class Phase:
    """`state` is `done`, `now` or `next`."""

    label: str
    state: str


def phases(campaign: Campaign, found: AllocationRound) -> list[Phase]:
    """Every phase of a round, in order, and where it stands."""
    current = found.phase
    still = found.base_round_id is not None and found.kind is not RoundKind.SCENARIO
    aims = aims_in_order(campaign, still=still)
    keys = {
        "freeze": "Geler les demandes et les places",
        "reachable": "Chercher les places atteignables",
        **{f"optimise:{tier}": f"Optimiser : {TIER_LABELS[tier]}" for tier in aims},
        "prove": "Prouver qu’on ne peut pas faire mieux",
        "explain": "Expliquer les places vides et les élèves sans place",
        "verify": "Vérifier par un programme indépendant",
        "record": "Enregistrer",
    }
    order = list(keys)
    at = order.index(current) if current in keys else -1
    return [
        Phase(typeset(label), "done" if index < at else "now" if index == at else "next")
        for index, label in enumerate(keys.values())
    ]


@blueprint.post("/campagnes/<int:campaign_id>/tours")
@runs_campaigns
def launch(campaign_id: int) -> Any:
    """Queues the round; the row is committed before the queue hears of it."""
    return follow(launch_next_round(db(), campaign_id, signed_in_person().actor))


def follow(launched: AllocationRound) -> Response:
    """Sends the round to the queue once its row is committed, and the person to its page."""
    round_id = row_id(launched)
    enqueue: Callable[[int], object] = current_app.extensions["sequence_enqueue"]
    after_commit(lambda: enqueue(round_id))
    return redirect(url_for("rounds.show_round", round_id=round_id), 303)


@blueprint.get("/tours/<int:round_id>")
@reads_its_part
def show_round(round_id: int) -> Any:
    found = get_round(db(), round_id)
    campaign = get_campaign(db(), found.campaign_id)
    values: dict[str, object] = {"campaign": campaign, "round": found, "round_labels": ROUND_STATUS_LABELS}
    if found.status in ACTIVE_ROUNDS:
        return render_template("coordinators/round_active.html", **values, **_active_values(found, campaign))
    if found.status in HAS_RESULT and found.kind is RoundKind.SCENARIO:
        return redirect(url_for("scenarios.page", round_id=round_id), 303)
    if found.status in HAS_RESULT and not reads_whole(campaign):
        return redirect(url_for("results.schools", round_id=round_id), 303)
    if found.status in HAS_RESULT:
        return render_template("coordinators/result.html", **values, **result_values(found))
    # Why it failed may name a pupil: that is for whoever reads the whole campaign.
    values |= {"whole": reads_whole(campaign), "may_act": runs(campaign)}
    return render_template("coordinators/round_ended.html", **values, launched_by=name_of(db(), found.launched_by))


def _active_values(found: AllocationRound, campaign: Campaign) -> dict[str, object]:
    waiting = found.status is RoundStatus.QUEUED
    return {
        "phases": phases(campaign, found),
        "launched_by": name_of(db(), found.launched_by),
        "nobody_works": waiting and now() - found.launched_at > PATIENCE,
        "attempts": ATTEMPTS,
        "may_act": runs(campaign),
    }


@blueprint.post("/tours/<int:round_id>/annulation")
@runs_campaigns
def cancel(round_id: int) -> Any:
    cancel_round(db(), round_id, signed_in_person().actor)
    flash("L’annulation est demandée. Le calcul s’arrête dans les secondes qui viennent, rien n’est enregistré.")
    return redirect(url_for(".show_round", round_id=round_id), 303)


@blueprint.get("/tours/<int:round_id>/publication")
@runs_campaigns
def confirm_publication(round_id: int) -> Any:
    """What publishing will do, before it is done."""
    found = get_round(db(), round_id)
    if found.status is not RoundStatus.COMPUTED:
        return redirect(url_for(".show_round", round_id=round_id), 303)
    return render_template(
        "coordinators/publish.html",
        round=found,
        campaign=get_campaign(db(), found.campaign_id),
        person=signed_in_person(),
        approved_by=name_of(db(), found.approved_by),
        **moves_values(found),
    )


@blueprint.post("/tours/<int:round_id>/publication")
@runs_campaigns
def publish(round_id: int) -> Any:
    actor = signed_in_person().actor
    # The verifier takes seconds: nobody waits for it, so the transaction that publishes begins once it has spoken.
    commit_unit()
    with session_scope(engine(), write=False) as session:
        seen = verify_ahead(session, round_id)
    publish_round(db(), round_id, actor, today(), seen)
    flash(
        "Le tour est publié. Les établissements voient leurs placements, les partenaires les élèves qu’ils attendent."
    )
    return redirect(url_for(".show_round", round_id=round_id), 303)


@blueprint.get("/tours/<int:round_id>/dossier/<document>.json.gz")
@reads_campaigns
def dossier(round_id: int, document: str) -> Response:
    """The very bytes that were judged, for whoever wants to check them again."""
    kept = db().get(RoundDossier, row_id(get_round(db(), round_id)))
    held: dict[str, bytes | None] = {}
    if kept is not None:
        held = {"instance": kept.instance_gz, "result": kept.result_gz, "certificate": kept.certificate_gz}
    content = held.get(document)
    if content is None:
        raise NotFound
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/gzip"
    answer.headers["Content-Disposition"] = f'attachment; filename="tour-{round_id}-{document}.json.gz"'
    return answer
