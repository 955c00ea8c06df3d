"""Who may open what: every rule of the site, every kind of person, one table of expected answers.

Someone else's page and a page that does not exist give the same answer, to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from service.domain.accounts import create_user, grant
from service.domain.campaigns import open_campaign
from service.persistence.engine import session_scope
from service.vocabulary import Level, Role
from service.web.access import Hold, routes_without_access
from tests.service.web.conftest import ORIGIN, Browser, text_of
from tests.service.web.small_country import ACTOR, PASSWORD, SCHOOL_YEAR, SmallCountry

BrowserFor = Callable[..., Browser]


@pytest.fixture
def stage() -> str:
    return "open"


PEOPLE = ("visitor", "school_a", "school_b", "partner_a", "partner_b", "member_a", "coordinator")
COORDINATORS = {
    "region_84": Role.REGION_COORDINATOR,
    "academy_10": Role.ACADEMY_COORDINATOR,
    "department_69": Role.DEPARTMENT_COORDINATOR,
    "academy_01": Role.ACADEMY_COORDINATOR,
    "lapsed_10": Role.ACADEMY_COORDINATOR,
}
"""Those of Lyon's territories, where school A is, of Paris, and one of Lyon whose school year is over."""


@pytest.fixture
def lyon(app: Flask) -> int:
    """The campaign of Lyon's académie, and a coordinator for each territory."""
    with app.app_context(), session_scope(app.extensions["sequence_engine"]) as session:
        for name, role in COORDINATORS.items():
            user = create_user(session, f"{name}@coordination.example", name, PASSWORD, ACTOR)
            kind, _, code = name.partition("_")
            lapsed = kind == "lapsed"
            territory = f"{'academy' if lapsed else kind}:{code}"
            year = "2025-2026" if lapsed else SCHOOL_YEAR
            grant(session, user, role, ACTOR, territory=territory, school_year=year)
        made = open_campaign(
            session,
            "Campagne de Lyon",
            SCHOOL_YEAR,
            [Level.TROISIEME],
            date(2027, 1, 31),
            actor=ACTOR,
            today=date(2026, 11, 23),
            territory="academy:10",
        )
        return made.id or 0


def test_every_route_says_who_may_open_it(app: Flask) -> None:
    """No page goes without its decision: a forgotten decorator is found here."""
    assert routes_without_access(app) == []


