"""The July campaign on both engines: opened, filled in, confirmed by both sides, drawn, closed; then the meetings."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime

import pytest
from pypdf import PdfReader
from sqlmodel import Session, col, select

from service.documents.minutes import write_minutes_pdf
from service.domain.accounts import create_user, grant
from service.domain.confirmation_asks import ask_both_sides
from service.domain.confirmations import Voice, confirm
from service.domain.figure_links import answer_by_link, read_figures_link
from service.domain.invitations import invite
from service.domain.links import LinkRefused
from service.domain.people import Scope
from service.domain.presence import say
from service.domain.reported_figures import (
    FigureLine,
    confirm_counts,
    declare_figure,
    declare_off_platform,
    figure_lines,
    year_on_year,
)
from service.domain.reported_hostings import confirm_hostings, hosting_lines
from service.domain.reporting import (
    committee_day,
    draw_sample,
    make_final,
    open_reporting,
    record_check,
    refresh_counts,
    state_of,
)
from service.domain.reporting_mail import queue_reporting_mail
from service.domain.steering import (
    members_of,
    minutes_document,
    plan_meetings,
    propose_minutes,
    validate_minutes,
    write_minutes,
)
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.tables import (
    Confirmation,
    OutboxLine,
    RealisedFigure,
    ReportingCampaign,
    SteeringMeeting,
    User,
)
from service.vocabulary import LEVEL_LABELS, AbsenceCause, BodyKind, MinutesStatus, Outcome, ReportingState, Role, Side
from tests.service.conftest import SCHOOL_YEAR, TODAY
from tests.service.small_field import ACTOR, Field, make_field, make_school, partner_of

JUNE = date(2027, 6, 28)
NOW = datetime(2027, 6, 28, 9, 0, tzinfo=UTC)
KEYS = ("jobirl", "medef_occitanie", "microsoft_france", "ovhcloud", "serce")


@pytest.fixture
def field(session: Session) -> Field:
    """One stay under OVHcloud that both sides have confirmed."""
    made = make_field(session)
    asked = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    ask_both_sides(session, made.round, TODAY, asked)
    for voice in (Voice(Side.SCHOOL, school_id=made.school.id), Voice(Side.HOST, site_id=made.offer.site_id)):
        assert confirm(session, voice, None, ACTOR, asked) == 1
    return made


@pytest.fixture
def campaign(session: Session, field: Field) -> ReportingCampaign:
    assert field.school.id
    return open_reporting(session, SCHOOL_YEAR, JUNE, ACTOR)


def line(session: Session, campaign: ReportingCampaign, code: str) -> FigureLine:
    return next(one for one in figure_lines(session, campaign) if one.code == code)


def test_opening_fills_in_one_figure_per_action_of_the_five_conventions(
    session: Session, campaign: ReportingCampaign
) -> None:
    """Counted where the service knows, empty where it does not; the promise is the deed's own, or none."""
    lines = figure_lines(session, campaign)
    assert {one.convention_key for one in lines} == set(KEYS)
    assert campaign.closes_on == date(2027, 7, 2), "the Friday before the committee"
    ovh = line(session, campaign, "OVH-4")
    assert (ovh.promised, ovh.counted, ovh.declared, ovh.schools, ovh.is_due) == (10, 1, None, 1, True)
    assert line(session, campaign, "MSF-2").promised is None
    assert line(session, campaign, "MSF-2").gap is None
    assert line(session, campaign, "MED-2").counted is None, "staff hosted is counted by nobody here"
    assert not line(session, campaign, "MED-1").is_due
    with pytest.raises(Conflict):
        open_reporting(session, SCHOOL_YEAR, JUNE, ACTOR)


def test_each_side_confirms_with_one_click(session: Session, campaign: ReportingCampaign, field: Field) -> None:
    """The partner's figures become its word, the school's line too; what is not counted still waits."""
    own = figure_lines(session, campaign, frozenset({partner_of(session, "ovhcloud")}))
    assert confirm_counts(session, campaign, own, NOW, ACTOR) == len(own)
    assert confirm_hostings(session, campaign, field.school, None, NOW, ACTOR) == 1
    ovh = line(session, campaign, "OVH-4")
    assert (ovh.declared, ovh.schools_agree, ovh.differs) == (1, 1, False)
    medef = figure_lines(session, campaign, frozenset({partner_of(session, "medef_occitanie")}))
    confirm_counts(session, campaign, medef, NOW, ACTOR)
    assert line(session, campaign, "MED-2").declared is None, "nobody invents a number"


