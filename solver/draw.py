"""The draw: what decides between answers that every aim finds equal. Nobody can choose it.

Each number comes from the SHA-256 of the frozen instance and from public names, so whoever holds the file can redo it:
draw(group, offer, period) = H(sha, "trip", school, offer, period) + H(sha, "class", class key), where H takes the first
20 bits of the SHA-256 of its parts joined by U+001F. The class key is the canonical JSON text of [school, level, sorted
periods, wishes in order, reach_m, sorted needs, sorted banned offers].
"""

from __future__ import annotations

import hashlib

from solver.files import canonical_bytes


def drawn_number(*parts: str) -> int:
    """H: a whole number between 0 and 2**20 - 1."""
    return int.from_bytes(_digest(*parts)[:3], "big") >> 4


def draw_trip(sha256: str, school: str, offer: str, period: str) -> int:
    return drawn_number(sha256, "trip", school, offer, period)


def draw_class(sha256: str, key: list[object]) -> int:
    return drawn_number(sha256, "class", canonical_bytes(key).decode())


def drawn_order(*parts: str) -> bytes:
    """What pupils of one class, or seats of one kind, are put in order by."""
    return _digest(*parts)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()
