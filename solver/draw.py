"""The draw: what decides between answers that every aim finds equal. Nobody can choose it.

Each number comes from the SHA-256 of the frozen instance and from public names, so whoever holds the file can redo it:
draw(group, offer, period) = H(sha, "trip", school, offer, period) + H(sha, "class", class key), where H takes the first
20 bits of the SHA-256 of its parts joined by U+001F. The class key is the canonical JSON text of [school, level, sorted
periods, wishes in order, reach_m, sorted needs, sorted banned offers].
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from solver.files import canonical_bytes


def drawn_number(*parts: str) -> int:
    """H: a whole number between 0 and 2**20 - 1."""
    return int.from_bytes(_digest(*parts)[:3], "big") >> 4


def draw_trip(sha256: str, school: str, offer: str, period: str) -> int:
    return drawn_number(sha256, "trip", school, offer, period)


def draw_class(sha256: str, key: str) -> int:
    return drawn_number(sha256, "class", key)


def class_key(
    school: str,
    level: str,
    periods: tuple[str, ...],
    wishes: tuple[str, ...],
    reach_m: int,
    needs: tuple[str, ...],
    banned: tuple[str, ...],
) -> str:
    """The class key, from sets already sorted. Few values differ, so each is spelled once."""
    return (
        f"[{_spelled(school)},{_spelled(level)},{_spelled(periods)},{_spelled(wishes)},{reach_m},"
        f"{_spelled(needs)},{_spelled(banned)}]"
    )


@lru_cache(maxsize=2**16)
def _spelled(value: str | tuple[str, ...]) -> str:
    return canonical_bytes(value).decode()


def drawn_order(*parts: str) -> bytes:
    """What pupils of one class, or seats of one kind, are put in order by."""
    return _digest(*parts)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()
