"""Who may open what: every rule of the site, every kind of person, one table of expected answers.

Someone else's page and a page that does not exist give the same answer, to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from service.vocabulary import Role
from service.web.access import routes_without_access
from tests.service.web.conftest import ORIGIN, Browser, text_of
from tests.service.web.small_country import SmallCountry

BrowserFor = Callable[..., Browser]


@pytest.fixture
def stage() -> str:
    return "open"


PEOPLE = ("visitor", "school_a", "school_b", "partner_a", "partner_b", "member_a", "coordinator")


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


def values_for(rule: Rule, country: SmallCountry) -> dict[str, Any]:
    """Arguments that point inside school A and partner A; deeper objects do not exist."""
    scope: dict[str, Any] = {"uai": country.school_a, "partner_id": country.partner_a}
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
