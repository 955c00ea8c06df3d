"""The draw: what decides between answers that every aim finds equal. Nobody can choose it.

Each number comes from the SHA-256 of the frozen instance and from public names, so whoever holds the file can redo it:
draw(group, offer, period) = H(sha, "trip", profile key, offer, period) + H(sha, "class", class key, sector), where H
takes the first 20 bits of the SHA-256 of its parts joined by U+001F, and the sector is the offer's if the group ranks
it, else the empty text. The profile key is the canonical JSON text of [school, level, reach_m, sorted needs, sorted
banned offers], and of the sorted départements when the group lists some; the class key adds the sorted periods and the
wishes in order, and, for a group to whom a placement was announced, its name. So classes are told apart whatever they
exchange, but for unranked sectors or periods that pupils of one profile both accept. For a pupil who keeps an announced
placement, the second number is H(sha, "kept", class key, offer, period).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from solver.arrays import Ints
from solver.files import canonical_bytes

SEPARATOR = "\x1f"


def drawn_numbers(sha256: str, kind: str, rows: Iterable[tuple[str, str]]) -> Ints:
    """H(sha, kind, ...) for each row of what comes after, put into two texts: a million are drawn for a country."""
    start = SEPARATOR.join((sha256, kind, ""))
    digests = b"".join([hashlib.sha256(f"{start}{one}{SEPARATOR}{two}".encode()).digest() for one, two in rows])
    first = np.frombuffer(digests, np.uint8).reshape(-1, hashlib.sha256().digest_size)[:, :3].astype(np.int64)
    numbers: Ints = (first[:, 0] << 16 | first[:, 1] << 8 | first[:, 2]) >> 4
    return numbers


def profile_key(
    school: str, level: str, reach_m: int, needs: tuple[str, ...], banned: tuple[str, ...], listed: tuple[str, ...]
) -> str:
    """The profile key, from sets already sorted. Few values differ, so each is spelled once."""
    last = f",{_spelled(listed)}]" if listed else "]"
    return f"[{_spelled(school)},{_spelled(level)},{reach_m},{_spelled(needs)},{_spelled(banned)}{last}"


def class_key(profile: str, ending: str) -> str:
    """The class key, from its profile's and from what follows: the `class_ending` that many classes share."""
    return profile[:-1] + ending


def class_ending(periods: tuple[str, ...], wishes: tuple[str, ...], told_to: str | None) -> str:
    """What a class key adds to its profile's, from periods already sorted; `told_to` names an announced group."""
    name = "" if told_to is None else f",{_spelled(told_to)}"
    return f",{_spelled(periods)},{_spelled(wishes)}{name}]"


@lru_cache(maxsize=2**16)
def _spelled(value: str | tuple[str, ...]) -> str:
    return canonical_bytes(value).decode()


def drawn_order(*parts: str) -> bytes:
    """What pupils of one class, or seats of one kind, are put in order by."""
    return _digest(*parts)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256(SEPARATOR.join(parts).encode()).digest()
