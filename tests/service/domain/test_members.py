"""Member companies and relays: whom a federation has invited, what each of them reaches, and seats counted once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from service.domain.accounts import create_user, grant
from service.domain.digests import read_mailboxes
from service.domain.members import (
    MemberState,
    invite_members,
    members_of,
    read_member_lines,
    remind_silent,
)
from service.domain.offers import (
    OfferDraft,
    SiteDraft,
    add_site,
    change_seats,
    offers_of_partner,
    publish_offer,
    withdraw_offer,
)
from service.domain.partner_parts import PartnerPart, reach_of
from service.domain.site_entries import SiteEntry, enter_sites
from service.domain.sites import correct_site
from service.errors import Refusals
from service.persistence.engine import session_scope
from service.persistence.rows import row_id
from service.persistence.tables import Membership, Offer, OutboxLine, Partner, PartnerMember, Site
from service.vocabulary import Level, OfferStatus, Role
from tests.service.conftest import SCHOOL_YEAR, TODAY
from tests.service.small_field import ACTOR, JUNE, LILLE, LYON, PARIS, TOULOUSE, partner_of

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
SIRET = "73282932000074"


def _site(
    session: Session, name: str, member: str = "", insee: str = LYON, key: str = "serce", siret: str = ""
) -> Site:
    draft = SiteDraft(name=name, insee=insee, member=member, siret=siret)
    return add_site(session, partner_of(session, key), draft, ACTOR)[0]


def _publish(session: Session, site: Site, key: str | None = "serce") -> int:
    draft = OfferDraft(level=Level.SECONDE_GT, sector="energie", seats={JUNE: 3}, convention_key=key)
    return row_id(publish_offer(session, site, draft, TODAY, ACTOR))


def _partner(session: Session, key: str = "serce") -> Partner:
    return session.get_one(Partner, partner_of(session, key))


def test_where_each_member_stands(session: Session) -> None:
    """Published, joined, invited, not yet invited: computed, whatever the order in which it happened."""
    serce = _partner(session)
    invite_members(session, serce, [("A", "a@a.example"), ("B", "b@b.example"), ("C", "c@c.example")], ACTOR, NOW)
    members = {one.name: one for one in session.exec(select(PartnerMember))}
    user = create_user(session, "b@b.example", "Bé", "une longue phrase", ACTOR)
    part = PartnerPart(member_id=members["B"].id)
    grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=serce.id, part=part)
    _publish(session, _site(session, "Atelier", "C"))
    _site(session, "Dépôt", "D")
    rows = {one.name: one for one in members_of(session, serce, SCHOOL_YEAR)}
    assert {name: one.state for name, one in rows.items()} == {
        "A": MemberState.INVITED,
        "B": MemberState.JOINED,
        "C": MemberState.PUBLISHED,
        "D": MemberState.UNREACHED,
    }
    assert (rows["C"].seats, rows["C"].sites, rows["B"].people) == (3, 1, 1)


def test_reminding_the_silent(session: Session) -> None:
    """The next day those who have not answered get a new link, those who joined a letter; nobody twice a day."""
    serce = _partner(session)
    invite_members(session, serce, [("A", "a@a.example"), ("B", "b@b.example")], ACTOR, NOW)
    assert remind_silent(session, serce, SCHOOL_YEAR, ACTOR, NOW).messages == 0
    member = session.exec(select(PartnerMember).where(PartnerMember.name == "B")).one()
    user = create_user(session, "b@b.example", "Bé", "une longue phrase", ACTOR)
    part = PartnerPart(member_id=member.id)
    grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=serce.id, part=part)
    before = set(session.exec(select(OutboxLine.id)))
    tomorrow = NOW + timedelta(days=1)
    assert remind_silent(session, serce, SCHOOL_YEAR, ACTOR, tomorrow).messages == 2
    assert remind_silent(session, serce, SCHOOL_YEAR, ACTOR, tomorrow).messages == 0
    sent = [one.recipient for one in session.exec(select(OutboxLine)) if one.id not in before]
    assert sorted(sent) == ["a@a.example", "b@b.example"]


def test_lines_of_a_list(session: Session) -> None:
    """Pasted from a spreadsheet or typed; every wrong line is told, and then nobody is invited."""
    assert read_member_lines("Électricité Martin ; rh@martin.example\n\nCâbles\tc@cables.example\n") == [
        ("Électricité Martin", "rh@martin.example"),
        ("Câbles", "c@cables.example"),
    ]
    with pytest.raises(Refusals) as refusal:
        read_member_lines("Sans adresse\nA ; a@a.example\n a; autre@a.example")
    assert [one.code for one in refusal.value.refusals] == ["member_line", "member_twice"]
    with pytest.raises(Refusals, match="mal écrite"):
        invite_members(session, _partner(session), [("A", "a@a.example"), ("B", "sans arobase")], ACTOR, NOW)


def test_what_each_right_reaches(session: Session) -> None:
    """A member its own sites, a relay its département's, one site itself; the whole wins over a part."""
    sites = {
        "a": _site(session, "a", "A", PARIS),
        "b": _site(session, "b", "B", PARIS),
        "c": _site(session, "c", "A", LILLE),
    }
    for site in sites.values():
        _publish(session, site)
    member = PartnerPart(member_id=sites["a"].member_id)
    relay, one = PartnerPart(department_code="75"), PartnerPart(site_id=sites["b"].id)
    reached = {
        name: {row.site_name for row in offers_of_partner(session, sites["a"].partner_id, reach_of(parts))}
        for name, parts in {
            "member": [member],
            "relay": [relay],
            "site": [one],
            "two": [member, one],
            "whole": [member, PartnerPart()],
        }.items()
    }
    assert reached == {
        "member": {"a", "c"},
        "relay": {"a", "b"},
        "site": {"b"},
        "two": {"a", "b", "c"},
        "whole": {"a", "b", "c"},
    }


