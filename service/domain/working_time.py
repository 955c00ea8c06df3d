"""What a day and a week may hold for pupils of an age: one function over dated rules, the same for a form and a file.

The limits are rows (`WorkingTimeRule`), the usual ages of a level are its own rule's. A level receives pupils of
several ages and nobody's birth date is known here: the strictest limit of those ages is the one that counts. Refuses to
know offers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, TypeVar

from sqlmodel import Session, select

from service.domain.texts import french_list, plural
from service.errors import ServiceError
from service.persistence.tables import LevelRule, WorkingTimeRule
from service.vocabulary import LEVEL_LABELS, Level

Rule = TypeVar("Rule", LevelRule, WorkingTimeRule)
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")
_LIMITS = "working_time"
DAY_MINUTES = 24 * 60
_CLOCK = r"([01]?[0-9]|2[0-4])\s*(?:[hH:.]\s*([0-5][0-9])?)?"
_STRETCH = re.compile(rf"{_CLOCK}\s*(?:-|–|—|à)\s*{_CLOCK}")


@dataclass(frozen=True, slots=True)
class WorkDay:
    """Hours of one day: 1 is Monday; one or two stretches of (start, end) in minutes since midnight."""

    weekday: int
    stretches: tuple[tuple[int, int], ...]

    @property
    def minutes(self) -> int:
        """Presence without the pause."""
        return sum(end - start for start, end in self.stretches)

    @property
    def text(self) -> str:
        """«9 h – 12 h, 13 h 30 – 16 h 30»."""
        return ", ".join(f"{clock(start)} – {clock(end)}" for start, end in self.stretches)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the rules in force ask of a level's pupils; `bands` from the youngest, each as its rule's document."""

    level: str
    bands: tuple[dict[str, Any], ...]
    presence_days: int

    def strictest(self, of: Callable[[dict[str, Any]], Any]) -> tuple[Any, str]:
        """The smallest value and the label of the youngest band that has it."""
        band = min(self.bands, key=of)
        return of(band), band["label"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is refused, and what is let through with a word."""

    refused: tuple[str, ...]
    warned: tuple[str, ...]


def clock(minutes: int) -> str:
    """«9 h», «13 h 30»."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}\u00a0h" + (f"\u00a0{rest:02d}" if rest else "")


def read_day(text: str, weekday: int) -> WorkDay | None:
    """«9h-12h, 13h30-16h30» as typed; None for an empty box.

    Raises:
        ServiceError: `hours_unreadable`, not one or two stretches in order.
    """
    if not text.strip():
        return None
    parts = [one.strip() for one in re.split(r"[,;/]|\bet\b", text) if one.strip()]
    found = [_STRETCH.fullmatch(one) for one in parts]
    stretches = [_stretch(one) for one in found if one is not None]
    flat = [moment for pair in stretches for moment in pair]
    if len(stretches) != len(parts) or not 1 <= len(parts) <= 2 or any(a >= b for a, b in pairwise(flat)):
        raise ServiceError(
            "hours_unreadable",
            f"{WEEKDAYS[weekday - 1].capitalize()}\u00a0: «\u00a0{text.strip()[:40]}\u00a0» ne se lit pas comme des "
            "horaires. Écrivez par exemple «\u00a09h-12h, 13h30-16h30\u00a0».",
            "hours",
        )
    return WorkDay(weekday, tuple(stretches))


def read_week(texts: Sequence[str]) -> tuple[WorkDay, ...]:
    """Days typed one by one, Monday first; those already checked once are read again."""
    return tuple(day for day in map(read_day, texts, range(1, len(texts) + 1)) if day is not None)


def week_in_words(days: Sequence[WorkDay]) -> list[str]:
    """«Du lundi au jeudi : 9 h – 12 h, 13 h 30 – 16 h 30»: days in a row that are alike share a line."""
    runs: list[list[WorkDay]] = []
    for day in sorted(days, key=lambda one: one.weekday):
        if runs and runs[-1][-1].weekday == day.weekday - 1 and runs[-1][-1].stretches == day.stretches:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [f"{_named(run)}\u00a0: {run[0].text}" for run in runs]


def _named(run: Sequence[WorkDay]) -> str:
    first, last = (WEEKDAYS[one.weekday - 1] for one in (run[0], run[-1]))
    if len(run) == 1:
        return first.capitalize()
    return f"Du {first} au {last}" if len(run) > 2 else f"{first.capitalize()} et {last}"


def _stretch(found: re.Match[str]) -> tuple[int, int]:
    first, first_minutes, last, last_minutes = found.groups()
    ends = int(last) * 60 + int(last_minutes or 0)
    # «24 h 30» is no hour of any day: it becomes a stretch that ends before it starts, which is refused.
    return int(first) * 60 + int(first_minutes or 0), ends if ends <= DAY_MINUTES else 0


def limits_of(session: Session, level: Level, day: date, born: date | None = None) -> Limits:
    """The limits in force on a day for the usual ages of a level, or for the age of one pupil on that day."""
    if _LIMITS not in session.info:
        # Read once per unit of work: a file asks for each of its lines.
        session.info[_LIMITS] = session.exec(select(LevelRule)).all(), session.exec(select(WorkingTimeRule)).all()
    of_levels, of_bands = session.info[_LIMITS]
    rule = _in_force([one for one in of_levels if one.level == level], day)[-1].document
    rows = _in_force(of_bands, day)
    ages = rule["ages"] if born is None else dict.fromkeys(("youngest", "oldest"), age_on(born, day))
    bands = [
        one.document
        for one in rows
        if one.document["age_from"] <= ages["oldest"]
        and (one.document["age_to"] is None or one.document["age_to"] >= ages["youngest"])
    ]
    return Limits(level, tuple(sorted(bands, key=lambda one: one["age_from"])), rule["presence_days"])


def age_on(born: date, day: date) -> int:
    """Whole years; someone born on 29 February turns on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _in_force(rules: Iterable[Rule], day: date) -> list[Rule]:
    found = [one for one in rules if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)]
    return sorted(found, key=lambda one: one.valid_from)


def judge_hours(days: Sequence[WorkDay], limits: Limits) -> Judgement:
    """Every limit that a week of presence passes, day by day then over the week."""
    refused = [sentence for day in days for sentence in _judge_day(day, limits)]
    refused += _judge_nights(days, limits)
    refused += _judge_rest(days, limits)
    if len(days) < limits.presence_days:
        refused.append(
            f"Indiquez les horaires d’au moins {plural(limits.presence_days, 'jour')} de la semaine\u00a0; "
            f"il y en a {len(days)}."
        )
    week, warned = sum(day.minutes for day in days), []
    most, label = limits.strictest(lambda band: band["hours_per_week_relaxed"] or band["hours_per_week"])
    usual, young = limits.strictest(lambda band: band["hours_per_week"])
    if week > most * 60:
        refused.append(f"Semaine\u00a0: {clock(week)} de présence, {_at_most(most, label)}. Retirez des heures.")
    elif week > usual * 60:
        warned.append(
            f"Semaine de {clock(week)}\u00a0: {_at_most(usual, young)} en règle générale. L’établissement aménagera "
            "les horaires d’un élève de cet âge."
        )
    return Judgement(tuple(refused), tuple(warned))


def _at_most(hours: int, label: str) -> str:
    return f"{hours}\u00a0h au plus pour un élève de {label}"


def _judge_day(day: WorkDay, limits: Limits) -> list[str]:
    name, refused = WEEKDAYS[day.weekday - 1].capitalize(), []
    most, label = limits.strictest(lambda band: band["hours_per_day"])
    if day.minutes > most * 60:
        refused.append(f"{name}\u00a0: {clock(day.minutes)} de présence, {_at_most(most, label)}.")
    latest, label = limits.strictest(lambda band: _minutes(band["latest"]))
    earliest = max(_minutes(band["earliest"]) for band in limits.bands)
    if day.stretches[0][0] < earliest or day.stretches[-1][1] > latest:
        span = f"de {clock(earliest)} à {clock(latest)}"
        refused.append(f"{name}\u00a0: la journée d’un élève de {label} va {span} au plus large.")
    longest, label = limits.strictest(lambda band: band["break_after_minutes"])
    due = max(band["break_minutes"] for band in limits.bands)
    pauses = [second[0] - first[1] for first, second in pairwise(day.stretches)]
    # The stricter of two readings: a pause is due from the limit on.
    if day.minutes >= longest and (max(pauses, default=0) < due or max(b - a for a, b in day.stretches) > longest):
        refused.append(
            f"{name}\u00a0: une pause d’au moins {due} minutes coupe la journée, et pas plus de {clock(longest)} ne se "
            "suivent."
        )
    return refused


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _judge_nights(days: Sequence[WorkDay], limits: Limits) -> list[str]:
    least = max(band["daily_rest_hours"] for band in limits.bands)
    label = next(band["label"] for band in limits.bands if band["daily_rest_hours"] == least)
    short = [
        f"{WEEKDAYS[one.weekday - 1]} et {WEEKDAYS[after.weekday - 1]}"
        for one, after in pairwise(sorted(days, key=lambda day: day.weekday))
        if after.weekday == one.weekday + 1 and DAY_MINUTES - one.stretches[-1][1] + after.stretches[0][0] < least * 60
    ]
    if not short:
        return []
    return [f"Entre {french_list(short)}\u00a0: il faut {least}\u00a0h de repos la nuit pour un élève de {label}."]


def _judge_rest(days: Sequence[WorkDay], limits: Limits) -> list[str]:
    least = max(band["weekly_rest_days"] for band in limits.bands)
    worked = {day.weekday for day in days}
    # A week of hours repeats: the Sunday is off, and the days off around it join.
    off = [weekday not in worked for weekday in range(1, 8)] * 2
    longest = run = 0
    for is_off in off:
        run = run + 1 if is_off else 0
        longest = max(longest, run)
    if longest >= least:
        return []
    return [f"Laissez {least} jours de repos de suite, dont le dimanche\u00a0: le samedi ou le lundi."]


def hours_hint(limits: Limits) -> str:
    """What the form says beside the field before anything is typed."""
    day, _ = limits.strictest(lambda band: band["hours_per_day"])
    week, label = limits.strictest(lambda band: band["hours_per_week"])
    latest, _ = limits.strictest(lambda band: _minutes(band["latest"]))
    earliest = max(_minutes(band["earliest"]) for band in limits.bands)
    pause, due = (limits.bands[0][key] for key in ("break_after_minutes", "break_minutes"))
    ages = french_list([band["label"] for band in limits.bands])
    return (
        f"En {LEVEL_LABELS[limits.level]} ({ages})\u00a0: {day}\u00a0h par jour au plus, entre {clock(earliest)} et "
        f"{clock(latest)}, {due} minutes de pause dès {clock(pause)}, {week}\u00a0h par semaine pour un élève de "
        f"{label}, deux jours de repos de suite."
    )
