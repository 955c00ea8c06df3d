"""Which judge reads a round's files: a plain one, or for columns and large rounds a fast one with the same verdict."""

from __future__ import annotations

from pathlib import Path

from solver.column_store import Store, read_store
from solver.columns import instance_store, read_claim_columns, result_store
from solver.dossier import COLUMNS, read_certificate, read_instance
from solver.files import Document, instance_document, read_document
from solver.layout import check_result_document
from solver.prove import prove_documents
from solver.verify import verify_documents
from solver.verify_large import verify_large

LARGE = 20_000
"""Groups from which the fast judges are quicker even on JSON documents."""


def verify_files(instance: Path, result: Path) -> list[str]:
    """Every fault of a result, "property: detail"; [] when everything holds. The order of rows means nothing.

    Raises:
        ValueError: the instance is none, or a file holds no document.
        OSError: a file cannot be read.
    """

    def documents() -> tuple[Document, Document]:
        return instance_document(read_instance(instance)), read_claim(result)

    if instance.suffix == result.suffix == COLUMNS:
        return verify_large(read_store(instance), read_store(result), documents)
    asked, claimed = documents()
    return verify_either(asked, claimed)


def verify_either(instance: Document, result: Document) -> list[str]:
    """The same for two documents, the instance's rows in their canonical order."""
    stores = stores_of(instance, result) if len(instance["groups"]) >= LARGE else None
    return verify_documents(instance, result) if stores is None else verify_large(*stores, lambda: (instance, result))


def stores_of(instance: Document, result: Document) -> tuple[Store, Store] | None:
    """The columns of two documents; None for a result that only a plain judge can name the faults of."""
    try:
        check_result_document(result)
        return instance_store(instance), result_store(result)
    except (ValueError, OverflowError):
        return None


def read_claim(path: Path) -> Document:
    """The document of a result that nobody believes yet: what stands in it is for a judge to name."""
    document: object = read_claim_columns(path) if path.suffix == COLUMNS else read_document(path)
    if not isinstance(document, dict):
        raise ValueError("document: a result is an object")
    return document


def prove_files(instance: Path, result: Path, certificate: Path) -> tuple[list[tuple[str, int]], list[str]]:
    """The tiers that a result announces, and every reason why its certificate does not prove them optimal.

    Raises:
        ValueError: a file holds no such document.
        OSError: a file cannot be read.
    """
    asked, claimed = instance_document(read_instance(instance)), read_claim(result)
    try:
        faults = prove_documents(asked, claimed, read_certificate(certificate))
        return [(row["tier"], row["value"]) for row in claimed["tiers"]], faults
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"unreadable: {type(error).__name__}: {error}") from None
