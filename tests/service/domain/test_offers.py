"""Places published, changed and withdrawn: every refusal says what to do and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, func
from sqlmodel import Session, select

from service.domain.conventions import import_conventions
from service.domain.offers import (
    OfferDraft,
    SiteDraft,
    add_partner,
    add_partners,
    add_site,
    add_sites,
    change_seats,
    get_offer,
    offers_of_partner,
    publish_offer,
    publish_offers,
    withdraw_offer,
)
from service.errors import Conflict, NotFound, Refusals, ServiceError
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import AuditEntry, Offer, Opening, Partner, PartnerMember, Site
from service.vocabulary import Level, OfferStatus, PartnerKind
from tests.service.conftest import TODAY
from tests.service.small_field import (
    ACTOR,
    CLERMONT,
    JUNE,
    LYON,
    PARIS,
    TOULOUSE,
    independent_partner,
    make_field,
    make_offer,
    make_site,
    partner_of,
    publish_placement,
)


def _codes(refusal: pytest.ExceptionInfo[ServiceError]) -> list[str]:
    found = refusal.value
    return [one.code for one in found.refusals] if isinstance(found, Refusals) else [found.code]


def _publish(session: Session, site: Site, **changes: Any) -> Offer:
    draft: dict[str, Any] = {"level": Level.SECONDE_GT, "sector": "numerique", "seats": {JUNE: 5}}
    draft |= {"convention_key": "ovhcloud"} | changes
    return publish_offer(session, site, OfferDraft(**draft), TODAY, ACTOR)


def _rows(session: Session) -> dict[str, int]:
    tables = (Site, Offer, Opening, PartnerMember, AuditEntry)
    return {one.__name__: session.exec(select(func.count()).select_from(one)).one() for one in tables}


def test_a_published_offer(session: Session) -> None:
    """Seats, level, convention and the promise it counts for; the deed is written in the audit trail."""
    site = make_site(session)
    offer = _publish(session, site, seats={JUNE: 5}, max_per_school=2, title="Salle des machines")
    [row] = offers_of_partner(session, site.partner_id)
    assert (row.offer_id, row.commune, row.convention_key, row.status) == (
        offer.id,
        "Lyon",
        "ovhcloud",
        OfferStatus.PUBLISHED,
    )
    assert [(one.label_fr, one.capacity, one.used, one.remaining) for one in row.openings] == [
        ("Du 14 au 25 juin 2027", 5, 0, 5)
    ]
    assert offer.school_year == "2026-2027"
    assert offer.commitment_id is not None
    actions = list(session.exec(select(AuditEntry.action).where(AuditEntry.actor == ACTOR)))
    assert sorted(actions) == ["add_site", "publish_offer"]


def test_several_weeks_are_several_openings(session: Session) -> None:
    """Capacity is counted per period: five pupils one week and three another."""
    site = make_site(session)
    offer = _publish(session, site, level=Level.TROISIEME, seats={"2027-W05": 5, "2027-W10": 3})
    rows = session.exec(select(Opening.period_id, Opening.capacity).where(Opening.offer_id == offer.id))
    assert dict(rows.all()) == {"2027-W05": 5, "2027-W10": 3}


REFUSED: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "no place": ({"seats": {JUNE: 0}}, ["seats_out_of_bounds"], "de 1 à 2\u202f000 places"),
    "negative places": ({"seats": {JUNE: -3}}, ["seats_out_of_bounds"], "vous en indiquez -3"),
    "too many places": ({"seats": {JUNE: 2001}}, ["seats_out_of_bounds"], "2\u202f001"),
    "no period": ({"seats": {}}, ["period_missing"], "Ouvrez au moins une période"),
    "seconde outside June": ({"seats": {"2027-W05": 1}}, ["period_not_of_level"], "du 14 au 25 juin 2027"),
    "a period that does not exist": ({"seats": {"demain": 1}}, ["period_unknown"], "« demain »"),
    "week 53 of a year without one": ({"seats": {"2027-W53": 1}}, ["period_unknown"], "dans la liste"),
    "a week in holidays": (
        {"level": Level.TROISIEME, "seats": {"2027-W07": 1}},
        ["period_closed"],
        "vacances scolaires pour la zone A. Choisissez une autre semaine",
    ),
    "overlapping periods": (
        {"level": Level.TROISIEME_PREPA_METIERS, "seats": {"2027-W02-2": 1, "2027-W03": 1}},
        ["periods_overlap"],
        "se chevauchent",
    ),
    "two school years": (
        {"level": Level.TROISIEME, "seats": {"2027-W05": 1, "2027-W40": 1}},
        ["several_school_years"],
        "une offre par année",
    ),
    "an unknown sector": ({"sector": "astrologie"}, ["sector_unknown"], "Choisissez-en un dans la liste"),
    "a maximum of none": ({"max_per_school": 0}, ["max_per_school_invalid"], "d’au moins 1"),
    "an unknown convention": ({"convention_key": "x"}, ["convention_unknown"], "publiez hors convention"),
    "another partner's convention": (
        {"convention_key": "microsoft_france"},
        ["convention_of_another"],
        "n’appartient pas à Microsoft France",
    ),
    "everything at once": (
        {"sector": "x", "seats": {"2027-W05": 0}, "max_per_school": 0},
        ["sector_unknown", "seats_out_of_bounds", "period_not_of_level", "max_per_school_invalid"],
        "du 14 au 25 juin",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_offers(sqlite_conventions_engine: Engine, what: str) -> None:
    """Each fault is named with what to do; nothing is stored."""
    changes, codes, words = REFUSED[what]
    with session_scope(sqlite_conventions_engine) as session:
        site = make_site(session)
        before = _rows(session)
        with pytest.raises(ServiceError) as refusal:
            _publish(session, site, **changes)
        assert _codes(refusal) == codes
        found = refusal.value
        messages = [one.message for one in found.refusals] if isinstance(found, Refusals) else [found.message]
        assert words.replace(" »", "\u00a0»").replace("« ", "«\u00a0") in " ".join(messages)
        assert all(one.endswith(".") for one in messages)
        assert _rows(session) == before


def test_a_site_outside_its_conventions_territory(session: Session) -> None:
    """OVHcloud has no place under its convention in Puy-de-Dôme; it may offer there outside it."""
    site = make_site(session, CLERMONT)
    with pytest.raises(Refusals, match=r"Puy-de-Dôme \(63\), hors du territoire de la convention OVHcloud") as refusal:
        _publish(session, site)
    assert "Proposez-le hors convention" in refusal.value.message
    assert offers_of_partner(session, site.partner_id) == []
    assert _publish(session, site, convention_key=None).convention_id is None


def test_a_lapsed_convention_takes_no_offer(session: Session) -> None:
    """JobIRL's deed is over: the refusal says since when and why."""
    site = make_site(session, key="jobirl")
    with pytest.raises(Refusals, match="Échue le 29 avril 2024 par son propre texte") as refusal:
        _publish(session, site, level=Level.TROISIEME, seats={"2027-W05": 1}, convention_key="jobirl")
    assert _codes(refusal) == ["convention_closed"]


