"""What came of the stays of one site, said from a message, without an account: read by GET, spent by a button.

Refuses to show anything but that site's stays, and to tell more of a pupil than the host's own page does.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from service.domain.confirmations import Voice
from service.domain.links import use_link
from service.domain.presence import to_say
from service.domain.presence_mail import site_of_presence_link
from service.domain.stay_lists import Slice, stays_of
from service.vocabulary import LEVEL_LABELS, Side
from service.web.access import public
from service.web.context import db, now, today
from service.web.forms import Form, show
from service.web.presences import CHOICES, apply_outcomes, said_of

blueprint = Blueprint("site_presences", __name__)


@blueprint.get("/presence/<token>")
@public
def ask(token: str) -> Any:
    return _show(token, Form())


@blueprint.post("/presence/<token>")
@public
def answer(token: str) -> Any:
    """What is left without an answer stays so: the reminder brings another link."""
    link, site = site_of_presence_link(db(), token, today(), now())
    told, form = apply_outcomes(Voice(Side.HOST, site_id=site.id), f"link:{link.id}"), Form()
    if not told:
        form.general.append("Choisissez une réponse pour au moins un stage, ou dites que tous ont eu lieu.")
        return _show(token, form)
    use_link(db(), link, now())
    return render_template("public/stays_answered.html", said=said_of(told), site=site)


def _show(token: str, form: Form) -> Response:
    _, site = site_of_presence_link(db(), token, today(), now())
    voice = Voice(Side.HOST, site_id=site.id)
    waiting = to_say(db(), voice, today())
    lines = stays_of(db(), voice, Slice(waiting, waiting, limit=500))
    return show("public/say_presence.html", form, site=site, lines=lines, choices=CHOICES, level_labels=LEVEL_LABELS)
