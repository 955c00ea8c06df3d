"""Answering about one's places from a message, without an account: confirm, change the seats, withdraw.

The link is only read by GET; each answer is a button. Refuses to show anything but that offer, and never a pupil.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response
from wtforms import HiddenField

from service.domain.offer_answers import (
    Question,
    change_by_link,
    confirm_by_link,
    read_question,
    withdraw_by_link,
)
from service.domain.offer_views import OpeningRow
from service.errors import ServiceError
from service.vocabulary import LEVEL_LABELS
from service.web.access import public
from service.web.context import db, now, today
from service.web.forms import Form, show, version_seen

blueprint = Blueprint("answers", __name__)
_SEATS = re.compile(r"[0-9]{1,4}")


class AnswerForm(Form):
    """The version of the offer that the page showed, and its boxes."""

    aliases: ClassVar[Mapping[str, str]] = {"periods": "seats"}

    version = HiddenField()

    def __init__(self) -> None:
        super().__init__()
        self.why = request.form.get("why", "").strip()[:300]
        self.typed = {name[6:]: text.strip() for name, text in request.form.items() if name.startswith("seats-")}

    def seats_of(self, openings: list[OpeningRow]) -> dict[str, int]:
        """Seats by period; an emptied box closes its period. What is no number is refused at its place."""
        seats = {}
        for one in openings:
            text = self.typed.get(one.period_id, "") or "0"
            if _SEATS.fullmatch(text):
                seats[one.period_id] = int(text)
            else:
                self.general.append(f"{one.label_fr}\u00a0: «\u00a0{text[:20]}\u00a0» n’est pas un nombre de places.")
        return seats


def _open(question: Question) -> list[OpeningRow]:
    """The periods whose seats may still change: those that have not begun."""
    return [one for one in question.row.openings if one.starts_on > today()]


@blueprint.get("/reponse/<token>")
@public
def ask(token: str) -> Any:
    return _show(token, AnswerForm())


@blueprint.post("/reponse/<token>")
@public
def answer(token: str) -> Any:
    question, form = read_question(db(), token, now()), AnswerForm()
    choice, version = request.form.get("choice", ""), version_seen(form.version.data)
    try:
        if choice == "confirm":
            confirm_by_link(db(), question, version, now())
        elif choice == "withdraw":
            withdraw_by_link(db(), question, version, now(), form.why)
        else:
            seats = form.seats_of(_open(question))
            if form.general:
                return _show(token, form)
            change_by_link(db(), question, seats, version, now())
    except ServiceError as refusal:
        form.refuse_or_raise(refusal)
        return _show(token, form)
    return render_template("public/answered.html", choice=choice, question=question)


def _show(token: str, form: AnswerForm) -> Response:
    question = read_question(db(), token, now())
    form.version.data = str(question.offer.version)
    return show(
        "public/answer.html",
        form,
        question=question,
        row=question.row,
        openings=_open(question),
        level_label=LEVEL_LABELS[question.row.level],
    )
