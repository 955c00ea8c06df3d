"""A school's list of pupils from a file: send it, read what is wrong or what it would do, confirm, see what it did."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired, NumberRange

from service.domain.import_files import abandon_import, close_import, deposit, get_import
from service.domain.pupil_entries import ClassChange, ClassEntry, ListTerms, enter_classes, plan_classes
from service.errors import ServiceError
from service.imports.faults import FileRefused
from service.imports.pupils import COLUMNS, read_classes
from service.imports.tables import Table, read_table, table_of_bytes
from service.persistence.tables import Campaign, ImportFile, School
from service.vocabulary import LEVEL_LABELS, NEED_LABELS, REQUEST_STATUS_LABELS, Level, Role
from service.web.access import allowed, signed_in_person
from service.web.context import abandon_unit, db, now, today
from service.web.forms import Form, WholeNumberField, show
from service.web.frame import campaign_in_force
from service.web.french import counted
from service.web.periods import PeriodsField, group_choices, refuse_past
from service.web.school_requests import choices_for, levels_for, open_campaign
from service.web.schools import receives_requests
from service.web.sectors import sector_labels
from service.web.uploads import UploadForm, first_lines, recognised, sent_file, template_file, told

blueprint = Blueprint("pupil_imports", __name__, url_prefix="/etablissements/<uai>/import")
school_staff = allowed(Role.SCHOOL_COORDINATOR)


class TermsForm(Form):
    """What a list of pupils does not say, asked once for all its new classes."""

    periods_troisieme = PeriodsField("Semaines acceptées en 3e")
    periods_prepa = PeriodsField("Semaines acceptées en 3e prépa métiers")
    periods_seconde = PeriodsField("Semaines acceptées en 2de")
    reach_km = WholeNumberField(
        "Distance maximale (km)",
        [
            InputRequired("Indiquez une distance en kilomètres."),
            NumberRange(1, 300, "La distance va de 1 à 300\u00a0km."),
        ],
    )

    def periods_of(self, level: Level) -> PeriodsField:
        return {
            Level.TROISIEME: self.periods_troisieme,
            Level.TROISIEME_PREPA_METIERS: self.periods_prepa,
            Level.SECONDE_GT: self.periods_seconde,
        }[level]


@blueprint.get("")
@school_staff
def upload(school: School) -> Any:
    return _show_upload(school)


@blueprint.get("/modele.xlsx")
@school_staff
def template(school: School) -> Response:
    lists = {
        "Niveau": [LEVEL_LABELS[level] for level in Level],
        "Vœu": list(sector_labels().values()),
        "Besoins": list(NEED_LABELS.values()),
    }
    return template_file("Élèves", COLUMNS, lists, f"modele-eleves-{school.uai}")


@blueprint.post("")
@school_staff
def receive(school: School) -> Any:
    campaign = open_campaign()
    table: Table | None = None
    try:
        sent = sent_file()
        table = read_table(sent.content, COLUMNS)
        read_classes(table, sector_labels(), levels_for(school, campaign))
    except FileRefused as refused:
        abandon_unit()
        return _show_upload(school, refused, table)
    row = deposit(db(), school, sent.name, sent.content, table.to_bytes(), signed_in_person().actor, now())
    return redirect(url_for("pupil_imports.page", uai=school.uai, import_id=row.id), 303)


def _show_upload(school: School, refused: FileRefused | None = None, table: Table | None = None) -> Any:
    page = render_template(
        "schools/import.html",
        school=school,
        form=UploadForm(),
        is_open=receives_requests(campaign_in_force()),
        columns=COLUMNS,
        refusal=told(refused, table) if refused is not None else None,
        recognised=recognised(table, COLUMNS) if table is not None else [],
        sectors=sector_labels().values(),
        need_words=NEED_LABELS.values(),
    )
    return make_response(page, 422 if refused is not None else 200)


@blueprint.get("/<int:import_id>")
@school_staff
def page(school: School, import_id: int) -> Any:
    row = get_import(db(), import_id, school)
    if row.done_at is not None:
        return render_template("schools/import_done.html", school=school, row=row)
    campaign = open_campaign()
    form = TermsForm()
    form.reach_km.data = campaign.default_reach_km
    for level in levels_for(school, campaign):
        choices = [one.period.id for one in choices_for(school, campaign, level) if one.open]
        form.periods_of(level).data = choices if len(choices) == 1 else []
    return _show_plan(school, campaign, row, form)


@blueprint.post("/<int:import_id>")
@school_staff
def confirm(school: School, import_id: int) -> Any:
    row = get_import(db(), import_id, school)
    back = redirect(url_for("pupil_imports.page", uai=school.uai, import_id=import_id), 303)
    if row.done_at is not None:
        return back
    campaign = open_campaign()
    form = TermsForm()
    try:
        if form.validate():
            _enter(school, campaign, row, form)
            return back
    except ServiceError as refusal:
        form.refuse(refusal)
    return _show_plan(school, campaign, get_import(db(), import_id, school), form)


def _enter(school: School, campaign: Campaign, row: ImportFile, form: TermsForm) -> None:
    """Closed first: of two confirmations at the same instant, the second finds nothing left to do."""
    actor, entries = signed_in_person().actor, _entries(school, campaign, row)
    changes = plan_classes(db(), campaign, school, entries)
    terms = _terms(school, campaign, form, changes)
    if close_import(db(), row, actor, now(), **_outcome(changes)):
        enter_classes(
            db(), campaign, school, entries, terms, actor, send_on=today() if "send" in request.form else None
        )


@blueprint.post("/<int:import_id>/abandon")
@school_staff
def abandon(school: School, import_id: int) -> Any:
    abandon_import(db(), get_import(db(), import_id, school))
    flash("Le fichier est oublié\u00a0: rien n’a été importé.")
    return redirect(url_for("pupil_imports.upload", uai=school.uai), 303)


def _entries(school: School, campaign: Campaign, row: ImportFile) -> list[ClassEntry]:
    return read_classes(table_of_bytes(row.content or b""), sector_labels(), levels_for(school, campaign))


def _terms(school: School, campaign: Campaign, form: TermsForm, changes: list[ClassChange]) -> ListTerms:
    chosen = {level: form.periods_of(level).data or [] for level in _new_levels(changes)}
    for level, period_ids in chosen.items():
        refuse_past(choices_for(school, campaign, level), period_ids)
        if not period_ids:
            name = form.periods_of(level).name
            raise ServiceError("period_missing", f"Cochez au moins une semaine en {LEVEL_LABELS[level]}.", name)
    return ListTerms(chosen, form.reach_km.data or campaign.default_reach_km)


def _new_levels(changes: list[ClassChange]) -> list[Level]:
    return [level for level in Level if any(one.is_new and one.level is level for one in changes)]


def _outcome(changes: list[ClassChange]) -> dict[str, int]:
    return {
        "classes": len(changes),
        "new_classes": sum(one.is_new for one in changes),
        "added": sum(one.added for one in changes),
        "changed": sum(one.changed for one in changes),
        "unchanged": sum(one.unchanged for one in changes),
        "sent": int("send" in request.form),
    }


def _show_plan(school: School, campaign: Campaign, row: ImportFile, form: TermsForm) -> Any:
    table = table_of_bytes(row.content or b"")
    changes = plan_classes(db(), campaign, school, _entries(school, campaign, row))
    return show(
        "schools/import_plan.html",
        form,
        school=school,
        row=row,
        changes=changes,
        outcome=_outcome(changes),
        too_late=[one.name for one in changes if one.comes_too_late],
        pupils=counted(sum(one.added + one.changed + one.unchanged for one in changes), "élève"),
        read=table,
        recognised=recognised(table, COLUMNS),
        first_lines=first_lines(table),
        groups=[
            (form.periods_of(level), group_choices(choices_for(school, campaign, level)))
            for level in _new_levels(changes)
        ],
        level_labels=LEVEL_LABELS,
        status_labels=REQUEST_STATUS_LABELS,
    )
