"""A partner's discovery activities: announce a day, answer the schools that ask, count who came."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from service.domain.activities import (
    ActivityDraft,
    activities_of_partner,
    announce_activity,
    cancel_activity,
    count_activity,
    get_activity,
    staff_mobilised,
)
from service.domain.activity_requests import answer_request, requests_of_activity, room_left
from service.errors import ServiceError
from service.persistence.tables import Department, DiscoveryActivity, Partner
from service.vocabulary import (
    ACTIVITY_KIND_LABELS,
    ACTIVITY_REQUEST_LABELS,
    ACTIVITY_STATUS_LABELS,
    AUDIENCE_LABELS,
    ActivityKind,
    ActivityStatus,
    Audience,
    Role,
)
from service.web.access import allowed, signed_in_person
from service.web.activity_forms import ActivityForm, CountForm
from service.web.context import db, today
from service.web.coordinators import department_names
from service.web.forms import Form, show, version_seen
from service.web.paging import cut
from service.web.partners import conventions_of, school_year

blueprint = Blueprint("activities", __name__, url_prefix="/partenaires/<int:partner_id>/activites")
partner_staff = allowed(Role.PARTNER_MANAGER)
LABELS = {
    "kind": ACTIVITY_KIND_LABELS,
    "status": ACTIVITY_STATUS_LABELS,
    "request": ACTIVITY_REQUEST_LABELS,
    "audience": AUDIENCE_LABELS,
}


@blueprint.get("")
@partner_staff
def index(partner: Partner) -> Any:
    rows = activities_of_partner(db(), partner)
    counts = [(one, staff_mobilised(db(), one, school_year())) for one in conventions_of(partner)]
    return render_template(
        "partners/activities.html",
        partner=partner,
        page=cut(rows, request.args),
        waiting=sum(waiting for _, _, waiting in rows),
        counts=counts,
        school_year=school_year(),
        department_names=department_names(),
        labels=LABELS,
    )


@blueprint.get("/nouvelle")
@partner_staff
def new(partner: Partner) -> Any:
    form = ActivityForm()
    form.convention_key.data = next((one.key for one in conventions_of(partner)), "")
    form.department_code.data = partner.department_code
    return _show_form(partner, form)


@blueprint.post("/nouvelle")
@partner_staff
def announce(partner: Partner) -> Any:
    form = ActivityForm()
    if not form.validate():
        return _show_form(partner, form)
    draft = ActivityDraft(
        kind=ActivityKind(form.kind.data),
        title=form.title.data,
        happens_on=form.happens_on.data,
        department_code=form.department_code.data,
        audience=tuple(Audience(one) for one in form.audience.data),
        room=form.room.data,
        staff=form.staff.data,
        place=form.place.data or "",
        convention_key=form.convention_key.data or None,
    )
    try:
        activity = announce_activity(db(), partner, draft, today(), signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_form(partner, form)
    flash("L’activité est enregistrée. Les établissements de l’académie peuvent la demander.")
    return _to(partner, activity)


def _show_form(partner: Partner, form: ActivityForm) -> Response:
    names = sorted(department_names().items())
    choices = [SelectChoice(code, f"{code} – {name}") for code, name in names]
    form.department_code.choices = [SelectChoice("", "Choisissez…"), *choices]
    return show(
        "partners/activity_form.html", form, partner=partner, conventions=conventions_of(partner), labels=LABELS
    )


def _to(partner: Partner, activity: DiscoveryActivity) -> Response:
    return redirect(url_for(".page", partner_id=partner.id, activity_id=activity.id), 303)


@blueprint.get("/<int:activity_id>")
@partner_staff
def page(partner: Partner, activity_id: int) -> Any:
    activity = get_activity(db(), partner, activity_id)
    form = CountForm(formdata=None, obj=activity)
    return _show_page(partner, activity, form)


def _show_page(partner: Partner, activity: DiscoveryActivity, form: Form) -> Response:
    return show(
        "partners/activity.html",
        form,
        partner=partner,
        activity=activity,
        left=room_left(db(), activity),
        requests=requests_of_activity(db(), activity),
        department=db().get_one(Department, activity.department_code),
        has_come=activity.happens_on <= today(),
        is_open=activity.status is ActivityStatus.ANNOUNCED,
        labels=LABELS,
    )


@blueprint.post("/<int:activity_id>/presents")
@partner_staff
def count(partner: Partner, activity_id: int) -> Any:
    activity, form = get_activity(db(), partner, activity_id), CountForm()
    if not form.validate():
        return _show_page(partner, activity, form)
    try:
        seen = form.seen_version
        count_activity(
            db(), activity, form.staff.data or 0, form.pupils_met.data or 0, today(), signed_in_person().actor, seen
        )
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_page(partner, get_activity(db(), partner, activity_id), form)
    flash("Les présents sont enregistrés. Vous pouvez encore corriger ces nombres.")
    return _to(partner, activity)


@blueprint.post("/<int:activity_id>/annulation")
@partner_staff
def cancel(partner: Partner, activity_id: int) -> Any:
    activity = get_activity(db(), partner, activity_id)
    cancel_activity(db(), activity, signed_in_person().actor, version_seen(request.form.get("version")))
    flash("L’activité est annulée. Les établissements qui l’avaient demandée le voient dans leur espace.")
    return _to(partner, activity)


@blueprint.post("/<int:activity_id>/demandes/<int:request_id>")
@partner_staff
def answer(partner: Partner, activity_id: int, request_id: int) -> Any:
    activity = get_activity(db(), partner, activity_id)
    accepted = request.form.get("answer") == "accept"
    seen = version_seen(request.form.get("version"))
    form = CountForm(formdata=None, obj=activity)
    try:
        answer_request(db(), activity, request_id, accepted, signed_in_person().actor, seen)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_page(partner, get_activity(db(), partner, activity_id), form)
    flash("La demande est acceptée." if accepted else "La demande est refusée.")
    return _to(partner, activity)
