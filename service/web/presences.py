"""What came of the stays, said in one click by a school or by a host; where the two differ, both see it.

Refuses to decide what counts as held: the domain does.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service.domain.confirmations import Voice
from service.domain.offer_views import NUMBERS_ONLY_FR
from service.domain.presence import differ, has_begun, is_unsaid, said_of_stays, say, say_held, to_say
from service.domain.stay_lists import Slice, count_stays, stays_of
from service.persistence.tables import Partner, School
from service.vocabulary import ABSENCE_LABELS, LEVEL_LABELS, OUTCOME_LABELS, Outcome, Role, Side
from service.web.access import allowed, signed_in_person
from service.web.context import db, now, today
from service.web.french import counted
from service.web.paging import PER_PAGE, Page, cut

blueprint = Blueprint("presences", __name__)
school_staff = allowed(Role.SCHOOL_COORDINATOR)
partner_staff = allowed(Role.PARTNER_MANAGER)
_NAME = re.compile(r"outcome-([0-9]{1,9})")
CHOICES = [("held:", OUTCOME_LABELS[Outcome.HELD])] + [
    (f"{outcome}:{cause}", f"{OUTCOME_LABELS[outcome]}, {label}")
    for outcome in (Outcome.PARTLY, Outcome.NO_SHOW)
    for cause, label in ABSENCE_LABELS.items()
]
"""What one list offers: an outcome and its cause at once."""


def _show(voice: Voice, **space: object) -> str:
    begun = has_begun(today())
    place = cut(range(count_stays(db(), voice, begun)), request.args)
    part = Slice(begun, is_unsaid(voice.side), (place.number - 1) * PER_PAGE, PER_PAGE)
    lines = stays_of(db(), voice, part)
    said = said_of_stays(db(), [line.id for line in lines if not line.numbers_only])
    return render_template(
        "stays/presences.html",
        page=Page(lines, place.number, place.count, place.total),
        side=voice.side,
        other=Side.HOST if voice.side is Side.SCHOOL else Side.SCHOOL,
        said=said,
        differ={key for key, both in said.items() if differ(both.values())},
        waiting=count_stays(db(), voice, to_say(db(), voice, today())),
        gate=NUMBERS_ONLY_FR if any(line.numbers_only for line in lines) else "",
        choices=CHOICES,
        outcome_labels=OUTCOME_LABELS,
        cause_labels=ABSENCE_LABELS,
        level_labels=LEVEL_LABELS,
        **space,
    )


def apply_outcomes(voice: Voice, actor: str) -> int:
    """What the form says: the lists, one by one, then every stay that still waits when it says so. Returns how many.

    Raises:
        ServiceError: a choice that is not in the list, a stay that is no more: then nothing is done.
    """
    told = 0
    for name, text in request.form.items():
        found = _NAME.fullmatch(name)
        if found and text.strip():
            outcome, _, cause = text.strip().partition(":")
            say(db(), voice, int(found[1]), outcome, cause, actor, today(), now())
            told += 1
    if request.form.get("all") == Outcome.HELD:
        told += say_held(db(), voice, actor, today(), now())
    return told


def said_of(told: int) -> str:
    return counted(told, "réponse enregistrée", "réponses enregistrées")


def _answer(voice: Voice, back: str) -> Response:
    told = apply_outcomes(voice, signed_in_person().actor)
    flash(said_of(told) + ".", "message" if told else "attention")
    return redirect(back, 303)


@blueprint.get("/etablissements/<uai>/presences")
@school_staff
def school_index(school: School) -> Any:
    home, action = url_for("schools.board", uai=school.uai), url_for(".school_answer", uai=school.uai)
    return _show(Voice(Side.SCHOOL, school_id=school.id), space_name=school.name, home=home, action=action)


@blueprint.post("/etablissements/<uai>/presences")
@school_staff
def school_answer(school: School) -> Any:
    return _answer(Voice(Side.SCHOOL, school_id=school.id), url_for(".school_index", uai=school.uai))


@blueprint.get("/partenaires/<int:partner_id>/presences")
@partner_staff
def partner_index(partner: Partner) -> Any:
    home = url_for("partners.home", partner_id=partner.id)
    action = url_for(".partner_answer", partner_id=partner.id)
    return _show(Voice(Side.HOST, partner_id=partner.id), space_name=partner.name, home=home, action=action)


@blueprint.post("/partenaires/<int:partner_id>/presences")
@partner_staff
def partner_answer(partner: Partner) -> Any:
    return _answer(Voice(Side.HOST, partner_id=partner.id), url_for(".partner_index", partner_id=partner.id))
