"""The July campaign on screen: a partner confirms its figures, a school its lines, a coordinator follows and closes.

Refuses to count: every number comes from the domain, and what people type goes through its verbs.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service.documents.minutes import write_figures_xlsx
from service.domain.reported_figures import (
    FigureLine,
    as_row,
    confirm_counts,
    declare_figure,
    declare_off_platform,
    figure_lines,
)
from service.domain.reported_hostings import confirm_hostings, hosting_lines
from service.domain.reporting import (
    committee_day,
    draw_sample,
    latest_reporting,
    make_final,
    open_reporting,
    record_check,
    state_of,
)
from service.domain.reporting_mail import queue_reporting_mail
from service.domain.school_years import school_year_of
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.tables import Partner, ReportingCampaign, School
from service.vocabulary import LEVEL_LABELS, REPORTING_LABELS, ReportingState, Role
from service.web.access import allowed, signed_in_person
from service.web.context import abandon_unit, db, now, today
from service.web.convention_words import ACTIONS

blueprint = Blueprint("reporting", __name__)
coordination = allowed(Role.NATIONAL_COORDINATOR)
partner_staff = allowed(Role.PARTNER_MANAGER)
school_staff = allowed(Role.SCHOOL_COORDINATOR)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WHOLE = re.compile(r"[0-9]{1,6}")


def _number(name: str) -> int:
    """A count that was typed; anything else is refused in the words of the domain."""
    text = request.form.get(name, "").strip()
    return int(text) if _WHOLE.fullmatch(text) else -1


def _campaign() -> ReportingCampaign:
    found = latest_reporting(db())
    if found is None:
        raise Conflict("no_reporting", "Aucune remontée n’est ouverte\u00a0: il n’y a rien à confirmer.")
    return found


def _common(campaign: ReportingCampaign | None) -> dict[str, Any]:
    state = state_of(campaign, today()) if campaign is not None else None
    return {
        "campaign": campaign,
        "state": state,
        "state_label": REPORTING_LABELS[state] if state is not None else "",
        "is_final": state is ReportingState.FINAL,
        "actions": ACTIONS,
        "level_labels": LEVEL_LABELS,
    }


def _refused(refusal: ServiceError) -> None:
    """A refusal of a one-line form: nothing was written, and the page says why."""
    if isinstance(refusal, NotFound):
        raise refusal
    abandon_unit()
    flash(refusal.message, "problem")


# the partner's side


def _own_lines(campaign: ReportingCampaign, partner: Partner) -> list[FigureLine]:
    return figure_lines(db(), campaign, frozenset({partner.id or 0}))


def _own_line(campaign: ReportingCampaign, partner: Partner, figure_id: int) -> FigureLine:
    found = next((one for one in _own_lines(campaign, partner) if one.id == figure_id), None)
    if found is None:
        raise NotFound
    return found


@blueprint.get("/partenaires/<int:partner_id>/chiffres")
@partner_staff
def partner_figures(partner: Partner) -> Any:
    campaign = latest_reporting(db())
    lines = _own_lines(campaign, partner) if campaign is not None else []
    return render_template("partners/figures.html", partner=partner, lines=lines, **_common(campaign))


def _to_partner(partner: Partner) -> Response:
    return redirect(url_for(".partner_figures", partner_id=partner.id), 303)


@blueprint.post("/partenaires/<int:partner_id>/chiffres")
@partner_staff
def confirm_all(partner: Partner) -> Any:
    campaign = _campaign()
    try:
        done = confirm_counts(db(), campaign, _own_lines(campaign, partner), now(), signed_in_person().actor)
    except ServiceError as refusal:
        _refused(refusal)
    else:
        flash(f"{done} chiffre{'s sont confirmés' if done > 1 else ' est confirmé'}.")
    return _to_partner(partner)


@blueprint.post("/partenaires/<int:partner_id>/chiffres/<int:figure_id>")
@partner_staff
def declare(partner: Partner, figure_id: int) -> Any:
    campaign = _campaign()
    line = _own_line(campaign, partner, figure_id)
    try:
        note = request.form.get("note", "")
        declare_figure(db(), campaign, line, _number("value"), note, now(), signed_in_person().actor)
    except ServiceError as refusal:
        _refused(refusal)
    else:
        flash("Le chiffre est enregistré.")
    return _to_partner(partner)


@blueprint.post("/partenaires/<int:partner_id>/chiffres/<int:figure_id>/hors-service")
@partner_staff
def off_platform(partner: Partner, figure_id: int) -> Any:
    campaign = _campaign()
    line = _own_line(campaign, partner, figure_id)
    try:
        uai = request.form.get("uai", "")
        declare_off_platform(db(), campaign, line, uai, _number("pupils"), signed_in_person().actor)
    except ServiceError as refusal:
        _refused(refusal)
    else:
        flash("L’accueil est déclaré. L’établissement est invité à le confirmer\u00a0; confirmez le nouveau total.")
    return _to_partner(partner)


# the school's side


@blueprint.get("/etablissements/<uai>/chiffres")
@school_staff
def school_figures(school: School) -> Any:
    campaign = latest_reporting(db())
    lines = hosting_lines(db(), campaign, school) if campaign is not None else []
    return render_template("schools/figures.html", school=school, lines=lines, **_common(campaign))


@blueprint.post("/etablissements/<uai>/chiffres")
@school_staff
def school_confirm(school: School) -> Any:
    """Every line as it stands, or one line with another number."""
    campaign = _campaign()
    line = request.form.get("line", "")
    counts = {int(line): _number("count")} if _WHOLE.fullmatch(line) else None
    try:
        done = confirm_hostings(db(), campaign, school, counts, now(), signed_in_person().actor)
    except ServiceError as refusal:
        _refused(refusal)
    else:
        flash(f"{done} ligne{'s sont confirmées' if done > 1 else ' est enregistrée'}.")
    return redirect(url_for(".school_figures", uai=school.uai), 303)


# the coordinator's side


@blueprint.get("/coordination/remontee")
@coordination
def index() -> Any:
    campaign = latest_reporting(db())
    year = campaign.school_year if campaign is not None else school_year_of(today())
    lines = figure_lines(db(), campaign) if campaign is not None else []
    return render_template(
        "coordinators/reporting.html",
        lines=lines,
        drawn=hosting_lines(db(), campaign, sampled=True) if campaign is not None else [],
        confirmed=sum(one.declared is not None for one in lines),
        year=year,
        meets_on=committee_day(year),
        next_year=school_year_of(today()),
        **_common(campaign),
    )


def _home() -> Response:
    return redirect(url_for(".index"), 303)


@blueprint.post("/coordination/remontee")
@coordination
def start() -> Any:
    try:
        open_reporting(db(), school_year_of(today()), today(), signed_in_person().actor)
    except ServiceError as refusal:
        _refused(refusal)
    else:
        sent = queue_reporting_mail(db(), today(), now())
        flash(f"La remontée est ouverte\u00a0: {sent} message{'s partent' if sent > 1 else ' part'}.")
    return _home()


@blueprint.post("/coordination/remontee/echantillon")
@coordination
def sample() -> Any:
    try:
        drawn = draw_sample(db(), _campaign(), signed_in_person().actor)
    except ServiceError as refusal:
        _refused(refusal)
    else:
        flash(f"Échantillon tiré\u00a0: {drawn} ligne{'s' if drawn > 1 else ''} à vérifier.")
    return _home()


@blueprint.post("/coordination/remontee/echantillon/<int:hosting_id>")
@coordination
def check(hosting_id: int) -> Any:
    try:
        record_check(db(), _campaign(), hosting_id, _number("found"), signed_in_person().actor)
    except ServiceError as refusal:
        _refused(refusal)
    else:
        flash("La vérification est enregistrée.")
    return _home()


@blueprint.post("/coordination/remontee/definitif")
@coordination
def finish() -> Any:
    try:
        make_final(db(), _campaign(), today(), now(), signed_in_person().actor)
    except ServiceError as refusal:
        _refused(refusal)
    else:
        flash("Les chiffres sont définitifs.")
    return _home()


@blueprint.get("/coordination/remontee.xlsx")
@coordination
def export() -> Response:
    campaign = _campaign()
    figures = [as_row(one) for one in figure_lines(db(), campaign)]
    answer = make_response(write_figures_xlsx(figures, ACTIONS, LEVEL_LABELS))
    answer.headers["Content-Type"] = XLSX
    answer.headers["Content-Disposition"] = f'attachment; filename="chiffres-{campaign.school_year}.xlsx"'
    return answer
