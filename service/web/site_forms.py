"""What is said of a site, on the form that adds one and on the form that corrects one: the same fields, read once.

Responsible for the fields and the point's map. Refuses to know which site it is.
"""

from __future__ import annotations

from typing import Any

from wtforms import EmailField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length

from service.domain.points import read_point
from service.domain.sites import SiteDraft
from service.web.forms import Form

_NAME = Length(max=120, message="120 caractères au plus.")
_EMAIL = Length(max=200, message="200 caractères au plus.")


class SiteForm(Form):
    siret = StringField("SIRET du site", [Length(max=40, message="Un SIRET compte quatorze chiffres.")])
    street = StringField("Adresse", [Length(max=200, message="200 caractères au plus.")])
    point = StringField("Point sur la carte", [Length(max=60, message="60 caractères au plus.")])
    contact_email = EmailField("Courriel du site", [_EMAIL])
    tutor_name = StringField("Tuteur", [_NAME])
    tutor_function = StringField("Fonction du tuteur", [_NAME])
    tutor_email = EmailField("Courriel du tuteur", [_EMAIL])
    safety_notes = TextAreaField("Consignes aux élèves", [Length(max=500, message="500 caractères au plus.")])
    serves = SelectMultipleField("Accueil possible", choices=[], validate_choice=False)

    def draft(self, name: str, insee: str, **more: Any) -> SiteDraft:
        """
        Raises:
            ServiceError: `point_unreadable`.
        """
        texts = ("siret", "street", "contact_email", "tutor_name", "tutor_function", "tutor_email", "safety_notes")
        said = {one: self._fields[one].data or "" for one in texts}
        point = read_point(self.point.data or "")
        return SiteDraft(name=name, insee=insee, serves=tuple(self.serves.data or ()), point=point, **said, **more)
