"""Writing down what a round decided: verified first, then everything in one transaction, or nothing.

Responsible for the only way a result enters the database. Refuses to take one that the verifier has not let pass, one
called optimal whose certificate does not prove it, or one from a worker that no longer holds the round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from service.domain.audit import record
from service.domain.campaigns import get_campaign
from service.domain.decisions import Decision, find_faults, find_gaps, read_claim, read_decision
from service.domain.rounds import get_round, held_by
from service.persistence.bulk import fetch, insert_rows
from service.persistence.clock import InstantIn
from service.persistence.packed import pack, unpack
from service.persistence.tables import (
    AllocationRound,
    ClassGroup,
    Offer,
    Opening,
    Placement,
    PlacementRequest,
    Pupil,
    RoundDossier,
    UnplacedPupil,
)
from service.vocabulary import RoundKind, RoundStatus


class ResultRefusedError(Exception):
    """The verifier or the judge of optimality is not silent. `faults` are its lines, each "property: detail"."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults[0])
        self.faults = faults


class LeaseLostError(Exception):
    """The round is no longer this worker's: whatever it was about to write must not be."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """The very bytes to be kept, and what they say. Only `verify_dossier` makes one."""

    instance_gz: bytes
    result_gz: bytes
    decision: Decision
    certificate_gz: bytes | None = None
    """Proves that no result is better, or the bounds of a degraded one; None where nothing of the kind is claimed."""


def verify_dossier(instance: bytes, result: bytes, certificate: bytes = b"") -> Dossier:
    """Compresses the documents, then verifies what comes out of them again; what is called optimal must be proven.

    So must the bounds of a degraded result that comes with a certificate.

    Raises:
        ResultRefusedError: with the verifier's lines, or those of the judge of optimality.
        ValueError: bytes that are no document.
    """
    instance_gz, result_gz, certificate_gz = (pack(one) for one in (instance, result, certificate))
    decision = _judged(instance_gz, result_gz)
    if not decision.called_optimal and not (certificate and decision.bounded):
        return Dossier(instance_gz, result_gz, decision)
    if gaps := find_gaps(decision.claim, unpack(certificate_gz) if certificate else b""):
        raise ResultRefusedError(gaps)
    return Dossier(instance_gz, result_gz, decision, certificate_gz)


def reopen_dossier(session: Session, round_id: int, seen: Dossier | None = None) -> Dossier:
    """The bytes kept for a round, verified again. Its optimality was judged once, when it was recorded.

    `seen` is what this function gave shortly before, where nobody had to wait for it: it stands for the very bytes that
    were verified then, and for no others.

    Raises:
        ResultRefusedError: with the verifier's lines.
    """
    kept = session.get_one(RoundDossier, round_id)
    instance_gz, result_gz = kept.instance_gz, kept.result_gz or b""
    if seen is not None and (seen.instance_gz, seen.result_gz) == (instance_gz, result_gz):
        return seen
    return Dossier(instance_gz, result_gz, _judged(instance_gz, result_gz), kept.certificate_gz)


def _judged(instance_gz: bytes, result_gz: bytes) -> Decision:
    """What the documents say, once the verifier has let them pass."""
    instance = unpack(instance_gz)
    claim = read_claim(instance, unpack(result_gz))
    if faults := find_faults(claim):
        raise ResultRefusedError(faults)
    return read_decision(hashlib.sha256(instance).hexdigest(), claim)


def record_result(
    session: Session,
    round_id: int,
    token: int,
    dossier: Dossier,
    baseline: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> None:
    """The round becomes `computed`, with its placements, its reasons and its bytes.

    Raises:
        LeaseLostError: the first statement, guarded by the token, touched no row; the caller's transaction rolls back.
    """
    decision = dossier.decision
    touched = session.exec(
        update(AllocationRound)
        .where(held_by(round_id, token), ~col(AllocationRound.cancel_requested))
        .values(
            status=RoundStatus.COMPUTED,
            lease_until=None,
            phase="",
            progress=1.0,
            failure="",
            input_sha256=decision.input_sha256,
            engine=decision.engine,
            solver_status=decision.solver_status,
            verified_at=InstantIn(),
            proved_at=None if dossier.certificate_gz is None else InstantIn(),
            finished_at=InstantIn(),
            pupils=decision.pupils,
            placed=decision.placed_pupils,
            seats=decision.seats,
            tiers=decision.tiers,
            baseline=dict(baseline),
            figures={
                "seats_by_department": decision.seats_by_department,
                "lines": decision.lines,
                "sectors": decision.sectors,
                "params": decision.params | _added_by(session, round_id),
                "outside_rank": decision.outside_rank,
            },
            seconds={**decision.seconds, **seconds},
        )
    )
    if touched.rowcount != 1:
        raise LeaseLostError
    if get_round(session, round_id).kind is not RoundKind.SCENARIO:
        _write_rows(session, round_id, decision)
    documents = ("instance_gz", "result_gz", "certificate_gz")
    kept = {"round_id": round_id, **{name: getattr(dossier, name) for name in documents}}
    insert_rows(session, RoundDossier, [kept])
    record(session, "worker", "record_round", f"round:{round_id}", sha256=decision.input_sha256, token=token)


def _added_by(session: Session, round_id: int) -> dict[str, Any]:
    """The campaign's rules that the frozen rows already contain: changed meanwhile, the round is not published."""
    campaign = get_campaign(session, get_round(session, round_id).campaign_id)
    return {"added_reach_km": campaign.added_reach_km, "reserves": campaign.reserves}


def _write_rows(session: Session, round_id: int, decision: Decision) -> None:
    campaign_id = get_round(session, round_id).campaign_id
    pupils = pupil_ids(session, campaign_id)
    openings = opening_ids(session, {row.offer_id for row in decision.placed})
    insert_rows(
        session,
        Placement,
        [
            {
                "round_id": round_id,
                "pupil_id": pupils[row.pseudonym],
                "opening_id": openings[row.offer_id, row.period_id],
                "period_id": row.period_id,
                "rank": row.rank,
                "trip_m": row.trip_m,
                "published": False,
            }
            for row in decision.placed
        ],
    )
    insert_rows(
        session,
        UnplacedPupil,
        [
            {"round_id": round_id, "pupil_id": pupils[row.pseudonym], "reason": row.reason, "facts": row.facts}
            for row in decision.left
        ],
    )


def pupil_ids(session: Session, campaign_id: int) -> dict[str, int]:
    """The pupils of the campaign's requests by pseudonym."""
    rows = fetch(
        session,
        select(col(Pupil.pseudonym), col(Pupil.id))
        .join(ClassGroup, col(ClassGroup.id) == col(Pupil.class_id))
        .join(PlacementRequest, col(PlacementRequest.class_id) == col(ClassGroup.id))
        .where(col(PlacementRequest.campaign_id) == campaign_id),
    )
    return {row[0]: row[1] for row in rows}


def opening_ids(session: Session, offers: set[int]) -> dict[tuple[int, str], int]:
    """The openings of these offers by offer and period."""
    years = select(col(Offer.school_year)).where(col(Offer.id).in_(sorted(offers)[:1])).scalar_subquery()
    rows = fetch(
        session,
        select(col(Opening.offer_id), col(Opening.period_id), col(Opening.id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .where(col(Offer.school_year) == years),
    )
    return {(offer_id, period_id): opening_id for offer_id, period_id, opening_id in rows}
