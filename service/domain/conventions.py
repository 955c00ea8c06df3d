"""The one door to cooperation conventions: import, state, clauses, events, ledger. What each does stands in its module.

A convention is never a constant of the code: it is loaded, stored and versioned.
"""

from service.domain.convention_events import events_of, record_event
from service.domain.convention_imports import ImportedConvention, import_conventions
from service.domain.convention_states import (
    StateOfConvention,
    accepts_offers,
    convention_state,
    departments_of,
    get_convention,
    is_numbers_only,
)
from service.domain.ledgers import LedgerLine, ledger

__all__ = [
    "ImportedConvention",
    "LedgerLine",
    "StateOfConvention",
    "accepts_offers",
    "convention_state",
    "departments_of",
    "events_of",
    "get_convention",
    "import_conventions",
    "is_numbers_only",
    "ledger",
    "record_event",
]
