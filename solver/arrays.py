"""Array idioms that numpy does not name: runs, different keys, joins on sorted keys, and sharing in order.

It knows nothing of placements.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
"""Whole numbers kept by the million: below 2**31, and turned into `Ints` before they are multiplied."""
Whole = Ints | Shorts
Bools = NDArray[np.bool_]
_Key = TypeVar("_Key", bound=Hashable)


def ints(values: object) -> Ints:
    """Any sequence of whole numbers as int64, also when it is empty."""
    return np.asarray(values, dtype=np.int64)


def runs(starts: Ints, lengths: Ints) -> Ints:
    """The concatenation of `range(start, start + length)` for each pair."""
    total = int(lengths.sum())
    offsets = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(starts, lengths) + np.arange(total, dtype=np.int64) - offsets


def starts_of(sorted_keys: Ints, size: int) -> Ints:
    """Where each key 0..size-1 begins in a sorted column (`size` + 1 bounds)."""
    return np.searchsorted(sorted_keys, np.arange(size + 1, dtype=np.int64)).astype(np.int64)


def distinct(keys: Ints) -> Ints:
    """Each different key once, sorted. `np.unique` hashes: on millions it mostly waits for memory."""
    ordered = np.sort(keys)
    is_first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return ordered[is_first]


def numbered(keys: Iterable[_Key], first: Iterable[_Key] = ()) -> tuple[tuple[_Key, ...], Ints]:
    """The different keys, `first` those given, then in the order they are met; and each one's number among them."""
    keys = tuple(keys)
    number = {key: i for i, key in enumerate(dict.fromkeys(chain(first, keys)))}
    return tuple(number), np.fromiter(map(number.__getitem__, keys), np.int64, len(keys))


def grouped(keys: Ints) -> Ints:
    """The rows in the order of their keys, none of them negative; rows of one key stay in order.

    Few different keys are sorted by their digits, ten times faster.
    """
    order: Ints = np.argsort(keys.astype(np.min_scalar_type(int(keys.max(initial=0)))), kind="stable")
    return order


def bundled(label: Ints | Shorts, size: int) -> list[Ints]:
    """The rows of each label, the most numerous first; labels of few rows share a bundle up to some `size` rows."""
    sizes = np.bincount(label)
    largest_first = np.argsort(-sizes, kind="stable")
    part = np.empty(len(sizes), np.int64)
    part[largest_first] = (np.cumsum(sizes[largest_first]) - sizes[largest_first]) // size
    order = grouped(part[label])
    return np.split(order, np.flatnonzero(np.diff(part[label][order])) + 1) if len(order) else []


def find(sorted_keys: Ints, wanted: Ints) -> tuple[Ints, Bools]:
    """Index of each wanted key among unique sorted keys, and whether it is there."""
    if not len(sorted_keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.searchsorted(sorted_keys, wanted).astype(np.int64, copy=False)
    np.minimum(at, len(sorted_keys) - 1, out=at)
    return at, sorted_keys[at] == wanted


def places(sorted_keys: Ints, wanted: Ints) -> Ints:
    """Index of each wanted key among unique sorted keys, where all of them are; none is negative.

    Keys that lie close together are looked up in a table, ten times faster than they are searched for.
    """
    if not len(wanted) or sorted_keys[-1] >= len(wanted):
        return np.searchsorted(sorted_keys, wanted).astype(np.int64, copy=False)
    table = np.zeros(sorted_keys[-1] + 1, np.int64)
    table[sorted_keys] = np.arange(len(sorted_keys))
    return table[wanted]


def share(given: Ints, taken: Ints) -> tuple[Ints, Ints, Ints]:
    """Pair units in order: `given[i]` units from row i go to rows of `taken` one after the other (equal totals).

    Returns the rows given from, the rows taken by, and how many units each pair carries (all positive).
    """
    ends_given, ends_taken = np.cumsum(given), np.cumsum(taken)
    ends = distinct(np.concatenate((ends_given[given > 0], ends_taken[taken > 0])))
    counts = np.diff(ends, prepend=0).astype(np.int64)
    return (
        np.searchsorted(ends_given, ends).astype(np.int64),
        np.searchsorted(ends_taken, ends).astype(np.int64),
        counts,
    )


def exact_dot(a: Ints, b: Ints | Shorts) -> int:
    """Sum of products, in whole numbers of any size."""
    largest = int(np.abs(a).max(initial=0)) * int(np.abs(b).max(initial=0)) * len(a)
    kind = np.int64 if largest < 2**62 else object
    return int(a.astype(kind, copy=False) @ b.astype(kind, copy=False))
