"""The stays of a school or of a partner: each is confirmed or refused here, one page for both sides.

Refuses to decide what an answer does and who may read what: the domain does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import true
from werkzeug.wrappers import Response

from service.domain.confirmations import Voice, confirm, count_by_state, count_silent, refuse
from service.domain.offer_views import NUMBERS_ONLY_FR
from service.domain.stay_lists import StayLine, count_stays, stays_of, to_confirm
from service.persistence.tables import Partner, School
from service.vocabulary import (
    CONFIRMATION_LABELS,
    LEVEL_LABELS,
    REASONS_OF,
    REFUSAL_LABELS,
    SIDE_LABELS,
    ConfirmationState,
    Role,
    Side,
)
from service.web.access import allowed, signed_in_person
from service.web.context import db, now
from service.web.french import counted
from service.web.paging import PER_PAGE, Page, cut

blueprint = Blueprint("stays", __name__)
school_staff = allowed(Role.SCHOOL_COORDINATOR)
partner_staff = allowed(Role.PARTNER_MANAGER)
_NAME = re.compile(r"answer-([0-9]{1,9})")
CONFIRM = "confirm"


@dataclass(frozen=True)
class Answers:
    """What the form says: placements that stand, placements taken back with their reason, or yes to all that wait."""

    confirmed: list[int]
    refused: dict[int, str]
    everything: bool

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.confirmed or self.refused)


def read_answers() -> Answers:
    chosen = {
        int(found[1]): text.strip()
        for name, text in request.form.items()
        if (found := _NAME.fullmatch(name)) and text.strip()
    }
    return Answers(
        [key for key, text in chosen.items() if text == CONFIRM],
        {key: text for key, text in chosen.items() if text != CONFIRM},
        request.form.get("all") == CONFIRM,
    )


def apply_answers(voice: Voice, answers: Answers, actor: str) -> tuple[int, int]:
    """Does what the form says, in one unit of work. Returns how many are confirmed and how many refused.

    Raises:
        ServiceError: a reason that is not in the list, a placement that ended meanwhile: then nothing is done.
    """
    for key, reason in answers.refused.items():
        refuse(db(), voice, key, reason, actor, now())
    confirmed = confirm(db(), voice, None if answers.everything else answers.confirmed, actor, now())
    return confirmed, len(answers.refused)


def said_of(confirmed: int, refused: int) -> str:
    parts = [counted(confirmed, "stage confirmé", "stages confirmés")] if confirmed else []
    parts += [counted(refused, "refusé, place rendue", "refusés, places rendues")] if refused else []
    return ", ".join(parts) or "Aucune réponse choisie"


def form_values(side: Side) -> dict[str, object]:
    return {
        "side": side,
        "reasons": [(one.value, REFUSAL_LABELS[one]) for one in REASONS_OF[side]],
        "state_labels": CONFIRMATION_LABELS,
        "refusal_labels": REFUSAL_LABELS,
        "side_labels": SIDE_LABELS,
        "level_labels": LEVEL_LABELS,
    }


def _page(voice: Voice) -> Page[StayLine]:
    """One page of the list, cut by the database."""
    place = cut(range(count_stays(db(), voice, true())), request.args)
    lines = stays_of(db(), voice, to_confirm(voice, (place.number - 1) * PER_PAGE, PER_PAGE))
    return Page(lines, place.number, place.count, place.total)


def _show(voice: Voice, **space: object) -> str:
    page, states = _page(voice), count_by_state(db(), voice)
    return render_template(
        "stays/index.html",
        page=page,
        waiting=count_silent(db(), voice),
        confirmed=states[ConfirmationState.CONFIRMED],
        live=states[ConfirmationState.CONFIRMED] + states[ConfirmationState.ASKED],
        gate=NUMBERS_ONLY_FR if any(line.numbers_only for line in page.rows) else "",
        **form_values(voice.side),
        **space,
    )


def _answer(voice: Voice, back: str) -> Response:
    answers = read_answers()
    flash(
        said_of(*apply_answers(voice, answers, signed_in_person().actor)) + ".",
        "attention" if answers.is_empty else "message",
    )
    return redirect(back, 303)


@blueprint.get("/etablissements/<uai>/stages")
@school_staff
def school_index(school: School) -> Any:
    home = url_for("schools.board", uai=school.uai)
    action = url_for(".school_answer", uai=school.uai)
    return _show(Voice(Side.SCHOOL, school_id=school.id), space_name=school.name, home=home, action=action)


@blueprint.post("/etablissements/<uai>/stages")
@school_staff
def school_answer(school: School) -> Any:
    return _answer(Voice(Side.SCHOOL, school_id=school.id), url_for(".school_index", uai=school.uai))


@blueprint.get("/partenaires/<int:partner_id>/stages")
@partner_staff
def partner_index(partner: Partner) -> Any:
    home = url_for("partners.home", partner_id=partner.id)
    action = url_for(".partner_answer", partner_id=partner.id)
    return _show(Voice(Side.HOST, partner_id=partner.id), space_name=partner.name, home=home, action=action)


@blueprint.post("/partenaires/<int:partner_id>/stages")
@partner_staff
def partner_answer(partner: Partner) -> Any:
    return _answer(Voice(Side.HOST, partner_id=partner.id), url_for(".partner_index", partner_id=partner.id))
