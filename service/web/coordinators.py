"""The coordinator's board: the campaign, what it holds, where places are short, and the rounds launched so far.

Responsible for opening a campaign and for showing it. Refuses to know how a round is computed or read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlmodel import col, select
from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from service.domain.calendar import make_periods
from service.domain.campaigns import get_campaign, open_campaign
from service.domain.people import COUNTRY
from service.domain.perimeters import area_of, overlaps, read_geography
from service.domain.readiness import Readiness, Tension, campaign_readiness
from service.domain.rounds import names_of, rounds_of
from service.domain.school_years import school_year_of
from service.domain.shortfalls import shortfalls
from service.errors import ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import AllocationRound, Campaign, Department
from service.vocabulary import (
    ACTIVE_ROUNDS,
    CAMPAIGN_STATUS_LABELS,
    COORDINATORS,
    LEVEL_LABELS,
    ROUND_STATUS_LABELS,
    Level,
    Role,
    RoundKind,
    RoundStatus,
)
from service.web.access import Hold, allowed, part_read, reads_whole, runs, signed_in_person
from service.web.context import PARIS, db, today
from service.web.forms import Form, show
from service.web.frame import campaign_in_force
from service.web.french import counted, day_short, number
from service.web.map import FranceMap, Measure, Scale, france_map
from service.web.public import TERRITORY_RULE_LABELS

blueprint = Blueprint("coordinators", __name__, url_prefix="/coordination")
coordination = allowed(Role.NATIONAL_COORDINATOR)
OPENERS = frozenset({Role.NATIONAL_COORDINATOR, Role.REGION_COORDINATOR, Role.ACADEMY_COORDINATOR})
runs_campaigns = allowed(*sorted(OPENERS))
"""Acts: a département's coordinators follow campaigns and run none."""
reads_campaigns = allowed(*COORDINATORS, campaign=Hold.WHOLE)
reads_its_part = allowed(*COORDINATORS, campaign=Hold.CUT)
"""What it lists must be cut to `part_read`."""
TENSION_SCALE = Scale(
    (0.5, 0.8, 1.0, 1.5),
    "élève par place",
    lambda value: number(value, 1),
    "aucun élève",
    last_addition=", ou aucune place",
)


DATE_MISSING = "Indiquez une date, par exemple 27/11/2026."


