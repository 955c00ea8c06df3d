"""The judge of optimality refuses every worse answer, whatever certificate comes with it; wrong judges do not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest

from solver.files import Document
from solver.instance import Instance
from solver.judge.plain import prices, prove
from solver.judge.plain.arcs import Arc
from solver.judge.plain.prices import Case, Key, Vector
from solver.judge.plain.prove import prove_documents
from solver.params import Tier
from solver.result import Assignment
from tests.solver.certificates import Claim, Round, announced, claims, proven_round, rounds, values_of
from tests.solver.small_world import at_km, group, offer, world

A_FEW = 40


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 2_000 if pytestconfig.getoption("--full") else 300


def false_claims(random: Random, monkeypatch: pytest.MonkeyPatch) -> Iterator[Claim]:
    for found in rounds(random, 10_000):
        yield from claims(random, found, monkeypatch)


def judged(claim: Claim) -> list[str]:
    return prove_documents(claim.about.asked, claim.result, claim.certificate)


def test_every_worse_answer_is_refused(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lawful answers that are worse, with the true certificate or with one made for them: all refused, a tier named."""
    kinds, deciding = set(), set()
    for claim in islice(false_claims(Random(f"{seed} worse"), monkeypatch), times):
        faults = judged(claim)
        assert any(fault.startswith("tier ") for fault in faults), (faults, claim)
        assert not any(fault.startswith("infeasible") for fault in faults), "these answers keep the rules"
        best, tiers = values_of(claim.about.result), claim.about.instance.params.tiers
        deciding.add(next(tier for tier, a, b in zip(tiers, claim.values, best, strict=True) if a != b))
        kinds.add(claim.kind)
    assert kinds == {"borrowed", "recomputed"}
    assert len(deciding) >= 4, "the answers are all worse in the same way"


