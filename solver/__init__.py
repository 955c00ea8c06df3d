"""The placement solver's public data: an `Instance` goes in, a `Result` comes out.

Nothing here loads the engine, so a web process or a judge may import it. The engine is imported by whoever computes, in
the process that computes: `from solver.solve import solve`.
"""

from solver.instance import Announced, Ban, Department, Group, Instance, Offer, Period, Pin, QuotaLine, School
from solver.params import Params, TerritoryRule, Tier
from solver.result import Assignment, Reason, Result, Status, TierValue, Unplaced
from solver.rules import PROPERTIES, Rule

__all__ = [
    "PROPERTIES",
    "Announced",
    "Assignment",
    "Ban",
    "Department",
    "Group",
    "Instance",
    "Offer",
    "Params",
    "Period",
    "Pin",
    "QuotaLine",
    "Reason",
    "Result",
    "Rule",
    "School",
    "Status",
    "TerritoryRule",
    "Tier",
    "TierValue",
    "Unplaced",
]
