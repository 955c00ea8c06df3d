"""A campaign's rules and its preparation, for the coordinator: what is decided, what is missing, what looks wrong.

Responsible for forms, filters and words. Refuses to count: the domain's lists are shown as they are.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from service.documents.spreadsheets import write_csv, write_xlsx
from service.domain.audit import record
from service.domain.campaign_rules import (
    RulesDraft,
    approve_round,
    change_rules,
    lines_in_force,
    reminder_days,
    reserved_seats,
)
from service.domain.campaigns import AIMS, aims_in_order, close_campaign, get_campaign
from service.domain.preparation import (
    ANOMALY_LABELS,
    anomalies,
    preparation_table,
    silent_partners,
    silent_schools,
)
from service.domain.readiness import campaign_readiness
from service.domain.rounds import find_active_round
from service.domain.texts import search_form
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.engine import session_scope
from service.persistence.tables import Campaign
from service.vocabulary import (
    CAMPAIGN_STATUS_LABELS,
    LEVEL_LABELS,
    PRIORITY_LABELS,
    TIER_LABELS,
    CampaignStatus,
    Priority,
)
from service.web.access import part_read, runs, signed_in_person
from service.web.context import db, engine, today
from service.web.coordinators import (
    DATE_MISSING,
    department_names,
    reads_campaigns,
    reads_its_part,
    runs_campaigns,
    tension_map,
)
from service.web.forms import Form, WholeNumberField, show, version_seen
from service.web.french import ordinal
from service.web.paging import cut
from service.web.public import TERRITORY_RULE_LABELS
from service.web.result_lists import MIME
from service.web.results import asked_filters

blueprint = Blueprint("campaigns", __name__, url_prefix="/coordination")
LISTS = {
    "etablissements": "Établissements qui n’ont rien demandé",
    "partenaires": "Partenaires qui n’ont rien publié",
    "anomalies": "Anomalies dans les données",
}


class RulesForm(Form):
    version = HiddenField()
    closes_on = DateField("Clôture des demandes et des offres", [InputRequired(DATE_MISSING)])
    territory_rule = SelectField(
        "Où un élève peut être placé",
        [InputRequired()],
        choices=[SelectChoice(*item) for item in TERRITORY_RULE_LABELS.items()],
    )
    default_reach_km = IntegerField(
        "Distance proposée par défaut (km)",
        [InputRequired("Indiquez une distance en kilomètres."), NumberRange(1, 300, "La distance va de 1 à 300 km.")],
    )
    added_reach_km = WholeNumberField("Kilomètres ajoutés à ce que chaque classe accepte", [Optional()])
    two_people = BooleanField("Publier à deux : une personne donne son accord, une autre publie")


AIM_CHOICES = [SelectChoice(aim, TIER_LABELS[aim]) for aim in AIMS]
for place in range(1, len(AIMS) + 1):
    setattr(RulesForm, f"aim_{place}", SelectField(f"{ordinal(place)} critère", [InputRequired()], choices=AIM_CHOICES))
CLASSES = tuple(one for one in Priority if one is not Priority.NONE)
for one in CLASSES:
    setattr(
        RulesForm,
        f"reserve_{one.value}",
        WholeNumberField(f"{PRIORITY_LABELS[one][:1].upper()}{PRIORITY_LABELS[one][1:]}, en\u00a0%", [Optional()]),
    )
AIM_FIELDS = tuple(f"aim_{place}" for place in range(1, len(AIMS) + 1))


@blueprint.get("/campagnes/<int:campaign_id>/regles")
@reads_campaigns
def rules(campaign_id: int) -> Any:
    campaign = get_campaign(db(), campaign_id)
    form = RulesForm()
    form.closes_on.data, form.territory_rule.data = campaign.closes_on, campaign.territory_rule
    form.default_reach_km.data, form.two_people.data = campaign.default_reach_km, campaign.two_people
    form.version.data, form.added_reach_km.data = str(campaign.version), campaign.added_reach_km or None
    for one in CLASSES:
        form[f"reserve_{one.value}"].data = campaign.reserves.get(one.value)
    for name, aim in zip(AIM_FIELDS, _order(campaign), strict=True):
        form[name].data = aim
    return _show_rules(campaign, form)


def _order(campaign: Campaign) -> list[str]:
    return [aim for aim in aims_in_order(campaign) if aim in AIMS]


def _show_rules(campaign: Campaign, form: RulesForm) -> Response:
    return show(
        "coordinators/rules.html",
        form,
        campaign=campaign,
        aims=[form[name] for name in AIM_FIELDS],
        shares=[form[f"reserve_{one.value}"] for one in CLASSES],
        reserves={PRIORITY_LABELS[key]: seats for key, seats in reserved_seats(db(), campaign).items()},
        lines=lines_in_force(db(), campaign),
        reminders=[day for day in reminder_days(campaign) if day >= today()],
        is_open=campaign.status is CampaignStatus.OPEN,
        may_act=runs(campaign),
        level_labels=LEVEL_LABELS,
        tier_labels=TIER_LABELS,
        campaign_labels=CAMPAIGN_STATUS_LABELS,
    )


@blueprint.post("/campagnes/<int:campaign_id>/regles")
@runs_campaigns
def change(campaign_id: int) -> Any:
    """The rules of the rounds to come."""
    campaign = get_campaign(db(), campaign_id)
    form = RulesForm()
    if not form.validate() or form.closes_on.data is None:
        return _show_rules(campaign, form)
    draft = RulesDraft(
        form.closes_on.data,
        form.default_reach_km.data or 0,
        form.territory_rule.data,
        tuple(form[name].data for name in AIM_FIELDS),
        bool(form.two_people.data),
        form.added_reach_km.data or 0,
        {one.value: share for one in CLASSES if (share := form[f"reserve_{one.value}"].data) is not None},
    )
    try:
        change_rules(db(), campaign_id, draft, version_seen(form.version.data), signed_in_person().actor, today())
    except ServiceError as refusal:
        if isinstance(refusal, Conflict):
            raise
        form.refuse(refusal)
        return _show_rules(get_campaign(db(), campaign_id), form)
    flash("Les règles sont enregistrées pour les prochains tours\u00a0; ceux déjà calculés gardent les leurs.")
    return redirect(url_for(".rules", campaign_id=campaign_id), 303)


@blueprint.post("/campagnes/<int:campaign_id>/cloture")
@runs_campaigns
def close(campaign_id: int) -> Any:
    """Closing cannot be undone: without the word that confirms it, one is sent back to the page that asks."""
    campaign = get_campaign(db(), campaign_id)
    if "confirm" not in request.form:
        return redirect(url_for(".rules", campaign_id=campaign_id, _anchor="cloture"), 303)
    if find_active_round(db(), campaign_id) is not None:
        raise Conflict("round_active", "Un tour est en cours. Attendez sa fin ou annulez-le, puis clôturez.")
    if campaign.status is CampaignStatus.OPEN:
        close_campaign(db(), campaign, signed_in_person().actor)
        flash("La campagne est close. Ce qui est publié reste lisible.")
    return redirect(url_for("coordinators.campaign", campaign_id=campaign_id), 303)


@blueprint.post("/tours/<int:round_id>/accord")
@runs_campaigns
def approve(round_id: int) -> Any:
    """The first of two people."""
    approve_round(db(), round_id, signed_in_person().actor)
    flash("Votre accord est enregistré. Une autre personne peut maintenant publier.")
    return redirect(url_for("rounds.confirm_publication", round_id=round_id), 303)


@blueprint.get("/campagnes/<int:campaign_id>/preparation")
@reads_its_part
def preparation(campaign_id: int) -> Any:
    """What is missing before a round."""
    campaign = get_campaign(db(), campaign_id)
    area = part_read(campaign)
    readiness = campaign_readiness(db(), campaign, area)
    schools, partners = silent_schools(db(), campaign, area), silent_partners(db(), campaign, area)
    found = anomalies(db(), campaign, readiness, today(), area)
    chosen = asked_filters("liste", "q", "departement")
    shown = chosen["liste"] if chosen["liste"] in LISTS else "etablissements"
    text = search_form(chosen["q"])
    lists: dict[str, list[Any]] = {
        "etablissements": [
            one
            for one in schools
            if chosen["departement"] in ("", one.department_code) and text in search_form(f"{one.name} {one.uai}")
        ],
        "partenaires": [one for one in partners if text in search_form(one.name)],
        "anomalies": [one for one in found if text in search_form(f"{one.where} {one.detail}")],
    }
    return render_template(
        "coordinators/preparation.html",
        campaign=campaign,
        counts={"etablissements": len(schools), "partenaires": len(partners), "anomalies": len(found)},
        lists=LISTS,
        shown=shown,
        chosen=chosen,
        page=cut(lists[shown], request.args),
        anomaly_labels=ANOMALY_LABELS,
        departments=sorted(department_names().items()),
        readiness=readiness,
        tension=tension_map(readiness, url_for("coordinators.campaign", campaign_id=campaign_id)),
    )


@blueprint.get("/campagnes/<int:campaign_id>/preparation/<key>.<kind>")
@reads_its_part
def preparation_file(campaign_id: int, key: str, kind: str) -> Response:
    """One of the lists as a file; who took it is in the audit trail."""
    campaign = get_campaign(db(), campaign_id)
    if key not in LISTS or kind not in MIME:
        raise NotFound
    area = part_read(campaign)
    found = anomalies(db(), campaign, campaign_readiness(db(), campaign, area), today(), area)
    content = preparation_table(key, silent_schools(db(), campaign, area), silent_partners(db(), campaign, area), found)
    body = (
        write_csv(content.columns, content.rows)
        if kind == "csv"
        else write_xlsx(key.capitalize(), content.columns, content.rows)
    )
    with session_scope(engine()) as tracing:
        record(tracing, signed_in_person().actor, "export_preparation", f"campaign:{campaign_id}", table=key, kind=kind)
    answer = make_response(body)
    answer.headers["Content-Type"] = MIME[kind]
    answer.headers["Content-Disposition"] = f'attachment; filename="preparation-{campaign_id}-{key}.{kind}"'
    return answer
