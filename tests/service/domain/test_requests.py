"""What schools ask: checked as a whole, changed without losing a pseudonym, withdrawn, counted on the board."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, event, func
from sqlmodel import Session, col, select

from service.domain.requests import (
    PupilDraft,
    RequestDraft,
    class_board,
    create_request,
    create_requests,
    edit_request,
    get_request,
    read_draft,
    submit_request,
    submit_requests,
    withdraw_request,
)
from service.errors import Conflict, NotFound, Refusals
from service.persistence.engine import session_scope
from service.persistence.tables import (
    AllocationRound,
    AuditEntry,
    ClassGroup,
    PlacementRequest,
    Preference,
    Pupil,
    RequestPeriod,
    UnplacedPupil,
)
from service.vocabulary import CampaignStatus, Level, RequestStatus, RoundStatus, SchoolType
from tests.service.conftest import TODAY
from tests.service.small_field import (
    ACTOR,
    JUNE,
    make_campaign,
    make_field,
    make_school,
    publish_placement,
    seconde_draft,
)

LEA = PupilDraft(display_name="Léa M.", wishes=("sante", "numerique"), needs=("step_free_access",))
TOM = PupilDraft(display_name="Tom B.")


def _create(session: Session, draft: RequestDraft) -> PlacementRequest:
    return create_request(session, make_campaign(session), make_school(session), draft, ACTOR)


def _listed(*pupils: PupilDraft, **changes: Any) -> RequestDraft:
    return seconde_draft().model_copy(update={"size": 0, "pupils": pupils, **changes})


def _pupils(session: Session, request: PlacementRequest) -> dict[str, str]:
    rows = session.exec(select(Pupil.display_name, Pupil.pseudonym).where(Pupil.class_id == request.class_id))
    return dict(rows.all())


def _rows(session: Session) -> dict[str, int]:
    tables = (ClassGroup, PlacementRequest, RequestPeriod, Pupil, Preference, AuditEntry)
    return {one.__name__: session.exec(select(func.count()).select_from(one)).one() for one in tables}


def test_a_request_by_number(session: Session) -> None:
    """A class of three: three pupils without a name, the class's wishes for each, the campaign's reach."""
    request = _create(session, seconde_draft())
    assert (request.status, request.reach_km) == (RequestStatus.DRAFT, 30)
    assert sorted(_pupils(session, request)) == ["Élève 1", "Élève 2", "Élève 3"]
    assert session.exec(select(Preference.rank, Preference.sector)).all() == [(1, "numerique")] * 3
    assert list(session.exec(select(RequestPeriod.period_id))) == [JUNE]


def test_a_request_by_list(session: Session) -> None:
    """Own wishes before the class's, in their order; functional needs; a pseudonym that says nothing."""
    request = _create(session, _listed(LEA, TOM, reach_km=12))
    pupils = _pupils(session, request)
    assert request.reach_km == 12
    assert len(set(pupils.values())) == 2
    assert all(len(one) == 12 and "LÉA" not in one for one in pupils.values())
    draft = read_draft(session, request)
    assert draft.pupils == (LEA, TOM.model_copy(update={"wishes": ("numerique",)}))
    assert (draft.class_name, draft.period_ids, draft.reach_km) == ("2de 1", (JUNE,), 12)


def test_the_audit_trail_holds_no_name(session: Session) -> None:
    """What is written there may be read by people who may not know the pupils."""
    _create(session, _listed(LEA, TOM))
    assert not any("Léa" in str(one) for one in session.exec(select(AuditEntry)))


