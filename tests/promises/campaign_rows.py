"""A small random campaign written straight into the tables: schools, wishes, offers, a convention with ceilings.

Straight, so that the tests of rounds stand on nothing but the tables. Everything is invented and follows from the
seed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlmodel import Session, SQLModel

from service.persistence.tables import (
    Academy,
    Campaign,
    ClassGroup,
    Commitment,
    Commune,
    Convention,
    ConventionDepartment,
    Department,
    Offer,
    Opening,
    Partner,
    Period,
    PlacementRequest,
    Preference,
    Pupil,
    QuotaLine,
    Region,
    RequestPeriod,
    School,
    Sector,
    Site,
    User,
)
from service.vocabulary import (
    CampaignStatus,
    Level,
    Need,
    OfferStatus,
    PartnerKind,
    PeriodKind,
    Priority,
    RequestStatus,
    SchoolType,
)

YEAR = "2026-2027"
SECTORS = ("bois", "eau", "numerique", "soin")
WEEKS = ("2027-W05", "2027-W06", "2027-W07")
DEPARTMENTS = {"31": (43.60, 1.44), "81": (43.93, 2.15), "32": (43.65, 0.58), "75": (48.86, 2.35)}
CLAUSES = {
    "notice": None,
    "renewal": {"kind": "none_tacit"},
    "termination": {"effect": "unstated"},
    "data_protection": {"gate": False, "opinion_on": None, "addendum_on": None},
    "steering": {"kind": "yearly_meeting", "cycle": "once_a_year"},
    "clauses": [],
}


def fill_campaign(session: Session, seed: int, *, schools: int = 4, pupils: int = 24, sites: int = 8) -> int:
    """The whole campaign, open, with every request sent and every offer published. Returns its key."""
    random = Random(seed)
    if session.get(Region, "76") is None:
        _add_country(session)
    campaign = Campaign(
        name=f"Campagne {seed}",
        school_year=YEAR,
        levels=[level.value for level in Level],
        status=CampaignStatus.OPEN,
        closes_on=date(2027, 1, 8),
    )
    _save(session, campaign)
    for index in range(schools):
        _add_school(session, random, campaign, seed, index, pupils // schools)
    _add_hosts(session, random, seed, sites)
    session.flush()
    return campaign.id or 0


def _save(session: Session, *rows: SQLModel) -> None:
    session.add_all(rows)
    session.flush()


def _add_country(session: Session) -> None:
    _save(session, Region(code="76", name="Occitanie"), Region(code="11", name="Île-de-France"))
    _save(
        session,
        Academy(code="16", name="Toulouse", region_code="76", zone="C"),
        Academy(code="01", name="Paris", region_code="11", zone="C"),
    )
    for code, (latitude, longitude) in DEPARTMENTS.items():
        home = {"name": code, "latitude": latitude, "longitude": longitude}
        academy = "01" if code == "75" else "16"
        _save(session, Department(code=code, academy_code=academy, landmass="mainland", neighbours=[], **home))
        _save(
            session,
            Commune(
                insee=f"{code}001",
                department_code=code,
                postcodes=[],
                population=9,
                position="known",
                search_name=code,
                **home,
            ),
        )
    _save(session, *(Sector(key=key, label=key) for key in SECTORS))
    monday = date(2027, 2, 1)
    for index, week in enumerate(WEEKS):
        start = monday + timedelta(weeks=index)
        friday = start + timedelta(days=4)
        kind = PeriodKind.WEEK
        _save(session, Period(id=week, kind=kind, school_year=YEAR, starts_on=start, ends_on=friday, weeks=[week]))
    person = User(email="coordination@sequence.example", name="Camille Exemple", password="", fs_uniquifier="one")
    _save(session, person)


def _near(random: Random, code: str) -> dict[str, float]:
    latitude, longitude = DEPARTMENTS[code]
    return {"latitude": latitude + random.uniform(-0.2, 0.2), "longitude": longitude + random.uniform(-0.2, 0.2)}


def _add_school(session: Session, random: Random, campaign: Campaign, seed: int, index: int, pupils: int) -> None:
    code = random.choice(sorted(DEPARTMENTS))
    school = School(
        uai=f"{seed % 100000:05d}{index:02d}A",
        name=f"Établissement {index}",
        kind=SchoolType.COLLEGE,
        priority=random.choice(list(Priority)),
        insee=f"{code}001",
        department_code=code,
        official_email=f"ce.{seed}.{index}@ecole.example",
        **_near(random, code),
    )
    _save(session, school)
    group = ClassGroup(school_id=school.id or 0, name="A", level=random.choice(list(Level)), school_year=YEAR)
    _save(session, group)
    request = PlacementRequest(
        campaign_id=campaign.id or 0,
        class_id=group.id or 0,
        status=RequestStatus.SUBMITTED,
        reach_km=random.choice((10, 30, 80)),
        submitted_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    )
    _save(session, request)
    weeks = random.sample(WEEKS, random.randint(1, len(WEEKS)))
    _save(session, *(RequestPeriod(request_id=request.id or 0, period_id=week) for week in weeks))
    for number in range(pupils):
        needs = [Need.STEP_FREE_ACCESS.value] if random.random() < 0.1 else []
        name = f"p{seed % 1000000:06d}{index:02d}{number:05d}"
        pupil = Pupil(class_id=group.id or 0, pseudonym=name, display_name=f"Élève {number}", needs=needs)
        _save(session, pupil)
        ranked = random.sample(SECTORS, random.randint(0, 3))
        _save(session, *(Preference(pupil_id=pupil.id or 0, rank=r, sector=s) for r, s in enumerate(ranked, 1)))


def _add_hosts(session: Session, random: Random, seed: int, sites: int) -> None:
    partner = Partner(name=f"Partenaire {seed}", kind=PartnerKind.FEDERATION)
    _save(session, partner)
    convention, commitments = _add_convention(session, random, seed, partner)
    for index in range(sites):
        code = random.choice(["31", "81", "32"])
        site = Site(
            partner_id=partner.id or 0,
            name=f"Site {index}",
            insee=f"{code}001",
            department_code=code,
            serves=[Need.STEP_FREE_ACCESS.value] if random.random() < 0.5 else [],
            **_near(random, code),
        )
        _save(session, site)
        level, under = random.choice(list(Level)), random.random() < 0.6
        offer = Offer(
            site_id=site.id or 0,
            convention_id=convention.id if under else None,
            commitment_id=commitments[level].id if under else None,
            school_year=YEAR,
            level=level,
            sector=random.choice(SECTORS),
            status=OfferStatus.PUBLISHED,
            max_per_school=random.choice((None, 1, 3)),
        )
        _save(session, offer)
        weeks = random.sample(WEEKS, random.randint(1, 2))
        _save(session, *(Opening(offer_id=offer.id or 0, period_id=w, capacity=random.randint(1, 4)) for w in weeks))


def _add_convention(
    session: Session, random: Random, seed: int, partner: Partner
) -> tuple[Convention, dict[Level, Commitment]]:
    convention = Convention(
        key=f"convention-{seed}",
        version=1,
        title="Convention",
        partner_id=partner.id or 0,
        scope_kind="departments",
        signed_on=date(2026, 1, 5),
        term_years=50,
        document=CLAUSES,
    )
    _save(session, convention)
    own = {"convention_id": convention.id or 0}
    _save(session, *(ConventionDepartment(department_code=code, **own) for code in ("31", "81", "32")))
    commitments = {}
    for level in Level:
        made = Commitment(code=level, level=level, action="observation", unit="hosting", period="school_year", **own)
        _save(session, made)
        commitments[level] = made
        ceiling = random.choice((None, 2, 5))
        line = QuotaLine(commitment_id=made.id, level=level, label=level, ceiling=ceiling, commitment=2, **own)
        _save(session, line)
    return convention, commitments
