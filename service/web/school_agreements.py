"""A school's agreements: prepared in bulk, completed, validated, sent to be signed, followed one by one.

Refuses to decide what an agreement says and when it may move on: the domain does.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlmodel import col, select
from werkzeug.wrappers import Response

from service.domain.agreement_lists import agreements_page, count_agreements, of_school
from service.domain.agreement_papers import papers_of
from service.domain.agreement_parts import PupilPart, correct_by_school
from service.domain.agreement_preparation import count_without_agreement, prepare_agreements
from service.domain.agreement_rows import OPEN, stays_of
from service.domain.agreements import agreement_of_school, amend, validate_by_school
from service.domain.signatures import (
    get_signature,
    preview_batch,
    send_again,
    send_links,
    signatures_of,
    tick_paper,
)
from service.errors import NotFound, ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Agreement, AgreementDocument, School
from service.vocabulary import AgreementState, Role
from service.web.access import allowed, signed_in_person
from service.web.agreement_words import LABELS, document_answer
from service.web.context import db, now, today
from service.web.forms import Form, show, version_seen
from service.web.french import counted
from service.web.paging import PER_PAGE, Page, cut

blueprint = Blueprint("school_agreements", __name__, url_prefix="/etablissements/<uai>/conventions-de-stage")
school_staff = allowed(Role.SCHOOL_COORDINATOR)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@blueprint.get("")
@school_staff
def index(school: School) -> Any:
    return _show_index(school, Form())


def _show_index(school: School, form: Form) -> Response:
    states = count_agreements(db(), of_school(school))
    alive = sum(states.values()) - states[AgreementState.AMENDED]
    place = cut(range(alive), request.args)
    lines = agreements_page(db(), of_school(school), (place.number - 1) * PER_PAGE, PER_PAGE)
    without, gated = count_without_agreement(db(), school)
    written = sum(states[one] for one in (AgreementState.SIGNING, AgreementState.SIGNED, AgreementState.CLOSED))
    return show(
        "agreements/school_index.html",
        form,
        200,
        school=school,
        page=Page(lines, place.number, place.count, alive),
        states={state.value: count for state, count in states.items()},
        written=written,
        without=without,
        gated=gated,
        to_send=len(preview_batch(db(), school)),
        **LABELS,
    )


@blueprint.post("/preparation")
@school_staff
def prepare(school: School) -> Any:
    collective = request.form.get("kind") == "collective"
    done = prepare_agreements(db(), school, collective, signed_in_person().actor, today())
    said = counted(done.agreements, "convention de stage préparée", "conventions de stage préparées")
    if done.gated:
        said += f"\u00a0; {counted(done.gated, 'stage attend', 'stages attendent')} que l’article 7 soit satisfait"
    flash(said + ".", "message" if done.agreements else "attention")
    return redirect(url_for(".index", uai=school.uai), 303)


@blueprint.post("/validation")
@school_staff
def validate(school: School) -> Any:
    form = Form()
    try:
        count = validate_by_school(db(), school, None, signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_index(school, form)
    flash(
        counted(count, "convention de stage validée", "conventions de stage validées") + ", leur document se prépare."
    )
    return redirect(url_for(".index", uai=school.uai), 303)


@blueprint.get("/envoi")
@school_staff
def preview(school: School) -> Any:
    """What would leave, before it leaves."""
    return render_template("agreements/preview.html", school=school, batch=preview_batch(db(), school), **LABELS)


@blueprint.post("/envoi")
@school_staff
def send(school: School) -> Any:
    count = send_links(db(), school, signed_in_person().actor, now())
    flash(counted(count, "message part", "messages partent") + " pour signature.")
    return redirect(url_for(".index", uai=school.uai), 303)


@blueprint.get("/documents.zip")
@school_staff
def documents(school: School) -> Response:
    """Every document of the school that is alive, in one file."""
    query = (
        select(AgreementDocument)
        .join(Agreement, col(Agreement.id) == col(AgreementDocument.agreement_id))
        .where(
            Agreement.school_id == school.id,
            col(Agreement.state).in_((AgreementState.SIGNING, AgreementState.SIGNED, AgreementState.CLOSED)),
        )
        .order_by(col(Agreement.id))
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for one in db().exec(query):
            entry = zipfile.ZipInfo(f"convention-de-stage-{one.agreement_id}.pdf", one.made_at.timetuple()[:6])
            archive.writestr(entry, one.pdf)
    answer = make_response(held.getvalue())
    answer.headers["Content-Type"] = "application/zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="conventions-de-stage-{school.uai}.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/<int:agreement_id>")
@school_staff
def page(school: School, agreement_id: int) -> Any:
    return _show_page(school, agreement_of_school(db(), school, agreement_id), Form())


def _show_page(school: School, agreement: Agreement, form: Form) -> Response:
    stays = stays_of(db(), agreement)
    paper = papers_of(db(), [row_id(agreement)])[row_id(agreement)]
    return show(
        "agreements/school_page.html",
        form,
        200,
        school=school,
        agreement=agreement,
        paper=paper,
        pupils=list(zip(stays, paper.pupils, strict=True)),
        signatures=signatures_of(db(), agreement) if agreement.state not in OPEN else [],
        may_correct=agreement.state in OPEN,
        head_now=school.head_of_school,
        typed=request.form,
        **LABELS,
    )


@blueprint.post("/<int:agreement_id>")
@school_staff
def correct(school: School, agreement_id: int) -> Any:
    agreement, form = agreement_of_school(db(), school, agreement_id), Form()
    try:
        parts = {row_id(stay): _pupil_part(row_id(stay)) for stay in stays_of(db(), agreement)}
        teacher = request.form.get("referent_teacher", "")
        seen = version_seen(request.form.get("version"))
        correct_by_school(db(), agreement, parts, teacher, signed_in_person().actor, seen)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_page(school, agreement_of_school(db(), school, agreement_id), form)
    flash("La convention de stage est complétée.")
    return redirect(url_for(".page", uai=school.uai, agreement_id=agreement_id), 303)


def _pupil_part(stay_id: int) -> PupilPart:
    return PupilPart(
        _day(request.form.get(f"birth-{stay_id}", "")),
        request.form.get(f"name-{stay_id}", ""),
        request.form.get(f"email-{stay_id}", ""),
    )


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else _refuse_day(text)
    except ValueError:
        return _refuse_day(text)


def _refuse_day(text: str) -> date:
    raise ServiceError("date_invalid", f"«\u00a0{text[:20]}\u00a0» n’est pas une date. Écrivez par exemple 27/11/2011.")


@blueprint.get("/<int:agreement_id>/document.pdf")
@school_staff
def document(school: School, agreement_id: int) -> Response:
    return document_answer(agreement_of_school(db(), school, agreement_id))


@blueprint.post("/<int:agreement_id>/avenant")
@school_staff
def amendment(school: School, agreement_id: int) -> Any:
    later = amend(db(), agreement_of_school(db(), school, agreement_id), signed_in_person().actor, now())
    flash("Un avenant est préparé\u00a0: complétez-le, puis validez-le comme une nouvelle convention de stage.")
    return redirect(url_for(".page", uai=school.uai, agreement_id=later.id), 303)


@blueprint.post("/<int:agreement_id>/signatures/<int:signature_id>")
@school_staff
def sign(school: School, agreement_id: int, signature_id: int) -> Any:
    """Ticks a paper signature, or sends the link of one party (again)."""
    agreement, form = agreement_of_school(db(), school, agreement_id), Form()
    signature, actor = get_signature(db(), agreement, signature_id), signed_in_person().actor
    choice = request.form.get("choice", "")
    try:
        if choice == "paper":
            tick_paper(db(), signature, request.form.get("signer", ""), today(), actor, now())
            flash("La signature sur papier est notée.")
        elif choice == "send":
            send_again(db(), signature, request.form.get("email", ""), actor, now())
            flash("Un lien de signature part à cette adresse.")
        else:
            raise NotFound
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_page(school, agreement_of_school(db(), school, agreement_id), form)
    return redirect(url_for(".page", uai=school.uai, agreement_id=agreement_id) + "#signatures", 303)
