"""The coordinator's board and the life of a round on screen: open, launch, follow, cancel, publish."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.domain import rounds
from service.jobs.app import make_queue
from service.persistence.engine import session_scope
from service.persistence.tables import AllocationRound, Campaign, Offer, Opening, Period, Pupil
from service.vocabulary import RoundStatus
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.filled_country import Filled
from tests.service.web.small_country import SmallCountry

GOOD = {
    "name": "Campagne d’essai",
    "school_year": "2026-2027",
    "levels": ["3e", "2de_gt"],
    "closes_on": "2027-01-15",
    "territory_rule": "academy",
    "default_reach_km": "25",
}
NEW = "/coordination/campagnes/nouvelle"


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> str:
    """A test that names `filled` starts from a computed round, the others from an empty country."""
    return "computed" if "filled" in request.fixturenames else "small"


@pytest.fixture
def filled(app: Flask) -> Filled:
    return Filled(campaign_id=1, round_id=1)


@pytest.fixture
def coordinator(browser_for: Callable[[str], Browser], country: SmallCountry) -> Browser:
    return browser_for(country.email_coordinator)


def launch(coordinator: Browser, filled: Filled) -> str:
    """Launches a round and returns its page."""
    answer = coordinator.post(f"/coordination/campagnes/{filled.campaign_id}/tours", token_from="/coordination")
    assert answer.status_code == 303
    return answer.headers["Location"]


def change(app: Flask, deed: Callable[[Session], object]) -> None:
    with session_scope(app.extensions["sequence_engine"]) as session:
        deed(session)


def test_without_a_campaign_the_board_says_what_to_do(coordinator: Browser) -> None:
    """Empty is a page too: what will be here and the one thing to do."""
    page = coordinator.get("/coordination")
    assert page.status_code == 200
    assert "Ouvrir une campagne" in text_of(page)


def test_opening_a_campaign_makes_the_weeks_of_its_year(coordinator: Browser, database: Session) -> None:
    """Nobody has to prepare the calendar of a new school year: its weeks are there as soon as its campaign is."""
    of_the_year = select(Period).where(Period.school_year == "2027-2028")
    assert not database.exec(of_the_year).all()
    later = GOOD | {"school_year": "2027-2028", "closes_on": "2027-12-15"}
    assert coordinator.post("/coordination/campagnes", later, token_from=NEW).status_code == 303
    database.rollback()
    assert database.exec(of_the_year).all()


def test_opening_a_campaign_stores_what_was_chosen(coordinator: Browser, database: Session) -> None:
    """Name, year, levels, date, territory rule and distance are kept, and the board shows the campaign."""
    answer = coordinator.post("/coordination/campagnes", GOOD, token_from=NEW)
    assert answer.status_code == 303
    campaign = database.exec(select(Campaign)).one()
    assert (campaign.name, campaign.levels, campaign.default_reach_km) == (GOOD["name"], GOOD["levels"], 25)
    assert (campaign.territory_rule, str(campaign.closes_on)) == ("academy", "2027-01-15")
    said = text_of(coordinator.get("/coordination"))
    assert "Campagne d’essai" in said
    assert "Aucune demande n’est encore envoyée" in said
    assert "Lancer un tour" not in said


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Donnez un nom à la campagne."),
        ("levels", [], "Cochez au moins un niveau."),
        ("closes_on", "2026-11-01", "Cette date est passée."),
        ("closes_on", "", "Indiquez une date"),
        ("default_reach_km", "0", "La distance va de 1 à 300 km."),
        ("default_reach_km", "301", "La distance va de 1 à 300 km."),
    ],
)
def test_a_refused_campaign_keeps_every_value(
    coordinator: Browser, database: Session, field: str, value: object, message: str
) -> None:
    """The message is at the field and in the summary, what was typed is still there, nothing is stored."""
    page = coordinator.post("/coordination/campagnes", {**GOOD, field: value}, token_from=NEW)
    assert page.status_code == 422
    assert text_of(page).count(message) == 2
    body = page.get_data(as_text=True)
    if field != "name":
        assert 'value="Campagne d’essai"' in body
    assert '<option selected value="academy">' in body
    assert database.exec(select(Campaign)).all() == []


def test_the_same_name_twice_is_refused(coordinator: Browser) -> None:
    """The domain's own refusal lands at the field."""
    coordinator.post("/coordination/campagnes", GOOD, token_from=NEW)
    page = coordinator.post("/coordination/campagnes", GOOD, token_from=NEW)
    assert page.status_code == 422
    assert "Une campagne s’appelle déjà" in text_of(page)


