"""The commands that make a round: generate an instance, solve it."""

from __future__ import annotations

import argparse
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from solver.certificate import solve_with_certificate
from solver.dossier import read_instance, write_certificate, write_instance, write_result
from solver.files import Document
from solver.generate import generate
from solver.generate_classes import with_classes
from solver.generate_year import generate_year
from solver.machine import Machine, beside
from solver.solve import solve


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Give the parser these commands; each sets `run`."""
    one = commands.add_parser("solve", help="place the pupils of an instance")
    one.add_argument("instance", type=Path)
    one.add_argument("-o", "--output", type=Path, required=True, help="where the result is written")
    one.add_argument("--certificate", type=Path, help="where the certificate of optimality, or of bounds, is written")
    one.add_argument("--workers", type=int, default=1, help="processes that solve side by side; the answer is the same")
    one.set_defaults(run=_solve)
    one = commands.add_parser("generate", help="invent an instance")
    one.add_argument("--pupils", type=int, required=True)
    one.add_argument("--seed", type=int, required=True)
    one.add_argument("-o", "--output", type=Path, required=True, help="where the instance is written")
    one.add_argument("--year", action="store_true", help="a whole year: the seconde and the 3e over thirty weeks")
    one.add_argument("--whole-share", type=float, default=0.0, help="share of the pupils in classes that stay whole")
    one.set_defaults(run=_generate)


def _solve(options: argparse.Namespace) -> int:
    certificate = None
    with _workers(options.workers) as executor:
        instance = read_instance(options.instance)
        if options.certificate is None:
            result = solve(instance, executor=executor)
        else:
            result, certificate = solve_with_certificate(instance, executor=executor)
        with beside(executor, partial(_certify, certificate, options.certificate)) as certified:
            write_result(result, options.output)
            certified()
    print(f"{result.status}: {result.placed} placed, {sum(row.count for row in result.unplaced)} unplaced")
    for tier in result.tiers:
        print(f"  {tier.tier:<12} {tier.value} (bound {tier.bound}, {tier.proof})")
    if result.diagnosis:
        print(f"  {result.diagnosis}")
    if options.certificate is not None and certificate is None:
        print("  no certificate: nothing is proven")
    return 0


def _certify(certificate: Document | None, path: Path) -> None:
    if certificate is not None:
        write_certificate(certificate, path)


def _workers(count: int) -> AbstractContextManager[Executor | None]:
    """The whole machine, from before anything is read; nothing when one process does it all."""
    if count < 1:
        raise ValueError(f"--workers: {count} is not a number of processes")
    return nullcontext() if count == 1 else Machine(count).keep_memory()


def _generate(options: argparse.Namespace) -> int:
    invent = generate_year if options.year else generate
    instance = invent(options.pupils, options.seed)
    if options.whole_share:
        instance = with_classes(instance, options.whole_share, options.seed)
    write_instance(instance, options.output)
    return 0
