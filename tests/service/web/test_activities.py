"""Discovery activities: a partner announces and counts, a school asks and withdraws, numbers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session, select

from service.domain.activities import staff_mobilised
from service.domain.conventions import get_convention
from service.persistence.engine import session_scope
from service.persistence.tables import ActivityRequest, DiscoveryActivity
from service.vocabulary import ActivityRequestStatus, ActivityStatus, Audience
from tests.service.web.conftest import Browser, Clock, text_of
from tests.service.web.small_country import SCHOOL_YEAR, SmallCountry, email_of

BrowserFor = Callable[..., Browser]
DAY = date(2026, 12, 3)
YEAR_OVER = date(2026, 6, 3)


@pytest.fixture
def stage() -> str:
    return "open"


def activity_form(**changes: Any) -> dict[str, Any]:
    good = {"kind": "company_visit", "title": "Une journée aux ateliers", "happens_on": DAY.isoformat(),
            "department_code": "69", "place": "12 quai du Port", "audience": ["4e", "3e"], "room": "30", "staff": "4",
            "convention_key": ""}  # fmt: skip
    return good | changes


@dataclass
class Scene:
    """A partner and a school of the same académie, each at its browser."""

    partner: Browser
    school: Browser
    country: SmallCountry

    @property
    def base(self) -> str:
        return f"/partenaires/{self.country.partner_a}/activites"

    @property
    def school_base(self) -> str:
        return f"/etablissements/{self.country.school_a}/activites"

    def announce(self, **changes: Any) -> str:
        """The address of the new activity's page."""
        answer = self.partner.post(f"{self.base}/nouvelle", activity_form(**changes))
        assert answer.status_code == 303, text_of(answer)
        return str(answer.location)

    def ask(self, address: str, pupils: str = "12") -> Any:
        number = address.rsplit("/", 1)[1]
        return self.school.post(f"{self.school_base}/{number}", {"pupils": pupils, "message": ""})

    def answer(self, address: str, asked: ActivityRequest, word: str) -> Any:
        form = {"answer": word, "version": str(asked.version)}
        return self.partner.post(f"{address}/demandes/{asked.id}", form, token_from=address)


@pytest.fixture
def scene(browser_for: BrowserFor, country: SmallCountry) -> Scene:
    return Scene(browser_for(country.email_partner_a), browser_for(country.email_school_a), country)


def test_from_announcement_to_figures(scene: Scene, database: Session, clock: Clock) -> None:
    """A visit is announced, a school of the académie asks, is accepted, and the day itself the people are counted."""
    address = scene.announce(happens_on=clock().date().isoformat())
    assert "Une journée aux ateliers" in text_of(scene.school.get(scene.school_base))
    assert scene.ask(address).status_code == 303
    asked = database.exec(select(ActivityRequest)).one()
    assert (asked.status, asked.pupils) == (ActivityRequestStatus.ASKED, 12)
    assert "1 demande attend votre réponse" in text_of(scene.partner.get(scene.base))
    assert scene.answer(address, asked, "accept").status_code == 303
    assert "30 élèves, il en reste 18" in text_of(scene.partner.get(address))
    form = {"staff": "3", "pupils_met": "11", "version": "2"}
    assert scene.partner.post(f"{address}/presents", form, token_from=address).status_code == 303
    database.rollback()
    held = database.exec(select(DiscoveryActivity)).one()
    assert (held.status, held.staff, held.pupils_met) == (ActivityStatus.HELD, 3, 11)


def test_nobody_is_counted_before_the_day(scene: Scene, database: Session) -> None:
    """Figures cannot be given ahead: the page says from when, and a form sent all the same is refused."""
    address = scene.announce()
    assert "Vous direz ici, dès le" in text_of(scene.partner.get(address))
    form = {"staff": "3", "pupils_met": "11", "version": "1"}
    refused = scene.partner.post(f"{address}/presents", form, token_from=address)
    assert refused.status_code == 422
    assert "L’activité a lieu le 3 décembre 2026" in text_of(refused)
    database.rollback()
    assert database.exec(select(DiscoveryActivity)).one().status is ActivityStatus.ANNOUNCED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "Donnez un intitulé"),
        ({"happens_on": YEAR_OVER.isoformat()}, "année scolaire passée"),
        ({"audience": []}, "Cochez au moins un niveau"),
        ({"department_code": "999"}, "Choisissez le département"),
        ({"room": "0"}, "de 1 à 5000"),
        ({"room": "5001"}, "de 1 à 5000"),
        ({"staff": "-1"}, "de 0 à 5000"),
        ({"staff": "trois"}, "n’est pas un nombre entier"),
        ({"convention_key": "ovhcloud"}, "Choisissez la convention dans la liste"),
        ({"audience": ["6e"]}, "choix"),
    ],
)
def test_what_cannot_be_announced(scene: Scene, database: Session, changes: dict[str, Any], said: str) -> None:
    """Each fault is said at its field, what was typed stays, and nothing is kept."""
    answer = scene.partner.post(f"{scene.base}/nouvelle", activity_form(**changes))
    assert answer.status_code == 422
    page = text_of(answer)
    assert said in page
    assert database.exec(select(DiscoveryActivity)).all() == []
    assert "12 quai du Port" in answer.get_data(as_text=True)


