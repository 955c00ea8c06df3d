"""French typography for the templates: numbers, dates, percentages, distances, agreement in number.

Thousands and units are kept together by a no-break space (U+202F inside a number, U+00A0 before a sign or a unit).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from service.domain.dates import MONTHS, short_date
from service.domain.texts import said_once
from service.web.context import PARIS

THIN = "\u202f"
NBSP = "\u00a0"
day_short = short_date
"""« 27/11/2026 »: the filter has the name of its family."""
DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def number(value: float, decimals: int = 0) -> str:
    """12480 → « 12 480 »."""
    text = f"{value:,.{decimals}f}"
    return text.replace(",", THIN).replace(".", ",").replace("-", "\u2212")


def percent(part: float, whole: float, decimals: int = 0) -> str:
    """« 94 % », or « – » when there is nothing to compare with. Never rounds up to 100 %."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if part < whole:
        share = min(share, 100 - 10**-decimals)
    return f"{number(share, decimals)}{NBSP}%"


def day_long(day: date) -> str:
    """« lun. 14 juin 2027 »."""
    return f"{DAYS[day.weekday()]}{NBSP}{_day_of_month(day)}{NBSP}{MONTHS[day.month - 1]}{NBSP}{day.year}"


def day_span(first: date, last: date) -> str:
    """« du 14 au 25 juin 2027 »."""
    end = f"{_day_of_month(last)}{NBSP}{MONTHS[last.month - 1]}{NBSP}{last.year}"
    start = _day_of_month(first)
    if (first.month, first.year) != (last.month, last.year):
        start += f"{NBSP}{MONTHS[first.month - 1]}"
    if first.year != last.year:
        start += f"{NBSP}{first.year}"
    return f"du {start} au {end}"


def month(day: date) -> str:
    """« juin 2027 »."""
    return f"{MONTHS[day.month - 1]}{NBSP}{day.year}"


def moment(instant: datetime) -> str:
    """« 22/11/2026 à 14 h 05 », in mainland France's time."""
    local = instant.astimezone(PARIS)
    return f"{day_short(local)} à {local.hour}{NBSP}h{NBSP}{local.minute:02d}"


def distance(metres: float) -> str:
    """« 800 m », « 3,4 km », « 27 km »."""
    if metres < 950:
        return f"{round(metres / 10) * 10}{NBSP}m"
    kilometres = metres / 1000
    return f"{number(kilometres, 1 if kilometres < 9.95 else 0)}{NBSP}km"


def ordinal(rank: int, *, feminine: bool = False) -> str:
    """« 1er », « 1re », « 2e »."""
    return f"{rank}{('re' if feminine else 'er') if rank == 1 else 'e'}"


def counted(value: int, singular: str, plural: str = "") -> str:
    """« 1 élève », « 12 480 élèves »: zero and one are singular in French."""
    word = singular if abs(value) < 2 else plural or f"{singular}s"
    return f"{number(value)}{NBSP}{word}"


def typeset(text: str) -> str:
    """No-break spaces before : ; ! ? » and after « in a text that came from elsewhere."""
    for sign in (":", ";", "!", "?", "»", "%"):
        text = text.replace(f" {sign}", f"{NBSP}{sign}")
    return text.replace("« ", f"«{NBSP}")


def capitalize_first(text: str) -> str:
    """« collège, de la 5e à la 3e » → « Collège, de la 5e à la 3e »: the rest keeps its capitals."""
    return text[:1].upper() + text[1:]


def class_title(name: str) -> str:
    """« Classe 3e B »; a class already called « Classe 1 » keeps its name."""
    return capitalize_first(name) if name.lower().startswith("classe") else f"Classe {name}"


def label(value: str, labels: Mapping[Any, str]) -> str:
    return labels[value]


def lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def _day_of_month(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": number,
    "percent_of": percent,
    "day_short": day_short,
    "day_long": day_long,
    "month": month,
    "moment": moment,
    "distance": distance,
    "ordinal": ordinal,
    "counted": counted,
    "typeset": typeset,
    "capitalize_first": capitalize_first,
    "class_title": class_title,
    "label": label,
    "lines": lines,
}


def install(app: Flask) -> None:
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals["day_span"] = day_span
    app.jinja_env.globals["said_once"] = said_once