REFUSED: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "no pupil": ({"size": 0}, ["size_out_of_bounds"], "1 à 300 élèves\u00a0; vous en indiquez 0"),
    "five thousand pupils": ({"size": 5000}, ["size_out_of_bounds"], "vous en indiquez 5\u202f000. Faites une demande"),
    "a negative class": ({"size": -1}, ["size_out_of_bounds"], "vous en indiquez -1"),
    "a seconde outside June": ({"period_ids": ("2027-W05",)}, ["period_not_of_level"], "du 14 au 25 juin 2027"),
    "no period": ({"period_ids": ()}, ["period_missing"], "Choisissez au moins une période"),
    "a collège's level in a lycée": (
        {"level": Level.TROISIEME, "period_ids": ("2027-W05",)},
        ["level_not_of_school"],
        "n’a pas de classe de 3e",
    ),
    "a département that is none": (
        {"departments": ("69", "999")},
        ["department_unknown"],
        "«\u00a0999\u00a0» n’existe pas",
    ),
    "a département too far": (
        {"departments": ("69", "75")},
        ["department_not_served"],
        "décochez-le\u00a0: Paris (75)",
    ),
    "départements too far": (
        {"departments": ("75", "59")},
        ["department_not_served"],
        "dans ces départements, décochez-les\u00a0: Nord (59) et Paris (75).",
    ),
    "an unknown sector": ({"wishes": ("magie",)}, ["sector_unknown"], "Choisissez-en un dans la liste"),
    "a wish twice": ({"wishes": ("sante", "sante")}, ["wish_twice"], "Donnez des vœux différents"),
    "no reach": ({"reach_km": 0}, ["reach_out_of_bounds"], "de 1 à 300\u00a0km"),
    "a reach to the moon": ({"reach_km": 384_400}, ["reach_out_of_bounds"], "384\u202f400"),
    "a nameless class": ({"class_name": " "}, ["text_missing"], "Le nom de la classe manque"),
    "a nameless pupil": ({"pupils": (LEA, PupilDraft(display_name=""))}, ["text_missing"], "l’élève n° 2"),
    "a pupil's unknown wish": (
        {"pupils": (PupilDraft(display_name="A", wishes=("magie",)),)},
        ["sector_unknown"],
        "Élève n° 1",
    ),
    "a diagnosis": ({"pupils": (PupilDraft(display_name="A", needs=("asthme",)),)}, ["need_unknown"], "«\u00a0asthme"),
    "everything at once": (
        {"size": 0, "class_name": "", "wishes": ("magie",), "period_ids": (), "reach_km": 0},
        ["text_missing", "size_out_of_bounds", "reach_out_of_bounds", "sector_unknown", "period_missing"],
        "Le nom de la classe",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_requests(sqlite_conventions_engine: Engine, what: str) -> None:
    """Each fault is named with what to do; nothing is stored."""
    changes, codes, words = REFUSED[what]
    with session_scope(sqlite_conventions_engine) as session:
        campaign, school = make_campaign(session), make_school(session)
        before = _rows(session)
        with pytest.raises(Refusals) as refusal:
            create_request(session, campaign, school, seconde_draft().model_copy(update=changes), ACTOR)
        assert [one.code for one in refusal.value.refusals] == codes
        assert words in " ".join(one.message for one in refusal.value.refusals)
        assert all(one.message.endswith(".") for one in refusal.value.refusals)
        assert _rows(session) == before


def test_a_week_inside_holidays_is_refused(session: Session) -> None:
    """A collège of Lyon asks for the winter holidays of zone A."""
    school = make_school(session, "0690028F", SchoolType.COLLEGE)
    draft = RequestDraft(class_name="3e A", level=Level.TROISIEME, size=20, period_ids=("2027-W07", "2027-W05"))
    with pytest.raises(Refusals, match="La semaine du 15 février 2027 est en vacances scolaires pour la zone A"):
        create_request(session, make_campaign(session), school, draft, ACTOR)


def test_a_level_outside_the_campaign(session: Session) -> None:
    """A campaign for the collège takes no seconde."""
    campaign = make_campaign(session, levels=("3e",))
    with pytest.raises(Refusals, match="porte sur 3e, pas sur 2de"):
        create_request(session, campaign, make_school(session), seconde_draft(), ACTOR)


def test_a_prepa_metiers_class_may_sit_in_a_lycee(session: Session) -> None:
    """Level never follows from the type of school."""
    draft = RequestDraft(
        class_name="PM", level=Level.TROISIEME_PREPA_METIERS, size=10, period_ids=("2027-W02-2", "2027-W05")
    )
    assert _create(session, draft).id


def test_a_closed_campaign_takes_nothing(session: Session) -> None:
    """Neither a new request, nor a change, nor a late submission."""
    campaign, school = make_campaign(session), make_school(session)
    request = create_request(session, campaign, school, seconde_draft(), ACTOR)
    with pytest.raises(Conflict, match="close depuis le 31 janvier 2027"):
        submit_requests(session, campaign, [request], ACTOR, date(2027, 2, 1))
    campaign.status = CampaignStatus.CLOSED
    session.add(campaign)
    for attempt in (
        lambda: create_request(session, campaign, school, seconde_draft("2de 2"), ACTOR),
        lambda: edit_request(session, request, seconde_draft(size=4), ACTOR),
        lambda: submit_request(session, request, ACTOR, TODAY),
    ):
        with pytest.raises(Conflict, match="n’est pas ouverte"):
            attempt()


def test_a_class_asks_once_per_campaign(session: Session) -> None:
    """The second form for the same class is refused, also within one batch; another campaign may ask again."""
    campaign, school = make_campaign(session), make_school(session)
    request = create_request(session, campaign, school, seconde_draft(), ACTOR)
    with pytest.raises(Conflict, match="La classe 2de 1 a déjà une demande"):
        create_request(session, campaign, school, seconde_draft(" 2de  1 "), ACTOR)
    with pytest.raises(Conflict, match="a déjà une demande"):
        create_requests(session, campaign, [(school, seconde_draft("2de 2"))] * 2, ACTOR)
    pupils = _pupils(session, request)
    again = create_request(session, make_campaign(session, "Complément"), school, seconde_draft(), ACTOR)
    assert again.class_id == request.class_id
    assert _pupils(session, again) == pupils
    with pytest.raises(Conflict, match="existe déjà en 2de"):
        create_request(
            session,
            make_campaign(session, "Prépa"),
            school,
            RequestDraft(class_name="2de 1", level=Level.TROISIEME_PREPA_METIERS, size=1, period_ids=("2027-W05",)),
            ACTOR,
        )


def test_editing_keeps_pseudonyms(session: Session) -> None:
    """Léa stays herself with other wishes, Tom leaves, Zoé comes; the request is one version later."""
    request = _create(session, _listed(LEA, TOM))
    before = _pupils(session, request)
    changed = LEA.model_copy(update={"wishes": ("droit_justice",), "needs": ()})
    draft = _listed(changed, PupilDraft(display_name="Zoé T."), class_name="2de A", reach_km=50)
    edit_request(session, request, draft, ACTOR, expected_version=1)
    after = _pupils(session, request)
    assert after["Léa M."] == before["Léa M."]
    assert set(after) == {"Léa M.", "Zoé T."}
    assert after["Zoé T."] not in before.values()
    read = read_draft(session, request)
    assert (read.pupils[0], read.class_name, read.reach_km) == (changed, "2de A", 50)
    assert request.version == 2
    assert session.exec(select(func.count()).select_from(Preference)).one() == 2


def test_namesakes_are_two_pupils(session: Session) -> None:
    """Two pupils of the same name keep one pseudonym each, in the order they were entered."""
    request = _create(session, _listed(TOM, TOM))
    before = sorted(session.exec(select(Pupil.pseudonym).where(Pupil.class_id == request.class_id)))
    edit_request(session, request, _listed(TOM, TOM), ACTOR)
    assert sorted(session.exec(select(Pupil.pseudonym).where(Pupil.class_id == request.class_id))) == before


def test_a_stale_edit_is_refused(conventions_engine: Engine) -> None:
    """Two colleagues open the same request: the second to save is told, and nothing of hers is stored."""
    with session_scope(conventions_engine) as session:
        request_id = _create(session, _listed(LEA)).id
    _change(
        conventions_engine, request_id, lambda s, r: edit_request(s, r, _listed(LEA, TOM), ACTOR, expected_version=1)
    )
    with pytest.raises(Conflict, match="entre-temps"):
        _change(
            conventions_engine, request_id, lambda s, r: edit_request(s, r, _listed(TOM), ACTOR, expected_version=1)
        )
    with session_scope(conventions_engine) as session:
        assert set(_pupils(session, session.get_one(PlacementRequest, request_id))) == {"Léa M.", "Tom B."}


def _change(engine: Engine, request_id: int | None, change: Callable[[Session, PlacementRequest], None]) -> None:
    with session_scope(engine) as session:
        change(session, session.get_one(PlacementRequest, request_id))


def test_a_class_may_not_take_anothers_name(session: Session) -> None:
    """Two classes of one school do not have the same name."""
    campaign, school = make_campaign(session), make_school(session)
    create_request(session, campaign, school, seconde_draft(), ACTOR)
    other = create_request(session, campaign, school, seconde_draft("2de 2"), ACTOR)
    with pytest.raises(Conflict, match="La classe 2de 1 existe déjà"):
        edit_request(session, other, seconde_draft("2de 1"), ACTOR)


def test_sending_withdrawing_and_asking_again(session: Session) -> None:
    """Draft, sent, withdrawn; a withdrawn class asks again on the same request and keeps its pupils' pseudonyms."""
    campaign, school = make_campaign(session), make_school(session)
    request = create_request(session, campaign, school, _listed(LEA), ACTOR)
    before = _pupils(session, request)
    submit_request(session, request, ACTOR, TODAY, expected_version=1)
    assert request.status is RequestStatus.SUBMITTED
    assert request.submitted_at is not None
    with pytest.raises(Conflict, match="«\u00a0envoyée\u00a0»"):
        submit_request(session, request, ACTOR, TODAY)
    edit_request(session, request, _listed(LEA, reach_km=9), ACTOR)
    assert (request.status, request.reach_km) == (RequestStatus.SUBMITTED, 9)
    withdraw_request(session, request, ACTOR)
    with pytest.raises(Conflict, match="ne change plus"):
        edit_request(session, request, _listed(LEA), ACTOR)
    again = create_request(session, campaign, school, _listed(LEA, TOM), ACTOR)
    assert (again.id, again.status, again.submitted_at) == (request.id, RequestStatus.DRAFT, None)
    assert _pupils(session, again)["Léa M."] == before["Léa M."]


def test_nothing_changes_under_a_running_round(session: Session) -> None:
    """The pupils of a round being computed are still there when it is recorded."""
    field = make_field(session)
    running = AllocationRound(
        campaign_id=field.campaign.id or 0, number=2, launched_by=ACTOR, status=RoundStatus.RUNNING
    )
    session.add(running)
    session.flush()
    for attempt in (
        lambda: edit_request(session, field.request, seconde_draft(size=1), ACTOR),
        lambda: withdraw_request(session, field.request, ACTOR),
    ):
        with pytest.raises(Conflict, match="en cours de calcul"):
            attempt()


def test_a_frozen_request_does_not_change(session: Session) -> None:
    """A published round holds it."""
    field = make_field(session)
    field.request.status = RequestStatus.FROZEN
    session.add(field.request)
    with pytest.raises(Conflict, match="prise en compte par le tour"):
        edit_request(session, field.request, seconde_draft(), ACTOR)
    with pytest.raises(Conflict, match="ne peut pas devenir"):
        withdraw_request(session, field.request, ACTOR)


def test_a_pupil_a_round_knows_is_not_removed(session: Session) -> None:
    """Someone already placed cannot silently disappear from the list."""
    field = make_field(session)
    with pytest.raises(Conflict, match="Un tour a déjà décidé"):
        edit_request(session, field.request, _listed(TOM), ACTOR)


def test_another_schools_request_does_not_exist(session: Session) -> None:
    """The answer is the same as for a request nobody made."""
    request = _create(session, seconde_draft())
    other = make_school(session, "0750655E")
    with pytest.raises(NotFound):
        get_request(session, request.id or 0, other.id or 0)


def test_the_board_counts_what_was_asked_and_what_came(session: Session) -> None:
    """One line per class: pupils, placed, unplaced; a class without a request is there too."""
    field = make_field(session)
    publish_placement(session, field.round, field.pupils[1], field.opening)
    session.add(UnplacedPupil(round_id=field.round.id or 0, pupil_id=field.pupils[2].id or 0, reason="all_seats_taken"))
    session.add(
        ClassGroup(school_id=field.school.id or 0, name="2de 0", level=Level.SECONDE_GT, school_year="2026-2027")
    )
    session.flush()
    empty, asked = class_board(session, field.campaign, field.school)
    assert (empty.name, empty.request_id, empty.status, empty.pupils) == ("2de 0", None, None, 0)
    assert (asked.pupils, asked.placed, asked.unplaced, asked.status) == (3, 2, 1, RequestStatus.DRAFT)
    computed = AllocationRound(
        campaign_id=field.campaign.id or 0, number=2, launched_by=ACTOR, status=RoundStatus.COMPUTED
    )
    session.add(computed)
    session.flush()
    session.add(UnplacedPupil(round_id=computed.id or 0, pupil_id=field.pupils[0].id or 0, reason="all_seats_taken"))
    session.flush()
    assert class_board(session, field.campaign, field.school) == [empty, asked]
    before = class_board(session, make_campaign(session, "Autre"), field.school)
    assert [one.request_id for one in before] == [None, None]


def test_a_batch_is_stored_whole(session: Session) -> None:
    """Forty classes of thirty pupils, each with its wishes, its period and the pseudonym that was drawn for it."""
    campaign, school = make_campaign(session), make_school(session)
    numbers = iter(range(10_000))
    drafts = [(school, seconde_draft(f"2de {n}", size=30)) for n in range(40)]
    requests = create_requests(session, campaign, drafts, ACTOR, lambda: f"P{next(numbers):05d}")
    submit_requests(session, campaign, requests, ACTOR, TODAY)
    assert {one.status for one in requests} == {RequestStatus.SUBMITTED}
    first = session.exec(select(Pupil.pseudonym).order_by(col(Pupil.id)).limit(2)).all()
    assert first == ["P00000", "P00001"]
    counts = _rows(session)
    assert (counts["ClassGroup"], counts["PlacementRequest"], counts["Pupil"]) == (40, 40, 1200)
    assert (counts["Preference"], counts["RequestPeriod"]) == (1200, 40)


def test_a_batch_costs_no_statement_per_pupil(session: Session) -> None:
    """Twenty classes of thirty cost exactly as many statements as twenty classes of two."""
    campaign, school = make_campaign(session), make_school(session)
    create_request(session, campaign, school, seconde_draft("2de 0"), ACTOR)
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    counts = []
    for letter, size in (("A", 2), ("B", 30)):
        before = len(statements)
        drafts = [(school, seconde_draft(f"2de {letter}{n}", size=size)) for n in range(20)]
        create_requests(session, campaign, drafts, ACTOR)
        counts.append(len(statements) - before)
    assert counts[0] == counts[1] < 20 * 5
