"""The change that would place one more pupil, in one sentence: for the coordinator's pages.

Responsible for words only: which change, and for whom, comes from the round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from service.domain.campaigns import get_campaign
from service.domain.findings import Host, hosts_named, periods_named
from service.domain.perimeters import read_geography
from service.domain.school_years import period_label
from service.persistence.tables import AllocationRound, QuotaLine
from service.web.context import db
from service.web.french import counted, typeset


@dataclass(frozen=True, slots=True)
class Names:
    """What changes name: sites by offer, labels by line, words by period."""

    hosts: Mapping[int, Host]
    lines: Mapping[str, str]
    periods: Mapping[str, str]

    def site(self, offer: str) -> str:
        host = self.hosts.get(int(offer))
        return "un site retiré depuis" if host is None else f"« {host.site} » ({host.partner}, {host.department_code})"

    def when(self, period: str) -> str:
        said = self.periods.get(period, period)
        return said[:1].lower() + said[1:]


def names_for(fixes: Iterable[Mapping[str, Any]], found: AllocationRound) -> Names:
    """The names these changes need, in a number of queries that does not depend on how many they are."""
    offers = {int(fix["offer"]) for fix in fixes if fix.get("offer")}
    periods = periods_named(db(), get_campaign(db(), found.campaign_id).school_year)
    lines = db().exec(select(col(QuotaLine.id), col(QuotaLine.label)))
    return Names(
        hosts_named(db(), offers),
        {str(key): label for key, label in lines},
        {key: period_label(one) for key, one in periods.items()},
    )


def fix_sentence(fix: Mapping[str, Any], names: Names) -> str:
    """`fix` as the round keeps it: its kind, and the offer, period, line or kilometres it is about."""
    return typeset(_SAID[fix["kind"]](fix, names))


def _seat(fix: Mapping[str, Any], names: Names) -> str:
    more = fix.get("more", 1)
    seats = "Une place" if more == 1 else counted(more, "place")
    return f"{seats} de plus à {names.site(fix['offer'])}, {names.when(fix['period'])}."


def _quota(fix: Mapping[str, Any], names: Names) -> str:
    return f"{_pupils(fix)} de plus sous le plafond « {names.lines.get(str(fix['line']), 'ligne inconnue')} »."


def _maximum(fix: Mapping[str, Any], names: Names) -> str:
    return f"{_pupils(fix)} de plus du même établissement à {names.site(fix['offer'])}."


def _reach(fix: Mapping[str, Any], _names: Names) -> str:
    return f"Accepter {counted(fix['extra_km'], 'kilomètre')} de plus."


def _department(fix: Mapping[str, Any], names: Names) -> str:
    host = names.hosts.get(int(fix["offer"]))
    if host is None:
        return "Accepter un département de plus."
    name = read_geography(db()).name(f"department:{host.department_code}")
    return f"Accepter aussi un autre département : {name}, où se trouve « {host.site} » ({host.partner})."


def _period(fix: Mapping[str, Any], names: Names) -> str:
    return f"Accepter une autre période : {names.when(fix['period'])}."


def _needs(fix: Mapping[str, Any], names: Names) -> str:
    return f"Répondre au besoin d’accessibilité à {names.site(fix['offer'])}."


def _ban(fix: Mapping[str, Any], names: Names) -> str:
    return f"Lever l’exclusion de {names.site(fix['offer'])}."


def _elsewhere(fix: Mapping[str, Any], names: Names) -> str:
    return (
        f"Une place de plus à {names.site(fix['offer'])}, {names.when(fix['period'])} : un autre élève s’y déplace, "
        "et de proche en proche une place se libère à portée."
    )


def _split(_fix: Mapping[str, Any], _names: Names) -> str:
    return "Laisser les élèves de ce groupe être placés séparément."


def _pupils(fix: Mapping[str, Any]) -> str:
    more = fix.get("more", 1)
    return "Un élève" if more == 1 else counted(more, "élève")


_SAID = {
    "seat": _seat,
    "quota": _quota,
    "maximum": _maximum,
    "reach": _reach,
    "department": _department,
    "period": _period,
    "needs": _needs,
    "ban": _ban,
    "elsewhere": _elsewhere,
    "split": _split,
}
