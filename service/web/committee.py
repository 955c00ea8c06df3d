"""The committee's pages: the year's figures side by side and year on year, the members, the minutes and their files.

A coordinator reads and writes every meeting; everybody else the meetings they are called to. Refuses to compute.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from sqlmodel import select
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, ListWidget

from service.documents.minutes import write_figures_xlsx, write_minutes_pdf
from service.domain.school_years import school_year_of
from service.domain.steering import (
    get_meeting,
    meetings_for,
    members_of,
    minutes_document,
    plan_meetings,
    propose_minutes,
    validate_minutes,
    write_minutes,
)
from service.errors import ServiceError
from service.persistence.columns import utc_now
from service.persistence.rows import row_id
from service.persistence.tables import SteeringMeeting, User
from service.vocabulary import BODY_LABELS, LEVEL_LABELS, MINUTES_LABELS, MinutesStatus, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db, now, today
from service.web.convention_words import ACTIONS
from service.web.figure_charts import FigureBar, figure_bars
from service.web.forms import Form, show

blueprint = Blueprint("committee", __name__, url_prefix="/comite")
coordination = allowed(Role.NATIONAL_COORDINATOR)
members = allowed(Role.NATIONAL_COORDINATOR, Role.COMMITTEE_MEMBER, Role.PARTNER_MANAGER)


class MinutesForm(Form):
    place = StringField("Lieu ou visioconférence", [Length(max=200, message="200 caractères au plus.")])
    present = SelectMultipleField(
        "Membres présents",
        coerce=int,
        choices=[],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    decisions = TextAreaField("Décisions, une par ligne", [Length(max=20_000, message="20 000 caractères au plus.")])


def _called() -> int | None:
    """Whose meetings may be read: a coordinator reads them all."""
    person = signed_in_person()
    return None if person.is_coordinator else person.id


@blueprint.get("")
@members
def index() -> Any:
    return render_template(
        "committee/index.html",
        meetings=meetings_for(db(), _called()),
        school_year=school_year_of(today()),
        body_labels=BODY_LABELS,
        minutes_labels=MINUTES_LABELS,
    )


@blueprint.post("")
@coordination
def plan() -> Any:
    planned = plan_meetings(db(), school_year_of(today()), today(), signed_in_person().actor)
    flash(f"{len(planned)} réunions sont prévues, et leurs membres appelés.")
    return redirect(url_for(".index"), 303)


def _form(meeting: SteeringMeeting, *, bound: bool) -> MinutesForm:
    called = members_of(db(), meeting)
    names = {row_id(user): user.name for user in db().exec(select(User)).all()}
    given = {"place": meeting.place, "decisions": meeting.decisions}
    form = (
        MinutesForm()
        if bound
        else MinutesForm(formdata=None, data={**given, "present": [one.user_id for one in called if one.present]})
    )
    form.present.choices = [(one.user_id, f"{names[one.user_id]}, {one.speaks_for}") for one in called]
    return form


@blueprint.get("/<int:meeting_id>")
@members
def page(meeting_id: int) -> Any:
    meeting = get_meeting(db(), meeting_id, _called())
    return _show(meeting, _form(meeting, bound=False))


def _show(meeting: SteeringMeeting, form: MinutesForm) -> Response:
    document = minutes_document(db(), meeting)
    called = members_of(db(), meeting)
    me = next((one for one in called if one.user_id == signed_in_person().id), None)
    return show(
        "committee/meeting.html",
        form,
        meeting=meeting,
        document=document,
        chart=figure_bars("annees", "Réalisé, d’une année à l’autre", _bars(document)),
        called=called,
        names={row_id(user): user.name for user in db().exec(select(User)).all()},
        may_write=signed_in_person().is_coordinator and meeting.status is MinutesStatus.DRAFT,
        must_validate=me is not None
        and me.present
        and me.validated_at is None
        and meeting.status is MinutesStatus.PROPOSED,
        body_labels=BODY_LABELS,
        minutes_labels=MINUTES_LABELS,
        actions=ACTIONS,
        level_labels=LEVEL_LABELS,
    )


def _bars(document: dict[str, Any]) -> list[FigureBar]:
    return [
        FigureBar(
            f"{one['partner']}\u00a0: {ACTIONS.get(one['action'], one['action'])} ({one['code']})",
            one["promised"],
            one["years"],
        )
        for one in document["figures"]
        if one["years"]
    ]


@blueprint.post("/<int:meeting_id>")
@coordination
def save(meeting_id: int) -> Any:
    meeting = get_meeting(db(), meeting_id, None)
    form = _form(meeting, bound=True)
    if not form.validate():
        return _show(meeting, form)
    try:
        write_minutes(
            db(),
            meeting,
            place=form.place.data or "",
            decisions=form.decisions.data or "",
            present=set(form.present.data or []),
            actor=signed_in_person().actor,
        )
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(get_meeting(db(), meeting_id, None), form)
    flash("Le compte rendu en préparation est enregistré.")
    return redirect(url_for(".page", meeting_id=meeting_id), 303)


@blueprint.post("/<int:meeting_id>/proposition")
@coordination
def propose(meeting_id: int) -> Any:
    meeting = get_meeting(db(), meeting_id, None)
    form = _form(meeting, bound=False)
    try:
        propose_minutes(db(), meeting, today(), now(), signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(get_meeting(db(), meeting_id, None), form)
    flash("Le compte rendu est proposé\u00a0: les membres présents en sont informés.")
    return redirect(url_for(".page", meeting_id=meeting_id), 303)


@blueprint.post("/<int:meeting_id>/validation")
@members
def validate(meeting_id: int) -> Any:
    meeting = get_meeting(db(), meeting_id, _called())
    complete = validate_minutes(db(), meeting, signed_in_person().id, now())
    flash("Le compte rendu est validé par tous les présents." if complete else "Votre validation est enregistrée.")
    return redirect(url_for(".page", meeting_id=meeting_id), 303)


@blueprint.get("/<int:meeting_id>/compte-rendu.pdf")
@members
def minutes_pdf(meeting_id: int) -> Response:
    """The draft is dated of today; once proposed, the same bytes each time."""
    meeting = get_meeting(db(), meeting_id, _called())
    made_at = meeting.validated_at or meeting.proposed_at or utc_now()
    status = f"Compte rendu {MINUTES_LABELS[meeting.status].lower()}."
    body = write_minutes_pdf(minutes_document(db(), meeting), status, ACTIONS, LEVEL_LABELS, made_at)
    return _file(body, "application/pdf", f"compte-rendu-{meeting.school_year}-{meeting_id}.pdf")


@blueprint.get("/<int:meeting_id>/chiffres.xlsx")
@members
def figures_xlsx(meeting_id: int) -> Response:
    meeting = get_meeting(db(), meeting_id, _called())
    body = write_figures_xlsx(minutes_document(db(), meeting)["figures"], ACTIONS, LEVEL_LABELS)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(body, kind, f"chiffres-{meeting.school_year}-{meeting_id}.xlsx")


def _file(body: bytes, kind: str, name: str) -> Response:
    answer = make_response(body)
    answer.headers["Content-Type"] = kind
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
