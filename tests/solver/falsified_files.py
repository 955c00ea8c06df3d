"""Ways to falsify the files of a round of any size, and what the verifier's command says of each.

Where `verify_corruptions` builds tiny cases, this takes a round that the commands made and changes its result: pupils
sent where they may not go, or one lie. Nothing else is put right, so other properties may be named too. As a program:

    python -m tests.solver.falsified_files --pupils 56000 --suffix .npz [--seed N] [--folder DIR] [--kinds TEXT]

Files found in the folder are used as they are.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

from solver.__main__ import main
from solver.column_store import write_store
from solver.columns import read_claim_columns, result_store
from solver.dossier import COLUMNS, read_instance
from solver.files import Document, instance_document, read_document, write_document
from tests.solver.verify_corruptions import LIES

Trip = tuple[Document, Document, str]
"""A group, an offer, a period."""


class Dossier:
    """A round's documents, with what is needed to falsify them quickly."""

    def __init__(self, asked: Document, result: Document) -> None:
        self.asked, self.result = asked, result
        self.groups = {row["id"]: row for row in asked["groups"]}
        self.schools = {row["id"]: row for row in asked["schools"]}
        self.land = {row["code"]: row["landmass"] for row in asked["departments"]}
        self.academy = {row["code"]: row["academy"] for row in asked["departments"]}
        self.seated = Counter[tuple[str, str]]()
        for row in result["assignments"]:
            self.seated[row["offer"], row["period"]] += row["count"]

    def send(self, *trips: Trip) -> Document:
        """The result with one pupil of each group there and nowhere else (groups of one pupil)."""
        gone, tables = {group["id"] for group, _, _ in trips}, ("assignments", "unplaced")
        kept = {name: [row for row in self.result[name] if row["group"] not in gone] for name in tables}
        kept["assignments"] += [
            {"group": group["id"], "offer": offer["id"], "period": when, "count": 1} for group, offer, when in trips
        ]
        return self.result | kept

    def trips(self, random: Random) -> Iterator[Trip]:
        """Any group with any offer and one of its periods, many times."""
        for _ in range(200_000):
            offer = random.choice(self.asked["offers"])
            yield random.choice(self.asked["groups"]), offer, random.choice(sorted(offer["seats"]))

    def home(self, group: Document) -> str:
        code: str = self.schools[group["school"]]["department"]
        return code

    def first(self, random: Random, wrong: Callable[[Document, Document, str], bool]) -> Document | None:
        """The result with the first pupil sent where it is wrong; None if there is no such place."""
        return next((self.send(trip) for trip in self.trips(random) if wrong(*trip)), None)


def metres_squared(dossier: Dossier, group: Document, offer: Document) -> int:
    here = dossier.schools[group["school"]]["position"]
    return sum((a - b) ** 2 for a, b in zip(here, offer["position"], strict=True))


Falsify = Callable[[Random, Dossier], Document | None]
"""The falsified result; None, or an IndexError, when the round gives no occasion."""


def sent(wrong: Callable[[Dossier, Document, Document, str], bool]) -> Falsify:
    return lambda random, dossier: dossier.first(random, lambda *trip: wrong(dossier, *trip))


def to_a_closed_period(random: Random, dossier: Dossier) -> Document | None:
    group = random.choice(dossier.asked["groups"])
    names = [row["id"] for row in dossier.asked["periods"]]
    closed = ((offer, when) for offer in dossier.asked["offers"] for when in names if when not in offer["seats"])
    return next((dossier.send((group, *opening)) for opening in closed), None)


def to_a_banned_offer(random: Random, dossier: Dossier) -> Document:
    ban = random.choice(dossier.asked["bans"])
    offer = next(row for row in dossier.asked["offers"] if row["id"] == ban["offer"])
    return dossier.send((dossier.groups[ban["group"]], offer, min(offer["seats"])))


