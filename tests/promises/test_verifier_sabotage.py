"""B1: a verifier with a hole would publish a wrong round. Holes are made in its source, one by one; each must be seen.

The bait is the same every time: honest rounds, which must pass, and falsified ones, which must be refused by name.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

import solver.judge.plain.verify
from solver.files import instance_document, result_document
from solver.greedy import greedy
from solver.instance import Department, Instance, Pin
from solver.params import TerritoryRule
from solver.solve import solve
from tests.solver.small_world import group, offer, school, world
from tests.solver.tiny_instances import tiny_instance
from tests.solver.tiny_sides import tiny_sides
from tests.solver.verify_by_hand import by_hand
from tests.solver.verify_cases import at_the_site, documents, random_case, random_instance, scattered, triangle
from tests.solver.verify_corruptions import OPERATORS, corrupted
from tests.solver.verify_oracle import Document, honest

Bait = tuple[Document, Document, set[str]]
"""Two documents, and the properties that the true verifier names."""

PLAIN = Path(solver.judge.plain.verify.__file__).parent
PIECES = ("documents", "asked", "case", "hard_rules", "tier_values", "reasons", "verify")
SOURCES = {name: (PLAIN / f"{name}.py").read_text(encoding="utf-8") for name in PIECES}
"""The verifier's modules, each before those that need it."""
NO_RESULTS: tuple[Any, ...] = ({}, [], None)
SETTLED = {"read", "untwinned"}
"""Reading files is judged by exit codes (tests/solver/test_verify_files.py), not by what is named."""


def named(faults: list[str]) -> set[str]:
    return {fault.split(":")[0] for fault in faults}


def solved(instance: Instance) -> tuple[Document, Document]:
    return instance_document(instance), result_document(solve(instance))


def jostled(random: Random, asked: Document, result: Document) -> Document:
    """The same with somebody sent elsewhere, home, or in another's place."""
    moved = copy.deepcopy(result)
    for row in random.sample(moved["assignments"], min(len(moved["assignments"]), random.choice((1, 1, 2)))):
        offer = random.choice(asked["offers"])
        change = random.choice(("place", "group", "home", "turn"))
        if change == "place":
            row |= {"offer": offer["id"], "period": random.choice(sorted(offer["seats"]))}
        elif change == "group":
            row["group"] = random.choice(asked["groups"])["id"]
        elif change == "turn" and moved["unplaced"]:
            left = random.choice(moved["unplaced"])
            row["group"], left["group"] = left["group"], row["group"]
        else:
            moved["assignments"].remove(row)
            told = {"reason": "all_seats_taken", "offers": [], "lines": [], "facts": {}}
            moved["unplaced"].append({"group": row["group"], "count": row["count"]} | told)
    return moved


def over_the_sea() -> Instance:
    """The triangle with its site on an island: near enough in a straight line, and no territory rule to forbid it."""
    land = triangle()
    island = dataclasses.replace(land.offers[0], department="2A")
    anywhere = dataclasses.replace(land.params, territory_rule=TerritoryRule.ANYWHERE)
    departments = (*land.departments, Department("2A", "Corse", landmass="corsica"))
    return dataclasses.replace(land, departments=departments, offers=(island,), params=anywhere)


def on_a_reserved_seat(pins: int) -> Instance:
    """One seat for a REP school, exactly as far as its pupil may go; another's, pinned there or not, will have it."""
    schools = (school(), school(id="rep", priority="rep"))
    groups = (group(), group(id="theirs", school="rep", reach_m=5_000))
    pinned = (Pin("group", "offer", "p"),) * pins
    return world(schools=schools, offers=(offer(reserved={"rep": 1}),), groups=groups, pins=pinned)


@pytest.fixture(scope="module")
def bait(pytestconfig: pytest.Config) -> list[Bait]:
    seed, full = pytestconfig.getoption("--seed"), pytestconfig.getoption("--full")
    pairs = []
    for name in OPERATORS:
        random = Random(f"{seed} bait {name}")
        pairs += [corrupted(name, random) for _ in range(10 if full else 3)]
    random = Random(f"{seed} true bait")
    pairs += [documents(*random_case(random)) for _ in range(200 if full else 60)]
    pairs += [solved(random_instance(random)) for _ in range(20)]
    pairs += [documents(scattered(random, spread), Counter()) for spread in (60_000, 300_000, 3_000_000)]
    pinned = dataclasses.replace(triangle(), pins=(Pin("c", "site", "2027-W05", 2),))
    for number in range(900 if full else 300):
        instance = (tiny_instance, tiny_sides, tiny_sides)[number % 3](random)
        result = (greedy, solve)[number % 2](instance)
        asked, told = instance_document(instance), result_document(result)
        pairs += [(asked, told), *((asked, jostled(random, asked, told)) for _ in range(3))]
    triangles = [
        (triangle(4_999), "ab"),
        (triangle(5_000), "ab"),
        (pinned, "ac"),
        (pinned, "cc"),
        (over_the_sea(), "ab"),
    ]
    pairs += [pair for instance, groups in triangles if (pair := honest(instance, at_the_site(*groups))) is not None]
    sat = Counter({("group", "offer", "p"): 1})
    pairs += [pair for pins in (0, 1) if (pair := honest(on_a_reserved_seat(pins), sat)) is not None]
    pairs += [(asked, told) for asked, told, _ in by_hand()]
    pairs += [(documents(triangle(), at_the_site("a", "b"))[0], no_result) for no_result in NO_RESULTS]
    return [(*pair, named(solver.judge.plain.verify.verify_documents(*pair))) for pair in pairs]


