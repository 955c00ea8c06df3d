"""A federation's members page: where each one stands, inviting many at once, reminding the silent ones."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from service.domain.members import (
    MEMBER_STATE_LABELS,
    SILENT,
    MemberState,
    invite_members,
    members_of,
    read_member_lines,
    remind_silent,
)
from service.domain.place_counts import places_by_department
from service.domain.texts import search_form
from service.errors import ServiceError
from service.persistence.tables import Partner
from service.vocabulary import HAS_MEMBERS, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db, now
from service.web.forms import Form, show
from service.web.french import counted
from service.web.paging import cut
from service.web.partners import school_year

blueprint = Blueprint("members", __name__, url_prefix="/partenaires/<int:partner_id>/adherents")
head_office = allowed(Role.PARTNER_MANAGER)


class InviteForm(Form):
    lines = TextAreaField(
        "Une entreprise par ligne",
        [
            InputRequired("Écrivez au moins une ligne."),
            Length(max=60_000, message="C’est trop long pour un seul envoi. Faites-en deux."),
        ],
    )


@blueprint.get("")
@head_office
def index(partner: Partner) -> Any:
    if partner.kind not in HAS_MEMBERS:
        return _home(partner)
    return _show(partner, InviteForm(formdata=None))


def _home(partner: Partner) -> Any:
    """Where a partner that mobilises nobody but itself is sent."""
    return redirect(url_for("partners.home", partner_id=partner.id), 303)


def _show(partner: Partner, form: InviteForm) -> Response:
    rows = members_of(db(), partner, school_year())
    status, query = request.args.get("etat", ""), request.args.get("q", "")
    kept = [row for row in rows if _is_in(row.state, status) and search_form(query) in search_form(row.name)]
    counts = Counter(row.state for row in rows)
    return show(
        "partners/members.html",
        form,
        partner=partner,
        page=cut(kept, request.args),
        wanted=status,
        query=query,
        total=len(rows),
        counts=[(state, label, counts[state]) for state, label in MEMBER_STATE_LABELS.items()],
        silent=sum(counts[state] for state in SILENT),
        seats=sum(row.seats for row in rows),
        labels=MEMBER_STATE_LABELS,
        school_year=school_year(),
        departments=places_by_department(db(), partner.id or 0, school_year()),
    )


def _is_in(state: MemberState, status: str) -> bool:
    return not status or state.value == status or (status == "silent" and state in SILENT)


@blueprint.post("")
@head_office
def invite(partner: Partner) -> Any:
    form = InviteForm()
    if partner.kind not in HAS_MEMBERS:
        return _home(partner)
    if not form.validate():
        return _show(partner, form)
    try:
        lines = read_member_lines(form.lines.data)
        count = invite_members(db(), partner, lines, signed_in_person().actor, now())
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(partner, form)
    flash(f"{counted(count, 'invitation part', 'invitations partent')}. Chaque lien vaut quatorze jours.")
    return redirect(url_for("members.index", partner_id=partner.id), 303)


@blueprint.post("/relances")
@head_office
def remind(partner: Partner) -> Any:
    if partner.kind not in HAS_MEMBERS:
        return _home(partner)
    done = remind_silent(db(), partner, school_year(), signed_in_person().actor, now())
    if done.messages:
        flash(f"{counted(done.messages, 'message part', 'messages partent')} vers les adhérents silencieux.")
    elif done.members:
        flash("Tous ont déjà reçu un message aujourd’hui\u00a0: rien ne part.", "attention")
    else:
        flash("Aucun adhérent invité n’est silencieux.")
    return redirect(url_for("members.index", partner_id=partner.id), 303)