def test_the_board_counts_what_is_stored(coordinator: Browser, filled: Filled, database: Session) -> None:
    """Pupils asked for and places published are those of the rows."""
    pupils = len(database.exec(select(Pupil)).all())
    seats = sum(database.exec(select(Opening.capacity)).all())
    said = text_of(coordinator.get("/coordination"))
    assert f"élèves à placer {pupils}" in said
    assert f"places publiées {seats}" in said
    assert len(database.exec(select(Offer)).all()) == 4
    assert filled.campaign_id == 1


def test_pupils_without_any_place_are_the_strongest_tension(coordinator: Browser, filled: Filled) -> None:
    """Lozère has nine pupils and no place: it is in the darkest class, not among those without a number."""
    body = coordinator.get(f"/coordination/campagnes/{filled.campaign_id}").get_data(as_text=True)
    area = body.split("Lozère (48)")[1]
    assert "map-class-5" in area[:200]
    said = text_of(coordinator.get("/coordination?departement=48"))
    assert "Lozère (48) Élèves et places du département" in said
    assert "3e 9 0" in said


def test_launching_queues_a_round_and_tells_the_queue(coordinator: Browser, filled: Filled, app: Flask) -> None:
    """The row is there, the real queue holds its number, the page says that it waits."""
    address = launch(coordinator, filled)
    said = text_of(coordinator.get(address))
    assert "En attente" in said
    assert "Lancé le" in said
    assert "par Compte de coordination" in said
    queue = make_queue(app.extensions["sequence_settings"])
    assert [task.args for task in queue.huey.pending()] == [(2,)]


def test_a_second_launch_is_told_who_launched_and_when(coordinator: Browser, filled: Filled, database: Session) -> None:
    """One active round per campaign; the refusal is a page, not a failure."""
    launch(coordinator, filled)
    answer = coordinator.post(f"/coordination/campagnes/{filled.campaign_id}/tours", token_from="/coordination")
    assert answer.status_code == 409
    said = text_of(answer)
    assert "Un tour est déjà en cours" in said
    assert "par Compte de coordination" in said
    assert len(database.exec(select(AllocationRound)).all()) == 2


def test_a_round_nobody_takes_says_what_to_check(
    coordinator: Browser, filled: Filled, clock: Clock, app: Flask
) -> None:
    """After half a minute without a worker, the page names the command to look at."""
    address = launch(coordinator, filled)
    # The row bears the hour of the machine; the session of this browser lives by the clock of the tests.
    change(app, lambda session: setattr(session.get_one(AllocationRound, 2), "launched_at", clock()))
    clock.advance(timedelta(seconds=5))
    assert "sequence worker" not in text_of(coordinator.get(address))
    clock.advance(timedelta(seconds=40))
    assert "sequence worker" in text_of(coordinator.get(address))


def test_the_progress_page_shows_what_is_done_and_what_comes(coordinator: Browser, filled: Filled, app: Flask) -> None:
    """Phases before the current one are done, those after are to come, and the share is written."""
    address = launch(coordinator, filled)

    def advance(session: Session) -> None:
        token = rounds.claim(session, 2, 60)
        assert token is not None
        rounds.heartbeat(session, 2, token, 60, "optimise:wishes", 0.4)

    change(app, advance)
    said = text_of(coordinator.get(address))
    assert "40 % du calcul" in said
    assert "fait Optimiser : engagements des conventions" in said
    assert "en cours Optimiser : vœux des élèves" in said
    assert "à venir Vérifier par un programme indépendant" in said


def test_cancelling_a_waiting_round_ends_it(coordinator: Browser, filled: Filled, database: Session) -> None:
    """A queued round ends at once, says so, and the campaign can be launched again."""
    address = launch(coordinator, filled)
    assert coordinator.post(f"{address}/annulation", token_from=address).status_code == 303
    assert "Ce tour a été annulé" in text_of(coordinator.get(address))
    assert (
        database.exec(select(AllocationRound.status).where(AllocationRound.number == 2)).one() == RoundStatus.CANCELLED
    )
    assert launch(coordinator, filled).endswith("/3")


