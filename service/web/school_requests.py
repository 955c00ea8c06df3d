"""A school's requests: choose a level, fill in the request of one class, send it, correct it, withdraw it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service.domain.accepted_departments import department_choices, served_departments
from service.domain.calendar import PeriodChoice, allows_two_hosts, most_stays, period_choices
from service.domain.reaches import Where, reach_today
from service.domain.request_copies import copy_last_years, last_years, year_before
from service.domain.request_rules import FARTHEST_KM
from service.domain.requests import (
    create_request,
    edit_request,
    get_request,
    read_draft,
    submit_request,
    withdraw_request,
)
from service.domain.schools import LEVELS_OF_SCHOOL
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.tables import Campaign, PlacementRequest, School
from service.vocabulary import LEVEL_LABELS, NEED_LABELS, Level, RequestStatus, Role
from service.web.access import allowed, signed_in_person
from service.web.context import abandon_unit, db, settings, today
from service.web.forms import show
from service.web.frame import campaign_in_force
from service.web.french import counted
from service.web.periods import close_past, group_choices, refuse_past
from service.web.request_forms import RequestForm, draft_of, prefilled
from service.web.schools import receives_requests
from service.web.sectors import sector_labels

blueprint = Blueprint("requests", __name__, url_prefix="/etablissements/<uai>/demandes")
school_staff = allowed(Role.SCHOOL_COORDINATOR)
CLOSED = "La campagne ne reçoit plus de demandes."


def open_campaign() -> Campaign:
    """The campaign that receives requests.

    Raises:
        Conflict: there is none, or it is closed.
    """
    campaign = campaign_in_force()
    if campaign is None or not receives_requests(campaign):
        raise Conflict("campaign_not_open", CLOSED)
    return campaign


def levels_for(school: School, campaign: Campaign) -> list[Level]:
    return [level for level in Level if level in LEVELS_OF_SCHOOL[school.kind] and level in campaign.levels]


@blueprint.get("/nouvelle")
@school_staff
def choose_level(school: School) -> Any:
    campaign = campaign_in_force()
    levels = levels_for(school, campaign) if campaign is not None and receives_requests(campaign) else []
    models = last_years(db(), campaign, school) if campaign is not None and levels else []
    if len(levels) == 1 and not models:
        return redirect(url_for("requests.new", uai=school.uai, level=levels[0].value), 303)
    return render_template(
        "schools/choose_level.html",
        school=school,
        levels=levels,
        level_labels=LEVEL_LABELS,
        models=models,
        year_before=year_before(campaign.school_year) if campaign is not None else "",
    )


@blueprint.post("/copie")
@school_staff
def copy(school: School) -> Any:
    """Last year's requests as this year's drafts, in one click."""
    campaign = open_campaign()
    try:
        made = copy_last_years(db(), campaign, school, signed_in_person().actor, today())
        said = counted(len(made), "demande reprise en brouillon", "demandes reprises en brouillon")
        flash(f"{said}\u00a0: relisez les semaines, ajoutez les élèves, puis envoyez.")
    except ServiceError as refusal:
        abandon_unit()
        flash(refusal.message, "problem")
    return redirect(url_for("schools.board", uai=school.uai), 303)


@blueprint.get("/nouvelle/<level>")
@school_staff
def new(school: School, level: str) -> Any:
    campaign = open_campaign()
    form = RequestForm()
    form.reach_km.data = campaign.default_reach_km
    return _show(school, campaign, _level(school, campaign, level), form)


@blueprint.post("/nouvelle/<level>")
@school_staff
def create(school: School, level: str) -> Any:
    campaign = open_campaign()
    form, chosen = _filled(), _level(school, campaign, level)
    if not asks_reach() and form.validate():
        try:
            draft = draft_of(form, chosen, sector_labels())
            refuse_past(choices_for(school, campaign, chosen), draft.period_ids)
            made = create_request(db(), campaign, school, draft, signed_in_person().actor)
            return _saved(school, made, form)
        except ServiceError as refusal:
            form.refuse(refusal)
    return _show(school, campaign, chosen, form)


@blueprint.get("/<int:request_id>")
@school_staff
def edit(school: School, request_id: int) -> Any:
    row = get_request(db(), request_id, school.id or 0)
    campaign = db().get_one(Campaign, row.campaign_id)
    draft = read_draft(db(), row)
    form = prefilled(RequestForm(), draft, row.version, sector_labels())
    return _show(school, campaign, draft.level, form, row)


@blueprint.post("/<int:request_id>")
@school_staff
def change(school: School, request_id: int) -> Any:
    row = get_request(db(), request_id, school.id or 0)
    campaign = db().get_one(Campaign, row.campaign_id)
    level = read_draft(db(), row).level
    form = _filled()
    if not asks_reach() and form.validate():
        try:
            edit_request(db(), row, draft_of(form, level, sector_labels()), signed_in_person().actor, form.seen_version)
            return _saved(school, row, form)
        except ServiceError as refusal:
            form.refuse(refusal)
    return _show(school, campaign, level, form, row)


def asks_reach() -> bool:
    """Whether the button was the one that only shows what lies within reach."""
    return "reach" in request.form


def _filled() -> RequestForm:
    """The form as it was sent, a travel time turned into kilometres."""
    form = RequestForm()
    form.convert_travel(settings().travel_kmh)
    return form


def _saved(school: School, row: PlacementRequest, form: RequestForm) -> Response:
    """The button chosen says whether the request is also sent."""
    if form.converted:
        flash(form.converted)
    if form.departments.data:
        _warn_of_departments(school, row)
    if "send" in request.form and row.status is RequestStatus.DRAFT:
        submit_request(db(), row, signed_in_person().actor, today())
        flash("La demande est envoyée\u00a0: elle participera au prochain tour.")
    elif row.status is RequestStatus.DRAFT:
        flash(
            "La demande est enregistrée en brouillon. Envoyez-la pour qu’elle participe au prochain tour.", "attention"
        )
    else:
        flash("La demande est modifiée.")
    return redirect(url_for("schools.class_page", uai=school.uai, class_id=row.class_id), 303)


def _warn_of_departments(school: School, row: PlacementRequest) -> None:
    """Said once saved: départements that leave nothing today may still be what the school wants."""
    draft, campaign = read_draft(db(), row), db().get_one(Campaign, row.campaign_id)
    where = Where(row.reach_km, draft.departments)
    reach = reach_today(db(), campaign, school, draft.level, draft.period_ids, where, today())
    if reach.left_out and not reach.asked.sites:
        others = counted(reach.left_out, "autre site est", "autres sites sont")
        flash(
            f"À {row.reach_km}\u00a0km aujourd’hui, aucun site publié n’est dans les départements acceptés\u00a0: "
            f"{others} dans ceux que la demande écarte.",
            "attention",
        )


@blueprint.post("/<int:request_id>/envoi")
@school_staff
def submit(school: School, request_id: int) -> Any:
    row = get_request(db(), request_id, school.id or 0)
    return _act(
        school, row, lambda: submit_request(db(), row, signed_in_person().actor, today()), "La demande est envoyée."
    )


@blueprint.post("/<int:request_id>/retrait")
@school_staff
def withdraw(school: School, request_id: int) -> Any:
    row = get_request(db(), request_id, school.id or 0)
    said = "La demande est retirée\u00a0: la classe ne participera pas au prochain tour."
    return _act(school, row, lambda: withdraw_request(db(), row, signed_in_person().actor), said)


def _act(school: School, row: PlacementRequest, operation: Any, said: str) -> Response:
    class_id = row.class_id
    try:
        operation()
        flash(said)
    except ServiceError as refusal:
        abandon_unit()
        flash(refusal.message, "problem")
    return redirect(url_for("schools.class_page", uai=school.uai, class_id=class_id), 303)


def _level(school: School, campaign: Campaign, text: str) -> Level:
    if text not in levels_for(school, campaign):
        raise NotFound
    return Level(text)


def choices_for(school: School, campaign: Campaign, level: Level) -> list[PeriodChoice]:
    return close_past(period_choices(db(), level, campaign.school_year, school.department_code), today())


def _where(form: RequestForm, campaign: Campaign, departments: Collection[str]) -> Where:
    km = form.reach_km.data or campaign.default_reach_km
    return Where(min(max(km, 1), FARTHEST_KM), departments)


def _show(
    school: School, campaign: Campaign, level: Level, form: RequestForm, row: PlacementRequest | None = None
) -> Any:
    labels = sector_labels()
    form.offer_sectors(labels)
    choices = choices_for(school, campaign, level)
    # Only periods of the list: what else was sent is the form's refusal to say, not the database's.
    ticked = {one.period.id for one in choices} & set(form.periods.data or ())
    # In the same way, only départements that exist.
    departments = set(form.departments.data or ()) & served_departments(db(), campaign, school)
    return show(
        "schools/request_form.html",
        form,
        school=school,
        level_label=LEVEL_LABELS[level],
        groups=group_choices(choices),
        sectors=labels,
        reach=reach_today(db(), campaign, school, level, ticked, _where(form, campaign, departments), today()),
        departments=department_choices(db(), campaign, school, form.departments.data or ()),
        ticked=ticked,
        need_words=", ".join(NEED_LABELS.values()),
        most_stays=most_stays(db(), level, campaign.school_year),
        two_hosts_possible=allows_two_hosts(db(), level, campaign.school_year),
        row=row,
        is_draft=row is None or row.status is RequestStatus.DRAFT,
        several_levels=row is None and len(levels_for(school, campaign)) > 1,
    )
