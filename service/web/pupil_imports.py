"""A school's list of pupils from a file: send it, read what is wrong or what it would do, confirm, see what it did."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired, NumberRange

from service.domain.accepted_departments import department_choices
from service.domain.import_files import close_import, get_import
from service.domain.pupil_entries import ClassChange, ClassEntry, ListTerms, enter_classes, plan_classes
from service.errors import ServiceError
from service.imports.faults import FileRefused
from service.imports.pupils import COLUMNS, read_classes
from service.imports.tables import Table, table_of_bytes
from service.persistence.tables import Campaign, ImportFile, School
from service.vocabulary import LEVEL_LABELS, NEED_LABELS, REQUEST_STATUS_LABELS, Level, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db, now, today
from service.web.departments import DepartmentsField
from service.web.forms import Form, WholeNumberField
from service.web.frame import campaign_in_force
from service.web.french import counted
from service.web.periods import PeriodsField, group_choices, refuse_past
from service.web.school_requests import choices_for, levels_for, open_campaign
from service.web.schools import receives_requests
from service.web.sectors import sector_labels
from service.web.uploads import FileImport, template_file

blueprint = Blueprint("pupil_imports", __name__, url_prefix="/etablissements/<uai>/import")
school_staff = allowed(Role.SCHOOL_COORDINATOR)
LIST = FileImport("pupil_imports", "schools", COLUMNS)


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
    departments = DepartmentsField("Départements acceptés")

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
    levels = levels_for(school, open_campaign())
    return LIST.receive(
        school,
        lambda table: read_classes(table, sector_labels(), levels),
        lambda refused, table: _show_upload(school, refused, table),
    )


def _show_upload(school: School, refused: FileRefused | None = None, table: Table | None = None) -> Any:
    return LIST.show_upload(refused, table, school=school, is_open=receives_requests(campaign_in_force()))


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
    form = TermsForm()

    def enter(row: ImportFile) -> bool:
        if not form.validate():
            return False
        _enter(school, open_campaign(), row, form)
        return True

    return LIST.confirm(school, import_id, form, enter, lambda row: _show_plan(school, open_campaign(), row, form))


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
    return LIST.abandon(school, import_id)


def _entries(school: School, campaign: Campaign, row: ImportFile) -> list[ClassEntry]:
    return read_classes(table_of_bytes(row.content or b""), sector_labels(), levels_for(school, campaign))


def _terms(school: School, campaign: Campaign, form: TermsForm, changes: list[ClassChange]) -> ListTerms:
    chosen = {level: form.periods_of(level).data or [] for level in _new_levels(changes)}
    for level, period_ids in chosen.items():
        refuse_past(choices_for(school, campaign, level), period_ids)
        if not period_ids:
            name = form.periods_of(level).name
            raise ServiceError("period_missing", f"Cochez au moins une semaine en {LEVEL_LABELS[level]}.", name)
    return ListTerms(chosen, form.reach_km.data or campaign.default_reach_km, form.departments.data or ())


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
    changes = plan_classes(db(), campaign, school, _entries(school, campaign, row))
    return LIST.show_plan(
        row,
        form,
        school=school,
        changes=changes,
        outcome=_outcome(changes),
        too_late=[one.name for one in changes if one.comes_too_late],
        pupils=counted(sum(one.added + one.changed + one.unchanged for one in changes), "élève"),
        groups=[
            (form.periods_of(level), group_choices(choices_for(school, campaign, level)))
            for level in _new_levels(changes)
        ],
        departments=department_choices(db(), campaign, school, form.departments.data or ()),
        level_labels=LEVEL_LABELS,
        status_labels=REQUEST_STATUS_LABELS,
    )
