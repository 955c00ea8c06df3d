"""The wordings of the pupil's agreement: versions are added, never overwritten; the latest in force is the one used.

Refuses to fill them in: that is the document's affair.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from sqlmodel import Session, col, select

from fixtures import readers
from service.errors import ServiceError
from service.persistence.bulk import insert_missing
from service.persistence.tables import AgreementTemplate
from service.vocabulary import Level

_OUTSIDE = ("key", "version", "valid_from", "validated")


def load_templates(session: Session) -> int:
    """Adds the versions that are not there yet. Returns how many."""
    rows = []
    for one in readers.read_agreement_wordings():
        document = {name: value for name, value in asdict(one).items() if name not in _OUTSIDE}
        rows.append({name: getattr(one, name) for name in _OUTSIDE} | {"document": document})
    return insert_missing(session, AgreementTemplate, rows, ("key", "version"))


def template_for(session: Session, level: Level, day: date) -> AgreementTemplate:
    """The wording of that level's placements on a day: prépa métiers is an initiation, the others observe.

    Raises:
        ServiceError: `template_missing`.
    """
    key = "initiation" if level is Level.TROISIEME_PREPA_METIERS else "observation"
    query = (
        select(AgreementTemplate)
        .where(AgreementTemplate.key == key, col(AgreementTemplate.valid_from) <= day)
        .order_by(col(AgreementTemplate.valid_from).desc(), col(AgreementTemplate.version).desc())
    )
    found = session.exec(query).first()
    if found is None:
        raise ServiceError(
            "template_missing",
            "Aucun modèle de convention de stage n’est en vigueur. La coordination doit en charger un.",
        )
    return found
