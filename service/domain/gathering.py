"""Several refusals at once: a form shows every fault together, not the first one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import Refusals, ServiceError


@contextmanager
def gathered() -> Iterator[Gathering]:
    """Raises, at the exit, everything that was refused inside `with faults.next():` blocks."""
    faults = Gathering()
    yield faults
    if faults.found:
        raise Refusals(faults.found)


class Gathering:
    def __init__(self) -> None:
        self.found: list[ServiceError] = []

    @contextmanager
    def next(self) -> Iterator[None]:
        """Keeps a refusal raised inside and goes on."""
        try:
            yield
        except Refusals as several:
            self.found.extend(several.refusals)
        except ServiceError as one:
            self.found.append(one)

    def add(self, code: str, message: str, field: str = "") -> None:
        self.found.append(ServiceError(code, message, field))