def rules_of(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.endswith("static"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def access_of(app: Flask, rule: Rule) -> Any:
    """`public`, or the roles that the rule names."""
    view: Any = app.view_functions[rule.endpoint]
    return view.access


def values_for(rule: Rule, country: SmallCountry, campaign_id: int = 1) -> dict[str, Any]:
    """Arguments that point inside school A, partner A and a campaign; deeper objects do not exist."""
    scope: dict[str, Any] = {
        "uai": country.school_a,
        "partner_id": country.partner_a,
        "campaign_id": campaign_id,
        "territory": "academy:10",
    }
    return {name: scope.get(name, 1 if name.endswith("_id") else "inconnu") for name in rule.arguments}


def may_enter(person: str, rule: Rule, access: Any, parts: bool) -> bool | None:
    """What the reviewed table says: True enters, False is told the page does not exist, None has to sign in."""
    if access == "public":
        return True
    if person == "visitor":
        return None
    if person == "member_a":
        # someone who has a part of partner A: only the rules that say so open, and those without a partner
        return Role.PARTNER_MANAGER in access and (parts or not rule.arguments & {"uai", "partner_id"})
    role = {"s": Role.SCHOOL_COORDINATOR, "p": Role.PARTNER_MANAGER, "c": Role.NATIONAL_COORDINATOR}[person[0]]
    if role not in access:
        return False
    return not (person.endswith("_b") and rule.arguments & {"uai", "partner_id"})


def may_coordinate(person: str, rule: Rule, access: Any, hold: Hold) -> bool:
    """The same table for the coordinators of a territory, and the campaign of Lyon's académie."""
    if access == "public":
        return True
    if COORDINATORS[person] not in access:
        return False
    if person == "academy_01":
        return not rule.arguments & {"uai", "campaign_id", "territory"}
    if "partner_id" in rule.arguments or ("territory" in rule.arguments and person == "department_69"):
        return False
    if "campaign_id" not in rule.arguments:
        return True
    return (
        person
        in {
            Hold.RUNS: ("academy_10",),
            Hold.WHOLE: ("academy_10", "region_84"),
            Hold.CUT: ("academy_10", "region_84", "department_69"),
        }[hold]
    )


@pytest.mark.parametrize("person", ["region_84", "academy_10", "department_69", "academy_01"])
def test_a_territory_opens_to_its_own_coordinators(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, lyon: int, person: str
) -> None:
    """Every rule × every method: an académie acts on its campaign, its région reads it, its département reads its own
    rows, another académie is told that nothing is there."""
    browser = browser_for(f"{person}@coordination.example")
    token, wrong, opened = browser.token("/"), [], 0
    for rule, method in sorted(rules_of(app), key=lambda one: one[0].endpoint == "accounts.sign_out"):
        view: Any = app.view_functions[rule.endpoint]
        with app.test_request_context():
            address = (rule.build(values_for(rule, country, lyon)) or ("", ""))[1]
        data = {"csrf_token": token} if method == "POST" else None
        answer = browser.client.open(address, method=method, data=data, headers={"Origin": ORIGIN})
        expected = may_coordinate(person, rule, view.access, getattr(view, "campaign", Hold.RUNS))
        found = rule.arguments <= {"uai", "partner_id", "campaign_id", "territory"}
        refused = answer.status_code in (404, 410)
        right = refused or answer.status_code in (200, 302, 303, 409, 422)
        if not right or (refused if expected and found else expected is False and not refused):
            wrong.append((method, address, answer.status_code, expected))
        opened += bool(expected and "campaign_id" in rule.arguments)
    assert wrong == []
    assert opened > 0 or person == "academy_01"


def test_a_right_ends_with_its_school_year(browser_for: BrowserFor, lyon: int) -> None:
    """A coordinator whose school year is over is told that nothing is there; one of this year reads the campaign."""
    now, over = browser_for("academy_10@coordination.example"), browser_for("lapsed_10@coordination.example")
    assert now.get(f"/coordination/campagnes/{lyon}").status_code == 200
    for address in ("/coordination", f"/coordination/campagnes/{lyon}", "/coordination/comptes"):
        assert over.get(address).status_code == 404


@pytest.mark.parametrize("person", PEOPLE)
def test_each_rule_opens_for_those_it_names_and_for_nobody_else(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, person: str
) -> None:
    """Every rule × every method, for a visitor, two schools, two partners, a member company and a coordinator."""
    browser = browser_for("" if person == "visitor" else getattr(country, f"email_{person}"))
    token = browser.token("/connexion") if person == "visitor" else browser.token("/")
    wrong = []
    with app.test_request_context():
        addresses = [
            (rule, method, access_of(app, rule), (rule.build(values_for(rule, country)) or ("", ""))[1])
            for rule, method in rules_of(app)
        ]
    assert len(addresses) > 15
    for rule, method, access, address in sorted(addresses, key=lambda one: one[0].endpoint == "accounts.sign_out"):
        data = {"csrf_token": token} if method == "POST" else None
        answer = browser.client.open(address, method=method, data=data, headers={"Origin": ORIGIN})
        expected = may_enter(person, rule, access, getattr(app.view_functions[rule.endpoint], "parts", False))
        if expected is None:
            right = answer.status_code == 303 and answer.location.startswith("/connexion")
        elif expected:
            # deeper objects do not exist here; everything else must really open
            found = rule.arguments <= {"uai", "partner_id"}
            refused = answer.status_code in (404, 410)
            right = answer.status_code in (200, 302, 303, 409, 422) or (refused and not found)
        else:
            right = answer.status_code == 404
        if not right:
            wrong.append((method, address, answer.status_code, expected))
    assert wrong == []


@pytest.mark.parametrize("kind", ["etablissements", "partenaires"])
def test_foreign_and_absent_are_the_same(browser_for: BrowserFor, country: SmallCountry, kind: str) -> None:
    """Asking for another's space and for one that does not exist gives the same bytes."""
    foreign, absent, email = {
        "etablissements": (country.school_b, "0000000A", country.email_school_a),
        "partenaires": (country.partner_b, 999_999, country.email_partner_a),
    }[kind]
    browser = browser_for(email)
    first, second = browser.get(f"/{kind}/{foreign}/"), browser.get(f"/{kind}/{absent}/")
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert first.status_code == 404
    assert "vous n’y avez pas accès" in text_of(first)
