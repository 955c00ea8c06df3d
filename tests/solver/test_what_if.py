"""Other choices and what they change: the difference adds up, and neither the round nor its answer is touched."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from solver.__main__ import main
from solver.changes import (
    BanFrom,
    Ceiling,
    Change,
    Commitment,
    Maximum,
    Open,
    PinTo,
    Reach,
    Seats,
    Territory,
    TierOrder,
    Weight,
    Withdraw,
    apply_changes,
    changes_from_document,
)
from solver.difference import Balance, Difference, Move, compare
from solver.dossier import read_result, write_instance, write_result
from solver.files import canonical_bytes, instance_document, instance_sha256, result_document
from solver.instance import Ban, Instance, Pin, QuotaLine
from solver.params import OFFICIAL_TIERS, TerritoryRule
from solver.result import Assignment, Result, Status
from solver.solve import solve
from solver.what_if import what_if
from tests.solver.small_world import at_km, group, offer, world
from tests.solver.tiny_instances import tiny_instance

SWAPPED = (*OFFICIAL_TIERS[:2], *OFFICIAL_TIERS[5:-1], *OFFICIAL_TIERS[2:5], OFFICIAL_TIERS[-1])


def some_changes(random: Random, instance: Instance) -> list[Change]:
    host, row = random.choice(instance.offers), random.choice(instance.groups)
    known: list[Change] = [
        Seats(host.id, random.choice("pq"), random.randrange(4)),
        Withdraw(host.id),
        Maximum(host.id, random.choice((None, 1, 2))),
        Ceiling("nation", random.choice((None, 0, 4))),
        Commitment("east", random.randrange(4)),
        Reach(random.choice((-9_000, 9_000)), groups=(row.id,)),
        Reach(random.choice((-4_000, 9_000))),
        Weight(instance.school[row.school].priority, random.randrange(1, 400)),
        Territory(random.choice(list(TerritoryRule))),
    ]
    return random.sample(known, random.randint(1, 3))


def counted(rows: tuple[Assignment, ...]) -> Counter[tuple[str, tuple[str, str]]]:
    return Counter({(row.group, (row.offer, row.period)): row.count for row in rows})


def adds_up(before: Result, after: Result, difference: Difference) -> bool:
    """Whether following the moves leads from one answer to the other, by the fewest pupils of each group."""
    reached = counted(before.assignments)
    for move in difference.moves:
        if move.before:
            reached[move.group, move.before] -= move.count
        if move.after:
            reached[move.group, move.after] += move.count
    stay = sum((counted(before.assignments) & counted(after.assignments)).values())
    left = Counter[str]()
    for move in difference.moves:
        left["gained" if move.before is None else "lost" if move.after is None else "moved"] += move.count
    return (
        +reached == counted(after.assignments)
        and (difference.gained, difference.lost, difference.moved) == (left["gained"], left["lost"], left["moved"])
        and before.placed == stay + difference.moved + difference.lost
        and after.placed == stay + difference.moved + difference.gained
        and not any({None} == {move.before, move.after} or move.before == move.after for move in difference.moves)
    )


def test_the_difference_adds_up_and_nothing_is_touched(seed: int) -> None:
    """Whoever gains, loses or moves is told; the first round and its answer are the same bytes as before."""
    random, moved = Random(f"{seed}/what-if"), 0
    for number in range(150):
        instance = tiny_instance(random)
        before = solve(instance)
        if before.status is not Status.OPTIMAL:
            continue
        kept = canonical_bytes(instance_document(instance)), canonical_bytes(result_document(before))
        answer = what_if(instance, before, some_changes(random, instance))
        assert (canonical_bytes(instance_document(instance)), canonical_bytes(result_document(before))) == kept
        assert answer.result.instance_sha256 == instance_sha256(answer.instance)
        difference = answer.difference
        assert adds_up(before, answer.result, difference), (number, difference)
        moved += len(difference.moves)
        for rows in (difference.schools, difference.departments):
            for name, total in (("gained", difference.gained), ("lost", difference.lost), ("moved", difference.moved)):
                assert sum(getattr(row, name) for row in rows) == total
            assert all(row.placed_after - row.placed_before == row.gained - row.lost for row in rows)
        if answer.result.tiers:
            assert [row.after for row in difference.tiers if row.after is not None] == [
                row.value for row in answer.result.tiers
            ]
    assert moved > 20, "the comparison says less than it should"


def test_sabotage_a_difference_that_forgets_who_leaves_is_caught(seed: int) -> None:
    """Listing only the arrivals does not add up."""
    instance = world(offers=(offer(), offer(id="far", position=at_km(9))))
    before = solve(instance)
    answer = what_if(instance, before, [Withdraw("offer")])
    (move,) = answer.difference.moves
    assert move == Move("group", 1, ("offer", "p"), ("far", "p"))
    assert adds_up(before, answer.result, answer.difference)
    forgetful = replace(answer.difference, moves=(replace(move, before=None),), moved=0, gained=1)
    assert not adds_up(before, answer.result, forgetful)


def test_no_change_changes_nothing() -> None:
    """The same round again: the same instance, and nobody gains, loses or moves."""
    instance = world()
    answer = what_if(instance, solve(instance), [])
    assert answer.instance == instance
    assert answer.difference == replace(
        answer.difference, gained=0, lost=0, moved=0, moves=(), schools=(), departments=()
    )


@pytest.mark.parametrize(
    ("change", "table"),
    [
        (Seats("offer", "q", 3), {"offers": (offer(seats={"p": 1, "q": 3}),)}),
        (Withdraw("offer"), {"offers": (offer(seats={"p": 0}),)}),
        (Open(offer(id="new")), {"offers": (offer(), offer(id="new"))}),
        (Maximum("offer", 2), {"offers": (offer(max_per_school=2),)}),
        (Ceiling("line", 4), {"lines": (QuotaLine("line", ceiling=4, commitment=1),)}),
        (Commitment("line", None), {"lines": (QuotaLine("line", ceiling=9),)}),
        (Reach(-1_000, schools=("school",), level="3e"), {"groups": (group(reach_m=29_000),)}),
        (Reach(-99_000), {"groups": (group(reach_m=0),)}),
        (Reach(5, level="2de_gt"), {}),
        (PinTo("group", "offer", "p", 1), {"pins": (Pin("group", "offer", "p"),)}),
        (BanFrom("group", "offer"), {"bans": (Ban("group", "offer"),)}),
    ],
)
def test_each_change_changes_that_and_no_more(change: Change, table: dict[str, object]) -> None:
    """A change gives the instance that one would have written with it."""
    instance = world(lines=(QuotaLine("line", ceiling=9, commitment=1),))
    assert apply_changes(instance, [change]) == replace(instance, **table)  # type: ignore[arg-type]


def test_the_campaigns_rules_may_change_too() -> None:
    """Another order of the aims, another weight, another territory."""
    instance = apply_changes(world(), [TierOrder(SWAPPED), Weight("rep", 300), Territory(TerritoryRule.ACADEMY)])
    assert instance.params.tiers == SWAPPED
    assert instance.params.priority_weights["rep"] == 300
    assert instance.params.territory_rule is TerritoryRule.ACADEMY


def test_what_was_set_may_be_lifted() -> None:
    """A pin of nobody and a ban that bans not are gone; a host that withdraws holds nobody pinned."""
    pinned = world(pins=(Pin("group", "offer", "p"),))
    assert apply_changes(pinned, [PinTo("group", "offer", "p", 0)]) == world()
    assert apply_changes(pinned, [Withdraw("offer")]).pins == ()
    assert apply_changes(world(bans=(Ban("group", "offer"),)), [BanFrom("group", "offer", banned=False)]) == world()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"change": "seats", "offer": "nowhere", "period": "p", "seats": 1}, "unknown offer 'nowhere'"),
        ({"change": "seats", "offer": "offer", "period": "never", "seats": 1}, r"seats: unknown 'never'"),
        ({"change": "seats", "offer": "offer", "period": "p", "seats": -1}, "a whole number between"),
        ({"change": "seats", "offer": "offer", "period": "p", "seats": "1"}, r"changes\.0\.seats\.seats: "),
        ({"change": "seats", "offer": "offer", "period": "p"}, r"changes\.0\.seats\.seats: "),
        ({"change": "maximum", "offer": "offer", "max_per_school": 1, "why": ""}, r"changes\.0\.maximum\.why: "),
        ({"change": "magic"}, r"changes\.0: .*'magic'"),
        ({"change": "ceiling", "line": "none", "ceiling": 1}, "unknown line 'none'"),
        ({"change": "reach", "add_m": 1, "groups": ["x"]}, "unknown group 'x'"),
        ({"change": "reach", "add_m": 1, "schools": ["x"]}, "unknown school 'x'"),
        ({"change": "weight", "priority": "x", "weight": 1}, "unknown priority 'x'"),
        ({"change": "tiers", "order": ["placed", "draw"]}, r"params\.tiers"),
        ({"change": "ban", "group": "x", "offer": "offer"}, "unknown 'x'"),
    ],
)
def test_a_change_that_means_nothing_is_refused(row: dict[str, object], message: str) -> None:
    """An unknown name, a wrong type, a key too many or a rule of the instance broken: named, and nothing is solved."""
    with pytest.raises(ValueError, match=message):
        apply_changes(world(), changes_from_document([row]))


def test_only_answers_to_the_same_demand_are_compared() -> None:
    """Another instance's result, or groups nobody knows, are refused."""
    instance, other = world(), world(groups=(group(id="stranger"),))
    with pytest.raises(ValueError, match="another instance"):
        what_if(instance, solve(other), [])
    with pytest.raises(ValueError, match="unknown group 'stranger'"):
        compare(instance, solve(instance), solve(other))


