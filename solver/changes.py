"""What may be changed in an instance to see what it would give: changes as data, and the instance with all of them.

As JSON, a list of objects, each with its kind under `change` and the fields of its class:

    [{"change": "seats", "offer": "host-12", "period": "2027-W24", "seats": 5},
     {"change": "reach", "add_m": 10000, "schools": ["0311234A"]},
     {"change": "tiers", "order": ["placed", "equity", ...]}]

Every key is checked and no other is allowed. It solves nothing and never touches the instance it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from solver.files import canonical_bytes
from solver.instance import Announced, Ban, Group, Instance, Offer, Pin, QuotaLine
from solver.params import Params, TerritoryRule, Tier

_Row = TypeVar("_Row")


class Draft:
    """The rows that changes may touch, by identifier."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.offers: dict[str, Offer] = {row.id: row for row in instance.offers}
        self.groups: dict[str, Group] = {row.id: row for row in instance.groups}
        self.lines: dict[str, QuotaLine] = {row.id: row for row in instance.lines}
        self.pins: dict[tuple[str, str, str], Pin] = {(row.group, row.offer, row.period): row for row in instance.pins}
        self.bans: dict[tuple[str, str], Ban] = {(row.group, row.offer): row for row in instance.bans}
        self.announced: tuple[Announced, ...] = instance.announced
        self.params: Params = instance.params

    def offer(self, name: str) -> Offer:
        return _known("offer", name, self.offers)

    def finish(self) -> Instance:
        """The changed instance, checked as any other."""
        tables = {name: tuple(getattr(self, name).values()) for name in ("offers", "groups", "lines", "pins", "bans")}
        return replace(self.instance, params=self.params, announced=self.announced, **tables)


@dataclass(frozen=True, slots=True)
class Seats:
    """An offer has so many seats in a period; 0 closes it."""

    offer: str
    period: str
    seats: int
    change: Literal["seats"] = "seats"

    def edit(self, draft: Draft) -> None:
        offer = draft.offer(self.offer)
        draft.offers[offer.id] = replace(offer, seats={**offer.seats, self.period: self.seats})


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A host withdraws: no seat left in any period, and nobody is pinned there any more."""

    offer: str
    change: Literal["withdraw"] = "withdraw"

    def edit(self, draft: Draft) -> None:
        offer = draft.offer(self.offer)
        draft.offers[offer.id] = replace(offer, seats=dict.fromkeys(offer.seats, 0))
        draft.pins = {key: pin for key, pin in draft.pins.items() if pin.offer != offer.id}


@dataclass(frozen=True, slots=True)
class Open:
    """A new offer, or another in the place of one: a whole row of the instance's layout."""

    offer: Offer
    change: Literal["open"] = "open"

    def edit(self, draft: Draft) -> None:
        draft.offers[self.offer.id] = self.offer