def test_an_undated_convention_takes_no_offer(reference_engine: Engine) -> None:
    """A draft deed is no deed yet."""
    with session_scope(reference_engine) as session:
        import_conventions(session, TODAY, with_sample_events=False)
        with pytest.raises(Refusals, match="n’est pas datée"):
            _publish(session, make_site(session))


def test_a_place_after_the_term_waits_for_a_renewal(reference_engine: Engine) -> None:
    """SERCE's deed ends on 31 May 2027, two weeks before the seconde fortnight: its addendum must come first."""
    with session_scope(reference_engine) as session:
        import_conventions(session, TODAY, with_sample_events=False)
        site = make_site(session, key="serce")
        with pytest.raises(Refusals, match="échéance le 31 mai 2027, avant la fin de la période") as refusal:
            _publish(session, site, convention_key="serce")
        assert _codes(refusal) == ["convention_expires_before"]


def test_a_level_the_convention_does_not_name(session: Session) -> None:
    """SERCE hosts seconde only, MEDEF Occitanie 3e only."""
    with pytest.raises(Refusals, match="SERCE ne prévoit pas d’accueil en 3e, mais en 2de") as refusal:
        _publish(
            session,
            make_site(session, key="serce"),
            level=Level.TROISIEME,
            seats={"2027-W05": 1},
            convention_key="serce",
        )
    assert _codes(refusal) == ["level_not_in_convention"]
    with pytest.raises(Refusals, match="MEDEF Occitanie ne prévoit pas d’accueil en 2de"):
        _publish(session, make_site(session, TOULOUSE, "medef_occitanie"), convention_key="medef_occitanie")


def test_a_batch_is_all_or_nothing(conventions_engine: Engine) -> None:
    """One wrong offer of a hundred, and none is stored."""
    with session_scope(conventions_engine) as session:
        site_id = make_site(session).id
    drafts = [OfferDraft(level=Level.SECONDE_GT, sector="numerique", seats={JUNE: n}) for n in (1, 2, 0)]
    with pytest.raises(Refusals):
        _publish_batch(conventions_engine, site_id, drafts)
    with session_scope(conventions_engine) as session:
        assert _rows(session)["Offer"] == 0
    _publish_batch(conventions_engine, site_id, drafts[:2])
    with session_scope(conventions_engine) as session:
        assert [(one.capacity) for one in session.exec(select(Opening).order_by(Opening.capacity))] == [1, 2]


