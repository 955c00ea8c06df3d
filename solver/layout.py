"""The layout of the two JSON documents: every key but those of `OPTIONAL` is required, no other is allowed.

No type is converted.

It knows shapes only. What a row means, and whether identifiers agree, is judged when the row becomes an `Instance`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, NotRequired, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

INSTANCE_FORMAT = "sequence-instance/2"
RESULT_FORMAT = "sequence-result/1"

OPTIONAL: Collection[str] = ("groups.departments",)
"""Lists that a row leaves out where they are empty: they came after the first dossiers, whose identity stays."""

_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


@with_config(_STRICT)
class ParamsRow(TypedDict):
    tiers: list[str]
    territory_rule: str
    priority_weights: dict[str, int]


@with_config(_STRICT)
class DepartmentRow(TypedDict):
    code: str
    academy: str
    landmass: str
    neighbours: list[str]


@with_config(_STRICT)
class SchoolRow(TypedDict):
    id: str
    department: str
    position: Annotated[list[int], Field(min_length=3, max_length=3)]
    priority: str


@with_config(_STRICT)
class PeriodRow(TypedDict):
    id: str
    slots: list[str]


@with_config(_STRICT)
class LineRow(TypedDict):
    id: str
    parent: str | None
    level: str | None
    ceiling: int | None
    commitment: int | None
    overflow_price: int | None


@with_config(_STRICT)
class OfferRow(TypedDict):
    id: str
    department: str
    position: Annotated[list[int], Field(min_length=3, max_length=3)]
    sector: str
    levels: list[str]
    seats: dict[str, int]
    serves: list[str]
    max_per_school: int | None
    line: str | None
    admits: list[str] | None
    reserved: dict[str, int]
    min_group: int | None


@with_config(_STRICT)
class GroupRow(TypedDict):
    id: str
    school: str
    level: str
    count: int
    periods: list[str]
    wishes: list[str]
    reach_m: int
    needs: list[str]
    departments: NotRequired[Annotated[list[str], Field(min_length=1)]]


@with_config(_STRICT)
class BanRow(TypedDict):
    group: str
    offer: str


@with_config(_STRICT)
class WholeRow(TypedDict):
    group: str


@with_config(_STRICT)
class BundleRow(TypedDict):
    group: str
    periods: list[str]


@with_config(_STRICT)
class SequenceRow(TypedDict):
    groups: list[str]


@with_config(_STRICT)
class AssignmentRow(TypedDict):
    """A pin and an announced placement have the same layout."""

    group: str
    offer: str
    period: str
    count: int


@with_config(_STRICT)
class InstanceDocument(TypedDict):
    format: str
    params: ParamsRow
    departments: list[DepartmentRow]
    schools: list[SchoolRow]
    periods: list[PeriodRow]
    lines: list[LineRow]
    offers: list[OfferRow]
    groups: list[GroupRow]
    pins: list[AssignmentRow]
    bans: list[BanRow]
    announced: list[AssignmentRow]
    wholes: list[WholeRow]
    bundles: list[BundleRow]
    sequences: list[SequenceRow]


@with_config(_STRICT)
class TierRow(TypedDict):
    tier: str
    value: int
    bound: int
    proof: str


@with_config(_STRICT)
class UnplacedRow(TypedDict):
    group: str
    count: int
    reason: str
    offers: list[str]
    lines: list[str]
    facts: dict[str, int | str]


@with_config(_STRICT)
class ResultDocument(TypedDict):
    format: str
    instance_sha256: str
    status: str
    tiers: list[TierRow]
    assignments: list[AssignmentRow]
    unplaced: list[UnplacedRow]
    engine: str
    seconds: dict[str, float]
    diagnosis: str


_Document = TypeVar("_Document", InstanceDocument, ResultDocument)

_INSTANCE = TypeAdapter(InstanceDocument)
_RESULT = TypeAdapter(ResultDocument)


def check_instance_document(document: object) -> InstanceDocument:
    """The same document, now known to have the layout.

    Raises:
        ValueError: naming the path of the first field at fault.
    """
    return _checked(_INSTANCE, document, INSTANCE_FORMAT)


def check_result_document(document: object) -> ResultDocument:
    """The same for a result."""
    return _checked(_RESULT, document, RESULT_FORMAT)


def _checked(adapter: TypeAdapter[_Document], document: object, expected: str) -> _Document:
    try:
        checked = adapter.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{_path(first['loc'])}: {first['msg']}") from None
    if checked["format"] != expected:
        raise ValueError(f"format: {expected!r} expected, not {checked['format']!r}")
    return checked


def _path(location: tuple[int | str, ...]) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return steps.lstrip(".") or "document"
