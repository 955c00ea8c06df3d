"""Signing in and out. Says the same thing, at the same cost, whether the account exists or not."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from service.domain import sign_in as signing
from service.persistence.engine import session_scope
from service.persistence.tables import Partner, School
from service.vocabulary import Role
from service.web.access import Person, allowed, current_person, public, signed_in_person, stays_here
from service.web.context import db, engine, now
from service.web.forms import Form, show
from service.web.frame import territory
from service.web.proxies import client_address
from service.web.sessions import BrowserSession, close, open_for

blueprint = Blueprint("accounts", __name__)
LONGEST = 200
NEWS = {
    "deconnexion": "Vous êtes déconnecté.",
    "effacement": "Votre compte est effacé.",
    "invitation": "Votre accès est ajouté. Connectez-vous pour ouvrir cet espace.",
}
"""What has just happened, told on the sign-in page: a visitor's session keeps nothing."""


class SignInForm(Form):
    email = EmailField(
        "Adresse électronique",
        [InputRequired("Indiquez votre adresse électronique."), Length(max=LONGEST)],
    )
    password = PasswordField("Mot de passe", [InputRequired("Indiquez votre mot de passe."), Length(max=LONGEST)])


def browser_session() -> BrowserSession:
    return cast(BrowserSession, session._get_current_object())  # type: ignore[attr-defined]


@blueprint.get("/connexion")
@public
def sign_in() -> Any:
    if current_person() is not None:
        return redirect(url_for("accounts.spaces"), 303)
    return show("accounts/sign_in.html", SignInForm(), news=NEWS.get(request.args.get("raison", ""), ""))


@blueprint.post("/connexion")
@public
def sign_in_submit() -> Any:
    form = SignInForm()
    if not form.validate() or not _enter(form):
        form.password.data = ""
        return show("accounts/sign_in.html", form, news="")
    target = request.args.get("next", "")
    return redirect(target if stays_here(target) else url_for("accounts.spaces"), 303)


def _enter(form: SignInForm) -> bool:
    """Three steps, because the hash is slow and must not hold the database's only writer."""
    with session_scope(engine()) as counting:
        attempt = signing.begin_attempt(counting, form.email.data, client_address(), now())
    if not signing.matches(attempt, form.password.data):
        form.refuse(signing.refusal())
        return False
    with session_scope(engine()) as opening:
        open_for(browser_session(), opening, signing.complete_attempt(opening, attempt, client_address()))
    return True


@blueprint.post("/deconnexion")
@public
def sign_out() -> Response:
    close(browser_session(), db())
    return redirect(url_for("accounts.sign_in", raison="deconnexion"), 303)


@blueprint.get("/mes-espaces")
@allowed(*Role)
def spaces() -> Any:
    """Where a person goes after sign-in: straight to their only space, or to the list of them."""
    links = links_to_spaces(signed_in_person())
    if len(links) == 1:
        return redirect(links[0][1], 303)
    return render_template("accounts/spaces.html", links=links)


def links_to_spaces(person: Person) -> list[tuple[str, str]]:
    """(label, address) of everything the person may act on."""
    schools = [db().get_one(School, school_id) for school_id in sorted(person.school_ids)]
    partners = [
        db().get_one(Partner, partner_id) for partner_id in sorted({*person.partner_ids, *person.partner_parts})
    ]
    links = [(school.name, url_for("schools.board", uai=school.uai)) for school in schools]
    links += [(partner.name, url_for("partners.home", partner_id=partner.id)) for partner in partners]
    if person.is_coordinator:
        links.append(("Coordination nationale", url_for("coordinators.cockpit")))
    elif person.territories:
        links.append((f"Coordination\u00a0: {territory()}", url_for("coordinators.cockpit")))
    if person.is_committee_member:
        links.append(("Comité de pilotage", url_for("committee.index")))
    return links
