"""Identifiers of schools and companies: what is impossible is refused, what is only doubtful is warned about.

A check letter says that a UAI was well copied, not that the school exists; no directory is known here.
"""

from __future__ import annotations

import re

from stdnum.fr import siren as siren_rule
from stdnum.fr import siret as siret_rule

from service.errors import ServiceError

_UAI = re.compile(r"(0[0-8][0-9]|09[0-5]|9[78][0-9]|[67]20)[0-9]{4}[A-HJ-NPR-Z]")
_CHECK_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
# Seven of the 5,080 SIRETs of a real directory fail their key: all are real schools. Hence a warning, never a refusal.
_DOUBTFUL_SIRET = (
    "La clé de contrôle du SIRET {siret} n’est pas celle attendue\u00a0: relisez-le. Il est enregistré tel quel."
)
_DOUBTFUL_SIREN = (
    "La clé de contrôle du SIREN {siren} n’est pas celle attendue\u00a0: relisez-le. Il est enregistré tel quel."
)


def check_uai(text: str) -> str:
    """The UAI in capitals, without spaces.

    Raises:
        ServiceError: `uai_invalid`, saying which letter the digits call for when they are well formed.
    """
    uai = _without_spaces(text).upper()
    if not _UAI.fullmatch(uai):
        raise ServiceError(
            "uai_invalid",
            f"«\u00a0{text.strip()[:20]}\u00a0» n’est pas un UAI\u00a0: il faut sept chiffres et une lettre, "
            "par exemple 0750655E.",
            "uai",
        )
    expected = uai_letter(uai[:7])
    if uai[7] != expected:
        raise ServiceError(
            "uai_invalid",
            f"L’UAI {uai} est mal recopié\u00a0: ses chiffres appellent la lettre {expected}. "
            "Vérifiez les sept chiffres et la lettre.",
            "uai",
        )
    return uai


def uai_letter(digits: str) -> str:
    """The check letter of seven digits."""
    return _CHECK_LETTERS[int(digits) % len(_CHECK_LETTERS)]


def check_siret(text: str) -> tuple[str, str]:
    """The fourteen digits, and a warning (empty when all is well). A wrong key never blocks.

    Raises:
        ServiceError: `siret_invalid` when it is not fourteen digits.
    """
    siret = _without_spaces(text)
    if not re.fullmatch(r"[0-9]{14}", siret):
        raise ServiceError(
            "siret_invalid",
            f"«\u00a0{text.strip()[:30]}\u00a0» n’est pas un SIRET\u00a0: il faut quatorze chiffres, ceux du site "
            "et non du siège.",
            "siret",
        )
    return siret, "" if siret_rule.is_valid(siret) else _DOUBTFUL_SIRET.format(siret=siret)


def check_siren(text: str) -> tuple[str, str]:
    """The nine digits, and a warning (empty when all is well)."""
    siren = _without_spaces(text)
    if not re.fullmatch(r"[0-9]{9}", siren):
        raise ServiceError(
            "siren_invalid",
            f"«\u00a0{text.strip()[:30]}\u00a0» n’est pas un SIREN\u00a0: il faut neuf chiffres.",
            "siren",
        )
    return siren, "" if siren_rule.is_valid(siren) else _DOUBTFUL_SIREN.format(siren=siren)


def _without_spaces(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f.-]", "", text)