def _publish_batch(engine: Engine, site_id: int | None, drafts: list[OfferDraft]) -> None:
    with session_scope(engine) as session:
        site = session.get_one(Site, site_id)
        publish_offers(session, [(site, draft) for draft in drafts], TODAY, ACTOR)


def test_a_site(session: Session) -> None:
    """A doubtful SIRET warns and stays; the position is the commune's; a member company is entered once."""
    serce = partner_of(session, "serce")
    draft = SiteDraft(name="Atelier", insee=PARIS, siret="732 829 320 00075", member="Câbles du Nord")
    site, warnings = add_site(session, serce, draft, ACTOR)
    assert (site.siret, site.department_code, len(warnings)) == ("73282932000075", "75", 1)
    other, no_warning = add_site(
        session, serce, SiteDraft(name="Dépôt", insee=LYON, siret="73282932000074", member="Câbles du Nord"), ACTOR
    )
    assert no_warning == []
    assert site.member_id == other.member_id is not None
    assert len(session.exec(select(PartnerMember)).all()) == 1


def test_refused_sites(session: Session) -> None:
    """Every fault of a site is said together; nothing is stored."""
    ovh = partner_of(session, "ovhcloud")
    before = _rows(session)
    wrong = SiteDraft(name=" ", insee="99999", siret="123", serves=("diabète",))
    with pytest.raises(Refusals) as refusal:
        add_site(session, ovh, wrong, ACTOR)
    assert _codes(refusal) == ["text_missing", "commune_unknown", "siret_invalid", "need_unknown"]
    assert _rows(session) == before
    with pytest.raises(NotFound):
        add_site(session, 10_000, SiteDraft(name="A", insee=LYON), ACTOR)
    with pytest.raises(Conflict, match="existe déjà dans cette commune"):
        add_sites(session, [(ovh, SiteDraft(name=name, insee=LYON)) for name in ("A", " A ")], ACTOR)
    assert _rows(session) == before


def test_a_partner_on_its_own(session: Session) -> None:
    """A host outside any convention is entered with its SIREN, once."""
    partner, warnings = add_partner(session, "Scierie du Lac", PartnerKind.INDEPENDENT, ACTOR, siren="732829321")
    assert (partner.siren, len(warnings)) == ("732829321", 1)
    with pytest.raises(Conflict, match="déjà enregistré"):
        add_partner(session, " Scierie  du Lac", PartnerKind.INDEPENDENT, ACTOR)


def test_many_partners_and_their_sites_are_entered_all_or_none(session: Session) -> None:
    """The same name twice enters nobody; two partners may have a site of the same name in the same commune."""
    before = session.exec(select(func.count()).select_from(Partner)).one()
    with pytest.raises(Conflict, match="déjà enregistré"):
        add_partners(session, [("Menuiserie Roux", ""), ("Menuiserie  Roux", "")], PartnerKind.INDEPENDENT, ACTOR)
    assert session.exec(select(func.count()).select_from(Partner)).one() == before
    named = [("Menuiserie Roux", ""), ("Garage Faure", "732829321")]
    keys = [row_id(one) for one, _ in add_partners(session, named, PartnerKind.INDEPENDENT, ACTOR)]
    drafts = [(key, SiteDraft(name="Atelier", insee=LYON, member="Fournil")) for key in keys]
    added = [site for site, _ in add_sites(session, drafts, ACTOR)]
    assert [site.partner_id for site in added] == keys
    companies = select(PartnerMember.partner_id).where(PartnerMember.name == "Fournil")
    assert sorted(session.exec(companies)) == sorted(keys)
    assert len({site.member_id for site in added}) == 2


def test_another_partners_offer_does_not_exist(session: Session) -> None:
    """The answer is the same as for an offer that was never published."""
    offer = make_offer(session, make_site(session))
    assert get_offer(session, offer.id or 0, partner_of(session, "ovhcloud")) is offer
    for foreign in ((offer.id or 0, partner_of(session, "serce")), (10_000, partner_of(session, "ovhcloud"))):
        with pytest.raises(NotFound) as refusal:
            get_offer(session, *foreign)
        assert "n’existe pas, ou vous n’y avez pas accès" in refusal.value.message


def test_withdrawing(session: Session) -> None:
    """An offer taken back keeps no seat, and is taken back once."""
    site = make_site(session)
    offer = make_offer(session, site)
    withdraw_offer(session, offer, ACTOR, expected_version=1)
    [row] = offers_of_partner(session, site.partner_id)
    assert (row.status, row.capacity, row.version) == (OfferStatus.WITHDRAWN, 0, 2)
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "withdraw_offer")).one()
    assert entry.detail == {"seats": {JUNE: 5}}
    with pytest.raises(Conflict, match="déjà retirée"):
        withdraw_offer(session, offer, ACTOR)
    with pytest.raises(Conflict, match="ne changent plus"):
        change_seats(session, offer, {JUNE: 4}, ACTOR)