def one_too_many_of_a_school(random: Random, dossier: Dossier) -> Document:
    limited = [offer for offer in dossier.asked["offers"] if offer["max_per_school"] is not None]
    offer, school = random.choice(limited), random.choice(dossier.asked["groups"])["school"]
    mates = [row for row in dossier.asked["groups"] if row["school"] == school][: offer["max_per_school"] + 1]
    return dossier.send(*((group, offer, min(offer["seats"])) for group in mates))


def over_a_ceiling(random: Random, dossier: Dossier) -> Document:
    """Pupils from anywhere fill an offer past its narrowest line's ceiling."""
    ceilings = {row["id"]: row["ceiling"] for row in dossier.asked["lines"] if row["ceiling"] is not None}
    under = [row for row in dossier.asked["offers"] if row["line"] in ceilings]
    offer = min(under, key=lambda row: ceilings[row["line"]])
    some = dossier.asked["groups"][: ceilings[offer["line"]] + 1]
    return dossier.send(*((group, offer, min(offer["seats"])) for group in some))


def sent_home_from_a_seat(random: Random, dossier: Dossier) -> Document | None:
    """A pupil loses its place to nobody, and is told the reason of another one."""
    row, told = random.choice(dossier.result["assignments"]), random.choice(dossier.result["unplaced"])
    left = dossier.result["unplaced"] + [told | {"group": row["group"], "count": row["count"]}]
    placed = [each for each in dossier.result["assignments"] if each is not row]
    return dossier.result | {"assignments": placed, "unplaced": left}


def forgotten_placement(random: Random, dossier: Dossier) -> Document:
    gone = random.choice(dossier.result["assignments"])
    return dossier.result | {"assignments": [row for row in dossier.result["assignments"] if row is not gone]}


def twice(random: Random, dossier: Dossier) -> Document:
    row = random.choice(dossier.result["assignments"])
    return dossier.result | {"assignments": [*dossier.result["assignments"], row]}


def with_own_rows(result: Document) -> Document:
    """A copy that may be edited row by row, much faster than a deep one."""

    def own(value: Any) -> Any:
        return [*value] if type(value) is list else dict(value) if type(value) is dict else value

    tables = {name: rows for name, rows in result.items() if type(rows) is list}
    copied = {name: [{key: own(cell) for key, cell in row.items()} for row in rows] for name, rows in tables.items()}
    return result | copied


def lied(name: str) -> Falsify:
    _, edit = LIES[name]

    def falsify(random: Random, dossier: Dossier) -> Document | None:
        result = with_own_rows(dossier.result)
        edit(random, result)
        # 1 and True are equal, and not the same in a document.
        is_changed = result != dossier.result or repr(result) != repr(dossier.result)
        return result if is_changed else None

    return falsify


def is_of_another_level(_: Dossier, group: Document, offer: Document, __: str) -> bool:
    return group["level"] not in offer["levels"]


def is_refused(_: Dossier, group: Document, __: Document, when: str) -> bool:
    return when not in group["periods"]


def is_unserved(_: Dossier, group: Document, offer: Document, __: str) -> bool:
    return not {*group["needs"]} <= {*offer["serves"]}


def is_too_far(dossier: Dossier, group: Document, offer: Document, _: str) -> bool:
    return metres_squared(dossier, group, offer) >= (group["reach_m"] + 1) ** 2


def is_across_the_sea(dossier: Dossier, group: Document, offer: Document, _: str) -> bool:
    return dossier.land[dossier.home(group)] != dossier.land[offer["department"]]


def is_foreign(dossier: Dossier, group: Document, offer: Document, _: str) -> bool:
    home = next(row for row in dossier.asked["departments"] if row["code"] == dossier.home(group))
    return home["academy"] != dossier.academy[offer["department"]] and offer["department"] not in home["neighbours"]


def is_full(dossier: Dossier, _: Document, offer: Document, when: str) -> bool:
    return bool(dossier.seated[offer["id"], when] == offer["seats"][when] > 0)


