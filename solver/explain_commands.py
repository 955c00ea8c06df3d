"""The commands that say why, and what another choice would give: explain, unused, marginal, what-if, repair.

Facts on lines, for people and for pipes. They read a result that `solve` wrote and never change it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from solver.changes import Change, changes_from_document
from solver.difference import Difference
from solver.dossier import read_certificate, read_instance, read_result, write_instance, write_result
from solver.files import Document, instance_sha256, read_document
from solver.fix import Fix
from solver.higher import WhyHere
from solver.instance import Instance
from solver.marginal import marginal_values
from solver.repair import repair
from solver.result import Result, Unplaced
from solver.smallest_fix import find_fixes
from solver.strict_json import parse_document
from solver.unused_seats import unused_seats
from solver.what_if import what_if
from solver.why_here import why_here

REPAIR = "the answer after changes that moves the fewest announced pupils"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Give the parser these commands; each sets `run`."""
    one = commands.add_parser("explain", help="where a group goes, or why it has no place and what would give it one")
    one.add_argument("instance", type=Path)
    one.add_argument("result", type=Path)
    one.add_argument("group", nargs="?")
    one.add_argument("--certificate", type=Path, help="what a sector ranked higher would cost, at its prices")
    one.set_defaults(run=_explain)
    one = commands.add_parser("marginal", help="where one more seat would place one more pupil")
    one.add_argument("instance", type=Path)
    one.add_argument("result", type=Path)
    one.add_argument("--json", action="store_true", help="as one JSON document")
    one.set_defaults(run=_marginal)
    one = commands.add_parser("unused", help="why each opening with free seats has them")
    one.add_argument("instance", type=Path)
    one.add_argument("result", type=Path)
    one.add_argument("--json", action="store_true", help="as one JSON document")
    one.set_defaults(run=_unused)
    for name, run, what in (("what-if", _what_if, "what changes would give"), ("repair", _repair, REPAIR)):
        _add_comparison(commands.add_parser(name, help=f"{what}, beside a result"), run)