def verifier_from(sources: Mapping[str, str | ast.Module]) -> Callable[[Document, Document], list[str]]:
    """The verifier that these modules make together, beside the true one."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("sabotaged", *(f"sabotaged.{name}" for name in sources)):
            patched.setitem(sys.modules, name, types.ModuleType(name))
        for name, source in sources.items():
            module = sys.modules[f"sabotaged.{name}"]
            module.__package__ = "sabotaged"
            exec(compile(source, f"sabotaged {name}.py", "exec"), module.__dict__)
        verify: Callable[[Document, Document], list[str]] = sys.modules["sabotaged.verify"].verify_documents
    return verify


def is_seen(hole: Mapping[str, str | ast.Module], bait: list[Bait]) -> bool:
    """Whether the verifier with other modules says anything else than the true one, or falls over."""
    verify = verifier_from({**SOURCES, **hole})
    try:
        return any(named(verify(asked, result)) != expected for asked, result, expected in bait)
    except (ArithmeticError, AttributeError, LookupError, NameError, RecursionError, TypeError, ValueError):
        return True


NAMED_HOLES = {
    "hash read but not compared": ('result.get("instance_sha256") != case.sha256', 'not result.get("instance_sha256")'),
    "ceilings of wider lines forgotten": ('[line, *self.above(self.lines[line]["parent"])]', "[line]"),
    "school maximum counted over all periods": (
        'self.together[group["school"], offer["id"], when] += row["count"]',
        'self.together[group["school"], offer["id"], ""] += row["count"]',
    ),
    "the sea forgotten": (" or case.is_across_sea(school, offer):", ":"),
    "lists of départements forgotten": ('(offer["admits"] is None or home["code"] in offer["admits"])', "True"),
    "bounds believed": ('row["bound"] <= row["value"] and ', ""),
    "optimal believed": ('proven if status == "OPTIMAL" else honest', "honest"),
    "priority ignored by equity": ("k * weight * 1_000_000", "k * 100 * 1_000_000"),
    "every wish worth the first": ('(ranks.get(offer["sector"], unranked) if ranks else 1)', "1"),
    "the draw of the class forgotten": ("(trip + drawn)", "trip"),
    "the draw of the sector forgotten": ('sector if sector in group["wishes"] else ""', '""'),
    "the draw of an unranked sector told apart": ('sector if sector in group["wishes"] else ""', "sector"),
    "pupils moved since the announcement not counted": ("case.told.total() - kept.total()", "0"),
    "any reason believed": ("elif canonical(found) != canonical(", "elif None is ("),
    "a free seat taken for a full one": (
        "    if usable([each for each, room in rooms if room > 0], periods, bundles):",
        "    if False:",
    ),
    "duplicates believed": ("if times[name] > 1)", "if times[name] > 9)"),
    "unplaced pupils not counted": ('(*case.rows["assignments"], *case.rows["unplaced"])', 'case.rows["assignments"]'),
}


@pytest.mark.parametrize("name", NAMED_HOLES)
def test_a_named_hole_is_seen(name: str, bait: list[Bait]) -> None:
    """Each way of checking a thing without checking it lets a falsified round through, or cries wolf: we notice."""
    true, false = NAMED_HOLES[name]
    holes = {piece: source.replace(true, false) for piece, source in SOURCES.items() if true in source}
    assert sum(source.count(true) for source in SOURCES.values()) == 1
    assert is_seen(holes, bait)


def test_the_true_verifier_is_not_a_hole(bait: list[Bait]) -> None:
    """The unchanged source gives the expected names on every bait: what is seen is the sabotage, nothing else."""
    assert not is_seen({}, bait)


def test_rounds_made_by_hand_are_named() -> None:
    """Each round made by hand is named for what it breaks and nothing else, or passes in silence."""
    for asked, result, expected in by_hand():
        faults = solver.judge.plain.verify.verify_documents(asked, result)
        assert named(faults) == expected, faults


SWAPS: dict[type[ast.AST], tuple[type[Any], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.FloorDiv: (ast.Mult,),
    ast.RShift: (ast.LShift,),
}


def sabotages(node: ast.AST) -> Iterator[Callable[[], None]]:
    """Every small change of one node of the source."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in SWAPS[type(operator)]:
                yield partial(node.ops.__setitem__, place, other())
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign):
        yield from (partial(setattr, node, "op", other()) for other in SWAPS.get(type(node.op), ()))
    elif isinstance(node, ast.IfExp):
        yield from (partial(setattr, node, "test", ast.Constant(value=always)) for always in (True, False))
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield partial(setattr, node, "value", node.value + 1)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield node.ifs.clear
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield partial(setattr, node, "value", ast.Constant(value=None))


def mutants(piece: str) -> Iterator[tuple[int, ast.Module]]:
    """Copies of one of the verifier's modules with one small change each, with the line of the change."""
    tree = ast.parse(SOURCES[piece])
    bodies = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    for body in (node for node in bodies if node.name not in SETTLED):
        for place, node in enumerate(ast.walk(body)):
            for number, _ in enumerate(sabotages(node)):
                twin = copy.deepcopy(body)
                list(sabotages(list(ast.walk(twin))[place]))[number]()
                ast.fix_missing_locations(twin)
                mutant = ast.Module([twin if each is body else each for each in tree.body], [])
                yield getattr(node, "lineno", body.lineno), mutant


def test_small_holes_are_seen(bait: list[Bait]) -> None:
    """Of the sources that differ from the verifier's by one sign or one number, at least 95 in 100 are noticed."""
    holes = ((piece, *hole) for piece in PIECES for hole in mutants(piece))
    verdicts = [(f"{piece}:{line}", is_seen({piece: mutant}, bait)) for piece, line, mutant in holes]
    unseen = [place for place, seen in verdicts if not seen]
    assert len(unseen) <= 0.05 * len(verdicts), f"{len(unseen)} of {len(verdicts)} unseen, at lines {unseen}"
