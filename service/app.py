"""Where everything meets: `create_app` builds the web application from its settings, and nothing is built at import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from flask import Flask
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined

from service.config import Settings
from service.jobs.app import enqueue_round
from service.persistence.engine import make_engine
from service.web import (
    accounts,
    activities,
    adjustments,
    answers,
    arrivals,
    audit_trail,
    campaign_pages,
    ceilings,
    class_wishes,
    committee,
    context,
    convention_life,
    conventions,
    coordinators,
    explanations,
    failures,
    figure_links,
    findings,
    frame,
    french,
    headers,
    mails,
    members,
    offer_drafts,
    offers,
    partner_agreements,
    partner_lists,
    partners,
    people,
    personal_data,
    presences,
    public,
    pupil_imports,
    relays,
    repairs,
    reporting,
    result_lists,
    round_cuts,
    round_pages,
    scenarios,
    school_activities,
    school_agreements,
    school_profiles,
    school_requests,
    schools,
    shortfalls,
    sign,
    site_confirmations,
    site_corrections,
    site_imports,
    site_presences,
    sites,
    stay_counts,
    stays,
    targets,
    warm,
    wishes,
)
from service.web.sessions import DatabaseSessions

BLUEPRINTS = (
    public.blueprint,
    accounts.blueprint,
    arrivals.blueprint,
    answers.blueprint,
    site_confirmations.blueprint,
    site_presences.blueprint,
    figure_links.blueprint,
    stay_counts.blueprint,
    stays.blueprint,
    targets.blueprint,
    presences.blueprint,
    school_agreements.blueprint,
    partner_agreements.blueprint,
    sign.blueprint,
    schools.blueprint,
    explanations.blueprint,
    class_wishes.blueprint,
    wishes.blueprint,
    school_requests.blueprint,
    school_profiles.blueprint,
    pupil_imports.blueprint,
    partners.blueprint,
    sites.blueprint,
    partner_lists.blueprint,
    site_corrections.blueprint,
    site_imports.blueprint,
    offers.blueprint,
    members.blueprint,
    offer_drafts.blueprint,
    shortfalls.blueprint,
    activities.blueprint,
    school_activities.blueprint,
    coordinators.blueprint,
    campaign_pages.blueprint,
    round_pages.blueprint,
    result_lists.blueprint,
    repairs.blueprint,
    findings.blueprint,
    round_cuts.blueprint,
    adjustments.blueprint,
    scenarios.blueprint,
    conventions.blueprint,
    convention_life.blueprint,
    ceilings.blueprint,
    relays.blueprint,
    reporting.blueprint,
    committee.blueprint,
    mails.blueprint,
    people.blueprint,
    personal_data.blueprint,
    audit_trail.blueprint,
)
LARGEST_REQUEST = 2 * 2**20


def create_app(settings: Settings | None = None, *, clock: Callable[[], datetime] = context.system_clock) -> Flask:
    """The site. Without `settings`, they are read from the environment."""
    settings = settings or Settings()
    app = Flask("service.web", static_url_path="/static")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-sequence" if settings.cookies_are_secure else "sequence",
        SESSION_COOKIE_SECURE=settings.cookies_are_secure,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over lunch still sends: the token lives as long as the session
        WTF_CSRF_SSL_STRICT=False,  # service.web.headers checks where every action comes from, over HTTP too
        BOOTSTRAP_SERVE_LOCAL=True,
        BABEL_DEFAULT_LOCALE="fr",
        BABEL_DEFAULT_TIMEZONE="Europe/Paris",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["sequence_settings"] = settings
    app.extensions["sequence_engine"] = make_engine(settings)
    app.extensions["sequence_clock"] = clock
    # opened and closed at each launch: a page that launches nothing needs no queue
    app.extensions["sequence_enqueue"] = partial(enqueue_round, settings)
    app.session_interface = DatabaseSessions()
    Bootstrap5(app)
    Babel(app, locale_selector=lambda: "fr")
    headers.install(app, https=settings.cookies_are_secure)
    CSRFProtect(app)
    context.install(app)
    french.install(app)
    frame.install(app)
    failures.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def create_warm_app() -> Flask:
    """The site ready for its first visitor: what each process of the web server calls."""
    app = create_app()
    warm.warm(app)
    return app
