"""The outbox on screen: what waits, what left, what was given up and why; in development, what each message says.

Responsible for showing lines and for starting a given-up one again. Refuses to show the text of a message in
production: it may hold a link that opens someone's space.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlmodel import col, select
from werkzeug.wrappers import Response

from service.documents.messages import compose
from service.domain.letters import SITE
from service.domain.outbox import ClaimedMail, count_by_status, try_again
from service.errors import NotFound
from service.persistence.rows import row_id
from service.persistence.tables import OutboxLine
from service.vocabulary import MAIL_STATUS_LABELS, MailStatus, Role
from service.web.access import allowed, signed_in_person
from service.web.context import db, settings
from service.web.paging import cut

blueprint = Blueprint("mails", __name__, url_prefix="/coordination/courrier")
coordination = allowed(Role.NATIONAL_COORDINATOR)


@blueprint.get("")
@coordination
def index() -> Any:
    status = request.args.get("etat", "")
    query = select(OutboxLine.id).order_by(col(OutboxLine.id).desc())
    if status in set(MailStatus):
        query = query.where(OutboxLine.status == MailStatus(status))
    page = cut(db().exec(query).all(), request.args)
    lines = db().exec(select(OutboxLine).where(col(OutboxLine.id).in_(page.rows)).order_by(col(OutboxLine.id).desc()))
    return render_template(
        "coordinators/mails.html",
        lines=lines.all(),
        page=page,
        status=status,
        counts=count_by_status(db()),
        has_server=bool(settings().smtp_host),
        shows_text=not settings().production,
        status_labels=MAIL_STATUS_LABELS,
    )


@blueprint.post("/<int:line_id>/relance")
@coordination
def send_again(line_id: int) -> Response:
    try_again(db(), line_id, signed_in_person().actor)
    flash("Le message repart\u00a0: il sera envoyé dans la minute.")
    return redirect(url_for(".index"), 303)


@blueprint.get("/<int:line_id>")
@coordination
def preview(line_id: int) -> Any:
    line = _previewed(line_id)
    return render_template(
        "coordinators/mail.html",
        line=line,
        body=line.body.replace(SITE, settings().site_address),
        status_labels=MAIL_STATUS_LABELS,
    )


@blueprint.get("/<int:line_id>/message.eml")
@coordination
def message(line_id: int) -> Response:
    """The message as it travels, both alternatives included: any mail program opens it."""
    line = _previewed(line_id)
    mail = ClaimedMail(row_id(line), line.token, line.attempts, line.recipient, line.subject, line.body, line.html)
    answer = make_response(compose(settings(), mail).as_bytes())
    answer.headers["Content-Type"] = "message/rfc822"
    answer.headers["Content-Disposition"] = f'attachment; filename="message-{line_id}.eml"'
    return answer


def _previewed(line_id: int) -> OutboxLine:
    """A line whose text may be read here: in development only, and until it is sent."""
    line = db().get(OutboxLine, line_id)
    if settings().production or line is None or line.status is MailStatus.SENT:
        raise NotFound
    return line
