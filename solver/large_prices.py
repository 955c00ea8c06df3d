"""The prices of a large round's certificate as columns, and lexicographic comparison of such columns.

A price has one row per tier and one column per thing. Prices are bounded when read, so that their sums cannot overflow;
products of sums are added up in Python's own whole numbers where they could. It does not know what is proven.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from solver.large_columns import Bools, Ints, is_text, require
from solver.large_round import NO_LIMIT, Round
from solver.large_trips import Gauge

MAX_PRICE = 2**50
"""A price beyond it is for the plain judge: eight of them still add up in 62 bits."""


class Listed:
    """Prices of some of many things: the keys of those that have one, in order, and zeros for the others."""

    def __init__(self, keys: Ints, columns: Ints) -> None:
        self.keys, self._columns = keys, columns

    def under(self, gauge: Gauge) -> Listed:
        return Listed(self.keys, gauge.priced(self._columns.copy()))

    def of(self, wanted: Ints) -> Ints:
        """One column for each key."""
        at = np.minimum(np.searchsorted(self.keys, wanted), max(0, len(self.keys) - 1))
        found: Ints = self._columns[:, np.where(self.keys[at] == wanted, at, len(self.keys)) if len(self.keys) else at]
        return found

    def take_off(self, columns: Ints, wanted: Ints) -> None:
        """Take each key's price off its column, in place: quicker than `of` where few have one."""
        at = np.searchsorted(self.keys, wanted)
        some = np.flatnonzero(at < len(self.keys))
        some = some[self.keys[at[some]] == wanted[some]]
        columns[:, some] -= self._columns[:, at[some]]


class Prices:
    """Potentials of quota lines (the last one is the sink's) and of schools, worths of openings and of maxima.

    They are as the certificate says them, until they are taken under a gauge.
    """

    def __init__(self, found: Round, certificate: dict[str, Any]) -> None:
        """Raises `Unusual`, or what a malformed document makes Python raise, for a row about something unknown too."""
        self._found = found
        others = {*certificate} - {"format", "instance_sha256", "tiers", "lines", "schools", "openings", "maxima"}
        require(not any(certificate[name] for name in others), "certificate: prices of what is not read here")
        line, school = found.line_number, found.school_number
        self.lines = self._listed(certificate["lines"], 1, lambda name: line[name])
        self.schools = self._listed(certificate["schools"], 1, lambda name: school[name])
        self.openings = self._listed(certificate["openings"], 2, self._opening)
        self.maxima = self._listed(
            certificate["maxima"], 3, lambda name, *at: self.held(school[name], self._opening(*at))
        )
        opened, limited = found.offers.seats.reshape(-1) >= 0, np.repeat(found.offers.most < NO_LIMIT, found.periods)
        require(opened[self.openings.keys].all(), "certificate: an opening that is not open")
        held = self.maxima.keys % max(1, len(opened))
        require((opened & limited)[held].all(), "certificate: a maximum that does not exist")

    def under(self, gauge: Gauge) -> Prices:
        """These prices where each has a say."""
        found = copy(self)
        found.lines, found.schools = self.lines.under(gauge), self.schools.under(gauge)
        found.openings, found.maxima = self.openings.under(gauge), self.maxima.under(gauge)
        return found

    def held(self, school: Any, opening: Any) -> Any:
        """The number of a school's maximum at an opening, or of each of many."""
        return school * self._found.offers.seats.size + opening

    def _opening(self, offer: str, period: str) -> int:
        return self._found.offer_number[offer] * self._found.periods + self._found.period_number[period]

    def _listed(self, rows: Any, names: int, number: Any) -> Listed:
        tiers = len(self._found.params["tiers"])
        for row in rows:
            require(len(row) == names + 1 and all(map(is_text, row[:-1])), "certificate: a row")
            require(len(row[-1]) == tiers and all(map(_is_price, row[-1])), "certificate: a price")
        keys, order = np.unique(np.array([number(*row[:-1]) for row in rows], np.int64), return_index=True)
        require(len(keys) == len(rows), "certificate: a price twice")
        columns = np.array([row[-1] for row in rows], np.int64).reshape(-1, tiers)[order]
        every = np.concatenate((columns, np.zeros((1, tiers), np.int64)))
        return Listed(keys, np.ascontiguousarray(every.T))


def _is_price(value: Any) -> bool:
    return type(value) is int and -MAX_PRICE <= value <= MAX_PRICE


def signs(vectors: Ints) -> Ints:
    """-1, 0 or 1 for each column: the sign of its first number that is not zero."""
    found = np.zeros(vectors.shape[1], np.int64)
    for row in vectors[::-1]:
        found = np.where(row == 0, found, np.sign(row))
    return found


def greatest(segments: Ints, vectors: Ints) -> Ints:
    """The columns that no other of the same segment is above, ties included; segments stand together, in order."""
    left = np.arange(len(segments))
    for row in vectors:
        values, segment = row[left], segments[left]
        starts = np.flatnonzero(np.diff(segment, prepend=-1))
        tops = np.maximum.reduceat(values, starts) if len(starts) else values
        left = left[values == np.repeat(tops, np.diff(starts, append=len(left)))]
    return left


def exact_sum(vectors: Ints, times: Ints) -> list[int]:
    """For each row the sum of the columns, each so many times, in whole numbers of any size."""
    most = int(np.abs(times).max(initial=0)) * max(1, len(times))
    return [
        int(row @ times)
        if int(np.abs(row).max(initial=0)) * most < 2**62
        else sum(a * b for a, b in zip(row.tolist(), times.tolist(), strict=True))
        for row in vectors
    ]


def is_settled(reduced: Ints, flow: Ints, capacity: Ints) -> Bools:
    """For each arc, whether it holds what it may, is empty where it costs and full where it gains."""
    sign = signs(reduced)
    fits = (flow >= 0) & (flow <= capacity)
    found: Bools = fits & ((sign == 0) | ((sign > 0) & (flow == 0)) | ((sign < 0) & (flow == capacity)))
    return found