def test_an_unlawful_wish_is_answered_not_refused() -> None:
    """A pin that cannot hold gives a round without an answer, whose diagnosis says why, and everybody loses."""
    instance = world()
    answer = what_if(instance, solve(instance), [Seats("offer", "p", 0), PinTo("group", "offer", "p", 1)])
    assert answer.result.status is Status.INFEASIBLE
    assert answer.difference.lost == 1
    assert answer.difference.schools == (Balance("school", 1, 0, 0, 1, 0),)


def test_what_if_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`what-if` prints who changes, as lines or as JSON, from changes on the line or in a file."""
    instance = world(offers=(offer(), offer(id="far", position=at_km(9))))
    write_instance(instance, tmp_path / "instance.json")
    write_result(solve(instance), tmp_path / "result.json")
    files = [str(tmp_path / "instance.json"), str(tmp_path / "result.json")]
    assert main(["what-if", *files, "--change", '{"change": "withdraw", "offer": "offer"}']) == 0
    told = capsys.readouterr().out
    assert "0 gain a place, 0 lose theirs, 1 move\n" in told
    assert "  distance     5000 -> 9000\n" in told
    assert "  group: 1 from offer in p to far in p\n" in told
    (tmp_path / "changes.json").write_text('[{"change": "withdraw", "offer": "offer"}]')
    outputs = ["-o", str(tmp_path / "after.json"), "--changed", str(tmp_path / "changed.json")]
    assert main(["what-if", *files, "--changes", str(tmp_path / "changes.json"), "--json", *outputs]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["moves"] == [{"group": "group", "count": 1, "before": ["offer", "p"], "after": ["far", "p"]}]
    assert read_result(tmp_path / "after.json").assignments == (Assignment("group", "far", "p", 1),)
    assert main(["verify", str(tmp_path / "changed.json"), str(tmp_path / "after.json")]) == 0
    assert main(["what-if", *files, "--change", "{}"]) == 2
    assert main(["what-if", *files, "--changes", files[0]]) == 2
