"""An offer kept, published, put back, corrected, copied, renewed; what it says beyond its seats reaches the round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from service.domain.bridge import freeze
from service.domain.offer_drafts import (
    copy_offer,
    draft_of,
    publish_draft,
    put_back,
    renew_offer,
    revise_offer,
    save_draft,
)
from service.domain.offers import OfferDraft, change_seats, offers_of_partner, publish_offer
from service.domain.working_time import WorkDay
from service.errors import Conflict, Refusals, ServiceError
from service.persistence.engine import session_scope
from service.persistence.tables import Commitment, Offer, Site
from service.vocabulary import Level, OfferStatus
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, JUNE, make_campaign, make_field, make_offer, make_site, partner_of

DAYS = tuple(WorkDay(weekday, ((540, 720), (810, 990))) for weekday in range(1, 6))
WHOLE: dict[str, Any] = {
    "level": Level.SECONDE_GT,
    "sector": "numerique",
    "seats": {JUNE: 8},
    "min_group": 2,
    "max_per_school": 5,
    "reserved": {"rep": 3, "rural": 1},
    "hours": DAYS,
    "convention_key": "ovhcloud",
    "title": "Salle des machines",
}


def test_everything_an_offer_says_comes_back(session: Session) -> None:
    """Groups, reserved seats and hours are read back as they were entered, on the partner's page too."""
    site = make_site(session)
    draft = OfferDraft(**WHOLE)
    offer = publish_offer(session, site, draft, TODAY, ACTOR)
    assert draft_of(session, offer) == draft
    [row] = offers_of_partner(session, site.partner_id)
    assert (row.min_group, row.max_per_school, row.reserved, row.hours) == (2, 5, {"rep": 3, "rural": 1}, DAYS)


