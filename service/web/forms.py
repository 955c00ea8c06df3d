"""Forms at the edge: French messages, refusals of the domain put back at their field, every typed value kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from flask import make_response, render_template
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import Field, IntegerField

from service.domain.links import LinkRefused
from service.errors import Conflict, NotFound, Refusals, ServiceError
from service.web.context import abandon_unit

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")


class WholeNumberField(IntegerField):  # type: ignore[misc]
    """A whole number, whose refusal repeats what was typed."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        if not _WHOLE_NUMBER.fullmatch(text):
            raise ValueError(f"«\u00a0{text[:20]}\u00a0» n’est pas un nombre entier. Écrivez-le en chiffres.")
        self.data = int(text)


class Form(FlaskForm):  # type: ignore[misc]
    """`general` holds what is wrong with the whole, not with a field."""

    general: list[str]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.general = []

    def refuse(self, refusal: ServiceError) -> None:
        """Put a refusal of the domain where the person will look for it.

        Raises:
            NotFound: passed on, a form has nothing to say about it.
        """
        if isinstance(refusal, NotFound):
            raise refusal
        abandon_unit()
        for one in refusal.refusals if isinstance(refusal, Refusals) else [refusal]:
            field = self._field(one.field)
            if field is None:
                self.general.append(one.message)
            else:
                field.errors = [*field.errors, one.message]

    def refuse_or_raise(self, refusal: ServiceError) -> None:
        """The same, for a form that is lost with what it was about.

        Raises:
            Conflict, LinkRefused, NotFound: passed on, nothing that one could type here would change them.
        """
        if isinstance(refusal, Conflict | LinkRefused):
            raise refusal
        self.refuse(refusal)

    def refuse_field(self, name: str, message: str) -> None:
        self.refuse(ServiceError("invalid", message, name))

    def _field(self, name: str) -> Field | None:
        found: Field | None = self._fields.get(name) or self._fields.get(self.aliases.get(name, ""))
        return found

    aliases: ClassVar[Mapping[str, str]] = {}
    """The domain's field names that differ from the form's."""

    @property
    def summary(self) -> list[tuple[str, str]]:
        """(identifier of the field, message), in the order of the page; "" for what concerns the whole."""
        found = [("", message) for message in self.general]
        for field in self:
            found.extend((field.id, str(message)) for message in field.errors)
        return found


def show(template: str, form: Form, status: int = 200, **values: object) -> Response:
    """The page of a form: 422 when something in it was refused."""
    return make_response(render_template(template, form=form, **values), 422 if form.summary else status)


def version_seen(text: str | None) -> int:
    """The version of the row the person had before their eyes; a form without one has seen nothing."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