def test_a_failed_round_says_why_and_offers_another(coordinator: Browser, filled: Filled, app: Flask) -> None:
    """Third failed attempt: the reason is on screen with the button to launch again."""
    address = launch(coordinator, filled)

    def fail(session: Session) -> None:
        for _ in range(rounds.ATTEMPTS):
            token = rounds.claim(session, 2, 0)
            assert token is not None
            rounds.fail_attempt(session, 2, token, "La mémoire a manqué.")

    change(app, fail)
    said = text_of(coordinator.get(address))
    assert "En échec" in said
    assert "La mémoire a manqué." in said
    assert "Relancer un tour" in said


def test_a_round_that_an_adjustment_stops_shows_the_way_to_it(coordinator: Browser, filled: Filled, app: Flask) -> None:
    """Failed at once: the reason, a link to the adjustments, and no word of several attempts."""
    address = launch(coordinator, filled)

    def fail(session: Session) -> None:
        token = rounds.claim(session, 2, 60)
        assert token is not None
        rounds.fail_round(session, 2, token, "L’ajustement ne peut pas tenir. Levez-le, puis relancez.")

    change(app, fail)
    page = coordinator.get(address)
    assert "Levez-le, puis relancez." in text_of(page)
    assert "tentative" not in text_of(page)
    assert 'href="/coordination/campagnes/1/ajustements"' in page.get_data(as_text=True)


def test_a_refused_round_names_the_property(coordinator: Browser, filled: Filled, app: Flask) -> None:
    """What the verifier said is shown as it said it."""
    address = launch(coordinator, filled)

    def refuse(session: Session) -> None:
        token = rounds.claim(session, 2, 60)
        assert token is not None
        rounds.refuse_round(session, 2, token, ["seats: offer 3, period 2027-W05: 41 pupils for 40 seats"])

    change(app, refuse)
    said = text_of(coordinator.get(address))
    assert "Refusé par le vérificateur" in said
    assert "41 pupils for 40 seats" in said
    assert "Relancer un tour" in said


def test_publishing_asks_once_then_is_dated_and_signed(coordinator: Browser, filled: Filled, database: Session) -> None:
    """The confirmation says what it will do; afterwards the page says when and by whom, and a second try is refused."""
    address = f"/coordination/tours/{filled.round_id}"
    asked = text_of(coordinator.get(f"{address}/publication"))
    assert "66 élèves placés sur 86" in asked
    assert "ne s’annule pas" in asked
    assert coordinator.post(f"{address}/publication").status_code == 303
    said = text_of(coordinator.get(address))
    assert "Publié le" in said
    assert "par Compte de coordination" in said
    assert database.exec(select(Campaign.published_round_id)).one() == filled.round_id
    again = coordinator.post(f"{address}/publication", token_from=address)
    assert again.status_code == 409
    assert "déjà été publié" in text_of(again)
    assert coordinator.get(f"{address}/publication").status_code == 303


@pytest.mark.parametrize("who", ["email_school_a", "email_partner_a"])
def test_nobody_else_reaches_the_coordinator_s_pages(
    browser_for: Callable[[str], Browser], country: SmallCountry, filled: Filled, app: Flask, who: str
) -> None:
    """Every rule of the coordinator is as if absent for a school and a partner, and asks a visitor to sign in."""
    other, visitor = browser_for(getattr(country, who)), browser_for("")
    values = {
        "campaign_id": 1,
        "round_id": filled.round_id,
        "document": "instance",
        "table": "affectations",
        "kind": "csv",
    }
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in OWN]
        addresses = [
            (method, adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=method))
            for rule in rules
            for method in (rule.methods or set()) & {"GET", "POST"}
        ]
    assert len(addresses) >= 13
    for method, address in addresses:
        for browser, status, form in ((other, 404, "/accessibilite"), (visitor, 303, "/connexion")):
            answer = browser.get(address) if method == "GET" else browser.post(address, token_from=form)
            assert answer.status_code == status, (method, address)


OWN = frozenset({"coordinators", "rounds", "results"})
