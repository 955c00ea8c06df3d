"""A school's board and the page of a class. The only pages where a pupil's name is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, render_template, url_for
from sqlmodel import col, select
from werkzeug.wrappers import Response

from service.documents.spreadsheets import write_xlsx
from service.domain.accepted_departments import department_names
from service.domain.agreement_lists import count_agreements, of_school
from service.domain.agreement_preparation import count_without_agreement
from service.domain.calendar import period_label
from service.domain.class_results import PupilResult, find_request, get_class, periods_of_request, pupils_of_class
from service.domain.confirmations import Voice, count_silent
from service.domain.pupil_states import Standing, reached, standings
from service.domain.requests import ClassRow, class_board
from service.domain.school_news import SchoolNews, last_visit, news_since
from service.persistence.tables import Campaign, QuotaLine, School
from service.vocabulary import (
    LEVEL_LABELS,
    PUPIL_STATE_LABELS,
    REQUEST_STATUS_LABELS,
    AgreementState,
    CampaignStatus,
    PupilState,
    RequestStatus,
    Role,
    Side,
)
from service.web.access import allowed, signed_in_person
from service.web.context import db, today
from service.web.frame import campaign_in_force
from service.web.french import counted, ordinal, percent
from service.web.reason_words import reason_sentence, way_out
from service.web.uploads import XLSX

blueprint = Blueprint("schools", __name__, url_prefix="/etablissements/<uai>")
SENT = frozenset({RequestStatus.SUBMITTED, RequestStatus.FROZEN})
BAR_STATES = tuple(PupilState)[1:]
EXPORT_COLUMNS = (
    "Classe",
    "Niveau",
    "Élève",
    "État",
    "Structure d’accueil",
    "Commune",
    "Département",
    "Début",
    "Fin",
)


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
    pupils = standings(db(), campaign, school) if campaign is not None else []
    since = last_visit(db(), signed_in_person().actor)
    return render_template(
        "schools/board.html",
        school=school,
        campaign=campaign,
        rows=rows,
        is_open=receives_requests(campaign),
        is_published=campaign is not None and campaign.published_round_id is not None,
        summary=_summary(campaign, rows),
        next_step=_next_step(school, rows, receives_requests(campaign)),
        reached=reached(pupils),
        states=BAR_STATES,
        state_labels=PUPIL_STATE_LABELS,
        since=since,
        news=_news(news_since(db(), school, since)) if since is not None else [],
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


def _next_step(school: School, rows: list[ClassRow], is_open: bool) -> NextStep | None:
    """Drafts are the trap: a class believed to take part does not. Then what hosts wait for."""
    drafts = [row for row in rows if row.status is RequestStatus.DRAFT] if is_open else []
    return _send_drafts(school, drafts) if drafts else _confirm_stays(school) or _write_agreements(school)


def _confirm_stays(school: School) -> NextStep | None:
    waiting = count_silent(db(), Voice(Side.SCHOOL, school_id=school.id))
    if not waiting:
        return None
    said = counted(waiting, "stage attend votre confirmation", "stages attendent votre confirmation")
    address = url_for("stays.school_index", uai=school.uai)
    return NextStep(f"{said}\u00a0: sans réponse, la place est rendue.", "Confirmer les stages", address)


def _write_agreements(school: School) -> NextStep | None:
    completed = count_agreements(db(), of_school(school))[AgreementState.HOST_COMPLETED]
    free, _ = count_without_agreement(db(), school)
    address = url_for("school_agreements.index", uai=school.uai)
    if completed:
        one, several = "convention de stage attend votre validation", "conventions de stage attendent votre validation"
        return NextStep(f"{counted(completed, one, several)}.", "Valider les conventions", address)
    if free:
        one, several = "stage confirmé n’a pas encore de convention", "stages confirmés n’ont pas encore de convention"
        return NextStep(f"{counted(free, one, several)}.", "Préparer les conventions", address)
    return None


def _news(news: SchoolNews) -> list[str]:
    """Sentences, the most pressing first."""
    told = (
        (news.ended, "stage refusé ou expiré", "stages refusés ou expirés"),
        (news.announced, "nouveau placement", "nouveaux placements"),
        (news.accepted, "accord d’une structure d’accueil", "accords de structures d’accueil"),
        (news.wishes, "élève a choisi ses vœux", "élèves ont choisi leurs vœux"),
    )
    return [counted(count, one, several) for count, one, several in told if count]


def _send_drafts(school: School, drafts: list[ClassRow]) -> NextStep:
    said = counted(len(drafts), "demande est en brouillon", "demandes sont en brouillon")
    warning = "elle ne participera" if len(drafts) == 1 else "elles ne participeront"
    return NextStep(
        f"{said}\u00a0: {warning} au tour qu’une fois envoyée{'s' if len(drafts) > 1 else ''}.",
        f"Relire la demande de {drafts[0].name}",
        url_for("schools.class_page", uai=school.uai, class_id=drafts[0].class_id),
    )


@blueprint.get("/tableau.xlsx")
@allowed(Role.SCHOOL_COORDINATOR)
def export(school: School) -> Response:
    """The board pupil by pupil, with names: for the school alone."""
    campaign = campaign_in_force()
    pupils = standings(db(), campaign, school) if campaign is not None else []
    answer = make_response(write_xlsx("Élèves", EXPORT_COLUMNS, [line for one in pupils for line in _lines(one)]))
    answer.headers["Content-Type"] = XLSX
    answer.headers["Content-Disposition"] = f'attachment; filename="tableau-{school.uai}.xlsx"'
    return answer


def _lines(pupil: Standing) -> list[tuple[Any, ...]]:
    """One per stay, one for a pupil without any."""
    who = (pupil.class_name, LEVEL_LABELS[pupil.level], pupil.display_name)
    if not pupil.stays:
        said = "Sans place" if pupil.left_out else PUPIL_STATE_LABELS[pupil.state]
        return [(*who, said, None, None, None, None, None)]
    return [
        (*who, PUPIL_STATE_LABELS[one.state], one.site, one.commune, one.department_code, one.starts_on, one.ends_on)
        for one in pupil.stays
    ]


@blueprint.get("/classes/<int:class_id>")
@allowed(Role.SCHOOL_COORDINATOR)
def class_page(school: School, class_id: int) -> Any:
    group = get_class(db(), class_id, school)
    campaign = campaign_in_force()
    request = find_request(db(), campaign, group) if campaign is not None else None
    pupils = pupils_of_class(db(), campaign, group) if campaign is not None else []
    standing = standings(db(), campaign, school, class_id) if campaign is not None else []
    return render_template(
        "schools/class.html",
        school=school,
        group=group,
        level_label=LEVEL_LABELS[group.level],
        request_row=request,
        periods=[period_label(one) for one in periods_of_request(db(), request)] if request is not None else [],
        departments=department_names(db(), request.departments) if request is not None else [],
        pupils=pupils,
        states={one.pupil_id: [stay.state for stay in one.stays] for one in standing},
        state_labels=PUPIL_STATE_LABELS,
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
