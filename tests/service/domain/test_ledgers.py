"""The ledger: promised, published and allocated are three counters, each equal to a recount."""

from __future__ import annotations

from sqlmodel import Session

from service.domain.conventions import get_convention, ledger
from service.domain.offers import withdraw_offer
from service.vocabulary import OfferStatus
from tests.service.conftest import SCHOOL_YEAR
from tests.service.small_field import ACTOR, LILLE, make_campaign, make_field, make_offer, make_site


def test_promised_published_allocated(session: Session) -> None:
    """OVHcloud promised ten places in seconde, published twelve in two départements, one is allocated."""
    field = make_field(session)
    make_offer(session, make_site(session, LILLE), seats=7)
    lines = {one.commitment_code: one for one in ledger(session, get_convention(session, "ovhcloud"), SCHOOL_YEAR)}
    assert list(lines) == ["OVH-2", "OVH-3", "OVH-4"]
    seconde = lines["OVH-4"]
    assert (seconde.promised, seconde.ceiling, seconde.published, seconde.allocated) == (10, 10, 12, 1)
    assert seconde.by_department == {"59": (7, 0), "69": (5, 1)}
    assert (lines["OVH-2"].published, lines["OVH-2"].by_department) == (0, {})
    assert field.placement.published


def test_a_campaign_counts_its_own_rounds(session: Session) -> None:
    """The ledger of another campaign of the year has the same places and no placement yet."""
    make_field(session)
    other = make_campaign(session, "Autre")
    [*_, seconde] = ledger(session, get_convention(session, "ovhcloud"), SCHOOL_YEAR, other)
    assert (seconde.published, seconde.allocated) == (5, 0)
    [*_, later] = ledger(session, get_convention(session, "ovhcloud"), "2027-2028")
    assert (later.published, later.allocated) == (0, 0)


def test_a_promise_without_a_figure_stays_without(session: Session) -> None:
    """Microsoft France promises to host and gives no number: neither zero nor a hundred percent."""
    lines = ledger(session, get_convention(session, "microsoft_france"), SCHOOL_YEAR)
    assert [(one.commitment_code, one.promised, one.ceiling) for one in lines] == [
        ("MSF-2", None, None),
        ("MSF-3", None, None),
        ("MSF-4", None, None),
    ]


def test_a_withdrawn_offer_is_no_longer_published(session: Session) -> None:
    """What a partner takes back leaves the counter at once."""
    offer = make_offer(session, make_site(session))
    withdraw_offer(session, offer, ACTOR)
    [*_, seconde] = ledger(session, get_convention(session, "ovhcloud"), SCHOOL_YEAR)
    assert seconde.published == 0


def test_only_what_is_published_counts(session: Session) -> None:
    """A draft offer publishes nothing, and a round that is only computed allocates nothing."""
    field = make_field(session)
    field.offer.status = OfferStatus.DRAFT
    field.placement.published = False
    session.add_all([field.offer, field.placement])
    session.flush()
    [*_, seconde] = ledger(session, get_convention(session, "ovhcloud"), SCHOOL_YEAR)
    assert (seconde.published, seconde.allocated, seconde.by_department) == (0, 0, {})
