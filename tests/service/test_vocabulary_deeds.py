"""The audit trail reads in French: no act is left to its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import service
from service.vocabulary import RoundStatus
from service.vocabulary.deeds import DEEDS, deed, details, named

ENDS_WITHOUT_RESULT = (RoundStatus.REFUSED, RoundStatus.FAILED)


def acts_of(source: str) -> Iterator[str]:
    """The constants that a call of `record(session, actor, action, …)` may give as its act."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record" and len(node.args) > 3:
            for part in ast.walk(node.args[2]):
                if isinstance(part, ast.Constant) and not isinstance(node.args[2], ast.JoinedStr):
                    yield str(part.value)


def test_every_act_has_its_name() -> None:
    """Each act that the service records is in the list, and so are the two ends of a round without a result."""
    folder = Path(service.__file__).parent
    acts = {act for path in sorted(folder.rglob("*.py")) for act in acts_of(path.read_text(encoding="utf-8"))}
    assert len(acts) > 50
    assert sorted(acts - DEEDS.keys()) == []
    assert {f"round_{status}" for status in ENDS_WITHOUT_RESULT} <= DEEDS.keys()


def test_sabotage_an_act_without_a_name_is_seen() -> None:
    """The search finds an act wherever it is written in the call."""
    acts = set(acts_of('record(session, actor, "fly" if high else "walk", "bird:1", seats=2)'))
    assert acts >= {"fly", "walk"}
    assert not acts <= DEEDS.keys()


def test_codes_become_words() -> None:
    """A thing and its number, somebody without one, a detail, and a code of long ago as it is."""
    assert named("user:12") == "compte\u00a012"
    assert named("worker") == "le service"
    assert named("bird:1") == "bird\u00a01"
    assert deed("publish_round") == "Tour publié"
    assert deed("fly") == "fly"
    assert details({"seats": 4, "why": "", "complete": True}) == "complet\u00a0oui, places\u00a04"