class CampaignForm(Form):
    name = StringField(
        "Nom de la campagne",
        [InputRequired("Donnez un nom à la campagne."), Length(max=120, message="120 caractères au plus.")],
    )
    school_year = SelectField("Année scolaire", [InputRequired()])
    territory = SelectField("Territoire", default=COUNTRY)
    levels = SelectMultipleField(
        "Niveaux",
        [InputRequired("Cochez au moins un niveau.")],
        choices=[SelectChoice(level.value, LEVEL_LABELS[level]) for level in Level],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    closes_on = DateField("Clôture des demandes et des offres", [InputRequired(DATE_MISSING)])
    territory_rule = SelectField(
        "Où un élève peut être placé",
        [InputRequired()],
        choices=[SelectChoice(*item) for item in TERRITORY_RULE_LABELS.items()],
    )
    default_reach_km = IntegerField(
        "Distance proposée par défaut (km)",
        [
            InputRequired("Indiquez une distance en kilomètres."),
            NumberRange(1, 300, "La distance va de 1 à 300 km."),
        ],
        default=30,
    )


@blueprint.get("")
@reads_its_part
def cockpit() -> Any:
    """The campaign in force in the person's territory, or what to do to have one."""
    campaign = campaign_in_force()
    if campaign is None:
        return render_template("coordinators/no_campaign.html", may_open=signed_in_person().roles & OPENERS)
    return _show_campaign(campaign)


@blueprint.get("/campagnes/<int:campaign_id>")
@reads_its_part
def campaign(campaign_id: int) -> Any:
    return _show_campaign(get_campaign(db(), campaign_id))


def _show_campaign(campaign: Campaign) -> Any:
    every_round = rounds_of(db(), row_id(campaign))
    rounds = [one for one in every_round if one.kind is not RoundKind.SCENARIO]
    area, whole = part_read(campaign), reads_whole(campaign)
    readiness = campaign_readiness(db(), campaign, area)
    department = _chosen_department(readiness)
    everything = db().exec(select(Campaign).where(Campaign.id != campaign.id).order_by(col(Campaign.id).desc()))
    mine = signed_in_person().area
    others = [one for one in everything if overlaps(area_of(db(), one.territory), mine)]
    return render_template(
        "coordinators/campaign.html",
        campaign=campaign,
        rounds=rounds,
        active=next((one for one in every_round if one.status in ACTIVE_ROUNDS), None),
        to_publish=next((one for one in rounds if one.status is RoundStatus.COMPUTED), None),
        scenarios=sum(one.kind is RoundKind.SCENARIO for one in every_round),
        shortfalls=shortfalls(db(), campaign, area),
        whole=whole,
        may_act=runs(campaign),
        may_open=signed_in_person().roles & OPENERS,
        territory_name=read_geography(db()).name(campaign.territory) if campaign.territory else "",
        readiness=readiness,
        steps=timeline(campaign, rounds, today()),
        tension=tension_map(readiness),
        department=department,
        department_levels=[
            (level, readiness.by_cell.get((level, department.code), Tension()))
            for level in readiness.by_level
            if department is not None
        ],
        others=others,
        names=names_of(db(), {one.launched_by for one in rounds}),
        level_labels=LEVEL_LABELS,
        round_labels=ROUND_STATUS_LABELS,
        campaign_labels=CAMPAIGN_STATUS_LABELS,
        territory_label=TERRITORY_RULE_LABELS[campaign.territory_rule],
    )


def _chosen_department(readiness: Readiness) -> Department | None:
    """The département whose area was followed on the map."""
    code = request.args.get("departement", "")
    return db().get(Department, code) if code in readiness.by_department else None


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of the campaign; `state` is `done`, `now` or `next`."""

    label: str
    said: str
    state: str


def timeline(campaign: Campaign, rounds: list[AllocationRound], day: date) -> list[Step]:
    """Collecting, closing, rounds, publication: what is done, what is going on, what comes."""
    closed = day > campaign.closes_on
    published = next((one for one in rounds if one.id == campaign.published_round_id), None)
    stages = [
        ("Ouverture", f"le {day_short(campaign.created_at.astimezone(PARIS))}", True),
        ("Demandes et offres", f"jusqu’au {day_short(campaign.closes_on)}", closed or published is not None),
        ("Tours", counted(len(rounds), "tour lancé", "tours lancés"), published is not None),
        ("Publication", _published_words(published), published is not None),
    ]
    current = next((index for index, stage in enumerate(stages) if not stage[2]), len(stages))
    return [
        Step(label, said, "done" if index < current else "now" if index == current else "next")
        for index, (label, said, _) in enumerate(stages)
    ]


def _published_words(published: AllocationRound | None) -> str:
    if published is None or published.published_at is None:
        return "à venir"
    return f"tour {published.number}, le {day_short(published.published_at.astimezone(PARIS))}"


def department_names() -> dict[str, str]:
    return dict(db().exec(select(Department.code, Department.name)).all())


def _tension(one: Tension) -> float | None:
    """Pupils without a single place are the strongest tension, not an absence of number."""
    if not one.pupils:
        return None
    return math.inf if one.per_seat is None else one.per_seat


def tension_map(readiness: Readiness, page: str = "") -> FranceMap:
    """Pupils per published place, by département; an area leads to its lines on the campaign's `page`."""
    measures = {
        code: Measure(
            _tension(one),
            f"{counted(one.pupils, 'élève')} pour {counted(one.seats, 'place publiée', 'places publiées')}",
            (
                number(one.pupils),
                number(one.seats),
                number(one.per_seat, 2) if one.per_seat is not None else "aucune place",
            ),
        )
        for code, one in readiness.by_department.items()
    }
    columns = ("Département", "Élèves", "Places publiées", "Élèves par place")
    return france_map(
        "Élèves par place publiée",
        TENSION_SCALE,
        measures,
        department_names(),
        columns,
        lambda code: f"{page}?departement={code}#departement",
    )


def _campaign_form() -> CampaignForm:
    form = CampaignForm()
    years = [school_year_of(today()), school_year_of(today() + timedelta(days=365))]
    form.school_year.choices = [SelectChoice(year) for year in years]
    geography = read_geography(db())
    form.territory.choices = [SelectChoice(key or COUNTRY, geography.name(key)) for key in territories_to_open()]
    form.territory.flags.required = True  # nothing chosen is the widest, so that nobody has to choose
    return form


def territories_to_open() -> list[str]:
    """Those whose campaigns the person would run, the widest first."""
    person, geography = signed_in_person(), read_geography(db())
    return [key for key in geography.inside(person.area) if person.may_run(key, geography.area(key))]


@blueprint.get("/campagnes/nouvelle")
@runs_campaigns
def new_campaign() -> Any:
    form = _campaign_form()
    form.name.data = f"Campagne {form.school_year.choices[0].value}"
    form.levels.data = [level.value for level in Level]
    form.territory_rule.data = "academy_or_neighbour"
    form.closes_on.data = today() + timedelta(days=30)
    return show("coordinators/new_campaign.html", form)


@blueprint.post("/campagnes")
@runs_campaigns
def create_campaign() -> Any:
    form = _campaign_form()
    created = _open(form) if form.validate() and _closes_later(form) else None
    if created is None:
        return show("coordinators/new_campaign.html", form)
    flash(f"La campagne « {created.name} » est ouverte : les établissements peuvent envoyer leurs demandes.")
    return redirect(url_for(".campaign", campaign_id=created.id), 303)


def _closes_later(form: CampaignForm) -> bool:
    if form.closes_on.data is not None and form.closes_on.data < today():
        form.refuse_field("closes_on", "Cette date est passée. Choisissez une date à venir.")
        return False
    return True


def _open(form: CampaignForm) -> Campaign | None:
    try:
        make_periods(db(), form.school_year.data)
        created = open_campaign(
            db(),
            name=form.name.data or "",
            school_year=form.school_year.data,
            levels=[Level(one) for one in form.levels.data or []],
            closes_on=form.closes_on.data,
            territory_rule=form.territory_rule.data,
            default_reach_km=form.default_reach_km.data or 0,
            actor=signed_in_person().actor,
            today=today(),
            territory=form.territory.data.removeprefix(COUNTRY),
        )
        db().flush()
    except ServiceError as refusal:
        form.refuse(refusal)
        return None
    return created
