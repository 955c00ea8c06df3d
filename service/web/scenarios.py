"""What a coordinator tries: one form, the named scenarios of a campaign, and what each gives beside the round.

Responsible for showing before and after. Refuses to compute: the worker does, and nothing published ever changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlmodel import col, select
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from service.documents.spreadsheets import write_csv, write_xlsx
from service.domain.campaigns import AIMS, complete_order, get_campaign
from service.domain.rounds import find_active_round, name_of, rounds_of
from service.domain.scenario_acts import apply_scenario
from service.domain.scenarios import (
    Differs,
    Tried,
    base_of,
    get_scenario,
    launch_scenario,
    named_moves,
    read_difference,
    scenarios_of,
)
from service.errors import NotFound, ServiceError
from service.persistence.tables import AllocationRound, Campaign, Offer, Partner, School, Site
from service.vocabulary import (
    HAS_RESULT,
    LEVEL_LABELS,
    PRIORITY_LABELS,
    ROUND_STATUS_LABELS,
    TIER_LABELS,
    Level,
    OfferStatus,
    Priority,
)
from service.web.access import signed_in_person
from service.web.context import db, today
from service.web.coordinators import department_names, runs_campaigns
from service.web.forms import Form, WholeNumberField, show, version_seen
from service.web.french import counted, number
from service.web.paging import cut
from service.web.result_lists import MIME
from service.web.results import TIER_UNITS
from service.web.round_pages import follow

blueprint = Blueprint("scenarios", __name__, url_prefix="/coordination")
MOST_COMPARED = 5
NOTHING = SelectChoice("", "sans changement")


class ScenarioForm(Form):
    name = StringField(
        "Nom de l’essai",
        [InputRequired("Donnez un nom à l’essai."), Length(max=80, message="80 caractères au plus.")],
    )
    partner_id = SelectField("Partenaire", [Optional()], coerce=lambda text: int(text) if text else None)
    department = SelectField("Département", [Optional()])
    level = SelectField("Niveau", [Optional()])
    seats = WholeNumberField("Places de plus", [Optional()])
    add_km = WholeNumberField("Kilomètres de plus", [Optional()])
    reserve_percent = WholeNumberField("Part des places, en pour cent", [Optional()])
    reserve_priority = SelectField("Catégorie d’établissements", [Optional()])
    first_aim = SelectField("Premier critère après le nombre d’élèves placés", [Optional()])

    def tried(self) -> Tried:
        return Tried(
            partner_id=self.partner_id.data,
            department=self.department.data or "",
            level=self.level.data or "",
            seats=self.seats.data,
            add_km=self.add_km.data,
            reserve_percent=self.reserve_percent.data,
            reserve_priority=self.reserve_priority.data or "",
            first_aim=self.first_aim.data or "",
        )


def _form(campaign: Campaign) -> ScenarioForm:
    form = ScenarioForm()
    partners = db().exec(
        select(col(Partner.id), col(Partner.name))
        .join(Site, col(Site.partner_id) == col(Partner.id))
        .join(Offer, col(Offer.site_id) == col(Site.id))
        .where(Offer.school_year == campaign.school_year, Offer.status == OfferStatus.PUBLISHED)
        .distinct()
        .order_by(col(Partner.name))
    )
    form.partner_id.choices = [NOTHING, *(SelectChoice(key, name) for key, name in partners)]
    codes = sorted(department_names().items())
    form.department.choices = [NOTHING, *(SelectChoice(code, f"{code} {name}") for code, name in codes)]
    form.level.choices = [NOTHING, *(SelectChoice(one, LEVEL_LABELS[one]) for one in campaign.levels)]
    classes = [one for one in Priority if one is not Priority.NONE]
    form.reserve_priority.choices = [NOTHING, *(SelectChoice(one.value, PRIORITY_LABELS[one]) for one in classes)]
    form.first_aim.choices = [NOTHING, *(SelectChoice(one, TIER_LABELS[one]) for one in AIMS)]
    return form


@blueprint.get("/campagnes/<int:campaign_id>/essais")
@runs_campaigns
def index(campaign_id: int) -> Any:
    campaign = get_campaign(db(), campaign_id)
    return _show(campaign, _form(campaign))


@blueprint.post("/campagnes/<int:campaign_id>/essais")
@runs_campaigns
def launch(campaign_id: int) -> Any:
    campaign = get_campaign(db(), campaign_id)
    form = _form(campaign)
    if not form.validate():
        return _show(campaign, form)
    try:
        launched = launch_scenario(db(), campaign_id, form.name.data or "", form.tried(), signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse_or_raise(refusal)
        campaign = get_campaign(db(), campaign_id)
        return _show(campaign, form)
    return follow(launched)


def _show(campaign: Campaign, form: ScenarioForm) -> Any:
    found = scenarios_of(db(), campaign.id or 0)
    page = cut(found, request.args)
    placed = {one.id: one.placed for one in rounds_of(db(), campaign.id or 0)}
    return show(
        "coordinators/scenarios.html",
        form,
        campaign=campaign,
        page=page,
        said=changes_said(page.rows),
        base=base_of(db(), campaign.id or 0),
        active=find_active_round(db(), campaign.id or 0),
        round_labels=ROUND_STATUS_LABELS,
        has_result=HAS_RESULT,
        placed_more={one.id: one.placed - placed[one.base_round_id] for one in page.rows if one.status in HAS_RESULT},
    )


def changes_said(found: Sequence[AllocationRound]) -> dict[int | None, list[str]]:
    """Each change of each scenario, in words."""
    keys = {change["partner_id"] for one in found for change in one.changes if change["kind"] == "seats"}
    known = dict(db().exec(select(Partner.id, Partner.name).where(col(Partner.id).in_(sorted(keys)))).all())
    names = _Names(known, department_names())
    return {one.id: [_SAID[change["kind"]](change, names) for change in one.changes] for one in found}


@dataclass(frozen=True, slots=True)
class _Names:
    partners: Mapping[int | None, str]
    departments: Mapping[str, str]


def _seats_said(asked: dict[str, Any], names: _Names) -> str:
    who = names.partners.get(asked["partner_id"], "un partenaire effacé")
    where = f"{names.departments.get(asked['department'], '')} ({asked['department']})"
    places = counted(asked["seats"], "place de plus", "places de plus")
    return f"{places} chez {who}, {where}, {LEVEL_LABELS[Level(asked['level'])]}"


def _reach_said(asked: dict[str, Any], _names: _Names) -> str:
    return f"{'+' if asked['add_km'] > 0 else ''}{number(asked['add_km'])}\u00a0km acceptés par chaque classe"


def _reserve_said(asked: dict[str, Any], _names: _Names) -> str:
    return f"{asked['percent']}\u00a0% des places réservées d’abord\u00a0: {PRIORITY_LABELS[asked['priority']]}"


def _aim_said(asked: dict[str, Any], _names: _Names) -> str:
    return f"premier critère après le nombre d’élèves placés\u00a0: {TIER_LABELS[asked['aim']]}"


_SAID: Mapping[str, Callable[[dict[str, Any], _Names], str]] = {
    "seats": _seats_said,
    "reach": _reach_said,
    "reserve": _reserve_said,
    "first_aim": _aim_said,
}


_APPLIED = {
    "seats": "les places appartiennent au partenaire\u00a0: ses responsables reçoivent la demande par courrier",
    "reach": "la distance ajoutée devient une règle de la campagne, pour toutes les classes",
    "reserve": "la part réservée devient une règle de la campagne, pour toutes les offres",
    "first_aim": "l’ordre des critères de la campagne change",
}


@blueprint.get("/campagnes/<int:campaign_id>/essais/comparaison")
@runs_campaigns
def compare(campaign_id: int) -> Any:
    """Two scenarios or more in one table, beside the round each starts from."""
    campaign = get_campaign(db(), campaign_id)
    asked = request.args.getlist("essai", type=int)
    computed = {one.id: one for one in scenarios_of(db(), campaign_id) if one.status in HAS_RESULT}
    chosen = [computed[key] for key in dict.fromkeys(asked) if key in computed][:MOST_COMPARED]
    if len(chosen) < 2:
        flash(f"Cochez de deux à {MOST_COMPARED} essais calculés pour les comparer.")
        return redirect(url_for(".index", campaign_id=campaign_id), 303)
    bases = {one.base_round_id: db().get_one(AllocationRound, one.base_round_id) for one in chosen}
    return render_template(
        "coordinators/scenarios_compared.html",
        campaign=campaign,
        columns=[*bases.values(), *chosen],
        base_count=len(bases),
        base_of={one.id: bases[one.base_round_id] for one in chosen},
        said=changes_said(chosen),
        figures=_figures([*bases.values(), *chosen], {one.id: read_difference(db(), one.id or 0) for one in chosen}),
        tiers=[tier for tier in complete_order(AIMS) if tier != "draw"],
        values={one.id: {row["tier"]: row["value"] for row in one.tiers} for one in (*bases.values(), *chosen)},
        tier_labels=TIER_LABELS,
        tier_units=TIER_UNITS,
    )


def _figures(columns: Sequence[AllocationRound], told: Mapping[int | None, Differs]) -> dict[str, dict[Any, int]]:
    """Each count by round; who gains, loses or moves is said of scenarios alone."""
    counts = {name: {one.id: getattr(one, name) for one in columns} for name in ("pupils", "seats", "placed")}
    moved = {name: {key: one.totals[name] for key, one in told.items()} for name in ("gained", "lost", "moved")}
    return counts | moved


@blueprint.get("/essais/<int:round_id>")
@runs_campaigns
def page(round_id: int) -> Any:
    """Before and after, who gains and who moves; a scenario without a result yet is followed as a round."""
    found = get_scenario(db(), round_id)
    if found.status not in HAS_RESULT:
        return redirect(url_for("rounds.show_round", round_id=round_id), 303)
    base = db().get_one(AllocationRound, found.base_round_id)
    told = read_difference(db(), round_id)
    listed = cut(told.moves, request.args)
    return render_template(
        "coordinators/scenario.html",
        scenario=found,
        base=base,
        campaign=get_campaign(db(), found.campaign_id),
        said=changes_said([found])[found.id],
        told=told,
        moves=named_moves(db(), listed.rows),
        page=listed,
        department_names=department_names(),
        school_names=dict(db().exec(select(School.uai, School.name)).all()),
        tier_labels=TIER_LABELS,
        tier_units=TIER_UNITS,
        launched_by=name_of(db(), found.launched_by),
        applied_by=name_of(db(), found.applied_by) if found.applied_at else "",
        will=[_APPLIED[one["kind"]] for one in found.changes],
    )


@blueprint.post("/essais/<int:round_id>/application")
@runs_campaigns
def apply(round_id: int) -> Any:
    """Without the word that confirms it, one is sent back to the page that asks."""
    found = get_scenario(db(), round_id)
    if "confirm" not in request.form:
        return redirect(url_for(".page", round_id=round_id, _anchor="appliquer"), 303)
    version = version_seen(request.form.get("version"))
    done = apply_scenario(db(), round_id, version, signed_in_person().actor, today())
    said = ["Les règles de la campagne ont changé\u00a0: le prochain tour les prendra."] if done.rules else []
    if done.asked:
        said.append(f"La demande de places part à {', '.join(done.asked)}.")
    flash(" ".join(said) or "Les règles de la campagne disaient déjà ce que change cet essai.")
    return redirect(url_for("campaigns.rules", campaign_id=found.campaign_id), 303)


@blueprint.get("/essais/<int:round_id>/changements.<kind>")
@runs_campaigns
def export(round_id: int, kind: str) -> Response:
    found = get_scenario(db(), round_id)
    if kind not in MIME or found.status not in HAS_RESULT:
        raise NotFound
    columns = ("Élève", "UAI", "Établissement", "Classe", "Avant", "Après")
    moves = read_difference(db(), round_id).moves
    rows = [
        (one.pseudonym, one.uai, one.school, one.class_name, one.before, one.after)
        for start in range(0, len(moves), 1000)
        for one in named_moves(db(), moves[start : start + 1000])
    ]
    answer = make_response(write_csv(columns, rows) if kind == "csv" else write_xlsx("Changements", columns, rows))
    answer.headers["Content-Type"] = MIME[kind]
    answer.headers["Content-Disposition"] = f'attachment; filename="essai-{round_id}-changements.{kind}"'
    return answer
