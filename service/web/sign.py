"""Signing an agreement from a message, without an account: the document is read, then signed by a button, once.

Refuses to know who a person is: whoever holds the link signs for the party it names.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from service.domain.agreement_papers import papers_of
from service.domain.signatures import read_signature_link, sign_by_link
from service.errors import ServiceError
from service.persistence.rows import row_id
from service.web.access import public
from service.web.agreement_words import LABELS, document_answer
from service.web.context import db, now
from service.web.forms import Form, show

blueprint = Blueprint("sign", __name__, url_prefix="/signature")


@blueprint.get("/<token>")
@public
def ask(token: str) -> Any:
    return _show(token, Form())


@blueprint.get("/<token>/document.pdf")
@public
def document(token: str) -> Response:
    return document_answer(read_signature_link(db(), token, now()).agreement)


@blueprint.post("/<token>")
@public
def answer(token: str) -> Any:
    form = Form()
    try:
        if request.form.get("read") != "yes":
            raise ServiceError("not_read", "Cochez la case qui dit que vous avez lu le document.", "read")
        asked = read_signature_link(db(), token, now())
        sign_by_link(db(), asked, request.form.get("signer", ""), request.form.get("sha256", ""), now())
    except ServiceError as refusal:
        form.refuse_or_raise(refusal)
        return _show(token, form)
    return render_template("public/signed.html", asked=asked, **LABELS)


def _show(token: str, form: Form) -> Response:
    asked = read_signature_link(db(), token, now())
    key = row_id(asked.agreement)
    return show(
        "public/sign.html",
        form,
        200,
        asked=asked,
        token=token,
        paper=papers_of(db(), [key])[key],
        typed=request.form.get("signer", ""),
        **LABELS,
    )