def test_prices_moved_at_random_prove_nothing_false(seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever numbers an edited certificate holds, a worse answer stays refused."""
    random = Random(f"{seed} edits")
    for claim in islice(false_claims(random, monkeypatch), times // 3):
        edited = {
            name: [
                [*row[:-1], [n + random.choice((-1, 0, 0, 0, 1)) for n in row[-1]]] for row in claim.certificate[name]
            ]
            for name in ("lines", "schools", "openings", "maxima")
        }
        assert prove_documents(claim.about.asked, claim.result, claim.certificate | edited)


def overflow_only(arc: Arc, _tiers: list[str]) -> str | None:
    return None if 0 <= arc.flow <= arc.capacity else "infeasible"


def test_sabotage_bounds_written_with_the_flow(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that looks at the placements accepts every worse answer: it is an identity. Ours alone refuses all."""
    found = list(islice(false_claims(Random(f"{seed} identity"), monkeypatch), A_FEW))
    monkeypatch.setattr(prove, "breach", overflow_only)
    assert all(judged(claim) for claim in found)
    monkeypatch.setattr(prove, "share", lambda arc: tuple(arc.flow * reduced for reduced in arc.reduced))
    assert not any(judged(claim) for claim in found)


def test_sabotage_first_aim_only(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checked on the first aim only, whoever places as many passes, however badly."""
    honest_breach, honest_bound = prove.breach, prove.bound

    def breach(arc: Arc, tiers: list[str]) -> str | None:
        return honest_breach(arc, tiers) if arc.reduced[0] else None

    def bound(case: Case, arcs: list[Arc]) -> Vector:
        return honest_bound(case, arcs)[0], *prove.value(case, case.load, case.pupils)[1:]

    found = list(islice(false_claims(Random(f"{seed} first"), monkeypatch), 3 * A_FEW))
    borrowed = [claim for claim in found if claim.kind == "borrowed"]
    monkeypatch.setattr(prove, "breach", breach)
    monkeypatch.setattr(prove, "bound", bound)
    accepted = [claim for claim in borrowed if not judged(claim)]
    assert accepted
    assert accepted == [claim for claim in borrowed if claim.values[0] == values_of(claim.about.result)[0]]


def test_sabotage_each_tier_by_itself(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tested apart, a tier refuses good answers: what an earlier tier has settled is none of its business."""

    def breach(arc: Arc, tiers: list[str]) -> str | None:
        wrong = (r and arc.flow != (0 if r > 0 else arc.capacity) for r in arc.reduced)
        return f"tier {tiers[0]}" if any(wrong) else overflow_only(arc, tiers)

    good = list(rounds(Random(f"{seed} apart"), A_FEW))
    assert not any(prove_documents(found.asked, found.result, found.certificate) for found in good)
    monkeypatch.setattr(prove, "breach", breach)
    monkeypatch.setattr(prove, "share", lambda arc: tuple(min(0, r) * arc.capacity for r in arc.reduced))
    refused = [found for found in good if prove_documents(found.asked, found.result, found.certificate)]
    assert len(refused) > len(good) // 4


def two_for_one_seat() -> Round:
    """Two pupils of one class, one seat: one is left."""
    found = proven_round(world(groups=(group(id="one"), group(id="other"))))
    assert found is not None
    return found


def test_sabotage_limits_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """If seats are free of charge and nobody counts them, two pupils on one seat look better than the best."""
    best = two_for_one_seat()
    both = tuple(Assignment(name, "offer", "p", 1) for name in ("one", "other"))
    result = announced(best.instance, both)
    free = best.certificate | {
        "openings": [],
        "schools": [[name, [0] * len(Tier)] for name, _ in best.certificate["schools"]],
    }
    faults = prove_documents(best.asked, result, free)
    assert faults == ["infeasible: opening ('offer', 'p'): 2 pupils, at most 1"]
    honest = prove.breach
    monkeypatch.setattr(prove, "breach", lambda arc, tiers: None if arc.flow > arc.capacity else honest(arc, tiers))
    assert prove_documents(best.asked, result, free) == []


def test_sabotage_pupils_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a class is all that counts, a pupil may be placed twice in place of a classmate."""
    found = proven_round(world(groups=(group(id="one"), group(id="other")), offers=(offer(seats={"p": 2}),)))
    assert found is not None
    result = announced(found.instance, (Assignment("one", "offer", "p", 2),)) | {"unplaced": []}
    faults = prove_documents(found.asked, result, found.certificate)
    assert faults
    assert any(fault.startswith("infeasible: group 'one', 2 placed") for fault in faults)
    monkeypatch.setattr(prove, "infeasible", lambda _case: ())
    monkeypatch.setattr(prove, "breach", lambda arc, tiers: None if arc.flow < 0 else overflow_only(arc, tiers))
    assert prove_documents(found.asked, result, found.certificate) == []


def test_sabotage_arcs_read_from_the_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the certificate says where pupils may go, it leaves out the better offer: its prices are then right."""
    near, far = offer(id="near", position=at_km(2)), offer(id="far", position=at_km(9))
    asked, without = world(offers=(near, far)), world(offers=(far,))
    best, poorer = proven_round(asked), _as_if(asked, without, monkeypatch)
    assert best is not None
    assert best.result["assignments"][0]["offer"] == "near"
    result = announced(asked, (Assignment("group", "far", "p", 1),))
    certificate = poorer | {"arcs": ["far"]}
    assert any(fault.startswith("tier distance") for fault in prove_documents(best.asked, result, certificate))
    honest = prices.choices

    def told(case: Case, profile: Key) -> dict[str, int]:
        return {name: metres for name, metres in honest(case, profile).items() if name in certificate["arcs"]}

    monkeypatch.setattr(prices, "choices", told)
    assert prove_documents(best.asked, result, certificate) == []


def _as_if(asked: Instance, without: Instance, monkeypatch: pytest.MonkeyPatch) -> Document:
    """The certificate of a poorer instance, with the lots of the whole one."""
    whole = proven_round(asked)
    assert whole is not None
    with monkeypatch.context() as patched:
        patched.setattr("solver.solve.instance_sha256", lambda _instance: whole.best.instance_sha256)
        poorer = proven_round(without)
    assert poorer is not None
    return poorer.certificate
