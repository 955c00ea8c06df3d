"""One total of seats shared out over several periods: in equal parts, or in the parts that were written.

Responsible for which periods follow each other and for whole seats in each. What it gives is a proposal that a person
reads and changes: whether an offer may open there is `offer_rules`' to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.domain.calendar import PeriodChoice
from service.domain.texts import plural
from service.errors import ServiceError

MOST_PERIODS = 40
_PARTS = re.compile(r"[0-9]{1,5}(?:\s*[,;/+]\s*[0-9]{1,5})*")


def share_out(text: str, count: int | None, first_period: str, choices: Sequence[PeriodChoice]) -> dict[str, int]:
    """«12» over `count` periods in equal parts, or «4, 4, 2, 2» as written, from `first_period` on.

    Closed periods are passed over. Periods with no seat are left out.

    Raises:
        ServiceError: what cannot be read, fewer seats than periods, fewer periods than wanted.
    """
    parts = _read_parts(text, count)
    periods = following(first_period, choices)
    if len(parts) > len(periods):
        told = plural(len(periods), "période ouverte", "périodes ouvertes")
        message = f"Il ne reste que {told} à partir de celle-ci. Commencez plus tôt, ou répartissez sur moins."
        raise ServiceError("too_many_periods", message, "split_count")
    return {period: seats for period, seats in zip(periods, parts, strict=False) if seats}


def equal_parts(total: int, count: int) -> list[int]:
    """Whole seats, the first parts one seat larger where it does not fall even.

    Raises:
        ServiceError: a part would have no seat.
    """
    if total < count:
        message = (
            f"{plural(total, 'place')} sur {plural(count, 'période')}\u00a0: il en faut au moins une dans chacune. "
            "Répartissez sur moins de périodes."
        )
        raise ServiceError("fewer_seats_than_periods", message, "split_count")
    share, rest = divmod(total, count)
    return [share + (index < rest) for index in range(count)]


def following(first_period: str, choices: Sequence[PeriodChoice]) -> list[str]:
    """The open periods as long as the first one, from it on, each after the end of the one before."""
    first = next((one.period for one in choices if one.open and one.period.id == first_period), None)
    if first is None:
        raise ServiceError("period_missing", "Choisissez la première période parmi celles ouvertes.", "split_from")
    alike = [
        one.period
        for one in choices
        if one.open and len(one.period.weeks) == len(first.weeks) and one.period.starts_on >= first.starts_on
    ]
    kept, free_from = list[str](), first.starts_on
    for period in sorted(alike, key=lambda one: one.starts_on):
        if period.starts_on >= free_from:
            kept.append(period.id)
            free_from = period.ends_on
    return kept


def _read_parts(text: str, count: int | None) -> list[int]:
    if not _PARTS.fullmatch(text.strip()):
        message = "Écrivez un total, par exemple 12, ou les parts, par exemple 4, 4, 2, 2."
        raise ServiceError("split_unreadable", message, "split_total")
    parts = [int(part) for part in re.findall(r"[0-9]+", text)]
    if len(parts) > 1:
        if count not in (None, len(parts)):
            message = f"Vous écrivez {len(parts)} parts pour {plural(count or 0, 'période')}. Corrigez l’un ou l’autre."
            raise ServiceError("parts_contradict_count", message, "split_count")
        return parts
    if count is None or not 1 <= count <= MOST_PERIODS:
        message = f"Indiquez sur combien de périodes répartir ce total, de 1 à {MOST_PERIODS}."
        raise ServiceError("split_count_missing", message, "split_count")
    return equal_parts(parts[0], count)
