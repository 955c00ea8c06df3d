"""What may be stored as text: one form for each character, no control character, a bounded length.

Both databases choke on something the other accepts (NUL, lone surrogates): refusing them here keeps the two alike.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from service.errors import ServiceError

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})


def clean_text(value: str, field: str, what: str, *, at_most: int = 120, required: bool = True) -> str:
    """`value` in composed form, spaces reduced. `what` names the field in the refusal («Le nom du site»)."""
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ServiceError("text_invalid", f"{what} contient un caractère interdit. Ressaisissez-le à la main.", field)
    if required and not text:
        raise ServiceError("text_missing", f"{what} manque. Indiquez-le.", field)
    if len(text) > at_most:
        raise ServiceError("text_too_long", f"{what} dépasse {at_most} caractères. Raccourcissez-le.", field)
    return text


def search_form(text: str) -> str:
    """Without accents, capitals or punctuation: «Saint-Étienne» and «saint etienne» become the same."""
    bare = unicodedata.normalize("NFD", text.translate(_LIGATURES)).casefold()
    return " ".join("".join(_searched(character) for character in bare).split())


@lru_cache(maxsize=1024)
def _searched(character: str) -> str:
    if unicodedata.category(character) == "Mn":
        return ""
    return character if character.isalnum() else " "


def said_once(*names: str) -> str:
    """The names one after the other, without what an earlier one says: many sites bear their commune's."""
    kept: list[str] = []
    for name in names:
        if name and not any(f" {search_form(name)} " in f" {search_form(before)} " for before in kept):
            kept.append(name)
    return ", ".join(kept)


def french_list(words: list[str]) -> str:
    """«a», «a et b», «a, b et c»."""
    return " et ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def french_number(number: int) -> str:
    """Thousands apart, as French writes them: 5 000."""
    return f"{number:,}".replace(",", "\u202f")


def plural(count: int, singular: str, plural_form: str = "") -> str:
    """«1 place», «2 places»: the number and its word."""
    word = singular if abs(count) < 2 else plural_form or f"{singular}s"
    return f"{french_number(count)} {word}"
