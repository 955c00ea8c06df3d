"""What a school is and asks: levels, categories, needs, the states of a request, their French labels.

It imports nothing of ours. Code uses the English names, people only ever read the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Level(StrEnum):
    TROISIEME = "3e"
    TROISIEME_PREPA_METIERS = "3e_prepa_metiers"
    SECONDE_GT = "2de_gt"


class SchoolType(StrEnum):
    COLLEGE = "college"
    LYCEE = "lycee"


class Priority(StrEnum):
    """Category of a school (never of a pupil): the equity weights of a round are given by it."""

    NONE = "none"
    RURAL = "rural"
    QPV = "qpv"
    REP = "rep"
    REP_PLUS = "rep_plus"


class Need(StrEnum):
    """Functional needs, never a diagnosis."""

    STEP_FREE_ACCESS = "step_free_access"
    ADAPTED_HOURS = "adapted_hours"
    QUIET_PLACE = "quiet_place"
    SIGN_LANGUAGE = "sign_language"


class PupilState(StrEnum):
    """How far a pupil is, in order: each state supposes those before it."""

    NOTHING = "nothing"
    ASKED = "asked"
    PLACED = "placed"
    CONFIRMED = "confirmed"
    SIGNED = "signed"
    DONE = "done"


class PeriodKind(StrEnum):
    WEEK = "week"
    FORTNIGHT = "fortnight"
    BLOCK = "block"


class RequestStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    FROZEN = "frozen"
    WITHDRAWN = "withdrawn"


REQUEST_TRANSITIONS: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    RequestStatus.DRAFT: frozenset({RequestStatus.SUBMITTED, RequestStatus.WITHDRAWN}),
    RequestStatus.SUBMITTED: frozenset({RequestStatus.DRAFT, RequestStatus.FROZEN, RequestStatus.WITHDRAWN}),
    RequestStatus.FROZEN: frozenset({RequestStatus.SUBMITTED}),
    # A class withdrawn by mistake, or for a while, may ask again.
    RequestStatus.WITHDRAWN: frozenset({RequestStatus.DRAFT}),
}

LEVEL_LABELS: Mapping[str, str] = {
    Level.TROISIEME: "3e",
    Level.TROISIEME_PREPA_METIERS: "3e prépa métiers",
    Level.SECONDE_GT: "2de générale et technologique",
    "college_5e_3e": "collège, de la 5e à la 3e",
    "lycee": "lycée",
    "secondary": "second degré",
    "school_staff": "personnels de l’Éducation nationale",
}

SCHOOL_TYPE_LABELS: Mapping[SchoolType, str] = {SchoolType.COLLEGE: "Collège", SchoolType.LYCEE: "Lycée"}

PRIORITY_LABELS: Mapping[str, str] = {
    Priority.NONE: "hors catégorie",
    Priority.RURAL: "rural",
    Priority.QPV: "quartier prioritaire (QPV)",
    Priority.REP: "éducation prioritaire (REP)",
    Priority.REP_PLUS: "éducation prioritaire renforcée (REP+)",
}

REQUEST_STATUS_LABELS: Mapping[RequestStatus, str] = {
    RequestStatus.DRAFT: "Brouillon",
    RequestStatus.SUBMITTED: "Envoyée",
    RequestStatus.FROZEN: "Prise en compte par le tour",
    RequestStatus.WITHDRAWN: "Retirée",
}

PUPIL_STATE_LABELS: Mapping[PupilState, str] = {
    PupilState.NOTHING: "Rien",
    PupilState.ASKED: "Demandé",
    PupilState.PLACED: "Placé",
    PupilState.CONFIRMED: "Confirmé",
    PupilState.SIGNED: "Convention signée",
    PupilState.DONE: "Fait",
}

NEED_LABELS: Mapping[Need, str] = {
    Need.STEP_FREE_ACCESS: "accès de plain-pied",
    Need.ADAPTED_HOURS: "horaires adaptés",
    Need.QUIET_PLACE: "lieu calme",
    Need.SIGN_LANGUAGE: "langue des signes",
}