KINDS: dict[str, tuple[str, Falsify]] = {
    "sent to an offer of another level": ("level", sent(is_of_another_level)),
    "sent in a period it does not accept": ("period", sent(is_refused)),
    "sent in a period that is not open": ("period", to_a_closed_period),
    "sent where a need is not served": ("needs", sent(is_unserved)),
    "sent too far": ("reach", sent(is_too_far)),
    "sent across the sea": ("reach", sent(is_across_the_sea)),
    "sent outside the territory": ("territory", sent(is_foreign)),
    "sent to a full offer": ("seats", sent(is_full)),
    "one too many of a school": ("school_maximum", one_too_many_of_a_school),
    "over a ceiling": ("quota_ceiling", over_a_ceiling),
    "sent to a banned offer": ("ban", to_a_banned_offer),
    "sent home from a seat": ("reasons", sent_home_from_a_seat),
    "a placement forgotten": ("demand", forgotten_placement),
    "a placement twice": ("identity", twice),
    **{name: (broken, lied(name)) for name, (broken, _) in LIES.items()},
}
"""Every kind of falsification, with the property that has to be named."""


def made(folder: Path, suffix: str, pupils: int, seed: int) -> tuple[Path, Path]:
    """The files of a round, made by the commands unless they are there."""
    asked, result = folder / f"instance{suffix}", folder / f"result{suffix}"
    if not asked.exists():
        assert said("generate", "--pupils", pupils, "--seed", seed, "-o", asked)[0] == 0
    if not result.exists():
        assert said("solve", asked, "-o", result)[0] == 0
    return asked, result


def read_dossier(asked: Path, result: Path) -> Dossier:
    claimed: Any = read_claim_columns(result) if result.suffix == COLUMNS else read_document(result)
    return Dossier(instance_document(read_instance(asked)), claimed)


def write(result: Document, path: Path) -> bool:
    """Whether a falsified result can stand in such a file at all: NaN is no JSON, a text no column of numbers."""
    try:
        if path.suffix == COLUMNS:
            write_store(*result_store(result), path)
            return bool(read_claim_columns(path) == result)
        write_document(result, path)
        return read_document(path) == result
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return False


def said(*arguments: object) -> tuple[int, list[str]]:
    """A command's exit code and its lines."""
    with redirect_stdout(io.StringIO()) as out:
        code = main([str(argument) for argument in arguments])
    return code, out.getvalue().splitlines()


def verdicts(asked: Path, result: Path, kinds: list[str], seed: int) -> Iterator[tuple[str, int, set[str], float]]:
    """For each falsification that the round gives occasion to: its kind, the exit code, what is named, the seconds."""
    dossier, false = read_dossier(asked, result), result.with_name(f"false{result.suffix}")
    for name in kinds:
        try:
            changed = KINDS[name][1](Random(f"{seed} {name}"), dossier)
        except IndexError:
            changed = None
        if changed is not None and write(changed, false):
            before = process_time()
            code, lines = said("verify", asked, false)
            yield name, code, {line.split(":")[0] for line in lines}, process_time() - before


def report(options: argparse.Namespace, folder: Path) -> int:
    asked, result = made(folder, options.suffix, options.pupils, options.seed)
    before = process_time()
    code, lines = said("verify", asked, result)
    print(f"true round: exit {code}, {len(lines)} faults, {process_time() - before:.1f} s CPU", flush=True)
    kinds, caught = [name for name in KINDS if options.kinds in name], 0
    for name, exit_code, named, seconds in verdicts(asked, result, kinds, options.seed):
        right = exit_code == 1 and KINDS[name][0] in named
        caught += right
        print(
            f"{'caught' if right else 'MISSED'}: {name}: exit {exit_code}, {sorted(named)}, {seconds:.1f} s CPU",
            flush=True,
        )
    print(f"{caught} kinds caught, peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    return 0 if code == 0 and caught >= 25 else 1


def program() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--suffix", default=".npz")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--kinds", default="", help="only those whose name has this text")
    options = parser.parse_args()
    if options.folder is not None:
        return report(options, options.folder)
    with tempfile.TemporaryDirectory() as folder:
        return report(options, Path(folder))


if __name__ == "__main__":
    sys.exit(program())
