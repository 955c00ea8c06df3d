"""A school's board and the page of a class. The only pages where a pupil's name is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, url_for
from sqlmodel import col, select

from service.domain.calendar import period_label
from service.domain.class_results import PupilResult, find_request, get_class, periods_of_request, pupils_of_class
from service.domain.requests import ClassRow, class_board
from service.persistence.tables import Campaign, QuotaLine, School
from service.vocabulary import LEVEL_LABELS, REQUEST_STATUS_LABELS, CampaignStatus, RequestStatus, Role
from service.web.access import allowed
from service.web.context import db, today
from service.web.frame import campaign_in_force
from service.web.french import counted, ordinal, percent
from service.web.reason_words import reason_sentence, way_out

blueprint = Blueprint("schools", __name__, url_prefix="/etablissements/<uai>")
SENT = frozenset({RequestStatus.SUBMITTED, RequestStatus.FROZEN})


@dataclass(frozen=True)
class NextStep:
    """What to do now: a sentence, and the button that does it."""

    sentence: str
    action: str
    address: str


def receives_requests(campaign: Campaign | None) -> bool:
    return campaign is not None and campaign.status is CampaignStatus.OPEN and today() <= campaign.closes_on


@blueprint.get("/")
@allowed(Role.SCHOOL_COORDINATOR)
def board(school: School) -> Any:
    campaign = campaign_in_force()
    rows = class_board(db(), campaign, school) if campaign is not None else []
    return render_template(
        "schools/board.html",
        school=school,
        campaign=campaign,
        rows=rows,
        is_open=receives_requests(campaign),
        is_published=campaign is not None and campaign.published_round_id is not None,
        summary=_summary(campaign, rows),
        next_step=_next_step(school, rows) if receives_requests(campaign) else None,
        sent=SENT,
        level_labels=LEVEL_LABELS,
        status_labels=REQUEST_STATUS_LABELS,
    )


def _summary(campaign: Campaign | None, rows: list[ClassRow]) -> str:
    pupils = sum(row.pupils for row in rows if row.status in SENT)
    placed = sum(row.placed for row in rows)
    if campaign is not None and campaign.published_round_id is not None and pupils:
        return f"{counted(placed, 'élève placé', 'élèves placés')} sur {pupils}, soit {percent(placed, pupils)}"
    return f"{counted(pupils, 'élève demandeur', 'élèves demandeurs')} dans les demandes envoyées"


def _next_step(school: School, rows: list[ClassRow]) -> NextStep | None:
    """Drafts are the trap: a class believed to take part does not."""
    drafts = [row for row in rows if row.status is RequestStatus.DRAFT]
    if not drafts:
        return None
    said = counted(len(drafts), "demande est en brouillon", "demandes sont en brouillon")
    warning = "elle ne participera" if len(drafts) == 1 else "elles ne participeront"
    return NextStep(
        f"{said}\u00a0: {warning} au tour qu’une fois envoyée{'s' if len(drafts) > 1 else ''}.",
        f"Relire la demande de {drafts[0].name}",
        url_for("schools.class_page", uai=school.uai, class_id=drafts[0].class_id),
    )


@blueprint.get("/classes/<int:class_id>")
@allowed(Role.SCHOOL_COORDINATOR)
def class_page(school: School, class_id: int) -> Any:
    group = get_class(db(), class_id, school)
    campaign = campaign_in_force()
    request = find_request(db(), campaign, group) if campaign is not None else None
    pupils = pupils_of_class(db(), campaign, group) if campaign is not None else []
    return render_template(
        "schools/class.html",
        school=school,
        group=group,
        level_label=LEVEL_LABELS[group.level],
        request_row=request,
        periods=[period_label(one) for one in periods_of_request(db(), request)] if request is not None else [],
        pupils=pupils,
        is_decided=any(one.hostings or one.refusal for one in pupils),
        placed=sum(bool(one.hostings) for one in pupils),
        is_open=receives_requests(campaign),
        is_published=campaign is not None and campaign.published_round_id is not None,
        wish_words=wish_words,
        why_not=_explainer(pupils),
        way_out=way_out,
        status_labels=REQUEST_STATUS_LABELS,
    )


def wish_words(rank: int, pupil: PupilResult) -> str:
    """« 1er vœu », « 2e vœu du groupe », « hors des vœux », « sans vœu exprimé »."""
    whose = " du groupe" if pupil.together else ""
    if rank == 0 or pupil.ranked == 0:
        return "sans vœu exprimé"
    return f"{ordinal(rank)} vœu{whose}" if rank <= pupil.ranked else f"hors des vœux{whose}"


def _explainer(pupils: list[PupilResult]) -> Any:
    """A function that says why a pupil has no place; the labels of quota lines are read only if a reason needs them."""
    needed = any(one.refusal is not None and one.refusal.facts.get("lines") for one in pupils)
    lines = (
        {str(line.id): line.label for line in db().exec(select(QuotaLine).order_by(col(QuotaLine.id)))}
        if needed
        else {}
    )
    return lambda refusal: reason_sentence(refusal.reason, refusal.facts, lines)
