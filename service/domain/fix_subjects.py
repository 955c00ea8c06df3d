"""What a change that would place a pupil is about, in few words that pupils who wait for the same one share, and back.

Responsible for these words alone: who waits is the round's rows', and the sentence is the pages'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TIMES = " × "
"""Before how many seats or pupils more a group kept together waits for, when it is not one."""


def subject_of(fix: Mapping[str, Any]) -> str:
    """What a change is about, in words that two pupils who wait for the same one share."""
    return _about(fix) + (f"{TIMES}{fix['more']}" if "more" in fix else "")


def _about(fix: Mapping[str, Any]) -> str:
    if fix["kind"] == "quota":
        return str(fix["line"])
    if fix["kind"] == "reach":
        return str(fix["extra_km"])
    if fix["kind"] == "period":
        return str(fix["period"])
    if fix["kind"] == "split":
        return ""
    if fix["kind"] in ("maximum", "needs", "ban", "department"):
        return str(fix["offer"])
    return f"{fix['offer']} {fix['period']}"


def fix_of(kind: str, subject: str) -> dict[str, Any]:
    """The change that these words are about, as far as pupils who wait for it share it."""
    subject, _, more = subject.partition(TIMES)
    return _change(kind, subject) | ({"more": int(more)} if more else {})


def _change(kind: str, subject: str) -> dict[str, Any]:
    if kind == "quota":
        return {"kind": kind, "line": subject}
    if kind == "reach":
        return {"kind": kind, "extra_km": int(subject)}
    if kind == "period":
        return {"kind": kind, "period": subject}
    if kind == "split":
        return {"kind": kind}
    offer, _, period = subject.partition(" ")
    return {"kind": kind, "offer": offer, **({"period": period} if period else {})}
