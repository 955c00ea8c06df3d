"""What a school says of itself, corrected by its own people: address, commune, category, head, authorisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from service.domain.points import Point, own_point, read_point
from service.domain.schools import SchoolCorrection, correct_school
from service.errors import ServiceError
from service.persistence.tables import Commune, School
from service.vocabulary import PRIORITY_LABELS, SCHOOL_TYPE_LABELS, Priority, Role
from service.web.access import allowed, signed_in_person
from service.web.communes import chosen_commune, look_up
from service.web.context import db, today
from service.web.forms import Form, show, version_seen
from service.web.french import capitalize_first
from service.web.point_map import typed_map

blueprint = Blueprint("school_profiles", __name__, url_prefix="/etablissements/<uai>/fiche")
school_staff = allowed(Role.SCHOOL_COORDINATOR)


class ProfileForm(Form):
    aliases: ClassVar[Mapping[str, str]] = {"insee": "commune"}

    version = HiddenField()
    name = StringField(
        "Nom de l’établissement", [InputRequired("Indiquez le nom de l’établissement."), Length(max=120)]
    )
    street = StringField("Adresse", [Length(max=200, message="200 caractères au plus.")])
    point = StringField("Point sur la carte", [Length(max=60, message="60 caractères au plus.")])
    commune = StringField("Commune ou code postal", [InputRequired("Indiquez la commune ou son code postal.")])
    insee = RadioField("Commune trouvée", choices=[], validate_choice=False)
    priority = SelectField(
        "Catégorie", choices=[SelectChoice(one.value, capitalize_first(PRIORITY_LABELS[one])) for one in Priority]
    )
    head_of_school = StringField("Chef d’établissement", [Length(max=120, message="120 caractères au plus.")])
    board_authorised_on = DateField("Autorisation du conseil d’administration", [Optional()])


@blueprint.get("")
@school_staff
def page(school: School) -> Any:
    form = ProfileForm(formdata=None, obj=school)
    commune = db().get_one(Commune, school.insee)
    form.commune.data = commune.name
    form.point.data = str(own_point(Point(school.latitude, school.longitude), commune) or "")
    return _show(school, form, [], commune)


@blueprint.post("")
@school_staff
def correct(school: School) -> Any:
    form = ProfileForm()
    current = db().get_one(Commune, school.insee)
    same = (form.commune.data or "") == current.name
    found = [] if same else look_up(db(), form.commune.data or "")
    if form.insee.data not in {one.insee for one in found}:
        form.insee.data = None
    meant = current if same else next((one for one in found if len(found) == 1 or one.insee == form.insee.data), None)
    if not form.validate() or "look" in request.form:
        return _show(school, form, found, meant)
    try:
        insee = current.insee if same else chosen_commune(found, form.commune.data, form.insee.data)
        changed, warnings = correct_school(
            db(), school, _correction(form, insee), today(), signed_in_person().actor, version_seen(form.version.data)
        )
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(school, form, found, meant)
    flash("La fiche est corrigée." if changed else "Rien n’a changé.")
    for warning in warnings:
        flash(warning, "attention")
    return redirect(url_for(".page", **(request.view_args or {})), 303)


def _correction(form: ProfileForm, insee: str) -> SchoolCorrection:
    return SchoolCorrection(
        name=form.name.data,
        insee=insee,
        street=form.street.data or "",
        priority=Priority(form.priority.data),
        head_of_school=form.head_of_school.data or "",
        board_authorised_on=form.board_authorised_on.data,
        point=read_point(form.point.data or ""),
    )


def _show(school: School, form: ProfileForm, found: list[Commune], meant: Commune | None) -> Response:
    return show(
        "schools/profile.html",
        form,
        school=school,
        found=found,
        kind_label=SCHOOL_TYPE_LABELS[school.kind],
        place=typed_map(db(), meant, form.point.data or ""),
    )