def test_a_part_does_not_read_the_partners_mail(session: Session) -> None:
    """The digest of a federation goes to its head office, not to each of its members."""
    serce = _partner(session)
    site = _site(session, "a", "A")
    for email, part in (("siege@serce.example", PartnerPart()), ("a@a.example", PartnerPart(member_id=site.member_id))):
        user = create_user(session, email, "Quelqu’un", "une longue phrase", ACTOR)
        grant(session, user, Role.PARTNER_MANAGER, ACTOR, partner_id=serce.id, part=part)
    assert read_mailboxes(session).partners == {serce.id: ["siege@serce.example"]}


@pytest.mark.parametrize("what", ["another's member", "another's site", "two parts", "a school's"])
def test_the_database_refuses_a_part_of_another_partner(conventions_engine: Engine, what: str) -> None:
    """Past the application: a right on a part belongs to the partner of that part, and to one part alone."""
    with session_scope(conventions_engine) as session:
        user_id = row_id(create_user(session, "x@x.example", "X", "une longue phrase", ACTOR))
        site = _site(session, "a", "A")
        serce, ovhcloud = partner_of(session, "serce"), partner_of(session, "ovhcloud")
        wrong = {
            "another's member": {"partner_id": ovhcloud, "member_id": site.member_id},
            "another's site": {"partner_id": ovhcloud, "site_id": site.id},
            "two parts": {"partner_id": serce, "member_id": site.member_id, "site_id": site.id},
            "a school's": {"partner_id": None, "relay_department": "69"},
        }[what]
    role = Role.NATIONAL_COORDINATOR if what == "a school's" else Role.PARTNER_MANAGER
    with pytest.raises(IntegrityError), session_scope(conventions_engine) as session:
        session.add(Membership(user_id=user_id, role=role, **wrong))


def test_a_company_of_two_partners_counts_its_seats_once(session: Session) -> None:
    """The same establishment, level and period cannot be published twice under two partners; other weeks can."""
    first = _site(session, "Atelier", "Électricité Martin", TOULOUSE, siret=SIRET)
    _publish(session, first)
    second = _site(session, "Électricité Martin", "", TOULOUSE, "ovhcloud", SIRET)
    with pytest.raises(Refusals, match="y publie déjà des places avec SERCE"):
        _publish(session, second, None)
    weeks = OfferDraft(level=Level.TROISIEME, sector="energie", seats={"2027-W05": 2})
    offer = publish_offer(session, second, weeks, TODAY, ACTOR)
    change_seats(session, offer, {"2027-W04": 1}, ACTOR)
    assert len(offers_of_partner(session, second.partner_id)) == 1


def test_a_corrected_number_counts_no_seat_twice(session: Session) -> None:
    """A SIRET written once places are published, on the site's page or by a file: the same refusal, on the number."""
    _publish(session, _site(session, "Atelier", "Électricité Martin", TOULOUSE, siret=SIRET))
    second = _site(session, "Électricité Martin", "", TOULOUSE, "ovhcloud")
    _publish(session, second, None)
    draft = SiteDraft(name=second.name, insee=second.insee, siret=SIRET)
    partner = session.get_one(Partner, second.partner_id)
    for correct in (
        lambda: correct_site(session, second, draft, ACTOR),
        lambda: enter_sites(session, partner, [SiteEntry(draft)], TODAY, ACTOR),
    ):
        with pytest.raises(Refusals, match="y publie déjà des places avec SERCE") as refused, session.begin_nested():
            correct()
        assert refused.value.field == "siret"
        assert "vérifiez le numéro" in refused.value.message
        session.refresh(second)
        assert second.siret == ""
    withdraw_offer(session, session.exec(select(Offer).where(Offer.site_id == second.id)).one(), ACTOR)
    correct_site(session, second, draft, ACTOR)
    assert second.siret == SIRET


def test_two_of_ones_own_sites_may_share_a_number(session: Session) -> None:
    """A partner that enters one establishment as two sites speaks for itself: nobody counts its seats twice."""
    offers = [_publish(session, _site(session, name, siret=SIRET)) for name in ("Atelier", "Bureaux")]
    assert [session.get_one(Offer, each).status for each in offers] == [OfferStatus.PUBLISHED] * 2