def test_another_number_needs_its_reason_and_shows_the_gap(
    session: Session, campaign: ReportingCampaign, field: Field
) -> None:
    """Three where one is counted: refused without a reason, kept with it; the school's own number is a gap as well."""
    ovh = line(session, campaign, "OVH-4")
    with pytest.raises(ServiceError) as silent:
        declare_figure(session, campaign, ovh, 3, "", NOW, ACTOR)
    assert silent.value.field == "note"
    with pytest.raises(ServiceError):
        declare_figure(session, campaign, ovh, -1, "x", NOW, ACTOR)
    declare_figure(session, campaign, ovh, 3, "Deux accueils non saisis", NOW, ACTOR)
    assert (line(session, campaign, "OVH-4").differs, line(session, campaign, "OVH-4").gap) == (True, -7)
    [own] = hosting_lines(session, campaign, field.school)
    confirm_hostings(session, campaign, field.school, {own.id: 2}, NOW, ACTOR)
    assert line(session, campaign, "OVH-4").schools_differ == 1
    with pytest.raises(NotFound):
        confirm_hostings(session, campaign, make_school(session, "0690027E"), {own.id: 1}, NOW, ACTOR)


def test_a_stay_outside_the_service_is_declared_and_confirmed_by_the_school(
    session: Session, campaign: ReportingCampaign, field: Field
) -> None:
    """The school sees the new total; the partner's word, given before, has to be given again."""
    ovh = line(session, campaign, "OVH-4")
    confirm_counts(session, campaign, [ovh], NOW, ACTOR)
    declare_off_platform(session, campaign, line(session, campaign, "OVH-4"), field.school.uai.lower(), 4, ACTOR)
    again = line(session, campaign, "OVH-4")
    assert (again.off_platform, again.expected, again.declared) == (4, 5, None)
    [own] = hosting_lines(session, campaign, field.school)
    assert (own.expected, own.school_count) == (5, None)
    refresh_counts(session, campaign)
    assert line(session, campaign, "OVH-4").expected == 5, "counting again keeps what was declared"
    with pytest.raises(ServiceError) as unknown:
        declare_off_platform(session, campaign, again, "0000000A", 1, ACTOR)
    assert unknown.value.field == "uai"
    with pytest.raises(ServiceError):
        declare_off_platform(session, campaign, line(session, campaign, "OVH-1"), field.school.uai, 1, ACTOR)


def test_a_word_that_was_given_is_never_counted_over(session: Session, campaign: ReportingCampaign) -> None:
    """After a confirmation, a new count changes nothing for that figure."""
    confirm_counts(session, campaign, [line(session, campaign, "OVH-4")], NOW, ACTOR)
    figure = session.exec(select(RealisedFigure).where(RealisedFigure.commitment_code == "OVH-4")).one()
    figure.counted = 9
    session.add(figure)
    refresh_counts(session, campaign)
    session.refresh(figure)
    assert (figure.counted, figure.declared) == (9, 1)


def test_a_stay_to_which_nobody_came_is_not_counted(
    session: Session, campaign: ReportingCampaign, field: Field
) -> None:
    """Confirmed, it counts; once the school says that nobody came it does not; held, it counts again."""
    [key] = session.exec(select(Confirmation.id)).all()
    school = Voice(Side.SCHOOL, school_id=field.school.id)
    for outcome, cause, expected in ((Outcome.NO_SHOW, AbsenceCause.ILLNESS, 0), (Outcome.HELD, "", 1)):
        say(session, school, key or 0, outcome, cause, ACTOR, JUNE, NOW)
        refresh_counts(session, campaign)
        assert line(session, campaign, "OVH-4").counted == expected


def test_lines_are_drawn_by_nobody_and_checked(session: Session, campaign: ReportingCampaign) -> None:
    """At least one line of each figure; a check only on a drawn line; drawing twice is refused."""
    assert draw_sample(session, campaign, ACTOR) == 1
    [drawn] = hosting_lines(session, campaign, sampled=True)
    record_check(session, campaign, drawn.id, 1, ACTOR)
    assert hosting_lines(session, campaign, sampled=True)[0].found == 1
    with pytest.raises(NotFound):
        record_check(session, campaign, drawn.id + 1, 1, ACTOR)
    with pytest.raises(Conflict):
        draw_sample(session, campaign, ACTOR)


