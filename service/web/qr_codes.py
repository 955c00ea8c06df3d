"""A short address as a QR code: one SVG path, drawn by the page, without a picture nor a script."""

from __future__ import annotations

from dataclasses import dataclass

import segno

_QUIET_ZONE = 4
"""Blank modules that the standard asks for around the code."""


@dataclass(frozen=True)
class QrCode:
    """`side` is the width of the drawing in modules, `path` the dark ones."""

    side: int
    path: str


def draw(text: str) -> QrCode:
    matrix = segno.make(text, micro=False, error="m").matrix
    dark = [
        f"M{x + _QUIET_ZONE} {y + _QUIET_ZONE}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, module in enumerate(row)
        if module
    ]
    return QrCode(len(matrix) + 2 * _QUIET_ZONE, "".join(dark))
