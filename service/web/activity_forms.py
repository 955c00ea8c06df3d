"""The forms of discovery activities: what a partner announces and counts, what a school asks."""

from __future__ import annotations

from wtforms import DateField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.vocabulary import (
    ACTIVITY_KIND_LABELS,
    AUDIENCE_LABELS,
)
from service.web.coordinators import DATE_MISSING
from service.web.forms import Form, WholeNumberField, version_seen

NUMBER_MISSING = "Indiquez un nombre."


class ActivityForm(Form):
    kind = SelectField(
        "Nature",
        [InputRequired()],
        choices=[SelectChoice(kind.value, label.capitalize()) for kind, label in ACTIVITY_KIND_LABELS.items()],
    )
    title = StringField("Intitulé", [InputRequired("Donnez un intitulé à l’activité."), Length(max=120)])
    happens_on = DateField("Date", [InputRequired(DATE_MISSING)])
    department_code = SelectField(
        "Département", [InputRequired("Choisissez le département.")], choices=[], validate_choice=False
    )
    place = StringField("Lieu", [Length(max=200, message="200 caractères au plus.")])
    audience = SelectMultipleField(
        "Niveaux reçus",
        [InputRequired("Cochez au moins un niveau.")],
        choices=[SelectChoice(one.value, label) for one, label in AUDIENCE_LABELS.items()],
    )
    room = WholeNumberField("Élèves que vous pouvez recevoir", [InputRequired(NUMBER_MISSING)])
    staff = WholeNumberField("Collaborateurs mobilisés", [InputRequired(NUMBER_MISSING)])
    convention_key = RadioField("Convention", choices=[], validate_choice=False, default="")


class CountForm(Form):
    version = HiddenField()
    staff = WholeNumberField("Collaborateurs présents", [InputRequired(NUMBER_MISSING)])
    pupils_met = WholeNumberField("Élèves présents", [InputRequired(NUMBER_MISSING)])

    @property
    def seen_version(self) -> int:
        return version_seen(self.version.data)


class AskForm(Form):
    pupils = WholeNumberField("Nombre d’élèves", [InputRequired(NUMBER_MISSING)])
    message = TextAreaField("Message au partenaire", [Length(max=500, message="500 caractères au plus.")])
