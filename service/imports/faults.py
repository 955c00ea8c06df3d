"""What is wrong in a file: a line, a column, a French sentence with the bad value. All of it is told, first ones first.

Responsible for gathering and ordering. Refuses to know what a file is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from service.domain.texts import plural
from service.errors import Refusals, ServiceError

SHOWN = 50
WHOLE_FILE = 0
"""Line of a fault that concerns the file itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` is the physical line a person sees in an editor (the row of a workbook); `column` its header."""

    line: int
    column: str
    message: str


class FileRefused(ServiceError):
    """Nothing was written. `faults` are all there are, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults, key=lambda one: one.line)
        super().__init__("file_refused", f"{plural(len(self.faults), 'erreur')}\u00a0: rien n’a été importé.")


def whole_file(message: str) -> FileRefused:
    return FileRefused([Fault(WHOLE_FILE, "", message)])


def faults_of(refusal: ServiceError, line: int, column_of: Callable[[ServiceError], str]) -> list[Fault]:
    """A refusal of the domain on one line; `column_of` gives the header each one belongs under."""
    several = refusal.refusals if isinstance(refusal, Refusals) else [refusal]
    return [Fault(line, column_of(one), one.message) for one in several]


def quoted(value: str) -> str:
    """A bad value as a sentence shows it: never longer than a line."""
    return f"«\u00a0{value if len(value) <= 60 else value[:57] + '…'}\u00a0»"
