"""Confirming the year's figures from a message, without an account: the link is read by GET and spent by a button.

Refuses to show anything but the numbers of that partner, or of that school.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from service.domain.figure_links import AskedFigures, answer_by_link, read_figures_link
from service.errors import ServiceError
from service.persistence.tables import School
from service.vocabulary import LEVEL_LABELS
from service.web.access import public
from service.web.context import db, now
from service.web.convention_words import ACTIONS
from service.web.forms import Form, show
from service.web.french import counted

blueprint = Blueprint("figure_links", __name__)
_WHOLE = re.compile(r"[0-9]{1,6}")


@blueprint.get("/chiffres/<token>")
@public
def ask(token: str) -> Any:
    return _show(token, Form())


@blueprint.post("/chiffres/<token>")
@public
def answer(token: str) -> Any:
    asked, form = read_figures_link(db(), token, now()), Form()
    try:
        said = None if request.form.get("all") == "confirm" else _typed(asked)
        done = answer_by_link(db(), asked, said, now())
    except ServiceError as refusal:
        form.refuse_or_raise(refusal)
        return _show(token, form)
    return render_template(
        "public/figures_confirmed.html",
        said=counted(done, "chiffre confirmé", "chiffres confirmés"),
        owner=asked.owner,
        left=len(asked.expected) - done,
    )


def _typed(asked: AskedFigures) -> dict[int, tuple[int, str]]:
    """Numbers by line with their reason; an emptied box answers nothing, what is no number is out of bounds."""
    found = {}
    for key in asked.expected:
        text = request.form.get(f"value-{key}", "").strip()
        if text:
            value = int(text) if _WHOLE.fullmatch(text) else -1
            found[key] = value, request.form.get(f"note-{key}", "")
    return found


def _show(token: str, form: Form) -> Response:
    asked = read_figures_link(db(), token, now())
    return show(
        "public/confirm_figures.html",
        form,
        asked=asked,
        is_school=isinstance(asked.owner, School),
        is_counted=None not in asked.expected.values(),
        typed=request.form,
        actions=ACTIONS,
        level_labels=LEVEL_LABELS,
    )
