"""The same frozen instance gives the same bytes, whatever the order of rows, the process or the executor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from solver.certificate import solve_with_certificate
from solver.components import split
from solver.files import canonical_bytes, instance_document, instance_from_document, write_instance
from solver.flow import minimum_cost_flow
from solver.generate import generate
from solver.instance import ROW_KEYS, Instance
from solver.model import build_network
from solver.parts import gather
from solver.solve import solve
from tests.solver.archipelago import archipelago, filed

ROOT = Path(__file__).parents[2]


def _shuffled(instance: Instance, random: Random) -> Instance:
    rows = {name: random.sample(getattr(instance, name), len(getattr(instance, name))) for name in ROW_KEYS}
    return Instance(**{name: tuple(values) for name, values in rows.items()}, params=instance.params)


def test_shuffled_rows_give_the_same_bytes(seed: int) -> None:
    """Nobody is served better for having been typed in first."""
    instance = generate(700, seed, seats_per_pupil=0.9)
    expected = filed(solve(instance))
    for number in range(3):
        assert filed(solve(_shuffled(instance, Random(f"{seed}/{number}")))) == expected


def test_a_shuffled_file_is_the_same_instance(seed: int) -> None:
    """The order of rows in a file means nothing, so its fingerprint does not depend on it."""
    instance, random = generate(300, seed), Random(seed)
    document = instance_document(instance)
    for name in ROW_KEYS:
        random.shuffle(document[name])
    for offer in document["offers"]:
        random.shuffle(offer["levels"])
    assert instance_document(instance_from_document(document)) == instance_document(instance)


def test_another_process_with_another_hash_seed_gives_the_same_bytes(seed: int, tmp_path: Path) -> None:
    """The answer does not depend on the process that computed it."""
    write_instance(generate(500, seed, seats_per_pupil=0.9), tmp_path / "instance.json")
    found = set()
    for hash_seed in ("0", "1", "4242"):
        output = tmp_path / f"{hash_seed}.json"
        command = [sys.executable, "-m", "solver", "solve", str(tmp_path / "instance.json"), "-o", str(output)]
        subprocess.run(
            command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hash_seed}, check=True, capture_output=True
        )
        found.add(canonical_bytes(json.loads(output.read_bytes()) | {"seconds": {}}))
    assert len(found) == 1


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_changes_nothing(pool: type[Executor], seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of the country solved side by side give the answer they give one after the other."""
    monkeypatch.setattr("solver.components.ARCS_PER_PART", 500)
    instance = archipelago(seed)
    phases: list[tuple[str, float]] = []
    alone = solve(instance, progress=lambda phase, done: phases.append((phase, done)))
    with pool(max_workers=2) as executor:  # type: ignore[call-arg]
        assert filed(solve(instance, executor=executor)) == filed(alone)
    assert sum(phase == "optimise:placed" for phase, _ in phases) >= 3, "the country was not split"
    assert [done for _, done in phases] == sorted(done for _, done in phases)
    assert [phases[0][0], phases[-2][0], phases[-1][0]] == ["reachable", "prove", "explain"]


def test_what_a_country_in_one_piece_leaves_apart_goes_to_the_executor(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that does not split still gives every process work, and the certificate has the same bytes."""
    instance = generate(1500, seed)
    monkeypatch.setattr("solver.components.ARCS_PER_PART", 100)
    for module in ("solver.faces", "solver.apart", "solver.cuts"):
        monkeypatch.setattr(f"{module}.ARCS_TOGETHER", 200)
    result, certificate = solve_with_certificate(instance)
    sent: list[object] = []
    with ProcessPoolExecutor(2) as pool:
        submit = pool.submit

        def tell(task: Callable[..., object], *columns: object) -> Future[object]:
            sent.append(task)
            return submit(task, *columns)

        monkeypatch.setattr(pool, "submit", tell)
        beside = solve_with_certificate(instance, executor=pool)
    assert (filed(beside[0]), beside[1]) == (filed(result), certificate)
    assert sent.count(minimum_cost_flow) >= 3, "the executor was left idle"


def test_the_parts_share_no_arc_and_miss_none(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Splitting the network loses no arc and puts connected ones together."""
    monkeypatch.setattr("solver.components.ARCS_PER_PART", 1)
    network = build_network(gather(archipelago(seed)))
    parts = split(network)
    assert sorted(arc for part in parts for arc in part.tolist()) == list(range(len(network.tail)))
    owner: dict[int, int] = {}
    for number, part in enumerate(parts):
        for node in {*network.tail[part].tolist(), *network.head[part].tolist()} - {len(network.supply) - 1}:
            assert owner.setdefault(node, number) == number
