"""What a round teaches, for the coordinator: where one more seat would help most, why seats stay empty, what to change.

Responsible for filters and words. Refuses to count: rows were written with the round, in the worker's child.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, request, url_for

from service.domain.campaigns import get_campaign
from service.domain.findings import (
    SeatsThere,
    SeatWanted,
    changes_wanted,
    is_explained,
    openings_found,
    periods_named,
    seats_wanted,
)
from service.domain.fix_subjects import fix_of
from service.domain.school_years import period_label
from service.domain.texts import search_form
from service.persistence.tables import AllocationRound
from service.vocabulary import EMPTY_SEATS_LABELS, FIX_LABELS, LEVEL_LABELS, Level
from service.web.context import db
from service.web.coordinators import department_names, reads_campaigns, reads_its_part
from service.web.fix_words import fix_sentence, names_for
from service.web.french import counted, number, typeset
from service.web.map import FranceMap, Measure, count_scale, france_map
from service.web.paging import cut
from service.web.results import asked_filters, get_computed, part_of, show_in_frame
from service.web.sectors import sector_labels

blueprint = Blueprint("findings", __name__, url_prefix="/coordination")
NOTHING_WANTED = "aucune place de plus n’y placerait un élève"


def _frame(template: str, found: AllocationRound, chosen: Mapping[str, str], **values: object) -> str:
    periods = periods_named(db(), get_campaign(db(), found.campaign_id).school_year)
    return show_in_frame(
        template,
        found,
        chosen=chosen,
        explained=is_explained(found),
        periods={key: period_label(one) for key, one in periods.items()},
        sectors=sector_labels(),
        levels=[(level.value, LEVEL_LABELS[level]) for level in Level],
        level_labels=LEVEL_LABELS,
        department_names=department_names(),
        **values,
    )


@blueprint.get("/tours/<int:round_id>/ou-demarcher")
@reads_its_part
def wanted(round_id: int) -> Any:
    """Where one more seat would help most: the map, then every kind of seat."""
    found = get_computed(round_id)
    chosen = asked_filters("departement", "niveau", "secteur", "periode")
    everything = seats_wanted(db(), found, part_of(found))
    return _frame(
        "coordinators/wanted.html",
        found,
        chosen,
        kinds=len(everything),
        used_periods=sorted({one.period_id for one in everything}),
        map=wanted_map(found, everything),
        page=cut(_kept(everything, chosen), request.args),
    )


def _kept(rows: Sequence[SeatWanted], chosen: Mapping[str, str]) -> list[SeatWanted]:
    return [
        one
        for one in rows
        if chosen["departement"] in ("", one.department_code)
        and chosen["niveau"] in ("", one.level)
        and chosen["secteur"] in ("", one.sector)
        and chosen["periode"] in ("", one.period_id)
    ]


def wanted_map(found: AllocationRound, rows: Sequence[SeatWanted]) -> FranceMap:
    """By département of the schools: the kind of seat that most pupils could take. Kinds overlap: nothing is added."""
    best: dict[str, SeatWanted] = {}
    for one in rows:
        best.setdefault(one.department_code, one)
    kinds = Counter(one.department_code for one in rows)
    measures = {
        code: Measure(
            one.unplaced,
            f"{counted(one.unplaced, 'élève sans place pourrait', 'élèves sans place pourraient')} prendre la même "
            "place de plus",
            (number(one.unplaced), number(one.movers), number(kinds[code])),
        )
        for code, one in best.items()
    }
    return france_map(
        "Élèves sans place qui pourraient prendre une même place de plus, par département de leur établissement",
        count_scale([one.unplaced for one in best.values()], "élèves", "aucun élève", NOTHING_WANTED),
        measures,
        department_names(),
        ("Département", "Élèves sans place", "Départs utiles", "Sortes de places utiles"),
        lambda code: url_for(".wanted", round_id=found.id, departement=code, _anchor="liste"),
    )


@blueprint.get("/tours/<int:round_id>/places-vides")
@reads_its_part
def openings(round_id: int) -> Any:
    """Seats left empty and why; and, on demand, the full sites where one more seat would place one more pupil."""
    found = get_computed(round_id)
    chosen = asked_filters("q", "raison", "departement", "voir")
    everything = openings_found(db(), found, part_of(found))
    shown = [one for one in everything if one.one_more] if chosen["voir"] == "complets" else _empty(everything)
    return _frame(
        "coordinators/openings.html",
        found,
        chosen,
        reasons=_reasons(everything),
        empty_seats=sum(one.seats for one in everything),
        worth_one=sum(one.one_more for one in everything),
        reason_labels={key: typeset(label) for key, label in EMPTY_SEATS_LABELS.items()},
        page=cut(_found(shown, chosen), request.args),
    )


def _empty(rows: Sequence[SeatsThere]) -> list[SeatsThere]:
    return [one for one in rows if one.seats]


def _reasons(rows: Sequence[SeatsThere]) -> list[tuple[str, int, int]]:
    """Each reason with its empty seats and its openings, the one with most seats first."""
    seats, places = Counter[str](), Counter[str]()
    for one in _empty(rows):
        seats[one.reason] += one.seats
        places[one.reason] += 1
    return [(reason, seats[reason], places[reason]) for reason in sorted(seats, key=lambda key: (-seats[key], key))]


def _found(rows: Sequence[SeatsThere], chosen: Mapping[str, str]) -> list[SeatsThere]:
    text = search_form(chosen["q"])
    return [
        one
        for one in rows
        if chosen["departement"] in ("", one.department_code)
        and (not chosen["raison"] or one.reason == chosen["raison"])
        and (not text or text in search_form(f"{one.partner} {one.site}"))
    ]


@blueprint.get("/tours/<int:round_id>/leviers")
@reads_campaigns
def levers(round_id: int) -> Any:
    """The smallest changes, grouped: for how many pupils each is the smallest."""
    found = get_computed(round_id)
    chosen = asked_filters("sorte")
    everything = changes_wanted(db(), found)
    kinds = Counter[str]()
    for one in everything:
        kinds[one.kind] += one.pupils
    page = cut([one for one in everything if chosen["sorte"] in ("", one.kind)], request.args)
    fixes = {one: fix_of(one.kind, one.subject) for one in page.rows}
    names = names_for(fixes.values(), found)
    return _frame(
        "coordinators/levers.html",
        found,
        chosen,
        kinds=[(kind, FIX_LABELS[kind], kinds[kind]) for kind in sorted(kinds, key=lambda key: (-kinds[key], key))],
        unfixed=found.pupils - found.placed - kinds.total(),
        rows=[(one, fix_sentence(fix, names)) for one, fix in fixes.items()],
        page=page,
    )
