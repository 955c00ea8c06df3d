"""The database's clock: leases are compared with one clock only, never with those of several machines.

Responsible for writing «now, and so many seconds» for each engine. Refuses to know what the instants are for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from service.persistence.columns import UtcDateTime


class InstantIn(FunctionElement[datetime]):
    """The instant `seconds` after now, as the database sees now (and not the start of its transaction)."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(literal(float(seconds), Float()))


@compiles(InstantIn, "sqlite")
def _on_sqlite(element: InstantIn, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    # The six decimals of every other stored instant: texts are compared character by character.
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', ({seconds}) || ' seconds')"


@compiles(InstantIn, "postgresql")
def _on_postgresql(element: InstantIn, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **kw)}))"
