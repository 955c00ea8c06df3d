"""What the service refuses: a code, the field at fault and a sentence in French that says what to do.

A refusal is mapped once per edge: to the form's field, to a flash message, to a line on the terminal. Anything that is
not a `ServiceError` is a fault of ours: logged, rolled back, shown as an error page.
"""

from __future__ import annotations


class ServiceError(Exception):
    """A refusal. `code` is stable (tests and machines read it), `message` is for people."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class NotFound(ServiceError):
    """The object does not exist, or the person may not know that it does: the same answer for both."""

    def __init__(self, message: str = "Cette page n’existe pas, ou vous n’y avez pas accès.") -> None:
        super().__init__("not_found", message)


class Conflict(ServiceError):
    """Someone else was there first: a second launch, an older version, a seat taken meanwhile."""


class Refusals(ServiceError):
    """Several refusals at once (a form, a file): all are shown together."""

    def __init__(self, refusals: list[ServiceError]) -> None:
        first = refusals[0]
        super().__init__(first.code, first.message, first.field)
        self.refusals = refusals