@dataclass(frozen=True, slots=True)
class Maximum:
    """An offer receives at most so many pupils of one school (null: no limit)."""

    offer: str
    max_per_school: int | None
    change: Literal["maximum"] = "maximum"

    def edit(self, draft: Draft) -> None:
        draft.offers[self.offer] = replace(draft.offer(self.offer), max_per_school=self.max_per_school)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A quota line lets so many pupils through (null: no limit)."""

    line: str
    ceiling: int | None
    change: Literal["ceiling"] = "ceiling"

    def edit(self, draft: Draft) -> None:
        draft.lines[self.line] = replace(_known("line", self.line, draft.lines), ceiling=self.ceiling)


@dataclass(frozen=True, slots=True)
class Commitment:
    """A quota line promises so many pupils (null: nothing)."""

    line: str
    commitment: int | None
    change: Literal["commitment"] = "commitment"

    def edit(self, draft: Draft) -> None:
        draft.lines[self.line] = replace(_known("line", self.line, draft.lines), commitment=self.commitment)


@dataclass(frozen=True, slots=True)
class Reach:
    """Groups may travel so many metres more (fewer if negative): those named, or of these schools, or all."""

    add_m: int
    groups: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    level: str | None = None
    change: Literal["reach"] = "reach"

    def edit(self, draft: Draft) -> None:
        for name in self.groups:
            _known("group", name, draft.groups)
        for name in self.schools:
            _known("school", name, draft.instance.school)
        for group in draft.groups.values():
            if self._concerns(group):
                draft.groups[group.id] = replace(group, reach_m=max(0, group.reach_m + self.add_m))

    def _concerns(self, group: Group) -> bool:
        named = group.id in self.groups or group.school in self.schools or not (self.groups or self.schools)
        return named and self.level in (None, group.level)


@dataclass(frozen=True, slots=True)
class TierOrder:
    """The aims in another order."""

    order: tuple[Tier, ...]
    change: Literal["tiers"] = "tiers"

    def edit(self, draft: Draft) -> None:
        draft.params = replace(draft.params, tiers=self.order)


@dataclass(frozen=True, slots=True)
class Weight:
    """An unplaced pupil in a school of this priority class weighs so many percent."""

    priority: str
    weight: int
    change: Literal["weight"] = "weight"

    def edit(self, draft: Draft) -> None:
        _known("priority", self.priority, draft.params.priority_weights)
        weights = {**draft.params.priority_weights, self.priority: self.weight}
        draft.params = replace(draft.params, priority_weights=weights)


@dataclass(frozen=True, slots=True)
class Territory:
    """Another territory rule for the campaign."""

    rule: TerritoryRule
    change: Literal["territory"] = "territory"

    def edit(self, draft: Draft) -> None:
        draft.params = replace(draft.params, territory_rule=self.rule)


@dataclass(frozen=True, slots=True)
class PinTo:
    """So many pupils of a group go there, whatever it costs; 0 lets them go."""

    group: str
    offer: str
    period: str
    count: int
    change: Literal["pin"] = "pin"

    def edit(self, draft: Draft) -> None:
        key = (self.group, self.offer, self.period)
        draft.pins.pop(key, None)
        if self.count:
            draft.pins[key] = Pin(*key, self.count)


@dataclass(frozen=True, slots=True)
class BanFrom:
    """No pupil of a group goes there; `banned` false lifts it."""

    group: str
    offer: str
    banned: bool = True
    change: Literal["ban"] = "ban"

    def edit(self, draft: Draft) -> None:
        draft.bans.pop((self.group, self.offer), None)
        if self.banned:
            draft.bans[self.group, self.offer] = Ban(self.group, self.offer)


Change = (
    Seats | Withdraw | Open | Maximum | Ceiling | Commitment | Reach | TierOrder | Weight | Territory | PinTo | BanFrom
)

_CHANGES: TypeAdapter[list[Change]] = TypeAdapter(
    list[Annotated[Change, Field(discriminator="change")]], config=ConfigDict(strict=True, extra="forbid")
)


class Edit(Protocol):
    """Anything that changes a draft: the kinds above, or one that no document describes."""

    def edit(self, draft: Draft) -> None: ...


def apply_changes(instance: Instance, changes: Iterable[Edit]) -> Instance:
    """The instance with these changes, one after the other, and no other.

    Raises:
        ValueError: naming what a change names and the instance does not know, or the field that no longer holds.
    """
    draft = Draft(instance)
    for change in changes:
        change.edit(draft)
    return draft.finish()


def changes_from_document(document: object) -> tuple[Change, ...]:
    """The changes a JSON list describes.

    Raises:
        ValueError: naming the path of the field at fault.
    """
    try:
        return tuple(_CHANGES.validate_json(canonical_bytes(document)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"changes.{where}: {first['msg']}") from None


def _known(kind: str, name: str, rows: Mapping[str, _Row]) -> _Row:
    if name not in rows:
        raise ValueError(f"changes: unknown {kind} {name!r}")
    return rows[name]
