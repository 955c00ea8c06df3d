"""A federation's sites and places, from a file: what each line says, or what is wrong in it.

A line is a site and one offer on it: several lines may share a site, or the weeks of one offer. Responsible for
reading; `domain.site_entries` writes. The rules of a site and of an offer are the domain's own, asked line by line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session

from service.domain.calendar import PeriodChoice, period_choices
from service.domain.commune_lookup import CommuneLookup
from service.domain.offer_details import Details
from service.domain.offer_rules import OfferDraft, Terms, check_level, check_offer, refuse_overlaps
from service.domain.points import Point, read_point
from service.domain.seat_splits import equal_parts
from service.domain.site_entries import SiteEntry, SiteKey
from service.domain.sites import SiteDraft, check_site
from service.domain.working_time import WorkDay, read_day
from service.errors import ServiceError
from service.imports.faults import Fault, quoted
from service.imports.reading import Reading
from service.imports.site_columns import COLUMNS, OFFER_COLUMNS, SITE_TEXTS, column_of_refusal
from service.imports.tables import Table
from service.imports.weeks import read_weeks
from service.imports.words import read_level, read_needs, read_reserved, read_sector, read_whole_number, sector_names
from service.persistence.tables import Partner, Period, Site
from service.vocabulary import Level, Need

OfferKey = tuple[SiteKey, Level, str, str]


@dataclass(frozen=True)
class SitesSetting:
    """What surrounds the file: whose it is, under which convention, in which year, on which day."""

    partner: Partner
    has_members: bool
    convention_key: str | None
    terms: Terms | None
    school_year: str
    today: date
    sectors: Mapping[str, str]


@dataclass
class SitesRead:
    entries: list[SiteEntry]
    warnings: list[Fault]
    """What does not stop an import: a doubtful SIRET."""


@dataclass
class _Offer:
    lines: dict[str, int]
    """Line by period."""
    draft: OfferDraft
    periods: dict[str, Period]


@dataclass
class _Reading(Reading):
    session: Session
    setting: SitesSetting
    communes: CommuneLookup
    names: Mapping[str, str]
    warnings: list[Fault] = field(default_factory=list)
    choices: dict[tuple[Level, str], list[PeriodChoice]] = field(default_factory=dict)
    sites: dict[SiteKey, tuple[int, SiteDraft]] = field(default_factory=dict)
    offers: dict[OfferKey, _Offer] = field(default_factory=dict)

    def choices_for(self, level: Level, department: str) -> list[PeriodChoice]:
        if (level, department) not in self.choices:
            found = period_choices(self.session, level, self.setting.school_year, department)
            self.choices[level, department] = found
        return self.choices[level, department]


def read_sites(session: Session, table: Table, setting: SitesSetting) -> SitesRead:
    """The sites of the file in its order, each with its offers.

    Raises:
        FileRefused: everything that is wrong, whatever the number of lines.
    """
    lines = table.lines(COLUMNS)
    communes = CommuneLookup(session, (row["commune"] for _, row in lines))
    names = sector_names(setting.sectors)
    reading = _Reading(table, COLUMNS, column_of_refusal, list(table.faults), session, setting, communes, names)
    for line, row in lines:
        site = _read_site(reading, line, row)
        if any(row[key] for key in OFFER_COLUMNS):
            _read_offer(reading, line, row, site)
    reading.refuse_faults()
    offers: dict[SiteKey, list[OfferDraft]] = {key: [] for key in reading.sites}
    for (key, *_), offer in reading.offers.items():
        offers[key].append(offer.draft)
    entries = [SiteEntry(draft, tuple(offers[key])) for key, (_, draft) in reading.sites.items()]
    return SitesRead(entries, reading.warnings)


def _read_site(reading: _Reading, line: int, row: Mapping[str, str]) -> Site | None:
    """The site of a line, not stored; None when something in it is wrong."""
    before = len(reading.faults)
    insee = row["insee"]
    serves: tuple[Need, ...] = ()
    point: Point | None = None
    if not insee:
        with reading.at(line):
            insee = reading.communes.find(row["commune"], row["postcode"]).insee
    with reading.at(line, "serves"):
        serves = read_needs(row["serves"])
    with reading.at(line):
        point = read_point(row["latitude"], row["longitude"])
    if len(reading.faults) > before and not insee:
        return None
    draft = SiteDraft(
        name=row["name"],
        insee=insee,
        serves=serves,
        point=point,
        **{name: row[name] for name in SITE_TEXTS},
        member=row["member"] if reading.setting.has_members else "",
    )
    site: Site | None = None
    with reading.at(line):
        site, warnings = check_site(reading.session, reading.setting.partner.id or 0, draft)
        reading.warnings += [Fault(line, reading.header("siret"), message) for message in warnings]
        _remember(reading, line, site, draft)
    return site if len(reading.faults) == before else None


def _remember(reading: _Reading, line: int, site: Site, draft: SiteDraft) -> None:
    checked = draft.model_copy(
        update={
            "name": site.name,
            "insee": site.insee,
            **{name: getattr(site, name) for name in SITE_TEXTS},
        }
    )
    first, known = reading.sites.setdefault((site.name, site.insee), (line, checked))
    if known.siret and checked.siret and known.siret != checked.siret:
        message = (
            f"{quoted(site.name)} a un autre SIRET à la ligne {first}\u00a0: {quoted(known.siret)}. Donnez le même, "
            "ou un autre nom de site."
        )
        raise ServiceError("site_contradicted", message, "siret")


def _read_offer(reading: _Reading, line: int, row: Mapping[str, str], site: Site | None) -> None:
    """The offer of a line; on a site that is wrong, only what stands alone is checked."""
    before = len(reading.faults)
    level: Level | None = None
    sector, seats, total = "", 0, 0
    for key in ("level", "sector", "seats"):
        if not row[key] and not (key == "seats" and row["total"]):
            missing = quoted(reading.header(key))
            message = f"{missing} manque. Complétez la ligne, ou videz les colonnes de l’offre pour le site seul."
            reading.faults.append(Fault(line, reading.header(key), message))
    if row["level"]:
        with reading.at(line, "level"):
            level = read_level(row["level"])
            if reading.setting.terms is not None:
                # asked first: the weeks of a level that is not the convention's would only hide the cause
                check_level(reading.setting.terms, level)
    if row["sector"]:
        with reading.at(line, "sector"):
            sector = read_sector(row["sector"], reading.names, reading.setting.sectors)
    if row["seats"]:
        with reading.at(line, "seats"):
            seats = read_whole_number(row["seats"], "Places")
    if row["total"]:
        with reading.at(line, "total"):
            total = read_whole_number(row["total"], "Total à répartir")
            if row["seats"]:
                message = "Donnez les places de chaque semaine ou leur total, pas les deux."
                raise ServiceError("seats_and_total", message)
    details = _read_details(reading, line, row)
    if site is None or level is None or len(reading.faults) > before:
        return
    weeks: list[str] = []
    with reading.at(line, "weeks"):
        weeks = read_weeks(row["weeks"], reading.choices_for(level, site.department_code), reading.setting.school_year)
    capacities = [seats] * len(weeks)
    if weeks and row["total"]:
        with reading.at(line, "total"):
            capacities = equal_parts(total, len(weeks))
    if len(reading.faults) > before:
        return
    with reading.at(line, "weeks"):
        draft = OfferDraft(
            level=level,
            sector=sector,
            seats=dict(zip(weeks, capacities, strict=True)),
            max_per_school=details.max_per_school,
            min_group=details.min_group,
            reserved=dict(details.reserved),
            hours=details.hours,
            convention_key=reading.setting.convention_key,
            title=row["title"],
        )
        _check_and_merge(reading, line, site, draft)


def _read_details(reading: _Reading, line: int, row: Mapping[str, str]) -> Details:
    """What the line says beyond its seats; a cell that is wrong says nothing."""
    numbers: dict[str, int] = {}
    reserved: dict[str, int] = {}
    hours: tuple[WorkDay, ...] = ()
    for key, label in (("max_per_school", "Maximum par établissement"), ("min_group", "Groupe d’au moins")):
        if row[key]:
            with reading.at(line, key):
                numbers[key] = read_whole_number(row[key], label)
    if row["reserved"]:
        with reading.at(line, "reserved"):
            reserved = read_reserved(row["reserved"])
    if row["hours"]:
        with reading.at(line, "hours"):
            days = (read_day(row["hours"], weekday) for weekday in range(1, 6))
            hours = tuple(day for day in days if day is not None)
    return Details(numbers.get("min_group"), numbers.get("max_per_school"), reserved, hours)


def _check_and_merge(reading: _Reading, line: int, site: Site, draft: OfferDraft) -> None:
    with reading.at(line):
        periods = check_offer(reading.session, site, draft, reading.setting.terms)
        for one in periods:
            if one.starts_on <= reading.setting.today:
                raise ServiceError("period_past", f"La semaine {quoted(one.id)} a déjà commencé.", "periods")
        key = ((site.name, site.insee), draft.level, draft.sector, draft.title)
        offer = reading.offers.setdefault(key, _Offer({}, draft, {}))
        for one in periods:
            if offer.lines.setdefault(one.id, line) != line:
                message = f"Ces places sont déjà à la ligne {offer.lines[one.id]}. Retirez l’une des deux lignes."
                raise ServiceError("offer_twice", message, "periods")
            offer.periods[one.id] = one
        if offer.draft.details != draft.details:
            message = (
                f"Cette offre a d’autres places réservées, horaires, groupes ou maximum à la ligne "
                f"{min(offer.lines.values())}. Donnez les mêmes, ou un autre intitulé."
            )
            raise ServiceError("offer_contradicted", message, "title")
        refuse_overlaps(sorted(offer.periods.values(), key=lambda one: one.id))
        offer.draft = offer.draft.model_copy(update={"seats": offer.draft.seats | draft.seats})