def test_room_is_never_promised_twice(scene: Scene, database: Session, app: Flask) -> None:
    """A school cannot ask for more than what is left, and a request that no longer fits cannot be accepted."""
    address = scene.announce(room="20")
    refused = scene.ask(address, "21")
    assert refused.status_code == 422
    assert "20 élèves" in text_of(refused)
    assert scene.ask(address, "15").status_code == 303
    first = database.exec(select(ActivityRequest)).one()
    scene.answer(address, first, "accept")
    database.rollback()
    first = database.exec(select(ActivityRequest)).one()
    scene.answer(address, first, "decline")
    activity = database.exec(select(DiscoveryActivity)).one()
    with session_scope(app.extensions["sequence_engine"], write=True) as session:
        accepted = ActivityRequestStatus.ACCEPTED
        session.add(ActivityRequest(activity_id=activity.id or 0, school_id=2, pupils=10, status=accepted))
    database.rollback()
    first = database.exec(select(ActivityRequest).where(ActivityRequest.school_id != 2)).one()
    again = scene.answer(address, first, "accept")
    assert again.status_code == 422
    assert "10 élèves seulement" in text_of(again)


def test_a_stale_answer_is_refused(scene: Scene, database: Session) -> None:
    """An answer given on a page that someone else has changed since says so and changes nothing."""
    address = scene.announce()
    scene.ask(address)
    asked = database.exec(select(ActivityRequest)).one()
    seen = ActivityRequest(**asked.model_dump() | {"version": asked.version + 5})
    answer = scene.answer(address, seen, "accept")
    assert answer.status_code == 422
    assert "Quelqu’un d’autre a modifié" in text_of(answer)
    database.rollback()
    assert database.exec(select(ActivityRequest)).one().status is ActivityRequestStatus.ASKED


def test_other_levels_and_other_academies_do_not_see_it(
    scene: Scene, browser_for: BrowserFor, country: SmallCountry
) -> None:
    """A lycée, and a school of another académie, see nothing and get the answer of a page that does not exist."""
    address = scene.announce(audience=[Audience.TERMINALE.value])
    number = address.rsplit("/", 1)[1]
    assert "Aucune activité à venir" in text_of(scene.school.get(scene.school_base))
    assert scene.school.get(f"{scene.school_base}/{number}").status_code == 404
    paris = browser_for(country.email_school_b)
    assert paris.get(f"/etablissements/{country.school_b}/activites/{number}").status_code == 404


def test_a_school_withdraws_and_asks_again(scene: Scene, database: Session) -> None:
    """What was withdrawn frees its room and may be asked again; asking twice is refused."""
    address = scene.announce()
    number = address.rsplit("/", 1)[1]
    scene.ask(address)
    assert scene.school.get(f"{scene.school_base}/{number}").status_code == 200
    page = f"{scene.school_base}/{number}"
    assert scene.school.post(f"{page}/retrait", {}, token_from=page).status_code == 303
    database.rollback()
    assert database.exec(select(ActivityRequest)).one().status is ActivityRequestStatus.WITHDRAWN
    assert scene.ask(address, "5").status_code == 303
    database.rollback()
    again = database.exec(select(ActivityRequest)).one()
    assert (again.status, again.pupils) == (ActivityRequestStatus.ASKED, 5)


def test_a_cancelled_activity_stays_told(scene: Scene, database: Session) -> None:
    """Cancelled, it can no longer be asked, and the school that had asked sees why."""
    address = scene.announce()
    scene.ask(address)
    cancelled = scene.partner.post(f"{address}/annulation", {"version": "1"}, token_from=address)
    assert cancelled.status_code == 303
    assert "Annulée" in text_of(scene.school.get(scene.school_base))
    number = address.rsplit("/", 1)[1]
    assert "n’est plus ouverte aux demandes" in text_of(scene.school.get(f"{scene.school_base}/{number}"))


def test_employees_count_for_the_convention(browser_for: BrowserFor, database: Session) -> None:
    """What a partner announces and holds under its convention is what the convention's page counts; the rest is not."""
    convention = get_convention(database, "ovhcloud")
    browser = browser_for(email_of("ovhcloud"))
    base = f"/partenaires/{convention.partner_id}/activites/nouvelle"
    for key, staff in (("ovhcloud", "6"), ("ovhcloud", "3"), ("", "50")):
        answer = browser.post(base, activity_form(convention_key=key, staff=staff))
        assert answer.status_code == 303, text_of(answer)
    database.rollback()
    count = staff_mobilised(database, convention, SCHOOL_YEAR)
    assert (count.announced, count.held) == (9, 0)
    assert "9 de plus annoncés" in text_of(browser.get("/conventions/ovhcloud"))
