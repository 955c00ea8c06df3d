"""Départements to tick in a form. Which of them may be ticked is the domain's business, not the form's."""

from __future__ import annotations

from wtforms import SelectMultipleField


class DepartmentsField(SelectMultipleField):  # type: ignore[misc]
    """Codes ticked; none for no limit."""

    def __init__(self, label: str, **options: object) -> None:
        super().__init__(label, choices=[], validate_choice=False, **options)
