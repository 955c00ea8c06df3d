"""The files of a round by their suffix: JSON, compressed or not (`.gz`), or columns (`.npz`) at national size.

It chooses how a document is stored and knows nothing of what stands in it. The same content gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from solver import columns, files
from solver.column_store import read_store, write_store
from solver.files import Document
from solver.instance import Instance
from solver.result import Result

COLUMNS = ".npz"


def read_instance(path: Path) -> Instance:
    """The instance in a file.

    Raises:
        ValueError: naming the field at fault.
        OSError: the file cannot be read.
    """
    return columns.read_instance_columns(path) if path.suffix == COLUMNS else files.read_instance(path)


def read_result(path: Path) -> Result:
    """The result in a file, with the same refusals; whether it is true is for the verifier to say."""
    return columns.read_result_columns(path) if path.suffix == COLUMNS else files.read_result(path)


def read_certificate(path: Path) -> Document:
    """The certificate in a file, believed by nobody yet. Even at national size it is short: in columns, all head."""
    document: object = read_store(path)[0] if path.suffix == COLUMNS else files.read_document(path)
    if not isinstance(document, dict):
        raise ValueError("document: a certificate is an object")
    return document


def write_instance(instance: Instance, path: Path) -> None:
    """Write an instance: whole or not at all."""
    columns.write_instance_columns(instance, path) if path.suffix == COLUMNS else files.write_instance(instance, path)


def write_result(result: Result, path: Path) -> None:
    """Write a result: whole or not at all."""
    columns.write_result_columns(result, path) if path.suffix == COLUMNS else files.write_result(result, path)


def write_certificate(certificate: Document, path: Path) -> None:
    """Write a certificate: whole or not at all."""
    write_store(certificate, {}, path) if path.suffix == COLUMNS else files.write_document(certificate, path)
