"""What a demonstration says at its end: the round, each convention's ledger, the sample accounts.

Responsible for reading figures back from the database and writing them for people or for machines. Counts nothing by
itself that the domain already counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session, col, select

from service.config import Settings
from service.domain.accounts import SampleAccount
from service.domain.campaigns import get_campaign
from service.domain.conventions import LedgerLine, ledger
from service.domain.texts import french_number
from service.persistence.tables import AllocationRound, Convention
from service.terminal import Phases, decimal
from service.vocabulary import ROLE_LABELS, RoundStatus


@dataclass(frozen=True)
class Report:
    """`conventions` maps a convention's key to its lines; `refused` to why its offers were not taken."""

    pupils: int
    placed: int
    seats: int
    status: str
    verified: bool
    published: bool
    baseline: Mapping[str, Any]
    conventions: Mapping[str, list[LedgerLine]]
    refused: Mapping[str, str]
    accounts: list[SampleAccount]
    phases: Phases

    def as_document(self) -> dict[str, Any]:
        """JSON values only. Conventions are given per commitment, under the deed's own code."""
        per_commitment = {
            line.commitment_code: {
                "convention": key,
                "level": line.level,
                "promised": line.promised,
                "ceiling": line.ceiling,
                "published": line.published,
                "allocated": line.allocated,
            }
            for key, lines in self.conventions.items()
            for line in lines
        }
        return {
            "pupils": self.pupils,
            "placed": self.placed,
            "seats": self.seats,
            "status": self.status,
            "verified": self.verified,
            "published": self.published,
            "first_come_first_served": dict(self.baseline),
            "conventions": per_commitment,
            "refused": dict(self.refused),
            "accounts": [asdict(account) for account in self.accounts],
            "seconds": self.phases.total,
            "phases": dict(self.phases.seconds),
        }

    def as_text(self) -> str:
        first_come = self.baseline.get("placed")
        lines = [
            f"{french_number(self.placed)} élèves placés sur {french_number(self.pupils)} "
            f"({decimal(100 * self.placed / max(1, self.pupils))}\u00a0%), pour {french_number(self.seats)} places.",
            *([f"Premier arrivé, premier servi en aurait placé {french_number(first_come)}."] if first_come else []),
            f"Résultat {_STATUS.get(self.status, self.status)}, "
            f"{'vérifié par un programme indépendant' if self.verified else 'non vérifié'}, "
            f"{'publié' if self.published else 'non publié'}.",
            "",
            f"{'Convention':<44}{'promis':>8}{'publié':>8}{'affecté':>9}{'plafond':>9}",
            *(_ledger_line(line) for lines in self.conventions.values() for line in lines),
            *(f"Refusé\u00a0: {why}" for why in self.refused.values()),
            "",
            f"Terminé en {decimal(self.phases.total)} s.",
        ]
        return "\n".join(lines)

    def address_and_accounts(self, settings: Settings) -> str:
        """What the person needs to look around."""
        accounts = (
            f"  {ROLE_LABELS[one.role]:<19}{one.email:<34}{one.password}   ({one.acts_for})" for one in self.accounts
        )
        return "\n".join(
            [
                f"\nSéquence est à l’adresse http://{settings.host}:{settings.port}/",
                "Comptes d’exemple\u00a0:",
                *accounts,
            ]
        )


_STATUS = {"OPTIMAL": "optimal et prouvé", "FEASIBLE": "réalisable"}


def _ledger_line(line: LedgerLine) -> str:
    promised, ceiling = ("—" if figure is None else french_number(figure) for figure in (line.promised, line.ceiling))
    figures = f"{promised:>8}{french_number(line.published):>8}{french_number(line.allocated):>9}{ceiling:>9}"
    return f"{line.label_fr[:43]:<44}{figures}"


def make_report(
    session: Session,
    finished: AllocationRound,
    refused: Mapping[str, str],
    accounts: list[SampleAccount],
    phases: Phases,
) -> Report:
    """Everything is read back from what was published."""
    campaign = get_campaign(session, finished.campaign_id)
    conventions = session.exec(select(Convention).order_by(col(Convention.key))).all()
    return Report(
        pupils=finished.pupils,
        placed=finished.placed,
        seats=finished.seats,
        status=finished.solver_status,
        verified=finished.verified_at is not None,
        published=finished.status is RoundStatus.PUBLISHED and campaign.published_round_id == finished.id,
        baseline=finished.baseline,
        conventions={one.key: ledger(session, one, campaign.school_year, campaign) for one in conventions},
        refused=refused,
        accounts=accounts,
        phases=phases,
    )
