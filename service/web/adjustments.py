"""The coordinator's adjustments: a pupil sent to an offer, an offer kept from a pupil or left out, each with a reason.

Responsible for asking and for showing what counts. Refuses to decide what they give: the next round says who moves.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from wtforms import HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.domain.adjustment_choices import PupilFile, read_pupil_file
from service.domain.adjustments import Wanted, adjust, find_pupil, lift, list_adjustments
from service.domain.campaigns import get_campaign
from service.domain.repairs import launch_adjusted
from service.domain.rounds import find_active_round, names_of, rounds_of
from service.errors import ServiceError
from service.persistence.tables import Campaign
from service.vocabulary import ADJUSTMENT_LABELS, HAS_RESULT, LEVEL_LABELS, AdjustmentKind
from service.web.access import signed_in_person
from service.web.context import db
from service.web.coordinators import runs_campaigns
from service.web.forms import Form, show
from service.web.paging import cut
from service.web.round_pages import follow

blueprint = Blueprint("adjustments", __name__, url_prefix="/coordination")
_CHOICE = re.compile(r"([0-9]{1,9})/([0-9A-Z-]{1,12})")


class AdjustmentForm(Form):
    """`place` is «offer/period» of a table's row; `offer` is typed, for an exclusion."""

    kind = RadioField("Décision", choices=[SelectChoice(one.value, ADJUSTMENT_LABELS[one]) for one in AdjustmentKind])
    pupil = HiddenField()
    place = StringField("Offre", [Length(max=30)])
    offer = StringField("Numéro de l’offre", [Length(max=9, message="9 chiffres au plus.")])
    why = StringField(
        "Motif",
        [
            InputRequired("Donnez le motif en une phrase\u00a0: il est gardé avec la décision."),
            Length(max=300, message="300 caractères au plus."),
        ],
    )

    def wanted(self) -> Wanted:
        """
        Raises:
            ServiceError: no offer was chosen.
        """
        kind = AdjustmentKind(self.kind.data)
        chosen = _CHOICE.fullmatch(self.place.data or "")
        typed = (self.offer.data or "").strip()
        if chosen is not None and kind is not AdjustmentKind.EXCLUDE:
            return Wanted(kind, int(chosen[1]), self.pupil.data or "", chosen[2], self.why.data or "")
        if kind is AdjustmentKind.EXCLUDE and re.fullmatch("[0-9]{1,9}", typed):
            return Wanted(kind, int(typed), why=self.why.data or "")
        message = "Choisissez une offre dans la liste." if self.pupil.data else "Écrivez le numéro de l’offre."
        raise ServiceError("offer_missing", message, "place" if self.pupil.data else "offer")


@blueprint.get("/campagnes/<int:campaign_id>/ajustements")
@runs_campaigns
def page(campaign_id: int) -> Any:
    form = AdjustmentForm()
    form.pupil.data = request.args.get("eleve", "").strip()[:40]
    return _show(get_campaign(db(), campaign_id), form)


@blueprint.post("/campagnes/<int:campaign_id>/ajustements")
@runs_campaigns
def add(campaign_id: int) -> Any:
    form = AdjustmentForm()
    campaign = get_campaign(db(), campaign_id)
    if not form.validate():
        return _show(campaign, form)
    try:
        made = adjust(db(), campaign, form.wanted(), signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(get_campaign(db(), campaign_id), form)
    flash(f"Décision enregistrée\u00a0: {ADJUSTMENT_LABELS[made.kind].lower()}. Le prochain tour la prend en compte.")
    return redirect(url_for(".page", campaign_id=campaign_id), 303)


@blueprint.post("/ajustements/<int:adjustment_id>/levee")
@runs_campaigns
def lift_one(adjustment_id: int) -> Any:
    lifted = lift(db(), adjustment_id, signed_in_person().actor)
    flash("La décision est levée\u00a0: elle ne compte plus dès le prochain tour.")
    return redirect(url_for(".page", campaign_id=lifted.campaign_id), 303)


@blueprint.post("/campagnes/<int:campaign_id>/recalculs")
@runs_campaigns
def launch(campaign_id: int) -> Any:
    """The last round again, with what was decided since, moving as few pupils as can be."""
    return follow(launch_adjusted(db(), campaign_id, signed_in_person().actor))


def _show(campaign: Campaign, form: AdjustmentForm) -> Any:
    rows = list_adjustments(db(), campaign)
    page = cut(rows, request.args)
    pupil = _pupil_file(campaign, form)
    actors = {actor for one in page.rows for actor in (one.row.made_by, one.row.lifted_by) if actor}
    return show(
        "coordinators/adjustments.html",
        form,
        campaign=campaign,
        page=page,
        counting=sum(one.row.lifted_at is None for one in rows),
        names=names_of(db(), actors),
        pupil=pupil,
        active=find_active_round(db(), campaign.id or 0),
        computed=any(one.status in HAS_RESULT for one in rounds_of(db(), campaign.id or 0)),
        labels=ADJUSTMENT_LABELS,
        level_labels=LEVEL_LABELS,
    )


def _pupil_file(campaign: Campaign, form: AdjustmentForm) -> PupilFile | None:
    if not form.pupil.data:
        return None
    try:
        return read_pupil_file(db(), campaign, find_pupil(db(), campaign, form.pupil.data))
    except ServiceError as refusal:
        if not form.summary:
            form.refuse_or_raise(refusal)
        return None
