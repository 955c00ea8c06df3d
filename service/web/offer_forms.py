"""The forms of an offer: what is published on a site, and the seats that change afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from service.web.forms import Form, WholeNumberField, version_seen
from service.web.periods import SeatsField


class OfferForm(Form):
    aliases: ClassVar[Mapping[str, str]] = {"level": "convention_key", "periods": "seats"}

    sector = SelectField("Secteur d’activité", [InputRequired("Choisissez un secteur.")], validate_choice=False)
    seats = SeatsField("Places par période")
    max_per_school = WholeNumberField(
        "Élèves d’un même établissement, au plus",
        [Optional(), NumberRange(1, 2000, "Indiquez un nombre d’au moins 1, ou laissez vide.")],
    )
    convention_key = RadioField("Convention", choices=[], validate_choice=False, default="")
    title = StringField("Intitulé", [Length(max=120, message="120 caractères au plus.")])


class SeatsForm(Form):
    aliases: ClassVar[Mapping[str, str]] = {"periods": "seats"}

    version = HiddenField()
    seats = SeatsField("Places par période")

    @property
    def seen_version(self) -> int:
        return version_seen(self.version.data)
