"""The lines of a table being read: a refusal of the domain is kept under its line and column, and the rest is read.

Responsible for what every file shares while it is read. Refuses to know what a file is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from service.errors import ServiceError
from service.imports.faults import Fault, FileRefused, faults_of
from service.imports.tables import Column, Table


@dataclass
class Reading:
    """`column_of` gives the key of the column that a refusal concerns, where the caller does not say."""

    table: Table
    columns: Sequence[Column]
    column_of: Callable[[ServiceError], str]
    faults: list[Fault]

    @contextmanager
    def at(self, line: int, key: str = "") -> Iterator[None]:
        """Keeps a refusal raised inside, under the column of `key` or the one it concerns."""
        try:
            yield
        except ServiceError as refusal:
            self.faults += faults_of(refusal, line, lambda one: self.header(key or self.column_of(one)))

    def header(self, key: str) -> str:
        """The column as the file writes it, else as the template does."""
        return self.table.header(key, self.columns)

    def refuse_faults(self) -> None:
        """
        Raises:
            FileRefused: everything that was wrong, if anything was.
        """
        if self.faults:
            raise FileRefused(self.faults)