def _add_comparison(one: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    one.add_argument("instance", type=Path)
    one.add_argument("result", type=Path)
    one.add_argument(
        "--change", action="append", default=[], help="one JSON object (see solver/changes.py); repeatable"
    )
    one.add_argument("--changes", type=Path, help="a file with a JSON list of them")
    one.add_argument("--json", action="store_true", help="the difference as one JSON document")
    one.add_argument("--changed", type=Path, help="where the changed instance is written")
    one.add_argument("-o", "--output", type=Path, help="where its result is written")
    one.set_defaults(run=run)


def _explain(options: argparse.Namespace) -> int:
    instance, result = read_instance(options.instance), read_result(options.result)
    if result.instance_sha256 != instance_sha256(instance):
        raise ValueError("instance_sha256: the result belongs to another instance")
    if options.group is not None and options.group not in instance.group:
        raise ValueError(f"groups: unknown {options.group!r}")
    certificate = read_certificate(options.certificate) if options.certificate else None
    for line in _facts(instance, result, certificate, options.group):
        print(line)
    return 0


def _facts(instance: Instance, result: Result, certificate: Document | None, group: str | None) -> list[str]:
    """Placements of the group and what it ranks higher; the reason and the fixes of each group without a place."""
    placed = why_here(instance, result, certificate, [group]) if group else ()
    told = [line for row in placed for line in _placement(row)]
    left = [row for row in result.unplaced if group in (None, row.group)]
    proven = bool(left) and result.tiers[0].proof != "none"
    fixes = find_fixes(instance, result, [row.group for row in left]) if proven else {}
    for row in left:
        told += [_reason(row), *(f"  fix: {_change(fix)}" for fix in fixes.get(row.group, ()))]
    return told


def _placement(row: WhyHere) -> Iterator[str]:
    yield f"{row.group}: {row.count} placed at {row.offer} in {row.period}, rank {row.rank}"
    for higher in row.higher:
        facts = [f"{name}={value}" for name, value in asdict(higher).items() if value not in ("", None)]
        yield f"  not {higher.sector}: {higher.reason.value} ({' '.join(facts[3:])})"


def _reason(row: Unplaced) -> str:
    facts = [f"{name}={value}" for name, value in row.facts.items()]
    facts += [f"{name}={','.join(rows)}" for name, rows in (("offers", row.offers), ("lines", row.lines)) if rows]
    return f"{row.group}: {row.count} unplaced, {row.reason.value} ({' '.join(facts)})"


def _change(fix: Fix) -> str:
    said = {name: value for name, value in asdict(fix).items() if value and (name, value) != ("more", 1)}
    facts = [f"{name}={value}" for name, value in said.items() if name not in ("kind", "group")]
    return f"{fix.kind.value} ({' '.join(facts)})"


def _marginal(options: argparse.Namespace) -> int:
    values = marginal_values(read_instance(options.instance), read_result(options.result))
    if options.json:
        print(json.dumps(asdict(values), ensure_ascii=False, indent=1))
        return 0
    print(f"{values.unplaced} unplaced; one more would be placed by one more seat at:")
    for offer, period in values.openings:
        print(f"  {offer} in {period}")
    print("by one more pupil under:", *(values.lines or ["(no line)"]))
    print("new seats: département, level, period, sector: pupils without a place, pupils whose move would place one")
    for row in values.new_seats:
        print(f"  {row.department} {row.level} {row.period} {row.sector}: {row.unplaced} {row.movers}")
    return 0


def _unused(options: argparse.Namespace) -> int:
    rows = unused_seats(read_instance(options.instance), read_result(options.result))
    if options.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
        return 0
    for row in rows:
        facts = [f"{name}={getattr(row, name)}" for name in ("pupils", "unplaced", "prefer", "kept_out")]
        facts += [f"lines={','.join(row.lines)}"] if row.lines else []
        print(f"{row.offer} in {row.period}: {row.seats} free, {row.reason.value} ({' '.join(facts)})")
    return 0


def _what_if(options: argparse.Namespace) -> int:
    instance, result = read_instance(options.instance), read_result(options.result)
    answer = what_if(instance, result, _changes(options))
    _write(options, answer.instance, answer.result)
    _tell(answer.difference, answer.result, as_json=options.json)
    return 0


def _repair(options: argparse.Namespace) -> int:
    instance, result = read_instance(options.instance), read_result(options.result)
    answer = repair(instance, result, _changes(options))
    _write(options, answer.instance, answer.result)
    if not options.json:
        print(f"{sum(row.count for row in answer.touched)} announced pupils touched, {answer.held} held")
    _tell(answer.difference, answer.result, as_json=options.json)
    return 0


def _changes(options: argparse.Namespace) -> tuple[Change, ...]:
    rows = [parse_document(text.encode()) for text in options.change]
    listed = read_document(options.changes) if options.changes else []
    if not isinstance(listed, list):
        raise ValueError("changes: a list of objects")
    return changes_from_document([*listed, *rows])


def _write(options: argparse.Namespace, instance: Instance, result: Result) -> None:
    if options.changed:
        write_instance(instance, options.changed)
    if options.output:
        write_result(result, options.output)


def _tell(difference: Difference, result: Result, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(difference), ensure_ascii=False, indent=1))
        return
    counts = f"{difference.gained} gain a place, {difference.lost} lose theirs, {difference.moved} move"
    print(f"{result.status}: {counts}", *([result.diagnosis] if result.diagnosis else []), sep="\n")
    for tier in difference.tiers:
        print(f"  {tier.tier.value:<12} {tier.before} -> {tier.after}")
    for row in (*difference.departments, *difference.schools):
        counts = f"{row.placed_before} -> {row.placed_after} placed, +{row.gained} -{row.lost}, {row.moved} moved"
        print(f"  {row.name}: {counts}")
    for move in difference.moves:
        before, after = (" in ".join(place) if place else "no place" for place in (move.before, move.after))
        print(f"  {move.group}: {move.count} from {before} to {after}")
