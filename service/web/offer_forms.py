"""The forms of an offer: what is published on a site or kept as a draft, and the seats that change afterwards.

Reads what was typed into an `OfferDraft` and shows it back. Refuses to know what then happens to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from service.domain.calendar import PeriodChoice, period_choices
from service.domain.conventions import accepts_offers
from service.domain.offer_details import RESERVABLE
from service.domain.offer_rules import OfferDraft
from service.domain.seat_splits import share_out
from service.domain.working_time import WEEKDAYS, WorkDay, hours_hint, limits_of, read_day
from service.errors import ServiceError
from service.persistence.tables import Commune, Offer, Partner, Site
from service.vocabulary import LEVEL_LABELS, OFFER_STATUS_LABELS, PRIORITY_LABELS, Level
from service.web.context import db, today
from service.web.forms import Form, WholeNumberField, show, version_seen
from service.web.french import counted
from service.web.partners import conventions_of
from service.web.periods import SeatsField, close_past, group_choices
from service.web.sectors import sector_labels

OUTSIDE = "Hors convention"
USUAL_DAY = "9h-12h, 13h30-16h30"


class HoursField(Field):  # type: ignore[misc]
    """Hours per day of the week, one small box each (`hours-1` is Monday). `typed` keeps what was written."""

    typed: dict[str, str]
    data: tuple[WorkDay, ...]

    def process(self, formdata: MultiDict[str, str] | None, data: object = None, extra_filters: object = None) -> None:  # noqa: ARG002
        self.typed, self.data, self.process_errors = {}, (), []
        days = []
        for weekday in range(1, len(WEEKDAYS) + 1):
            text = (formdata or MultiDict()).get(f"{self.name}-{weekday}", "").strip()
            self.typed[str(weekday)] = text
            try:
                days.append(read_day(text, weekday))
            except ServiceError as refusal:
                self.process_errors.append(refusal.message)
        self.data = tuple(day for day in days if day is not None)

    def fill(self, days: tuple[WorkDay, ...]) -> None:
        self.typed = {str(day.weekday): day.text.replace("\u00a0", "") for day in days}


class OfferForm(Form):
    aliases: ClassVar[Mapping[str, str]] = {"level": "convention_key", "periods": "seats"}

    split_said = ""
    """What sharing a total out has just done."""

    version = HiddenField()
    sector = SelectField("Secteur d’activité", [InputRequired("Choisissez un secteur.")], validate_choice=False)
    split_total = StringField("Places à répartir", [Length(max=120, message="120 caractères au plus.")])
    split_count = WholeNumberField("Nombre de périodes", [Optional()])
    split_from = SelectField("À partir de", validate_choice=False)
    seats = SeatsField("Places par période")
    reserved = SeatsField("Places réservées")
    min_group = WholeNumberField(
        "Élèves d’un même établissement, au moins",
        [Optional(), NumberRange(2, 2000, "Indiquez un nombre d’au moins 2, ou laissez vide.")],
    )
    max_per_school = WholeNumberField(
        "Élèves d’un même établissement, au plus",
        [Optional(), NumberRange(1, 2000, "Indiquez un nombre d’au moins 1, ou laissez vide.")],
    )
    hours = HoursField("Horaires de présence")
    convention_key = RadioField("Convention", choices=[], validate_choice=False, default="")
    title = StringField("Intitulé", [Length(max=120, message="120 caractères au plus.")])

    def draft(self, level: Level) -> OfferDraft:
        """What was entered, to be checked by the domain."""
        return OfferDraft(
            level=level,
            sector=self.sector.data,
            seats=self.seats.data,
            reserved=self.reserved.data,
            min_group=self.min_group.data,
            max_per_school=self.max_per_school.data,
            hours=self.hours.data,
            convention_key=self.convention_key.data or None,
            title=self.title.data or "",
        )

    def share_out(self, choices: Sequence[PeriodChoice]) -> None:
        """Writes one total into the boxes of its periods, to be read and changed; the other boxes are emptied."""
        try:
            total, count = self.split_total.data or "", self.split_count.data
            shares = share_out(total, count, self.split_from.data or "", choices)
        except ServiceError as refusal:
            self.refuse(refusal)
            return
        self.seats.typed = {period: str(seats) for period, seats in shares.items()}
        seats = counted(sum(shares.values()), "place répartie", "places réparties")
        self.split_said = f"{seats} sur {counted(len(shares), 'période')}. Rien n’est encore publié."

    def fill(self, draft: OfferDraft) -> None:
        """Shows what an offer says already."""
        self.sector.data, self.title.data = draft.sector, draft.title
        self.min_group.data, self.max_per_school.data = draft.min_group, draft.max_per_school
        self.convention_key.data = draft.convention_key or ""
        self.seats.typed = {period: str(seats) for period, seats in draft.seats.items()}
        self.reserved.typed = {category: str(seats) for category, seats in draft.reserved.items()}
        self.hours.fill(draft.hours)

    @property
    def seen_version(self) -> int:
        return version_seen(self.version.data)


class SeatsForm(Form):
    aliases: ClassVar[Mapping[str, str]] = {"periods": "seats"}

    version = HiddenField()
    seats = SeatsField("Places par période")

    @property
    def seen_version(self) -> int:
        return version_seen(self.version.data)


@dataclass(frozen=True)
class ConventionChoice:
    """A convention as the form offers it: closed ones are shown with their reason and cannot be ticked."""

    key: str
    label: str
    why_closed: str


def convention_choices(partner: Partner) -> list[ConventionChoice]:
    choices = [
        ConventionChoice(one.key, f"Convention {partner.name}", accepts_offers(db(), one, today())[1])
        for one in conventions_of(partner)
    ]
    return [*choices, ConventionChoice("", OUTSIDE, "")]


def choices_of(site: Site, level: Level, school_year: str) -> list[PeriodChoice]:
    """The periods of the form: those that have begun are closed."""
    return close_past(period_choices(db(), level, school_year, site.department_code, hosting=True), today())


def show_offer_form(
    partner: Partner, site: Site, level: Level, form: OfferForm, school_year: str, offer: Offer | None = None
) -> Any:
    """The one form of an offer: a new one, or the one given."""
    form.sector.choices = [SelectChoice("", "Choisissez…"), *(SelectChoice(*item) for item in sector_labels().items())]
    choices = choices_of(site, level, school_year)
    form.split_from.choices = [
        SelectChoice(one.period.id, one.label_fr)
        for one in sorted(choices, key=lambda one: (len(one.period.weeks), one.period.starts_on))
        if one.open
    ]
    first_day = min((one.period.starts_on for one in choices), default=today())
    return show(
        "partners/offer_form.html",
        form,
        partner=partner,
        site=site,
        commune=db().get_one(Commune, site.insee),
        level=level,
        level_label=LEVEL_LABELS[level],
        groups=group_choices(choices),
        conventions=convention_choices(partner),
        reservable=[(one.value, PRIORITY_LABELS[one]) for one in RESERVABLE],
        weekdays=list(enumerate(WEEKDAYS, 1)),
        hours_hint=hours_hint(limits_of(db(), level, first_day)),
        offer=offer,
        school_year=school_year,
        status_labels=OFFER_STATUS_LABELS,
    )