def test_the_round_sees_reserves_and_groups(session: Session) -> None:
    """What the form says is what the frozen problem says."""
    publish_offer(session, make_site(session), OfferDraft(**WHOLE), TODAY, ACTOR)
    [offer] = freeze(session, make_campaign(session), TODAY).offers
    assert (offer.min_group, offer.max_per_school, dict(offer.reserved)) == (2, 5, {"rep": 3, "rural": 1})


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a group of one": ({"min_group": 1}, "min_group_invalid", "au moins 2 élèves"),
    "a group over the maximum": ({"min_group": 6}, "min_group_over_maximum", "dépasse le maximum de 5"),
    "a group over the seats": ({"min_group": 9, "max_per_school": None}, "min_group_over_seats", "dans 8 places"),
    "more reserved than seats": ({"reserved": {"rep": 9}}, "reserves_over_seats", "9 places réservées sur 8 places"),
    "a category that is none": ({"reserved": {"none": 1}}, "category_unknown", "none"),
    "a reserve of nothing": ({"reserved": {"rep": 0}}, "reserve_invalid", "au moins 1"),
    "hours past the evening": (
        {"hours": (*DAYS[:4], WorkDay(5, ((840, 1080), (1140, 1260))))},
        "hours_over_the_limit",
        "Vendredi",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(sqlite_conventions_engine: Engine, what: str) -> None:
    """Each fault says what to do, for a draft as for a publication; nothing is stored."""
    changes, code, words = REFUSED[what]
    draft = OfferDraft(**WHOLE | changes)
    for enter in (publish_offer, save_draft):
        with session_scope(sqlite_conventions_engine) as session:
            site = make_site(session, name=enter.__name__)
            with pytest.raises(Refusals) as refusal:
                enter(session, site, draft, TODAY, ACTOR)
            assert [one.code for one in refusal.value.refusals] == [code]
            assert words in refusal.value.message.replace("\u00a0", " ")
            assert offers_of_partner(session, site.partner_id) == []


def test_a_draft_is_seen_by_no_round(session: Session) -> None:
    """Kept, corrected, published at last: the round sees it then and not before, nor once put back."""
    site, campaign = make_site(session), make_campaign(session)
    offer = save_draft(session, site, OfferDraft(**WHOLE), TODAY, ACTOR)
    assert freeze(session, campaign, TODAY).offers == ()
    revise_offer(session, offer, OfferDraft(**WHOLE | {"seats": {JUNE: 6}, "title": "Autre"}), TODAY, ACTOR, 1)
    publish_draft(session, offer, TODAY, ACTOR, 2)
    [seen] = freeze(session, campaign, TODAY).offers
    assert dict(seen.seats) == {JUNE: 6}
    put_back(session, offer, ACTOR, 3)
    assert (offer.status, freeze(session, campaign, TODAY).offers) == (OfferStatus.DRAFT, ())


def test_a_closed_convention_stops_the_publication_not_the_draft(session: Session) -> None:
    """JobIRL's deed has lapsed: its places may wait as a draft, and the refusal says why they stay there."""
    site = make_site(session, key="jobirl")
    draft = OfferDraft(level=Level.TROISIEME, sector="numerique", seats={"2027-W05": 1}, convention_key="jobirl")
    offer = save_draft(session, site, draft, TODAY, ACTOR)
    with pytest.raises(Refusals, match="Échue le 29 avril 2024"):
        publish_draft(session, offer, TODAY, ACTOR, 1)
    other = make_site(session, name="Ailleurs")
    with pytest.raises(ServiceError, match="n’appartient pas à JobIRL"):
        save_draft(session, other, draft, TODAY, ACTOR)


def test_a_published_offer_is_corrected_around_its_pupils(session: Session) -> None:
    """Its hours and title may change; its sector, which the pupils placed there were told, and its state may not."""
    field = make_field(session)
    before = draft_of(session, field.offer)
    changed = before.model_copy(update={"title": "Accueil", "hours": DAYS, "seats": {JUNE: 999}})
    revise_offer(session, field.offer, changed, TODAY, ACTOR, 1)
    assert draft_of(session, field.offer) == before.model_copy(update={"title": "Accueil", "hours": DAYS})
    with pytest.raises(ServiceError, match="1 élève y est déjà affecté"):
        revise_offer(session, field.offer, before.model_copy(update={"sector": "energie"}), TODAY, ACTOR, 2)
    with pytest.raises(ServiceError, match="1 élève y est déjà affecté"):
        put_back(session, field.offer, ACTOR, 2)


def test_seats_do_not_fall_under_what_is_kept(session: Session) -> None:
    """Four seats are reserved: the offer goes down to four and not to three, or closes the period."""
    offer = publish_offer(session, make_site(session), OfferDraft(**WHOLE), TODAY, ACTOR)
    with pytest.raises(ServiceError, match="4 places sont réservées"):
        change_seats(session, offer, {JUNE: 3}, ACTOR)
    change_seats(session, offer, {JUNE: 4}, ACTOR)
    change_seats(session, offer, {JUNE: 0}, ACTOR)


def test_a_copy_is_a_draft(session: Session) -> None:
    """The same offer again, to be read before it is published; the first one stays as it is."""
    site = make_site(session)
    offer = publish_offer(session, site, OfferDraft(**WHOLE), TODAY, ACTOR)
    copy = copy_offer(session, offer, TODAY, ACTOR)
    assert (copy.offer.status, copy.left_out, copy.offer.id != offer.id) == (OfferStatus.DRAFT, 0, True)
    assert draft_of(session, copy.offer) == draft_of(session, offer)
    assert offer.status is OfferStatus.PUBLISHED


def test_renewed_for_the_next_school_year(session: Session) -> None:
    """Each week becomes the same week a year later where it is open; the fortnight of June follows the calendar."""
    site = make_site(session)
    june = publish_offer(session, site, OfferDraft(**WHOLE), TODAY, ACTOR)
    renewed = renew_offer(session, june, TODAY, ACTOR)
    assert (renewed.offer.school_year, renewed.left_out) == ("2027-2028", 0)
    assert draft_of(session, renewed.offer).seats == {"2028-W25-2": 8}
    draft = OfferDraft(level=Level.TROISIEME, sector="numerique", seats={"2027-W05": 3, "2027-W06": 2})
    weeks = renew_offer(session, publish_offer(session, site, draft, TODAY, ACTOR), TODAY, ACTOR)
    kept = draft_of(session, weeks.offer).seats
    assert kept == {"2028-W05": 3, "2028-W06": 2}
    assert weeks.offer.status is OfferStatus.DRAFT


def test_a_week_that_falls_in_the_holidays_is_left_out(session: Session) -> None:
    """The holidays move from year to year: what cannot follow is counted, and the rest is kept."""
    site = make_site(session)
    weeks = {"2027-W05": 1, "2027-W06": 1, "2027-W09": 1, "2027-W10": 1}
    draft = OfferDraft(level=Level.TROISIEME, sector="numerique", seats=weeks)
    renewed = renew_offer(session, publish_offer(session, site, draft, TODAY, ACTOR), TODAY, ACTOR)
    kept = draft_of(session, renewed.offer).seats
    assert renewed.left_out == len(weeks) - len(kept) > 0
    assert set(kept) < {one.replace("2027", "2028") for one in weeks}


@pytest.mark.parametrize("change", ["publish", "put back", "revise"])
def test_two_people_at_once(session: Session, change: str) -> None:
    """Whoever read an older version is told, and the other's work stays."""
    offer = make_offer(session, make_site(session))
    if change == "publish":
        put_back(session, offer, ACTOR, 1)
    changes: dict[str, Callable[[], None]] = {
        "publish": lambda: publish_draft(session, offer, TODAY, ACTOR, 1),
        "put back": lambda: put_back(session, offer, ACTOR, 7),
        "revise": lambda: revise_offer(session, offer, draft_of(session, offer), TODAY, ACTOR, 7),
    }
    with pytest.raises(Conflict, match="Quelqu’un d’autre"):
        changes[change]()


def test_a_seat_counts_for_one_promise_of_its_own_deed(conventions_engine: Engine) -> None:
    """The database itself refuses a seat that counts for another deed's promise, or for a promise without deed."""
    with session_scope(conventions_engine) as session:
        offer_id = make_offer(session, make_site(session)).id
        foreign = session.exec(select(Commitment.id).where(Commitment.code == "SER-2")).one()
    changes: tuple[dict[str, int | None], ...] = ({"commitment_id": foreign}, {"convention_id": None})
    for change in changes:
        with pytest.raises(IntegrityError), session_scope(conventions_engine) as session:
            session.connection().execute(update(Offer).where(col(Offer.id) == offer_id).values(change))
    with session_scope(conventions_engine) as session:
        offer = session.get_one(Offer, offer_id)
        site = session.get_one(Site, offer.site_id)
        assert site.partner_id == partner_of(session, "ovhcloud")
        assert session.get_one(Commitment, offer.commitment_id).convention_id == offer.convention_id
