"""Text a spreadsheet program would run: what marks it as text on its way out, and takes the mark off on its way in.

Responsible for that one leading quote, the same for every file. Refuses to know what a file is.
"""

from __future__ import annotations

_DANGEROUS = frozenset("=+−-@\t\r\n\0" + "＝＋－＠")
"""First characters a spreadsheet program may take for a formula or a command, full-width forms included."""


def safe_text(text: str) -> str:
    """The text as a CSV cell; one that already starts with a quote and a dangerous sign is quoted too (round trip)."""
    bare = text.lstrip("'")
    if bare[:1] in _DANGEROUS and bare:
        return "'" + text
    return text


def plain_text(cell: str) -> str:
    """What was written before `safe_text`: the exact inverse."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'")[:1] in _DANGEROUS and cell.lstrip("'") else cell
