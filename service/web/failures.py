"""Refusals and faults as pages: what happened, and what to do next, in French and without a trace of the code."""

from __future__ import annotations

from flask import Flask, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from service.domain.links import LinkRefused
from service.errors import Conflict, NotFound, ServiceError
from service.web.context import abandon_unit

NOT_FOUND = NotFound().message
TITLES = {
    400: "Action refusée",
    404: "Page introuvable",
    405: "Action impossible",
    410: "Ce lien ne fonctionne pas",
    409: "Quelqu’un est passé avant vous",
    413: "Envoi trop volumineux",
    500: "Une panne de notre côté",
    503: "Service momentanément indisponible",
}
SENTENCES = {
    400: "La demande n’a pas été comprise\u00a0: rien n’a été enregistré. Revenez à la page précédente et recommencez.",
    404: NOT_FOUND,
    405: "Cette adresse ne s’ouvre pas de cette façon. Revenez à la page précédente et utilisez ses boutons.",
    413: "Le texte ou le fichier envoyé dépasse 2\u00a0Mo. Envoyez-le en plusieurs fois.",
    500: "Rien n’a été enregistré. La panne est consignée\u00a0; recommencez dans quelques minutes.",
    503: "La base de données ne répond pas\u00a0: rien n’a été enregistré. Recommencez dans quelques minutes.",
}
FORM_EXPIRED = (
    "Ce formulaire a été ouvert avant votre dernière connexion ou déconnexion\u00a0: rien n’a été enregistré. "
    "Rouvrez la page et recommencez."
)


def page(status: int, sentence: str = "") -> tuple[str, int]:
    abandon_unit()
    known = status if status in TITLES else 400
    return (
        render_template("failure.html", title=TITLES[known], sentence=sentence or SENTENCES.get(known, "")),
        status,
    )


def status_of(refusal: ServiceError) -> int:
    if isinstance(refusal, NotFound):
        return 404
    if isinstance(refusal, LinkRefused):
        return 410
    return 409 if isinstance(refusal, Conflict) else 400


def install(app: Flask) -> None:
    @app.errorhandler(ServiceError)
    def refused(refusal: ServiceError) -> tuple[str, int]:
        return page(status_of(refusal), refusal.message)

    @app.errorhandler(CSRFError)
    def form_expired(_: CSRFError) -> tuple[str, int]:
        return page(400, FORM_EXPIRED)

    @app.errorhandler(HTTPException)
    def http_failure(failure: HTTPException) -> tuple[str, int]:
        return page(failure.code or 500)

    @app.errorhandler(OperationalError)
    def database_away(failure: DBAPIError) -> tuple[str, int]:
        app.logger.error("database unavailable: %s", type(failure.orig).__name__)
        return page(503)

    @app.errorhandler(Exception)
    def fault(failure: Exception) -> tuple[str, int]:
        # the values of a failed statement may hold a name: only where it happened is logged
        app.logger.error("unexpected failure: %s", type(failure).__name__, exc_info=_without_values(failure))
        return page(500)


def _without_values(failure: Exception) -> Exception:
    if isinstance(failure, DBAPIError):
        failure.hide_parameters = True
    return failure
