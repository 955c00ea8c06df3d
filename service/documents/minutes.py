"""The minutes of a steering meeting: an accessible PDF (PDF/UA-1, PDF/A-2a) and the same tables as a workbook.

Responsible for the page. Knows no database. The font comes inside the typesetting library: the same data and instant
give the same bytes everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from service.documents.agreements import write_pdf
from service.documents.spreadsheets import write_xlsx
from service.domain.dates import french_day
from service.domain.texts import french_number

SOURCE = Path(__file__).with_name("minutes.typ")
NOT_SAID = "–"
UNKNOWN = "non chiffré"
FIGURES = ("Partenaire", "Action", "Niveau", "Promis", "Compté", "Hors service", "Déclaré", "Réalisé", "Écart", "Motif")


def write_minutes_pdf(
    document: Mapping[str, Any], status: str, actions: Mapping[str, str], levels: Mapping[str, str], made_at: datetime
) -> bytes:
    """The PDF of a minutes' document. `actions` and `levels` are the French labels of their codes."""
    return write_pdf(SOURCE, _page(document, status, actions, levels), made_at)


def _page(
    document: Mapping[str, Any], status: str, actions: Mapping[str, str], levels: Mapping[str, str]
) -> dict[str, Any]:
    figures = document["figures"]
    years = sorted({year for one in figures for year in one["years"]})
    return {
        "title": f"{document['body']}, compte rendu {document['school_year']}",
        "status": status,
        "facts": [
            ["Date", french_day(date.fromisoformat(document["held_on"]))],
            ["Lieu", document["place"] or NOT_SAID],
            ["Année scolaire", document["school_year"]],
        ],
        "conventions": document["conventions"],
        "members": [
            [one["name"], one["speaks_for"], "présent" if one["present"] else "absent"] for one in document["members"]
        ],
        "figures_note": "Chiffres définitifs." if document["final"] else "Chiffres provisoires.",
        "figures": [
            [
                one["partner"],
                _action(one, actions, levels),
                _said(one["promised"], UNKNOWN),
                _said(one["expected"]),
                _said(one["declared"]),
                _said(one["realised"]),
                _said(one["gap"]),
            ]
            for one in figures
        ],
        "year_names": years,
        "years": [
            [one["partner"], _action(one, actions, levels), *(_said(one["years"].get(year)) for year in years)]
            for one in figures
            if one["years"]
        ],
        "decisions": document["decisions"],
    }


def _action(one: Mapping[str, Any], actions: Mapping[str, str], levels: Mapping[str, str]) -> str:
    action, level = one["action"], one["level"]
    return f"{actions.get(action, action)}, {levels.get(level, level)} ({one['code']})"


def _said(value: int | None, otherwise: str = NOT_SAID) -> str:
    return otherwise if value is None else french_number(value)


def write_figures_xlsx(
    figures: Sequence[Mapping[str, Any]], actions: Mapping[str, str], levels: Mapping[str, str]
) -> bytes:
    """One row per action, numbers as numbers; an unknown number is an empty cell."""
    rows = [
        (
            one["partner"],
            f"{actions.get(one['action'], one['action'])} ({one['code']})",
            levels.get(one["level"], one["level"]),
            one["promised"],
            one["counted"],
            one["off_platform"],
            one["declared"],
            one["realised"],
            one["gap"],
            one["note"],
        )
        for one in figures
    ]
    return write_xlsx("Chiffres réalisés", FIGURES, rows)
