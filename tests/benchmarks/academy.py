"""An invented académie of pupils of seconde, as stored rows: what a coordinator of Toulouse has before the first round.

Real communes, invented schools, hosts and pupils; the proportions are those of `solver.generate`. Responsible for the
rows, written by the ten thousand. Refuses to go through the service's operations: `sequence demo` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

from sqlmodel import Session, col, select

from fixtures.invented.gazetteer import Gazetteer
from fixtures.invented.identifiers import invented_siren, invented_siret, invented_uai
from fixtures.invented.tastes import needs_a_site_serves, needs_of_a_pupil, sector_of_a_host, three_wishes
from fixtures.readers import Commune
from service.domain.campaigns import open_campaign
from service.domain.conventions import get_convention
from service.persistence.bulk import insert_rows
from service.persistence.columns import utc_now
from service.persistence.rows import row_id
from service.persistence.tables import (
    ClassGroup,
    Commitment,
    Offer,
    Opening,
    Partner,
    PartnerMember,
    PlacementRequest,
    Preference,
    Pupil,
    QuotaLine,
    RequestPeriod,
    School,
    Site,
)
from service.vocabulary import Level, OfferStatus, PartnerKind, Priority, RequestStatus, SchoolType

DEPARTMENTS = ("09", "12", "31", "32", "46", "65", "81", "82")
DAY, CLOSES_ON = date(2026, 11, 27), date(2027, 1, 8)
SCHOOL_YEAR, FORTNIGHT = "2026-2027", "2027-W24-2"
PUPILS_PER_SCHOOL, PUPILS_PER_CLASS, PUPILS_PER_OFFER = 140, 35, 9
MOST_SEATS = 7
"""A host opens one to so many: 0.44 seat a pupil."""
PARTNERS = 40
PRIORITIES = (Priority.NONE,) * 6 + (Priority.RURAL, Priority.RURAL, Priority.QPV, Priority.REP, Priority.REP_PLUS)
ACTOR = "cli"
Row = dict[str, Any]


def fill_academy(session: Session, pupils: int, seed: int) -> int:
    """Every request sent, every offer published, over the five conventions. Returns the campaign's key."""
    chance, places = Random(seed), Gazetteer()
    campaign = open_campaign(
        session, "Seconde 2027", SCHOOL_YEAR, [Level.SECONDE_GT], CLOSES_ON, actor=ACTOR, default_reach_km=30, today=DAY
    )
    towns = _towns(chance, places, -(-pupils // PUPILS_PER_SCHOOL))
    schools = [_school(chance, number, town) for number, town in enumerate(towns)]
    classes = _store_classes(session, row_id(campaign), _store(session, School, schools), pupils)
    _store_pupils(session, chance, [key for key, size in classes for _ in range(size)])
    _store_hosts(session, chance, places, towns, -(-pupils // PUPILS_PER_OFFER))
    return row_id(campaign)


def _store(session: Session, table: Any, rows: list[Row]) -> list[int]:
    """Inserted in order; their keys."""
    first = (session.exec(select(table.id).order_by(col(table.id).desc()).limit(1)).first() or 0) + 1
    numbered = [{"id": number, **row} for number, row in enumerate(rows, first)]
    insert_rows(session, table, numbered)
    return [row["id"] for row in numbered]


def _towns(chance: Random, places: Gazetteer, count: int) -> list[Commune]:
    people = [places.population(code) for code in DEPARTMENTS]
    return [places.pick(chance, code, 2_000, 1.0) for code in chance.choices(DEPARTMENTS, people, k=count)]


def _school(chance: Random, number: int, town: Commune) -> Row:
    uai = invented_uai(town.department, number)
    return {
        "uai": uai,
        "name": f"Lycée inventé {number + 1}",
        "kind": SchoolType.LYCEE,
        "priority": chance.choice(PRIORITIES),
        **_where(chance, town),
        "street": "",
        "head_of_school": "",
        "board_authorised_on": None,
        "official_email": f"ce.{uai.lower()}@lycee.example",
        "version": 1,
    }


def _where(chance: Random, town: Commune) -> Row:
    """Somewhere in the town: a kilometre or two from its centre."""
    latitude, longitude = (one + chance.uniform(-0.015, 0.015) for one in (town.latitude, town.longitude))
    return {"insee": town.insee, "department_code": town.department, "latitude": latitude, "longitude": longitude}


def _store_classes(session: Session, campaign: int, schools: list[int], pupils: int) -> list[tuple[int, int]]:
    """Classes of a school whose request is sent. Returns the key and size of each."""
    per_school, now = PUPILS_PER_SCHOOL // PUPILS_PER_CLASS, utc_now()
    rows = [
        {"school_id": school, "name": f"2de {number}", "level": Level.SECONDE_GT, "school_year": SCHOOL_YEAR}
        for school in schools
        for number in range(1, per_school + 1)
    ][: -(-pupils // PUPILS_PER_CLASS)]
    keys = _store(session, ClassGroup, rows)
    asked = {"campaign_id": campaign, "status": RequestStatus.SUBMITTED, "two_hosts": False, "version": 1}
    dated = {"created_at": now, "submitted_at": now, "wishes_until": None}
    reaches = [{"class_id": key, "reach_km": 30 if number % 20 else 60} for number, key in enumerate(keys)]
    requests = _store(session, PlacementRequest, [{**asked, **dated, **reach} for reach in reaches])
    insert_rows(session, RequestPeriod, [{"request_id": one, "period_id": FORTNIGHT} for one in requests])
    sizes = [PUPILS_PER_CLASS] * (len(keys) - 1) + [pupils - PUPILS_PER_CLASS * (len(keys) - 1)]
    return list(zip(keys, sizes, strict=True))


def _store_pupils(session: Session, chance: Random, classes: list[int]) -> None:
    rows = [
        {
            "class_id": key,
            "pseudonym": f"{chance.randrange(16**6):06X}{number:06d}",
            "display_name": f"Élève {number + 1}",
            "needs": list(needs_of_a_pupil(chance)),
            "together": "",
        }
        for number, key in enumerate(classes)
    ]
    wishes = [
        {"pupil_id": pupil, "rank": rank, "sector": sector}
        for pupil in _store(session, Pupil, rows)
        for rank, sector in enumerate(three_wishes(chance), 1)
    ]
    insert_rows(session, Preference, wishes)


def _store_hosts(session: Session, chance: Random, places: Gazetteer, towns: list[Commune], count: int) -> None:
    """A fifth of the hosts are member companies of the SERCE, whose line is full before they are."""
    kind = PartnerKind.INDEPENDENT
    names = [f"Entreprise inventée {number + 1}" for number in range(PARTNERS)]
    blank = {"siren": None, "city": "", "department_code": None, "sector": ""}
    partners = _store(session, Partner, [{"name": name, "kind": kind, **blank} for name in names])
    serce = get_convention(session, "serce")
    promise = session.exec(select(Commitment).where(Commitment.code == "SER-2")).one()
    line = session.exec(select(QuotaLine).where(QuotaLine.commitment_id == promise.id)).one()
    line.ceiling = count * MOST_SEATS // 15
    session.add(line)
    member_rows = [{"partner_id": serce.partner_id, "name": f"Adhérent {n}", "siren": None} for n in range(PARTNERS)]
    members = _store(session, PartnerMember, member_rows)
    under = [number % 5 == 0 for number in range(count)]
    sites = [
        {
            **{"partner_id": serce.partner_id, "member_id": members[number % PARTNERS]}
            | ({} if is_member else {"partner_id": partners[number % PARTNERS], "member_id": None}),
            "name": f"Site inventé {number + 1}",
            "siret": invented_siret(invented_siren(number), 1),
            "street": "",
            **_where(chance, places.pick_around(chance, chance.choice(towns), 25)),
            "serves": list(needs_a_site_serves(chance)),
            "contact_email": f"site.{number + 1}@entreprise.example" if number % 2 else "",
            "version": 1,
        }
        for number, is_member in enumerate(under)
    ]
    held = {"convention_id": serce.id, "commitment_id": promise.id}, {"convention_id": None, "commitment_id": None}
    keys = _store(session, Site, sites)
    offers = [_offer(chance, key) | held[not is_member] for key, is_member in zip(keys, under, strict=True)]
    _store(session, Opening, list(_openings(chance, _store(session, Offer, offers))))


def _offer(chance: Random, site: int) -> Row:
    return {
        "site_id": site,
        "school_year": SCHOOL_YEAR,
        "level": Level.SECONDE_GT,
        "sector": sector_of_a_host(chance),
        "status": OfferStatus.PUBLISHED,
        "max_per_school": 2 if chance.random() < 0.2 else None,
        "min_group": None,
        "title": "",
        "created_at": utc_now(),
        "confirmed_at": None,
        "version": 1,
    }


def _openings(chance: Random, offers: list[int]) -> Iterator[Row]:
    for offer in offers:
        seats = 1 + int(chance.random() * MOST_SEATS)
        yield {"offer_id": offer, "period_id": FORTNIGHT, "capacity": seats, "used": 0, "keeps": None}
