"""The coordinator after a publication: hosts that withdrew, the pupils concerned, the repair and who moves by it.

Responsible for showing. Refuses to know how a repair is computed; a repair is published as any round.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from service.domain.campaigns import get_campaign
from service.domain.repairs import launch_repair
from service.domain.rounds import find_active_round
from service.domain.shortfalls import concerned_pupils, find_filled_offers, shortfalls
from service.vocabulary import LEVEL_LABELS
from service.web.access import signed_in_person
from service.web.context import db
from service.web.coordinators import runs_campaigns
from service.web.paging import cut
from service.web.round_pages import follow

blueprint = Blueprint("repairs", __name__, url_prefix="/coordination")


@blueprint.get("/campagnes/<int:campaign_id>/desistements")
@runs_campaigns
def page(campaign_id: int) -> Any:
    campaign = get_campaign(db(), campaign_id)
    wanted = request.args.get("q", "").strip()[:80]
    return render_template(
        "coordinators/shortfalls.html",
        campaign=campaign,
        shortfalls=shortfalls(db(), campaign),
        page=cut(concerned_pupils(db(), campaign), request.args),
        active=find_active_round(db(), campaign_id),
        wanted=wanted,
        found=find_filled_offers(db(), campaign, wanted) if wanted else [],
        level_labels=LEVEL_LABELS,
    )


@blueprint.post("/campagnes/<int:campaign_id>/reparations")
@runs_campaigns
def launch(campaign_id: int) -> Any:
    return follow(launch_repair(db(), campaign_id, signed_in_person().actor))
