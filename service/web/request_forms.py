"""The form of a request: its fields, what it asks in the domain's terms, and how a stored request fills it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from service.domain.reaches import km_of_minutes
from service.domain.requests import PupilDraft, RequestDraft
from service.errors import ServiceError
from service.vocabulary import Level, Need
from service.web.departments import DepartmentsField
from service.web.forms import Form, WholeNumberField, version_seen
from service.web.french import counted
from service.web.periods import PeriodsField
from service.web.pupil_lists import PupilLine, read_list, write_list

NO_WISH = SelectChoice("", "Pas de préférence")


class RequestForm(Form):
    """One class: who, when, for which sectors, how far."""

    aliases: ClassVar[Mapping[str, str]] = {"pupils": "pupil_list", "wishes": "wish_1"}

    version = HiddenField()
    class_name = StringField(
        "Nom de la classe",
        [
            InputRequired("Donnez le nom de la classe, par exemple 3e B."),
            Length(max=40, message="40 caractères au plus."),
        ],
    )
    size = WholeNumberField("Nombre d’élèves", [Optional()])
    pupil_list = TextAreaField("Liste des élèves", [Optional()])
    periods = PeriodsField("Semaines acceptées")
    wish_1 = SelectField("Premier vœu", choices=[], validate_choice=False)
    wish_2 = SelectField("Deuxième vœu", choices=[], validate_choice=False)
    wish_3 = SelectField("Troisième vœu", choices=[], validate_choice=False)
    reach_km = WholeNumberField(
        "Distance maximale (km)",
        [
            InputRequired("Indiquez une distance en kilomètres."),
            NumberRange(1, 300, "La distance va de 1 à 300\u00a0km."),
        ],
    )

    departments = DepartmentsField("Départements acceptés")

    travel_minutes = WholeNumberField(
        "Ou un temps de trajet (minutes)",
        [Optional(), NumberRange(5, 300, "Le temps de trajet va de 5 à 300\u00a0minutes.")],
    )
    converted = ""
    """How a travel time has just been turned into kilometres, in words."""

    two_hosts = BooleanField("Accepter deux structures d’accueil, une semaine dans chacune")

    every_period = BooleanField("Chaque élève part à toutes les périodes cochées, et non à l’une d’elles")

    def convert_travel(self, kmh: int) -> None:
        """A travel time, when one is typed, replaces the distance: only kilometres are kept and compared by a round."""
        minutes = self.travel_minutes.data
        if minutes is None or not 5 <= minutes <= 300:
            return
        km = km_of_minutes(minutes, kmh)
        self.converted = (
            f"{counted(minutes, 'minute')} comptent pour {km}\u00a0km à vol d’oiseau\u00a0: c’est une estimation, à "
            f"{kmh}\u00a0km/h attente comprise. Le tour ne compare que des kilomètres."
        )
        self.reach_km.data, self.reach_km.raw_data = km, [str(km)]
        self.travel_minutes.data, self.travel_minutes.raw_data = None, []

    def offer_sectors(self, labels: Mapping[str, str]) -> None:
        for wish in (self.wish_1, self.wish_2, self.wish_3):
            wish.choices = [NO_WISH, *(SelectChoice(key, label) for key, label in labels.items())]

    @property
    def wishes(self) -> tuple[str, ...]:
        return tuple(wish.data for wish in (self.wish_1, self.wish_2, self.wish_3) if wish.data)

    @property
    def seen_version(self) -> int:
        return version_seen(self.version.data)


def draft_of(form: RequestForm, level: Level, sector_labels: Mapping[str, str]) -> RequestDraft:
    """What the form asks. A pupil of the list without wishes of their own has the class's.

    Raises:
        ServiceError: the list cannot be read, or contradicts the number.
    """
    listed = read_list(form.pupil_list.data or "", sector_labels)
    if listed and form.size.data is not None and form.size.data != len(listed):
        raise ServiceError(
            "size_contradicts_list",
            f"La liste compte {len(listed)} élèves et le nombre indiqué est {form.size.data}. Videz l’un des deux.",
            "size",
        )
    if not listed and form.size.data is None:
        raise ServiceError("size_missing", "Indiquez le nombre d’élèves, ou collez la liste des élèves.", "size")
    return RequestDraft(
        class_name=form.class_name.data,
        level=level,
        size=0 if listed else form.size.data,
        pupils=tuple(
            PupilDraft(display_name=one.display_name, wishes=one.wishes, needs=one.needs, together=one.together)
            for one in listed
        ),
        wishes=form.wishes,
        period_ids=tuple(form.periods.data or ()),
        reach_km=form.reach_km.data,
        departments=tuple(form.departments.data or ()),
        two_hosts=form.two_hosts.data,
        every_period=form.every_period.data,
    )


def prefilled(form: RequestForm, draft: RequestDraft, version: int, sector_labels: Mapping[str, str]) -> RequestForm:
    """The stored request as its form shows it: always as a list, so that nobody's wishes are lost."""
    pupils = [
        PupilLine(one.display_name, one.wishes, tuple(Need(need) for need in one.needs), one.together)
        for one in draft.pupils
    ]
    form.version.data = str(version)
    form.class_name.data = draft.class_name
    form.pupil_list.data = write_list(pupils, sector_labels)
    form.periods.data = list(draft.period_ids)
    form.reach_km.data = draft.reach_km
    form.departments.data = list(draft.departments)
    form.two_hosts.data, form.every_period.data = draft.two_hosts, draft.every_period
    return form