def test_figures_are_provisional_then_final(session: Session, campaign: ReportingCampaign) -> None:
    """Not final while somebody may still answer; final, nothing moves any more."""
    assert state_of(campaign, JUNE) is ReportingState.OPEN
    with pytest.raises(Conflict) as early:
        make_final(session, campaign, JUNE, NOW, ACTOR)
    assert early.value.code == "window_open"
    assert state_of(campaign, date(2027, 7, 3)) is ReportingState.CLOSED
    make_final(session, campaign, date(2027, 7, 3), NOW, ACTOR)
    assert state_of(campaign, date(2027, 7, 3)) is ReportingState.FINAL
    with pytest.raises(Conflict):
        declare_figure(session, campaign, line(session, campaign, "OVH-4"), 1, "", NOW, ACTOR)
    assert year_on_year(session)["ovhcloud", "OVH-4"] == {SCHOOL_YEAR: 1}


def test_reminders_reach_only_who_has_not_answered(session: Session, campaign: ReportingCampaign, field: Field) -> None:
    """Partner and school are written to once a stage; once both have answered, no more."""
    for email, role, where in (
        ("siege@ovhcloud.example", Role.PARTNER_MANAGER, {"partner_id": partner_of(session, "ovhcloud")}),
        ("ecole@lycee.example", Role.SCHOOL_COORDINATOR, {"school_id": field.school.id}),
    ):
        grant(session, create_user(session, email, "Quelqu’un", "une longue phrase", ACTOR), role, ACTOR, **where)
    assert queue_reporting_mail(session, JUNE, NOW) == 2
    assert queue_reporting_mail(session, JUNE, NOW) == 0
    confirm_hostings(session, campaign, field.school, None, NOW, ACTOR)
    assert queue_reporting_mail(session, date(2027, 6, 30), NOW) == 1, "two days before, to the partner alone"
    own = figure_lines(session, campaign, frozenset({partner_of(session, "ovhcloud")}))
    confirm_counts(session, campaign, own, NOW, ACTOR)
    assert queue_reporting_mail(session, date(2027, 7, 1), NOW) == 0
    subjects = session.exec(select(OutboxLine.subject).where(OutboxLine.recipient == "ecole@lycee.example")).all()
    assert any("à confirmer" in subject for subject in subjects)


def test_a_partner_without_an_account_answers_from_its_invitation_address(
    session: Session, campaign: ReportingCampaign
) -> None:
    """Nobody acts for SERCE yet: whoever is invited to gets the link; a colleague's link stays good meanwhile."""
    scope = Scope(Role.PARTNER_MANAGER, "SERCE", partner_id=partner_of(session, "serce"))
    invite(session, scope, "syndicat@serce.example", ACTOR, NOW)
    assert queue_reporting_mail(session, JUNE, NOW) == 1
    invite(session, scope, "adjointe@serce.example", ACTOR, NOW)
    assert queue_reporting_mail(session, JUNE, NOW) == 1
    asked = [read_figures_link(session, token_of(session, name), NOW) for name in ("syndicat", "adjointe")]
    assert {one.code for one in asked[0].figures} == {"SER-1", "SER-2"}
    with pytest.raises(ServiceError):
        answer_by_link(session, asked[0], {}, NOW)
    assert answer_by_link(session, asked[0], None, NOW) == 2
    for one, words in ((asked[0], "déjà servi"), (asked[1], "déjà leur réponse")):
        with pytest.raises(LinkRefused, match=words):
            read_figures_link(session, token_of(session, one.link.recipient.partition("@")[0]), NOW)
    assert campaign.final_at is None


def token_of(session: Session, name: str) -> str:
    """What the newest July message to that person carries."""
    query = select(OutboxLine.body).where(
        OutboxLine.recipient == f"{name}@serce.example", col(OutboxLine.cause).startswith("reporting:")
    )
    found = re.search(r"/chiffres/(\S+)", session.exec(query).one())
    assert found is not None
    return found[1]


def people(session: Session) -> dict[str, User]:
    made = {}
    for name, role, where in (
        ("ministere", Role.NATIONAL_COORDINATOR, {}),
        ("expert", Role.COMMITTEE_MEMBER, {}),
        ("ovhcloud", Role.PARTNER_MANAGER, {"partner_id": partner_of(session, "ovhcloud")}),
        ("jobirl", Role.PARTNER_MANAGER, {"partner_id": partner_of(session, "jobirl")}),
    ):
        made[name] = create_user(session, f"{name}@reunion.example", name.title(), "une longue phrase", ACTOR)
        grant(session, made[name], role, ACTOR, **where)
    return made


