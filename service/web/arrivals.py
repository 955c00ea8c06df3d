"""Coming in by a link received by mail: accepting an invitation, or finding one's way back in.

A link that is only read has no effect, since mail programs follow links too: the page asks, its button acts. Refuses
to say whether an address has an account.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from service.domain.access_links import ask_for_access, read_access, use_access
from service.domain.accounts import PASSWORD_MINIMUM, find_user_by_email
from service.domain.invitations import accept_invitation, read_invitation
from service.errors import ServiceError
from service.persistence.tables import User
from service.web.access import public
from service.web.accounts import LONGEST, browser_session
from service.web.context import db, now
from service.web.forms import Form, show
from service.web.proxies import client_address
from service.web.sessions import open_for

blueprint = Blueprint("arrivals", __name__)
HINT = f"Au moins {PASSWORD_MINIMUM} caractères. Une phrase convient très bien."


class AddressForm(Form):
    email = EmailField(
        "Adresse électronique",
        [InputRequired("Indiquez l’adresse de votre compte."), Length(max=LONGEST)],
    )


class InvitationForm(Form):
    name = StringField(
        "Votre nom", [InputRequired("Indiquez votre nom."), Length(max=120, message="120 caractères au plus.")]
    )
    password = PasswordField("Mot de passe", [InputRequired("Choisissez un mot de passe."), Length(max=LONGEST)])


class PasswordForm(Form):
    password = PasswordField(
        "Nouveau mot de passe", [InputRequired("Choisissez un mot de passe."), Length(max=LONGEST)]
    )


@blueprint.get("/acces")
@public
def ask() -> Any:
    return show("accounts/ask_access.html", AddressForm(), asked=False)


@blueprint.post("/acces")
@public
def ask_submit() -> Any:
    form = AddressForm()
    if not form.validate():
        return show("accounts/ask_access.html", form, asked=False)
    ask_for_access(db(), form.email.data, client_address(), now())
    return show("accounts/ask_access.html", form, asked=True)


@blueprint.get("/acces/<token>")
@public
def enter(token: str) -> Any:
    return _show_access(token, PasswordForm())


@blueprint.post("/acces/<token>")
@public
def enter_submit(token: str) -> Any:
    form = PasswordForm()
    keeps_password = "enter" in request.form
    if not keeps_password and not form.validate():
        return _show_access(token, form)
    try:
        user = use_access(db(), token, None if keeps_password else form.password.data, now())
    except ServiceError as refusal:
        if refusal.field:
            form.refuse(refusal)
            return _show_access(token, form)
        raise
    _open_session(user)
    if not keeps_password:
        flash("Votre nouveau mot de passe est enregistré\u00a0; vos autres sessions sont fermées.")
    return redirect(url_for("accounts.spaces"), 303)


def _show_access(token: str, form: PasswordForm) -> Response:
    _, user = read_access(db(), token, now())
    form.password.data = ""
    return show("accounts/access.html", form, email=user.email, hint=HINT)


@blueprint.get("/invitation/<token>")
@public
def invitation(token: str) -> Any:
    return _show_invitation(token, InvitationForm())


@blueprint.post("/invitation/<token>")
@public
def accept(token: str) -> Any:
    _, found, _ = read_invitation(db(), token, now())
    form = InvitationForm()
    if find_user_by_email(db(), found.email) is None and not form.validate():
        return _show_invitation(token, form)
    try:
        user, is_new = accept_invitation(db(), token, form.name.data or "", form.password.data or "", now())
    except ServiceError as refusal:
        if refusal.field:
            form.refuse(refusal)
            return _show_invitation(token, form)
        raise
    if not is_new:
        return redirect(url_for("accounts.sign_in", raison="invitation"), 303)
    _open_session(user)
    flash("Votre compte est ouvert.")
    return redirect(url_for("accounts.spaces"), 303)


def _show_invitation(token: str, form: InvitationForm) -> Response:
    _, found, space = read_invitation(db(), token, now())
    has_account = find_user_by_email(db(), found.email) is not None
    form.password.data = ""
    return show("accounts/invitation.html", form, email=found.email, space=space, has_account=has_account, hint=HINT)


def _open_session(user: User) -> None:
    """In the unit of work that spends the link: both or neither."""
    open_for(browser_session(), db(), user)
