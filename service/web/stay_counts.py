"""The stays of a territory's schools, as its coordinators follow them after a publication: counts, and whom to call.

Responsible for the filters of the list. Refuses to name a pupil, and to count: `service.domain.stay_counts` does.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from service.domain.perimeters import read_geography
from service.domain.stay_counts import stays_by_school, stays_by_territory
from service.domain.texts import search_form
from service.vocabulary import COORDINATORS
from service.web.access import allowed, signed_in_person
from service.web.context import db, today
from service.web.conventions import school_year_in_force
from service.web.paging import cut
from service.web.results import asked_filters

blueprint = Blueprint("stay_counts", __name__, url_prefix="/coordination/stages")


@blueprint.get("")
@allowed(*COORDINATORS)
def index() -> Any:
    year, chosen = school_year_in_force(), asked_filters("q", "departement")
    schools = stays_by_school(db(), year, signed_in_person().area, today())
    searched = search_form(chosen["q"])
    kept = [
        one
        for one in schools
        if chosen["departement"] in ("", one.department_code) and searched in search_form(f"{one.name} {one.uai}")
    ]
    return render_template(
        "coordinators/stays.html",
        school_year=year,
        territories=stays_by_territory(read_geography(db()), schools),
        chosen=chosen,
        page=cut(kept, request.args),
    )
