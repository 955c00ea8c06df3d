"""A class's wishes as its school follows them: who has answered, until when, and the codes to hand out on paper."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from wtforms import DateField
from wtforms.validators import Optional

from service.domain.class_results import find_request, get_class
from service.domain.pupil_wishes import CHANGING, issue_codes, set_deadline, wish_board
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.tables import Campaign, ClassGroup, PlacementRequest, School
from service.vocabulary import Role
from service.web.access import allowed, signed_in_person
from service.web.context import abandon_unit, db, now, settings, today
from service.web.forms import Form, show
from service.web.frame import campaign_in_force
from service.web.qr_codes import draw
from service.web.schools import receives_requests

blueprint = Blueprint("class_wishes", __name__, url_prefix="/etablissements/<uai>/classes/<int:class_id>/voeux")
school_staff = allowed(Role.SCHOOL_COORDINATOR)
EVERYBODY, SILENT = "tous", "sans-reponse"


class DeadlineForm(Form):
    until = DateField("Dernier jour pour répondre", [Optional()])


def code_key() -> bytes:
    """What codes are digested with: changing the site's secret voids every sheet handed out."""
    return settings().secret_key.encode()


def _find(school: School, class_id: int) -> tuple[ClassGroup, PlacementRequest, Campaign]:
    """
    Raises:
        NotFound: the class is another school's, or asks nothing in the campaign in force.
    """
    group = get_class(db(), class_id, school)
    campaign = campaign_in_force()
    found = find_request(db(), campaign, group) if campaign is not None else None
    if campaign is None or found is None:
        raise NotFound
    return group, found, campaign


@blueprint.get("")
@school_staff
def page(school: School, class_id: int) -> Any:
    group, asking, campaign = _find(school, class_id)
    form = DeadlineForm()
    form.until.data = asking.wishes_until
    return _show(school, group, asking, campaign, form)


@blueprint.post("/echeance")
@school_staff
def deadline(school: School, class_id: int) -> Any:
    group, asking, campaign = _find(school, class_id)
    form = DeadlineForm()
    if form.validate():
        try:
            set_deadline(db(), asking, form.until.data, signed_in_person().actor, today())
            flash("L’échéance est enregistrée.")
            return redirect(url_for("class_wishes.page", uai=school.uai, class_id=class_id), 303)
        except ServiceError as refusal:
            form.refuse(refusal)
    return _show(school, group, asking, campaign, form)


@blueprint.post("/codes")
@school_staff
def codes(school: School, class_id: int) -> Any:
    """The slips are this answer itself: the codes are known nowhere else, and never again."""
    group, asking, campaign = _find(school, class_id)
    try:
        if not receives_requests(campaign):
            raise Conflict("campaign_over", "La campagne est close\u00a0: les vœux ne changent plus.")
        slips = issue_codes(db(), asking, _chosen(asking), code_key(), signed_in_person().actor, now())
    except ServiceError as refusal:
        abandon_unit()
        flash(refusal.message, "problem")
        return redirect(url_for("class_wishes.page", uai=school.uai, class_id=class_id), 303)
    return render_template(
        "schools/slips.html",
        school=school,
        group=group,
        until=asking.wishes_until or campaign.closes_on,
        address=url_for("wishes.enter", _external=True),
        slips=[(slip, draw(url_for("wishes.page", code=slip.code, _external=True))) for slip in slips],
    )


def _chosen(asking: PlacementRequest) -> list[int]:
    """Everybody, those who have not answered, or the one pupil of the button; an unknown number chooses nobody."""
    rows, wanted = wish_board(db(), asking), request.form.get("who", "")
    return [
        one.pupil_id
        for one in rows
        if wanted == EVERYBODY or (wanted == SILENT and one.answered_at is None) or wanted == str(one.pupil_id)
    ]


def _show(school: School, group: ClassGroup, asking: PlacementRequest, campaign: Campaign, form: DeadlineForm) -> Any:
    rows = wish_board(db(), asking)
    return show(
        "schools/class_wishes.html",
        form,
        school=school,
        group=group,
        rows=rows,
        answered=sum(one.answered_at is not None for one in rows),
        coded=sum(one.has_code for one in rows),
        until=asking.wishes_until or campaign.closes_on,
        last_day=campaign.closes_on,
        is_open=receives_requests(campaign) and asking.status in CHANGING,
    )
