"""The judge of optimality accepts every proven round, by prices that mean something, and no damaged certificate."""

from __future__ import annotations

import copy
import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from solver.certificate import certify, solve_with_certificate
from solver.faces import Face
from solver.files import instance_document, read_instance, result_document
from solver.flow import FlowError
from solver.generate import generate
from solver.instance import Instance, Pin, QuotaLine
from solver.judge.plain.prove import prove_documents
from solver.network import Kind
from solver.params import Tier
from solver.result import Assignment, Status
from solver.solve import solve
from tests.solver.certificates import Round, announced, proven_round, rounds
from tests.solver.small_world import at_km, group, offer, school, world

NAMED = sorted((Path(__file__).parents[2] / "fixtures" / "instances").glob("*.json"))


def faults_of(found: Round, **changes: Any) -> list[str]:
    return prove_documents(found.asked, found.result, found.certificate | changes)


def proven(instance: Instance) -> Round:
    found = proven_round(instance)
    assert found is not None
    return found


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 2_000 if pytestconfig.getoption("--full") else 200


def test_every_proven_round_is_accepted(seed: int, times: int) -> None:
    """Rounds with quotas, commitments, pins, bans, maxima and any order of the aims carry a proof that holds."""
    met = dict.fromkeys(("lines", "openings", "maxima", "reserves", "pins", "bans", "announced"), 0)
    for found in rounds(Random(f"{seed} accepted"), times):
        assert faults_of(found) == []
        for name in ("openings", "reserves", "maxima", "lines"):
            met[name] += any(any(row[-1]) for row in found.certificate[name])
        for name in ("pins", "bans", "announced"):
            met[name] += bool(found.asked[name])
    assert all(count >= times // 20 for count in met.values()), met


def test_larger_rounds_are_accepted(seed: int, times: int) -> None:
    """Some hundreds of pupils in an invented country, with too few seats or too many."""
    random = Random(f"{seed} larger")
    for _ in range(times // 4):
        instance = generate(random.randint(50, 300), random.randrange(2**31), seats_per_pupil=random.uniform(0.3, 1.5))
        assert faults_of(proven(instance)) == []


@pytest.mark.parametrize("path", NAMED, ids=lambda path: path.stem)
def test_named_instances_are_accepted(path: Path) -> None:
    """The tiny instances that document the rules are proven too."""
    assert faults_of(proven(read_instance(path))) == []


def test_nobody_asks_or_nobody_offers() -> None:
    """A round without pupils, or without offers, or in which every pupil is pinned, has its proof as well."""
    lines = (QuotaLine("wide"), QuotaLine("line", parent="wide", commitment=3))
    pinned = {"pins": (Pin("group", "offer", "p"),), "offers": (offer(line="line"),)}
    assert faults_of(proven(world(lines=lines, **pinned))) == []
    assert faults_of(proven(world(groups=()))) == []
    assert faults_of(proven(world(offers=()))) == []


def test_asking_for_a_certificate_changes_nothing_else(seed: int) -> None:
    """The result is the same with or without a certificate, and the certificate is the same whoever computes it."""
    instance = generate(300, seed)
    result, certificate = solve_with_certificate(instance)
    assert result == solve(instance)
    with ThreadPoolExecutor(2) as executor:
        assert solve_with_certificate(instance, executor=executor) == (result, certificate)


def test_a_price_is_what_one_more_seat_saves() -> None:
    """Two pupils for one seat: a second seat there would place one more; a third would be of no use."""
    short = proven(world(groups=(group(count=2),)))
    [[name, when, worth]] = short.certificate["openings"]
    assert (name, when, worth[0]) == ("offer", "p", 1)
    assert proven(world(groups=(group(count=2),), offers=(offer(seats={"p": 3}),))).certificate["openings"] == []


def test_a_maximum_has_its_own_price() -> None:
    """When only the school's maximum keeps its second pupil out, the seats are free and the maximum is not."""
    held = proven(world(groups=(group(count=2),), offers=(offer(seats={"p": 5}, max_per_school=1),)))
    assert held.certificate["openings"] == []
    [[name, site, when, worth]] = held.certificate["maxima"]
    assert (name, site, when, worth[0]) == ("school", "offer", "p", 1)
    assert faults_of(held) == []


def test_what_is_not_proven_has_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that is not optimal gets no certificate, nor pins that cannot hold, nor an engine that fails."""
    instance, kept = world(), list[Any]()
    solve(instance, keep=lambda *proof: kept.append(proof))
    [(network, names, optimum, _)] = kept
    face = Face(network, names)
    face.adopt(np.where(np.isin(network.kind, (Kind.LEFT, Kind.UNPLACED)), 1, 0))
    assert face.prove(instance.params.tiers) == 0
    assert certify(instance, network, names, optimum)["openings"] == []

    too_far = world(groups=(group(reach_m=10),), pins=(Pin("group", "offer", "p"),))
    assert solve_with_certificate(too_far)[1] is None

    def fail(*_arguments: object) -> None:
        raise FlowError("out of order")

    monkeypatch.setattr("solver.solve.optimise_parts", fail)
    result, certificate = solve_with_certificate(instance)
    assert result.status is Status.FEASIBLE
    assert certificate is None


def test_a_price_for_nothing_is_refused() -> None:
    """A certificate may not price the sink, nor a maximum that does not exist, to make staying at home look best."""
    found = proven(world())
    result = announced(found.instance, ())
    dear, zeros = [10**6] * len(Tier), [0] * len(Tier)
    at_home = {"schools": [["school", zeros]], "openings": [], "maxima": [], "lines": []}
    tricks: dict[str, dict[str, Any]] = {
        "sink": {"lines": [[None, [-n for n in dear]]]},
        "maximum": {"maxima": [["school", "offer", "p", dear]]},
        "seat": {"openings": [["offer", "p", dear]]},
        "none": {},
    }
    for name, trick in tricks.items():
        faults = prove_documents(found.asked, result, found.certificate | at_home | trick)
        assert any(fault.startswith("tier placed") for fault in faults), name


def test_damaged_certificates_prove_nothing(seed: int) -> None:
    """A row lost from a certificate that needs it, other tiers, another instance: refused, and named."""
    drawn = (proven(generate(300, seed + n, seats_per_pupil=0.5)) for n in itertools.count())
    # Now and then nobody competes for any seat: such a round needs no price.
    found = next(one for one in drawn if one.certificate["schools"] and one.certificate["openings"])
    for name in ("schools", "openings"):
        dearest = max(
            range(len(found.certificate[name])), key=lambda i: [abs(n) for n in found.certificate[name][i][-1]]
        )
        rows = [row for i, row in enumerate(found.certificate[name]) if i != dearest]
        assert any(fault.startswith("tier ") for fault in faults_of(found, **{name: rows})), name
    assert faults_of(found, instance_sha256="0" * 64)[0].startswith("identity")
    assert faults_of(found, tiers=found.certificate["tiers"][::-1])[0].startswith("identity")
    assert faults_of(found, format="sequence-certificate/0")[0].startswith("identity")


@pytest.mark.parametrize("number", [1.0, True, "1", None])
def test_prices_are_whole_numbers(number: Any) -> None:
    """A price that is no whole number makes the certificate unreadable: exact arithmetic or none."""
    found = proven(world())
    with pytest.raises((ValueError, TypeError)):
        faults_of(found, schools=[["school", [number, *[0] * (len(Tier) - 1)]]])
    with pytest.raises(ValueError, match="for each tier"):
        faults_of(found, schools=[["school", [0] * (len(Tier) - 1)]])


def test_announced_values_are_recounted(seed: int) -> None:
    """A value or a bound announced one off, tiers in another order, a status without optimality: each is refused."""
    found = proven(generate(100, seed))
    for i in range(len(Tier)):
        for field in ("value", "bound"):
            told = copy.deepcopy(found.result)
            told["tiers"][i][field] += 1
            [fault] = prove_documents(found.asked, told, found.certificate)
            assert fault.startswith(f"tier {told['tiers'][i]['tier']}: ")
    swapped = found.result | {"tiers": found.result["tiers"][::-1]}
    assert prove_documents(found.asked, swapped, found.certificate)[0].startswith("identity: tiers")
    shy = found.result | {"status": "FEASIBLE"}
    assert prove_documents(found.asked, shy, found.certificate)[0].startswith("identity")


def test_placements_that_break_a_rule_are_refused() -> None:
    """Too far, banned period, a lost pin, a forgotten pupil: optimal or not, the answer must be lawful first."""
    far = world(offers=(offer(), offer(id="far", position=at_km(90))), schools=(school(),))
    found = proven(far)
    for row, words in (
        (Assignment("group", "far", "p", 1), "may not go to 'far'"),
        (Assignment("group", "offer", "q", 1), "may not go to 'offer' in 'q'"),
        (Assignment("group", "offer", "p", 2), "2 placed"),
    ):
        claimed = announced(far, (row,))
        assert any(words in fault for fault in prove_documents(found.asked, claimed, found.certificate))
    forgotten = announced(far, ()) | {"unplaced": []}
    assert any("0 placed, 0 without" in fault for fault in prove_documents(found.asked, forgotten, found.certificate))


def test_a_line_climbs_to_its_commitment_first() -> None:
    """A commitment half kept and a ceiling reached are both in the proof, on a line and on the wider one."""
    lines = (QuotaLine("wide", ceiling=2), QuotaLine("narrow", parent="wide", level="3e", ceiling=3, commitment=3))
    found = proven(world(lines=lines, offers=(offer(seats={"p": 4}, line="narrow"),), groups=(group(count=4),)))
    values = {row.tier: row.value for row in found.best.tiers}
    assert (values[Tier.PLACED], values[Tier.COMMITMENTS]) == (2, 1)
    assert faults_of(found) == []
    higher = dataclasses.replace(found.instance, lines=(dataclasses.replace(lines[0], ceiling=3), lines[1]))
    assert prove_documents(instance_document(higher), result_document(found.best), found.certificate)
