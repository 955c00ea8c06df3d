"""Sectors as forms offer them: by label, in the order of the alphabet as people know it."""

from __future__ import annotations

from sqlmodel import select

from service.domain.texts import search_form
from service.persistence.tables import Sector
from service.web.context import db


def sector_labels() -> dict[str, str]:
    """Label by key; « Énergie » stands among the E, whatever the database's collation."""
    sectors = sorted(db().exec(select(Sector)), key=lambda one: search_form(one.label))
    return {one.key: one.label for one in sectors}
