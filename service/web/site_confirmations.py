"""Confirming the stays of one site from a message, without an account: the link is read by GET and spent by a button.

Refuses to show anything but that site's stays, and never a pupil's name.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from service.domain.confirmation_asks import site_of_link
from service.domain.confirmations import Voice
from service.domain.links import use_link
from service.domain.offer_views import NUMBERS_ONLY_FR
from service.domain.stay_lists import Slice, stays_of
from service.vocabulary import Side
from service.web.access import public
from service.web.context import db, now
from service.web.forms import Form, show
from service.web.stays import apply_answers, form_values, read_answers, said_of

blueprint = Blueprint("site_confirmations", __name__)


@blueprint.get("/confirmation/<token>")
@public
def ask(token: str) -> Any:
    return _show(token, Form())


@blueprint.post("/confirmation/<token>")
@public
def answer(token: str) -> Any:
    """What is left without an answer stays so: the reminder brings another link."""
    link, site = site_of_link(db(), token, now())
    answers, form = read_answers(), Form()
    if answers.is_empty:
        form.general.append("Choisissez une réponse pour au moins un stage, ou confirmez tout.")
        return _show(token, form)
    use_link(db(), link, now())
    said = said_of(*apply_answers(Voice(Side.HOST, site_id=site.id), answers, f"link:{link.id}"))
    return render_template("public/stays_answered.html", said=said, site=site)


def _show(token: str, form: Form) -> Response:
    _, site = site_of_link(db(), token, now())
    voice = Voice(Side.HOST, site_id=site.id)
    lines = stays_of(db(), voice, Slice(voice.is_silent(), voice.is_silent(), limit=500))
    return show(
        "public/confirm_stays.html",
        form,
        200,
        site=site,
        lines=lines,
        gate=NUMBERS_ONLY_FR if any(line.numbers_only for line in lines) else "",
        **form_values(Side.HOST),
    )
