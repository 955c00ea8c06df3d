"""The identity of an instance is the SHA-256 of its canonical document, however large it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from solver.files import ROWS_AT_ONCE, canonical_pieces, instance_document, instance_sha256
from solver.generate import generate


@pytest.mark.parametrize("pupils", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1])
def test_identity_is_that_of_the_document(pupils: int) -> None:
    """Spelling the document piece by piece gives the same bytes as spelling it whole."""
    instance = generate(pupils, 11)
    whole = json.dumps(instance_document(instance), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert b"".join(canonical_pieces(instance)) == whole
    assert instance_sha256(instance) == hashlib.sha256(whole).hexdigest()


def test_names_are_spelled_as_json_spells_them() -> None:
    """Quotes, accents, control characters and sets in any order are the same bytes in pieces as whole."""
    invented = generate(4, 11)
    odd = {"id": 'Chloé "Zoé"\\\n\x07\u2028', "level": "2de \N{EN DASH} gt\t", "wishes": ('mé"tier', "a\\b")}
    groups = (replace(invented.groups[0], **odd, needs=frozenset({"été", "b", "a"})), *invented.groups[1:])
    instance = replace(invented, groups=groups, bans=())
    whole = json.dumps(instance_document(instance), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert b"".join(canonical_pieces(instance)) == whole
