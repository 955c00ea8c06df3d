"""Periods in a form: grouped by length and month, closed ones kept with their reason; seats typed period by period."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectMultipleField

from service.domain.calendar import PeriodChoice
from service.errors import Refusals, ServiceError
from service.web.french import month

PAST = "Cette période a déjà commencé."
_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")
WEEK_WORDS = {
    1: "Une semaine",
    2: "Deux semaines de suite",
    3: "Trois semaines de suite",
    4: "Quatre semaines de suite",
}


@dataclass(frozen=True)
class PeriodGroup:
    """The choices of one length, month by month."""

    label: str
    months: list[tuple[str, list[PeriodChoice]]] = field(default_factory=list)


def group_choices(choices: Iterable[PeriodChoice]) -> list[PeriodGroup]:
    """Those still ahead, the shortest first."""
    by_length = sorted(still_ahead(choices), key=lambda one: (len(one.period.weeks), one.period.starts_on))
    return [
        PeriodGroup(WEEK_WORDS[length], _by_month(found))
        for length, found in groupby(by_length, key=lambda one: len(one.period.weeks))
    ]


def _by_month(choices: Iterable[PeriodChoice]) -> list[tuple[str, list[PeriodChoice]]]:
    return [(name, list(found)) for name, found in groupby(choices, key=lambda one: month(one.period.starts_on))]


def still_ahead(choices: Iterable[PeriodChoice]) -> list[PeriodChoice]:
    """What a form shows: a period that has begun would only be in the way."""
    return [one for one in choices if one.why_closed != PAST]


def close_past(choices: Iterable[PeriodChoice], day: date) -> list[PeriodChoice]:
    """What has begun can no longer be asked nor offered."""
    return [replace(one, open=False, why_closed=PAST) if one.period.starts_on <= day else one for one in choices]


def refuse_past(choices: Iterable[PeriodChoice], period_ids: Iterable[str]) -> None:
    """
    Raises:
        Refusals: one per period that has begun, though its box could not be used.
    """
    wanted = set(period_ids)
    past = [one for one in choices if one.why_closed == PAST and one.period.id in wanted]
    if past:
        advice = "Choisissez une période à venir."
        raise Refusals(
            [ServiceError("period_past", f"{one.label_fr}\u00a0: {PAST} {advice}", "periods") for one in past]
        )


class PeriodsField(SelectMultipleField):  # type: ignore[misc]
    """Ticked periods. Whether each may be used is the calendar's business, not the form's."""

    def __init__(self, label: str, **options: object) -> None:
        super().__init__(label, choices=[], validate_choice=False, **options)


class SeatsField(Field):  # type: ignore[misc]
    """Seats per period, one small box each (`seats-2027-W05`). `typed` keeps what was written, right or wrong."""

    typed: dict[str, str]
    data: dict[str, int]
    zero_is_none = True
    """An opening of zero seats is no opening."""

    def process(self, formdata: MultiDict[str, str] | None, data: object = None, extra_filters: object = None) -> None:  # noqa: ARG002
        self.typed, self.data = {}, {}
        self.process_errors: list[str] = []
        prefix = f"{self.name}-"
        for key, sent in (formdata or MultiDict()).items():
            text = sent.strip()
            if not key.startswith(prefix) or not text:
                continue
            period_id = key.removeprefix(prefix)
            self.typed[period_id] = text
            if not _WHOLE_NUMBER.fullmatch(text):
                self.process_errors.append(
                    f"«\u00a0{text[:20]}\u00a0» n’est pas un nombre de places\u00a0: écrivez un nombre entier."
                )
            elif int(text) or not self.zero_is_none:
                self.data[period_id] = int(text)
