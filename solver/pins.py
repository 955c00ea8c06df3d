"""Whether the pins can hold: each against the rules of a single placement, then all of them against the capacities.

A pin that cannot hold is a fact of the answer (INFEASIBLE, with its diagnosis), not an error of the caller: another
person closed the offer, moved the limit or lowered the quota after the pin was set.
"""

from __future__ import annotations

from solver.geography import is_served_by, trip_m
from solver.instance import Group, Instance, Offer, Pin
from solver.occupancy import Occupancy
from solver.rules import Rule
from solver.sides import Sides


def broken_rule(instance: Instance, group: Group, offer: Offer, period: str) -> Rule | None:
    """The first rule that forbids this single placement whatever the others do, or None."""
    school = instance.school[group.school]
    home, host = instance.department[school.department], instance.department[offer.department]
    admitted = offer.admits is None or home.code in offer.admits
    checks = (
        (Rule.LEVEL, group.level in offer.levels),
        (Rule.PERIOD, period in instance.accepted(group) and period in offer.seats),
        (Rule.NEEDS, group.needs <= offer.serves),
        (Rule.REACH, home.landmass == host.landmass and trip_m(school.position, offer.position) <= group.reach_m),
        (Rule.TERRITORY, admitted and is_served_by(instance.params.territory_rule, home, host)),
        (Rule.DEPARTMENTS, not group.departments or offer.department in group.departments),
        (Rule.BAN, (group.id, offer.id) not in instance.banned),
    )
    return next((rule for rule, held in checks if not held), None)


def diagnose_pins(instance: Instance) -> str:
    """Empty when every pin holds; otherwise the pins at fault, each with the rule it breaks."""
    occupancy = Occupancy(instance, instance.pins)
    faults = []
    for pin in instance.pins:
        rule = _fault(instance, occupancy, pin)
        if rule is not None:
            faults.append(f"pin of group {pin.group!r} to offer {pin.offer!r} in {pin.period!r}: {rule.value}")
    for rule, groups in Sides(instance).faults(instance.pins):
        if rule is Rule.SEQUENCE:
            faults.append(f"pin of group {' and of group '.join(map(repr, sorted(groups)))}: {rule.value}")
    return "; ".join(faults)


def _fault(instance: Instance, occupancy: Occupancy, pin: Pin) -> Rule | None:
    group, offer = instance.group[pin.group], instance.offer[pin.offer]
    rule = broken_rule(instance, group, offer, pin.period)
    room, limit = occupancy.room(group.school, pin.offer, pin.period)
    return rule or (limit if room < 0 else None)
