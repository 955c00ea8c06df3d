"""The fast verifier says what the plain one says, of every file, and stands aside where it cannot know."""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, get_type_hints

import numpy as np
import pytest

from solver import judges, verify_large
from solver.columns import instance_store, result_store
from solver.files import Document, instance_document, instance_sha256, result_document
from solver.generate import generate
from solver.instance import Instance
from solver.judge.plain import verify
from solver.judges import Claimed, stores_of
from solver.large_columns import OPTIONAL
from solver.large_layout import ORDINARY, READ, RESULT_ROWS
from solver.large_round import Round
from solver.large_trips import metres
from solver.layout import InstanceDocument, ResultDocument
from solver.machine import in_a_copy
from solver.rules import PROPERTIES
from solver.solve import solve
from tests.solver import side_corruptions, verify_corruptions
from tests.solver.ordinary import ordinary_case, ordinary_instance, ordinary_wholes
from tests.solver.test_verify_files import GARBAGE, places
from tests.solver.verify_cases import documents, random_case, scattered
from tests.solver.verify_corruptions import MIXED, OPERATORS, corrupted
from tests.solver.verify_oracle import Placements


def never() -> tuple[Document, Document]:
    raise AssertionError("nothing is in doubt: the documents are not needed")


@pytest.fixture(autouse=True)
def every_round_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "LARGE", 0)


def named(faults: list[str]) -> set[str]:
    return {fault.split(":")[0] for fault in faults}


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return 40 if pytestconfig.getoption("--full") else 4


def proven_rounds(random: Random, times: int) -> Iterator[tuple[Document, Document]]:
    for number in range(times):
        drawn = generate(random.randint(0, 400), random.randrange(2**31))
        instance = ordinary_instance(random) if number % 4 else drawn
        yield instance_document(instance), result_document(solve(instance))


def test_a_proven_round_is_clear_at_once(seed: int, times: int) -> None:
    """Every property of a true round is settled in columns, and the documents are never asked for."""
    for asked, result in proven_rounds(Random(f"{seed} clear"), 10 * times):
        stores = instance_store(asked), result_store(result)
        assert verify_large.clear(*stores) >= {*PROPERTIES}
        assert verify_large.verify_large(*stores, never) == []
        assert verify.verify_documents(asked, result) == []


def test_reasons_are_all_met_in_columns(seed: int, times: int) -> None:
    """Lawful placements told truthfully are clear too, whatever the reasons told and without any proof."""
    random, told = Random(f"{seed} honest"), set()
    for _ in range(15 * times):
        asked, result = documents(*ordinary_case(random))
        assert verify_large.clear(instance_store(asked), result_store(result)) >= {*PROPERTIES}
        assert Claimed(asked, result).verify() == []
        told |= {row["reason"] for row in result["unplaced"]}
    assert len(told) >= 5


def test_groups_that_stay_whole_are_read_in_columns(seed: int, times: int) -> None:
    """Answers that leave some out for want of room together are clear, and so is the room they are told of."""
    random, told, placed = Random(f"{seed} whole"), set(), 0
    for _ in range(40 * times):
        instance = ordinary_wholes(random)
        asked, result = instance_document(instance), result_document(solve(instance, effort=0.001))
        if result["status"] == "INFEASIBLE":
            continue
        assert verify_large.clear(instance_store(asked), result_store(result)) >= {*PROPERTIES}
        told |= {row["reason"] for row in result["unplaced"]}
        placed += bool({row["group"] for row in result["assignments"]} & instance.units)
    assert "group_too_large" in told
    assert placed


def test_far_and_wide(seed: int) -> None:
    """Offers scattered over the globe: those in reach and the nearest one are the same as by looking at all of them."""
    for spread in (60_000, 600_000, 6_000_000):
        asked, result = documents(scattered(Random(f"{seed} globe"), spread), Counter())
        assert "reasons" in verify_large.clear(instance_store(asked), result_store(result))


