"""What the pages of agreements share: the labels, the file a document becomes, the words of a list."""

from __future__ import annotations

from flask import make_response
from werkzeug.wrappers import Response

from service.domain.signatures import document_of
from service.persistence.tables import Agreement
from service.vocabulary import (
    AGREEMENT_LABELS,
    LEVEL_LABELS,
    SIGNATORY_LABELS,
    SIGNATURE_METHOD_LABELS,
)
from service.web.context import db

LABELS = {
    "agreement_labels": AGREEMENT_LABELS,
    "signatory_labels": SIGNATORY_LABELS,
    "method_labels": SIGNATURE_METHOD_LABELS,
    "level_labels": LEVEL_LABELS,
}


def document_answer(agreement: Agreement) -> Response:
    """The PDF itself, never kept by a browser on a shared machine.

    Raises:
        NotFound: no document exists yet.
    """
    answer = make_response(document_of(db(), agreement).pdf)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="convention-de-stage-{agreement.id}.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
