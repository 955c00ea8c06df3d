"""Discovery activities as a school sees them: those to come near it, asking to come, withdrawing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from service.domain.activity_requests import activities_near, ask_to_come, withdraw_request
from service.errors import NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import School
from service.vocabulary import Role
from service.web.access import allowed, signed_in_person
from service.web.activities import LABELS
from service.web.activity_forms import AskForm
from service.web.context import db, today
from service.web.coordinators import department_names
from service.web.forms import show

blueprint = Blueprint("school_activities", __name__, url_prefix="/etablissements/<uai>/activites")
school_staff = allowed(Role.SCHOOL_COORDINATOR)


@blueprint.get("")
@school_staff
def index(school: School) -> Any:
    return show(
        "schools/activities.html",
        AskForm(formdata=None),
        school=school,
        activities=activities_near(db(), school, today()),
        department_names=department_names(),
        labels=LABELS,
    )


@blueprint.get("/<int:activity_id>")
@school_staff
def page(school: School, activity_id: int) -> Any:
    return _show(school, activity_id, AskForm(formdata=None))


@blueprint.post("/<int:activity_id>")
@school_staff
def ask(school: School, activity_id: int) -> Any:
    form = AskForm()
    if not form.validate():
        return _show(school, activity_id, form)
    try:
        ask_to_come(
            db(), school, activity_id, form.pupils.data or 0, form.message.data or "", today(), signed_in_person().actor
        )
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(school, activity_id, form)
    flash("La demande est envoyée au partenaire. Sa réponse paraîtra ici.")
    return redirect(url_for(".index", uai=school.uai), 303)


def _show(school: School, activity_id: int, form: AskForm) -> Response:
    near = activities_near(db(), school, today())
    found = next((one for one in near if row_id(one.activity) == activity_id), None)
    if found is None:
        raise NotFound
    return show(
        "schools/activity.html",
        form,
        school=school,
        near=found,
        department_names=department_names(),
        labels=LABELS,
    )


@blueprint.post("/<int:activity_id>/retrait")
@school_staff
def withdraw(school: School, activity_id: int) -> Any:
    withdraw_request(db(), school, activity_id, signed_in_person().actor)
    flash("La demande est retirée.")
    return redirect(url_for(".index", uai=school.uai), 303)