def test_each_text_has_its_meeting_and_its_members(session: Session, campaign: ReportingCampaign) -> None:
    """One committee for the three discovery conventions, a group for JobIRL, a yearly meeting for MEDEF."""
    made = people(session)
    meetings = plan_meetings(session, SCHOOL_YEAR, JUNE, ACTOR)
    assert [one.id for one in plan_meetings(session, SCHOOL_YEAR, JUNE, ACTOR)] == [one.id for one in meetings]
    by_kind = {one.kind: one for one in meetings}
    assert {one.kind: (one.convention_key, one.planned_on) for one in meetings} == {
        BodyKind.NATIONAL_COMMITTEE: ("", committee_day(SCHOOL_YEAR)),
        BodyKind.FOLLOW_UP_GROUP: ("jobirl", date(2027, 7, 31)),
        BodyKind.YEARLY_MEETING: ("medef_occitanie", date(2027, 7, 31)),
    }
    called = {one.user_id for one in members_of(session, by_kind[BodyKind.NATIONAL_COMMITTEE])}
    assert called == {made[name].id for name in ("ministere", "expert", "ovhcloud")}
    group = {one.user_id for one in members_of(session, by_kind[BodyKind.FOLLOW_UP_GROUP])}
    assert group == {made[name].id for name in ("ministere", "jobirl")}
    keys = {one["convention_key"] for one in minutes_document(session, by_kind[BodyKind.NATIONAL_COMMITTEE])["figures"]}
    assert keys == {"microsoft_france", "ovhcloud", "serce"}
    assert campaign.id


def test_minutes_are_proposed_then_validated_by_those_present(session: Session, campaign: ReportingCampaign) -> None:
    """Frozen when proposed; the absent do not count; the last of the present validates them."""
    made = people(session)
    meeting = next(
        one for one in plan_meetings(session, SCHOOL_YEAR, JUNE, ACTOR) if one.kind is BodyKind.NATIONAL_COMMITTEE
    )
    present = {made["ministere"].id or 0, made["ovhcloud"].id or 0}
    day = committee_day(SCHOOL_YEAR)
    with pytest.raises(ServiceError) as early:
        propose_minutes(session, meeting, JUNE, NOW, ACTOR)
    assert early.value.code == "too_early"
    with pytest.raises(ServiceError) as empty:
        propose_minutes(session, meeting, day, NOW, ACTOR)
    assert empty.value.code == "nobody_present"
    write_minutes(session, meeting, place="Paris", decisions="Ouvrir 2027-2028\n\n", present=present, actor=ACTOR)
    propose_minutes(session, meeting, day, NOW, ACTOR)
    declare_figure(session, campaign, line(session, campaign, "OVH-4"), 1, "", NOW, ACTOR)
    frozen = {one["code"]: one["declared"] for one in minutes_document(session, meeting)["figures"]}
    assert frozen["OVH-4"] is None, "what was proposed does not move"
    with pytest.raises(Conflict):
        validate_minutes(session, meeting, made["expert"].id or 0, NOW)
    assert not validate_minutes(session, meeting, made["ministere"].id or 0, NOW)
    with pytest.raises(Conflict):
        validate_minutes(session, meeting, made["ministere"].id or 0, NOW)
    assert validate_minutes(session, meeting, made["ovhcloud"].id or 0, NOW)
    assert session.get_one(SteeringMeeting, meeting.id).status is MinutesStatus.VALIDATED
    with pytest.raises(Conflict):
        write_minutes(session, meeting, place="", decisions="", present=set(), actor=ACTOR)
    asked = session.exec(select(OutboxLine.recipient).where(OutboxLine.cause == f"minutes:{meeting.id}")).all()
    assert sorted(asked) == ["ministere@reunion.example", "ovhcloud@reunion.example"]


def test_the_minutes_are_an_accessible_pdf(session: Session, campaign: ReportingCampaign) -> None:
    """Read back: text, language, tags, title, fonts inside; the same bytes twice; nothing typed is read as markup."""
    people(session)
    meeting = plan_meetings(session, SCHOOL_YEAR, JUNE, ACTOR)[0]
    nasty = '#panic("x") *gras* <b> $1$ « Été »'
    write_minutes(session, meeting, place=nasty, decisions="Poursuivre", present=set(), actor=ACTOR)
    document = minutes_document(session, meeting)
    body = write_minutes_pdf(document, "En préparation.", {}, LEVEL_LABELS, NOW)
    assert body == write_minutes_pdf(document, "En préparation.", {}, LEVEL_LABELS, NOW)
    reader = PdfReader(io.BytesIO(body))
    said = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "#panic" in said
    assert "Poursuivre" in said
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"].startswith("fr")
    assert "/StructTreeRoot" in catalogue
    assert reader.metadata is not None
    assert "compte rendu" in (reader.metadata.title or "")
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)
    assert campaign.id