@pytest.mark.parametrize("name", OPERATORS)
def test_both_say_the_same_of_a_corruption(name: str, seed: int, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Property by property and word for word, the two verifiers refuse the same things, in rare rounds as in others."""
    random = Random(f"{seed} {name}")
    for number in range(times):
        is_ordinary = number % 2 == 0 and name not in RARE
        monkeypatch.setattr(verify_corruptions, "random_case", ordinary_case if is_ordinary else random_case)
        pair = corrupted(name, random)
        faults = Claimed(*pair).verify()
        assert faults == verify.verify_documents(*pair)
        assert OPERATORS[name][0] in named(faults)


NOT_IN_COLUMNS = {name for name in OPERATORS if name.startswith(("a count", "a negative count", "an unknown "))} - {
    "an unknown status"
} | {
    "a fact as a float",
    "a fact as a boolean",
    "another layout",
    "a field too many",
    "a field of another type",
    "a field missing",
    "a field too many in a row",
    "an identifier that is a list",
    "tiers that are no list",
    "a tier's value as a boolean",
    "a row that is a list",
    "a row that is nothing",
}
"""Corruptions of what a document is made of: such a result has no sound columns, and is for the plain verifier."""


RARE = {name for name, (broken, _) in OPERATORS.items() if broken in verify_large.SILENT}
"""Corruptions of what the fast path does not read: in rounds that have it, everything is for the plain verifier."""


@pytest.mark.parametrize("name", [name for name in OPERATORS if name not in MIXED | RARE])
def test_each_question_is_needed(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were one property said to be clear unseen, its corruption would pass: no other part of the fast path names it."""
    monkeypatch.setattr(verify_corruptions, "random_case", ordinary_case)
    monkeypatch.setattr(side_corruptions, "tiny_sides", ordinary_wholes)
    pair = corrupted(name, Random(f"{seed} {name}"))
    stores = stores_of(*pair)
    if name in NOT_IN_COLUMNS:
        assert stores is None or verify_large.clear(*stores) == set()
        return
    monkeypatch.setitem(verify_large.CLEAR, OPERATORS[name][0], lambda _: True)
    assert Claimed(*pair).verify() == []


def test_every_property_is_sabotaged_in_columns() -> None:
    """Each property has a corruption that only its own question about the columns gives away."""
    sabotaged = {OPERATORS[name][0] for name in {*OPERATORS} - MIXED - NOT_IN_COLUMNS - RARE}
    assert sabotaged == {*PROPERTIES} - {*verify_large.SILENT}


def test_a_property_unknown_here_is_checked_by_the_plain_verifier(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is added to the plain verifier only is judged on large files too, row by row."""
    [(asked, result)] = proven_rounds(Random(f"{seed} new"), 1)
    monkeypatch.setitem(verify.CHECKS, "new_rule", lambda case: iter([f"{len(case.groups)} groups"]))
    assert Claimed(asked, result).verify() == [f"new_rule: {len(asked['groups'])} groups"]


def test_every_property_is_asked_and_every_field_is_read_or_silent() -> None:
    """The fast path asks about each property, and names each field of the layout, as read or as silent."""
    assert {*verify_large.CLEAR, *verify_large.SILENT} >= {*PROPERTIES}
    for document, rows in ((InstanceDocument, READ), (ResultDocument, RESULT_ROWS)):
        for name, shape in get_type_hints(document).items():
            kind = getattr(shape, "__args__", (shape,))[0]
            if not hasattr(kind, "__annotations__") or name == "tiers":
                continue
            silent = {field for field in kind.__annotations__ if f"{name}.{field}" in {*ORDINARY, *OPTIONAL}}
            assert name in ORDINARY or {*kind.__annotations__} == {*rows[name]} | silent


SPEAKING: dict[str, Any] = {
    "lines.overflow_price": 3,
    "offers.reserved": {"rep": 1},
    "offers.min_group": 2,
    "announced": [{"group": "group-0", "offer": "offer-0", "period": "p1", "count": 1}],
    "bundles": [{"group": "group-0", "periods": ["p1", "p2"]}],
    "sequences": [{"groups": ["group-0", "group-1"]}],
}


@pytest.mark.parametrize("name", ORDINARY)
def test_what_is_not_read_leaves_everything_in_doubt(name: str, seed: int) -> None:
    """As soon as a field that the fast path does not read says something, the plain verifier has the word."""
    asked, result = documents(*ordinary_case(Random(seed)))
    assert verify_large.clear(instance_store(asked), result_store(result))
    listed, _, field = name.partition(".")
    if field:
        asked[listed][0][field] = SPEAKING[name]
    else:
        asked[name] = SPEAKING[name]
    assert verify_large.clear(instance_store(asked), result_store(result)) == set()


STRANGE: dict[str, Any] = {
    "a field nobody knows": lambda asked: asked["lines"][0].update(colour="red"),
    "a list nobody knows": lambda asked: asked.update(wishes=[]),
    "rows in another order": lambda asked: asked["groups"].reverse(),
    "a name twice": lambda asked: asked["groups"].append(asked["groups"][-1]),
    "a school nobody knows": lambda asked: asked["groups"][0].update(school="nowhere"),
    "a count beyond any round": lambda asked: asked["groups"][0].update(count=2**40),
    "a negative count": lambda asked: asked["groups"][0].update(count=-1),
    "a place beyond the earth": lambda asked: asked["offers"][0].update(position=[2**40, 0, 0]),
    "a reach beyond the earth": lambda asked: asked["groups"][0].update(reach_m=2**40),
    "a line that is its own parent": lambda asked: asked["lines"][0].update(parent=asked["lines"][0]["id"]),
    "a set out of order": lambda asked: asked["offers"][0].update(levels=["b", "a"]),
    "a sector ranked twice": lambda asked: asked["groups"][0].update(wishes=["a", "a"]),
    "seats that are no number": lambda asked: asked["offers"][0].update(seats={"p1": True}),
    "periods that overlap": lambda asked: [row.update(slots=["2027-W05"]) for row in asked["periods"]],
    "a weight beyond any": lambda asked: asked["params"]["priority_weights"].update(none=10**12),
    "a territory rule nobody knows": lambda asked: asked["params"].update(territory_rule="moon"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_instance_leaves_everything_in_doubt(name: str, seed: int) -> None:
    """What could overflow, mislead or hide something is never judged in columns."""
    asked, result = documents(*ordinary_case(Random(seed)))
    stores = instance_store(asked), result_store(result)
    Round(*stores)
    STRANGE[name](asked)
    assert verify_large.clear(instance_store(asked), stores[1]) == set()


@pytest.mark.parametrize("rows_by_text", [0.01, 1, 16])
def test_the_same_identity(rows_by_text: float, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance spelled from its columns has the hash of its JSON document, whatever its names are made of."""
    monkeypatch.setattr("solver.large_spelling.ROWS_BY_TEXT", rows_by_text)
    random = Random(f"{seed} names")
    for instance in (generate(300, seed), *(ordinary_instance(random) for _ in range(20))):
        asked = instance_document(instance)
        for name in ("schools", "groups"):
            assert asked[name] == sorted(asked[name], key=lambda row: row["id"])
        result = result_document(solve(instance))
        assert Round(instance_store(asked), result_store(result)).sha256 == instance_sha256(instance)
    asked, result = documents(*ordinary_case(random))
    renamed = copy.deepcopy(asked)
    for number, group in enumerate(renamed["groups"]):
        group["id"] = f'g\\"é\x1f\u2028😀{number}'
    renamed["pins"], renamed["bans"] = [], []
    empty = result | {"assignments": [], "unplaced": []}
    assert Round(instance_store(renamed), result_store(empty)).sha256 == verify.Case(renamed, empty).sha256


NAMES = "\x01aé\u2028😀"


def renamed(instance: Instance, placements: Placements, names: list[str]) -> tuple[Instance, Placements]:
    """The same round, with these names for its groups."""
    new = dict(zip((row.id for row in instance.groups), sorted(names), strict=True))
    groups = tuple(replace(row, id=new[row.id]) for row in instance.groups)
    pins = tuple(replace(row, group=new[row.group]) for row in instance.pins)
    bans = tuple(replace(row, group=new[row.group]) for row in instance.bans)
    placed = Counter({(new[group], *where): count for (group, *where), count in placements.items()})
    return replace(instance, groups=groups, pins=pins, bans=bans), placed


CALLED = {"long": ("é" * 100, True), "too long": ("é" * 100 + "a", False), "with a zero": ("a\0", False)}


@pytest.mark.parametrize(("last", "is_read"), CALLED.values(), ids=CALLED)
def test_whatever_groups_are_called(last: str, is_read: bool, seed: int) -> None:
    """Groups are found by names of any kind and length, and those that columns cannot hold are read as documents."""
    instance, placements = ordinary_case(Random(f"{seed} called"))
    names = [f"{NAMES[n % len(NAMES)]}{NAMES[: n % 3] * n}{n}" for n in range(len(instance.groups) - 1)]
    pair = documents(*renamed(instance, placements, [*names, last]))
    clear = verify_large.clear(instance_store(pair[0]), result_store(pair[1]))
    assert clear >= {*PROPERTIES} if is_read else clear == set()
    assert Claimed(*pair).verify() == []


def test_garbage_in_a_columnar_result_is_refused_alike(seed: int, pytestconfig: pytest.Config) -> None:
    """Whatever stands in the head of a file, in its tables too, is never clear by mistake and never makes a stumble."""
    random = Random(f"{seed} garbage")
    for _ in range(2_000 if pytestconfig.getoption("--full") else 100):
        asked, honest = next(proven_rounds(random, 1))
        (head, columns), plain = copy.deepcopy(result_store(honest)), honest
        path = random.choice([path for path in places(head) if path != ("tables",)])
        holder: Any = head
        for key in path[:-1]:
            holder = holder[key]
        before, holder[path[-1]] = holder[path[-1]], random.choice(GARBAGE)
        clear = verify_large.clear(instance_store(asked), (head, columns))
        if path[0] == "tables":
            assert clear == set() or repr(before) == repr(holder[path[-1]]) or "reasons" not in clear, path
        else:
            plain = plain | {name: value for name, value in head.items() if name != "tables"}
            assert clear.isdisjoint(named(verify.verify_documents(asked, plain))), path


def test_metres_to_the_last_one() -> None:
    """The whole square root of every square, one less and one more, up to the size of the earth."""
    roots = np.concatenate([np.arange(2_000), 2 ** np.arange(1, 25), 2 ** np.arange(1, 25) - 1]).astype(np.int64)
    squares = np.concatenate([roots * roots - (roots > 0), roots * roots, roots * roots + 1])
    assert metres(squares).tolist() == [math.isqrt(square) for square in squares.tolist()]


@pytest.mark.parametrize("name", ["reason swapped", "hash altered", "a tier one too high"])
def test_half_of_the_questions_may_be_asked_in_a_copy(name: str, seed: int) -> None:
    """Shared between the process and a copy of it, a round is judged as by one alone."""
    stores = stores_of(*corrupted(name, Random(f"{seed} beside {name}")))
    assert stores is not None
    assert verify_large.clear(*stores, in_a_copy) == verify_large.clear(*stores)
