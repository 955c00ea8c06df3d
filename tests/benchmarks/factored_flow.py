"""The engine's network on the rivals' three aims (its own round has more), each proven by its potentials."""

from __future__ import annotations

from typing import cast

import numpy as np

from solver.components import optimise_parts
from solver.instance import Instance
from solver.model import build_network
from solver.network import Kind
from solver.params import Tier
from solver.parts import gather
from solver.tiers import Names
from tests.benchmarks.answer import Answer
from tests.benchmarks.clock import Clock

AIMS = (Tier.PLACED, Tier.WISHES, Tier.DISTANCE)


def run(instance: Instance, clock: Clock) -> Answer:
    """Build the network, optimise, prove."""
    parts = gather(instance)
    no_names = cast(Names, None)  # nothing is drawn by lot among these aims
    with clock.running():
        network = build_network(parts)
        optimum = optimise_parts(network, AIMS, no_names, None, lambda _tier, _done: None)
    flow, kind = optimum.flow, network.kind

    def total(what: Kind) -> int:
        arcs = np.flatnonzero(kind == what)
        return int(flow[arcs] @ (network.number[arcs] if what is not Kind.LEFT else np.ones(len(arcs), np.int64)))

    return Answer(total(Kind.LEFT), total(Kind.WISH), total(Kind.CHOICE), proven=len(optimum.bounds) == len(AIMS))
