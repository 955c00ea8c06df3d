"""A person's own data: everything held about them on one page, as files, corrected or erased at their request.

An account asks for itself; a pupil, or their legal representative, asks through the school, the only one that knows
the name. Refuses to gather or erase anything by itself: the domain does.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from service.documents.spreadsheets import write_xlsx
from service.domain.personal_data import (
    COLUMNS,
    Line,
    account_lines,
    erase_account,
    erase_pupil,
    get_pupil_of,
    pupil_lines,
    rename_account,
)
from service.errors import ServiceError
from service.persistence.tables import School, User
from service.vocabulary import Role
from service.web.access import allowed, signed_in_person
from service.web.context import db, today
from service.web.forms import Form, show

blueprint = Blueprint("personal_data", __name__)
everyone = allowed(*Role)
school_staff = allowed(Role.SCHOOL_COORDINATOR)
KINDS = {
    "json": "application/json; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class NameForm(Form):
    name = StringField("Nom", [InputRequired("Indiquez votre nom."), Length(max=120, message="120 signes au plus.")])


class EraseForm(Form):
    sure = BooleanField("J’ai compris : cela ne s’annule pas", [InputRequired("Cochez la case pour effacer.")])


def _file(lines: list[Line], kind: str, name: str) -> Response:
    if kind not in KINDS:
        abort(404)
    if kind == "json":
        rows = [dict(zip(COLUMNS, line, strict=True)) for line in lines]
        answer = make_response(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        answer = make_response(write_xlsx("Données", COLUMNS, lines))
    answer.headers["Content-Type"] = KINDS[kind]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _me() -> User:
    return db().get_one(User, signed_in_person().id)


def _show_account(name: NameForm, erase: EraseForm) -> Response:
    form = name if name.summary else erase
    return show("accounts/data.html", form, name_form=name, erase_form=erase, lines=account_lines(db(), _me()))


@blueprint.get("/mes-donnees")
@everyone
def account() -> Any:
    return _show_account(NameForm(formdata=None, obj=_me()), EraseForm(formdata=None))


@blueprint.get("/mes-donnees/export.<kind>")
@everyone
def account_file(kind: str) -> Response:
    return _file(account_lines(db(), _me()), kind, "mes-donnees")


@blueprint.post("/mes-donnees/nom")
@everyone
def rename() -> Any:
    form = NameForm()
    if not form.validate():
        return _show_account(form, EraseForm(formdata=None))
    try:
        rename_account(db(), _me(), form.name.data or "")
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_account(form, EraseForm(formdata=None))
    flash("Votre nom est corrigé.")
    return redirect(url_for(".account"), 303)


@blueprint.post("/mes-donnees/effacement")
@everyone
def erase() -> Any:
    form = EraseForm()
    if not form.validate():
        return _show_account(NameForm(formdata=None, obj=_me()), form)
    try:
        erase_account(db(), _me())
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_account(NameForm(formdata=None, obj=_me()), form)
    return redirect(url_for("accounts.sign_in", raison="effacement"), 303)


def _show_pupil(school: School, pupil_id: int, form: EraseForm) -> Response:
    found, group = get_pupil_of(db(), school, pupil_id)
    return show(
        "schools/pupil_data.html",
        form,
        school=school,
        pupil=found,
        group=group,
        lines=pupil_lines(db(), school, found, group),
    )


@blueprint.get("/etablissements/<uai>/eleves/<int:pupil_id>")
@school_staff
def pupil(school: School, pupil_id: int) -> Any:
    return _show_pupil(school, pupil_id, EraseForm(formdata=None))


@blueprint.get("/etablissements/<uai>/eleves/<int:pupil_id>/export.<kind>")
@school_staff
def pupil_file(school: School, pupil_id: int, kind: str) -> Response:
    found, group = get_pupil_of(db(), school, pupil_id)
    return _file(pupil_lines(db(), school, found, group), kind, f"eleve-{found.pseudonym}")


@blueprint.post("/etablissements/<uai>/eleves/<int:pupil_id>/effacement")
@school_staff
def pupil_erase(school: School, pupil_id: int) -> Any:
    found, _ = get_pupil_of(db(), school, pupil_id)
    form = EraseForm()
    if not form.validate():
        return _show_pupil(school, pupil_id, form)
    try:
        erase_pupil(db(), found, today(), signed_in_person().actor)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_pupil(school, pupil_id, form)
    flash("Les données de cet élève sont effacées\u00a0; il ne reste qu’un pseudonyme qui ne mène à personne.")
    return redirect(url_for(".pupil", uai=school.uai, pupil_id=pupil_id), 303)
