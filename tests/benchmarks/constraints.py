"""The rules of capacity as rows "sum of some pairs <= limit", for the rivals that are no network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.arrays import Ints
from tests.benchmarks.pairs import Pairs


@dataclass(frozen=True)
class Constraints:
    """Entries (row, pair) sorted by row, and the limit of each row."""

    row: Ints
    pair: Ints
    limit: Ints


def list_constraints(pairs: Pairs) -> Constraints:
    """Pupils of a group, seats of an opening, maximum per school, ceiling of each line."""
    every = np.arange(len(pairs.group), dtype=np.int64)
    limited = np.flatnonzero(pairs.most[pairs.opening] >= 0)
    blocks = [
        (pairs.group, every, pairs.pupils),
        (pairs.opening, every, pairs.seats),
        _maxima(pairs, limited),
        *_ceilings(pairs, every),
    ]
    row, pair, limit, shift = [], [], [], 0
    for rows, entries, limits in blocks:
        order = np.argsort(rows, kind="stable")
        row.append(rows[order] + shift)
        pair.append(entries[order])
        limit.append(limits)
        shift += len(limits)
    return Constraints(*(np.concatenate(column).astype(np.int64) for column in (row, pair, limit)))


def _maxima(pairs: Pairs, limited: Ints) -> tuple[Ints, Ints, Ints]:
    _, first, row = np.unique(pairs.meetings[limited], return_index=True, return_inverse=True)
    return row.reshape(-1), limited, pairs.most[pairs.opening[limited[first]]]


def _ceilings(pairs: Pairs, every: Ints) -> list[tuple[Ints, Ints, Ints]]:
    """One block per depth of the tree: each opening counts under its line, then under the lines above."""
    blocks = []
    line = pairs.line[pairs.opening]
    while (line >= 0).any():
        held = np.flatnonzero(line >= 0)
        held = held[pairs.ceiling[line[held]] >= 0]
        blocks.append((line[held], every[held], np.where(pairs.ceiling < 0, pairs.pupils.sum(), pairs.ceiling)))
        line = np.where(line >= 0, np.append(pairs.parent, -1)[line], -1)
    return blocks
