"""The explanation that the law gives each family: on the school's own pages, and by a link that opens it once.

Responsible for words. Refuses to know how a placement is computed: everything shown was frozen or recorded.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for

from service.domain.explanations import (
    Explanation,
    explain_to_family,
    give_to_family,
    open_given,
    pupil_of_school,
    read_given,
)
from service.domain.rounds import name_of
from service.domain.school_years import period_label
from service.persistence.tables import School
from service.vocabulary import HIGHER_LABELS, LEVEL_LABELS, NEED_LABELS, PRIORITY_LABELS, TIER_LABELS, Need, Role
from service.web.access import allowed, public, signed_in_person
from service.web.context import db, now
from service.web.fix_words import fix_sentence, names_for
from service.web.french import ordinal
from service.web.public import TERRITORY_RULE_LABELS
from service.web.reason_words import reason_sentence
from service.web.result_lists import line_labels
from service.web.results import tier_rows

blueprint = Blueprint("explanations", __name__)


@blueprint.get("/etablissements/<uai>/eleves/<pseudonym>/explication")
@allowed(Role.SCHOOL_COORDINATOR)
def page(school: School, pseudonym: str) -> Any:
    told = explain_to_family(db(), pupil_of_school(db(), school, pseudonym))
    return render_template(
        "schools/explanation.html", school=school, pseudonym=pseudonym, address="", **explanation_values(told)
    )


@blueprint.post("/etablissements/<uai>/eleves/<pseudonym>/explication/lien")
@allowed(Role.SCHOOL_COORDINATOR)
def give(school: School, pseudonym: str) -> Any:
    """Shows the address of a link for the family, this once."""
    pupil = pupil_of_school(db(), school, pseudonym)
    told = explain_to_family(db(), pupil)
    token = give_to_family(db(), pupil, signed_in_person().actor, now())
    return render_template(
        "schools/explanation.html",
        school=school,
        pseudonym=pseudonym,
        address=url_for(".family", token=token, _external=True),
        **explanation_values(told),
    )


@blueprint.get("/explication/<token>")
@public
def family(token: str) -> Any:
    """What the link opens, before it is spent: mail programs follow links too."""
    read_given(db(), token, now())
    return render_template("public/open_explanation.html")


@blueprint.post("/explication/<token>")
@public
def family_open(token: str) -> Any:
    return render_template("public/explanation.html", **explanation_values(open_given(db(), token, now())))


def explanation_values(told: Explanation) -> dict[str, object]:
    """What the page says, in words."""
    names = names_for(told.fixes[:1], told.round)
    asked = told.asked
    wishes = len(asked.wishes)
    return {
        "told": told,
        "level": LEVEL_LABELS.get(asked.level, asked.level),
        "periods": [period_label(one) for one in asked.periods],
        "needs": [NEED_LABELS[Need(one)] for one in asked.needs],
        "priority": PRIORITY_LABELS.get(asked.priority, asked.priority),
        "obtained": [(one, _wish_words(one.rank, wishes)) for one in told.obtained],
        "higher": [(one, HIGHER_LABELS[one.reason]) for one in told.higher],
        "why_not": reason_sentence(told.reason, told.facts, line_labels()) if told.reason else "",
        "others_full": max(0, len(told.facts.get("offers", ())) - len(told.full_offers)),
        "fix": fix_sentence(told.fixes[0], names) if told.fixes else "",
        "tiers": tier_rows(told.round),
        "tier_labels": TIER_LABELS,
        "territory_words": TERRITORY_RULE_LABELS[told.territory_rule],
        "published_by": name_of(db(), told.round.published_by),
    }


def _wish_words(rank: int, wishes: int) -> str:
    if not rank or not wishes:
        return "sans vœu exprimé"
    return f"{ordinal(rank)} vœu" if rank <= wishes else "hors des vœux"
