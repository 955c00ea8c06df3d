"""Which judge reads a round's files: a plain one, or for columns and large rounds a fast one with the same verdict."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path

from solver.bound_large import bound_large
from solver.column_store import Store, read_store
from solver.columns import instance_store, read_claim_columns, result_store
from solver.dossier import COLUMNS, read_certificate, read_instance
from solver.files import Document, instance_document, read_document
from solver.judge.plain.bounds import BOUNDS, judge_documents, words_of
from solver.judge.plain.verify import verify_documents
from solver.layout import check_result_document
from solver.machine import in_a_copy
from solver.prove_large import prove_large
from solver.verify_large import Beside, verify_large

LARGE = 20_000
"""Groups from which the fast judges are quicker even on JSON documents."""


def verify_files(instance: Path, result: Path) -> list[str]:
    """Every fault of a result, "property: detail"; [] when everything holds. The order of rows means nothing.

    For a process of its own: a copy of it may take half of the work.

    Raises:
        ValueError: the instance is none, or a file holds no document.
        OSError: a file cannot be read.
    """
    files = Files(instance, result)
    if files.stores is None:
        return verify_documents(*files.documents())
    return verify_large(*files.stores, files.documents, in_a_copy)


class Claimed:
    """An instance and a result already read, believed by nobody yet. Their columns are made once for both judges."""

    def __init__(self, instance: Document, result: Document) -> None:
        self.instance, self.result = instance, result

    @cached_property
    def _stores(self) -> tuple[Store, Store] | None:
        return stores_of(self.instance, self.result) if is_large(self.instance) else None

    def verify(self) -> list[str]:
        """As `verify_files`.

        Raises:
            ValueError: the instance is none.
        """
        if self._stores is None:
            return verify_documents(self.instance, self.result)
        return verify_large(*self._stores, lambda: (self.instance, self.result))

    def prove(self, certificate: Document) -> list[str]:
        """Every reason why the certificate does not say what the result claims, as in `prove_files`.

        Raises:
            ValueError: the instance is none.
            LookupError, TypeError, AttributeError: the certificate is none.
        """
        if self._stores is None:
            return judge_documents(self.instance, self.result, certificate)
        return _judge_large(self._stores, certificate, lambda: (self.instance, self.result))


def is_large(instance: Document) -> bool:
    """Whether columns are worth their making. What is no instance is for a plain judge to refuse."""
    groups = instance.get("groups") if isinstance(instance, dict) else None
    return isinstance(groups, list) and len(groups) >= LARGE


def prove_files(instance: Path, result: Path, certificate: Path) -> tuple[str, list[str]]:
    """What a result claims, proven or bounded, and every reason why its certificate does not say so.

    For a process of its own, as `verify_files`.

    Raises:
        ValueError: a file holds no such document.
        OSError: a file cannot be read.
    """
    files, prices = Files(instance, result), read_certificate(certificate)
    try:
        if files.stores is None:
            asked, claimed = files.documents()
            return words_of(claimed, prices), judge_documents(asked, claimed, prices)
        return words_of(files.stores[1][0], prices), _judge_large(files.stores, prices, files.documents, in_a_copy)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"unreadable: {type(error).__name__}: {error}") from None


class Files:
    """The two files of a claim, as documents, and as columns where these are worth their making."""

    def __init__(self, instance: Path, result: Path) -> None:
        self._paths = instance, result
        self.stores: tuple[Store, Store] | None
        if instance.suffix == result.suffix == COLUMNS:
            self.stores = read_store(instance), read_store(result)
        else:
            asked, claimed = self.documents()
            self.stores = stores_of(asked, claimed) if is_large(asked) else None

    @cached_property
    def _documents(self) -> tuple[Document, Document]:
        instance, result = self._paths
        document: object = read_claim_columns(result) if result.suffix == COLUMNS else read_document(result)
        if not isinstance(document, dict):
            raise ValueError("document: a result is an object")
        return instance_document(read_instance(instance)), document

    def documents(self) -> tuple[Document, Document]:
        """The instance in its canonical order, and the result that nobody believes yet."""
        return self._documents


def _judge_large(
    stores: tuple[Store, Store],
    certificate: Document,
    documents: Callable[[], tuple[Document, Document]],
    beside: Beside = nullcontext,
) -> list[str]:
    if certificate["format"] == BOUNDS:
        return bound_large(*stores, certificate, documents)
    return prove_large(*stores, certificate, documents, beside)


def stores_of(instance: Document, result: Document) -> tuple[Store, Store] | None:
    """The columns of two documents; None for a result that only a plain judge can name the faults of."""
    try:
        check_result_document(result)
        return instance_store(instance), result_store(result)
    except (ValueError, OverflowError):
        return None