def test_an_offer_with_pupils_is_not_withdrawn(conventions_engine: Engine) -> None:
    """The partner is told how many pupils and whom to ask; nothing has changed."""
    with session_scope(conventions_engine) as session:
        offer_id = make_field(session).offer.id
    with pytest.raises(ServiceError, match="1 élève y est déjà affecté par un tour publié") as refusal:
        _change(conventions_engine, offer_id, lambda session, offer: withdraw_offer(session, offer, ACTOR))
    assert "la coordination" in refusal.value.message
    with session_scope(conventions_engine) as session:
        offer = session.get_one(Offer, offer_id)
        assert (offer.status, offer.version) == (OfferStatus.PUBLISHED, 1)
        assert session.exec(select(Opening.capacity)).one() == 5


def _change(engine: Engine, offer_id: int | None, change: Callable[[Session, Offer], None]) -> None:
    with session_scope(engine) as session:
        change(session, session.get_one(Offer, offer_id))


def test_seats_are_never_fewer_than_pupils(conventions_engine: Engine) -> None:
    """Three pupils are placed: the offer may go down to three and not to two."""
    with session_scope(conventions_engine) as session:
        field = make_field(session)
        for pupil in field.pupils[1:]:
            publish_placement(session, field.round, pupil, field.opening)
    offer_id = field.offer.id
    with pytest.raises(Refusals, match=r"3 élèves y sont déjà affectés\. Gardez au moins autant de places"):
        _change(conventions_engine, offer_id, lambda session, offer: change_seats(session, offer, {JUNE: 2}, ACTOR))
    _change(conventions_engine, offer_id, lambda session, offer: change_seats(session, offer, {JUNE: 3}, ACTOR))
    with session_scope(conventions_engine) as session:
        assert session.exec(select(Opening.capacity, Opening.used)).one() == (3, 3)


def test_seats_change_period_by_period(session: Session) -> None:
    """A period is opened, another closed; what overlaps or is in holidays is refused."""
    offer = _publish(session, make_site(session), level=Level.TROISIEME, seats={"2027-W05": 5, "2027-W10": 3})
    change_seats(session, offer, {"2027-W05": 0, "2027-W11": 4}, ACTOR, expected_version=1)
    rows = session.exec(select(Opening.period_id, Opening.capacity).where(Opening.offer_id == offer.id)).all()
    assert dict(rows) == {"2027-W05": 0, "2027-W10": 3, "2027-W11": 4}
    with pytest.raises(Refusals, match="vacances scolaires"):
        change_seats(session, offer, {"2027-W07": 1}, ACTOR)
    with pytest.raises(ServiceError, match="de 0 à 2"):
        change_seats(session, offer, {"2027-W10": -1}, ACTOR)
    with pytest.raises(Conflict, match="entre-temps"):
        change_seats(session, offer, {"2027-W10": 1}, ACTOR, expected_version=1)


def test_a_block_may_take_the_weeks_that_the_same_change_closes(session: Session) -> None:
    """Two single weeks become one block; while they are open, the block overlaps them."""
    offer = _publish(
        session, make_site(session), level=Level.TROISIEME_PREPA_METIERS, seats={"2027-W10": 2, "2027-W11": 2}
    )
    with pytest.raises(ServiceError, match="se chevauchent"):
        change_seats(session, offer, {"2027-W10-2": 2}, ACTOR)
    change_seats(session, offer, {"2027-W10": 0, "2027-W11": 0, "2027-W10-2": 2}, ACTOR)
    rows = session.exec(select(Opening.period_id, Opening.capacity).where(Opening.offer_id == offer.id)).all()
    assert dict(rows) == {"2027-W10": 0, "2027-W11": 0, "2027-W10-2": 2}


def test_an_independent_host_may_offer_any_level(session: Session) -> None:
    """Outside any convention, only the calendar binds."""
    partner = independent_partner(session)
    site, _ = add_site(session, partner.id or 0, SiteDraft(name="Atelier", insee=CLERMONT), ACTOR)
    for level, period in ((Level.TROISIEME, "2027-W05"), (Level.SECONDE_GT, JUNE)):
        assert _publish(session, site, level=level, seats={period: 1}, convention_key=None).commitment_id is None
    with pytest.raises(Refusals, match="n’appartient pas"):
        _publish(session, site)


def test_nothing_is_published_for_a_year_without_periods(session: Session) -> None:
    """Periods of another school year must first be made."""
    with pytest.raises(Refusals, match="n’existe pas"):
        publish_offer(
            session,
            make_site(session),
            OfferDraft(level=Level.TROISIEME, sector="numerique", seats={"2027-W46": 1}),
            date(2027, 9, 1),
            ACTOR,
        )
