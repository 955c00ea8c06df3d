"""From confirmation to July, no page asks the database more often for a thousand stays than for ten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import event
from sqlmodel import Session, col, select

from service.domain.agreement_templates import template_for
from service.domain.conventions import get_convention
from service.persistence.bulk import insert_rows
from service.persistence.engine import session_scope
from service.persistence.tables import (
    Agreement,
    AgreementStay,
    ClassGroup,
    Confirmation,
    Offer,
    Opening,
    Placement,
    Pupil,
    School,
)
from service.vocabulary import AgreementState, ConfirmationState, Level
from tests.service.web.conftest import Browser, Clock
from tests.service.web.filled_country import TODAY
from tests.service.web.small_country import SmallCountry, email_of
from tests.service.web.test_july import LILLE, july  # noqa: F401

BrowserFor = Callable[[str], Browser]


@pytest.fixture
def stage() -> str:
    return "published"


def add_stays(session: Session, first: int, count: int, at: datetime) -> None:
    """So many confirmed stays more of Lille's class under OVHcloud, each with its placement and its agreement."""
    school = session.exec(select(School).where(School.uai == LILLE)).one()
    group = session.exec(select(ClassGroup.id).where(ClassGroup.school_id == school.id)).one()
    key = get_convention(session, "ovhcloud").id
    opening = session.exec(
        select(Opening).join(Offer, col(Offer.id) == col(Opening.offer_id)).where(Offer.convention_id == key)
    ).one()
    template = template_for(session, Level.TROISIEME, TODAY).id
    numbers = range(first, first + count)
    named = {"class_id": group, "needs": []}
    insert_rows(session, Pupil, [{"pseudonym": f"N{n:09d}", "display_name": f"Élève {n}", **named} for n in numbers])
    pupils = session.exec(select(Pupil.id).where(col(Pupil.pseudonym).in_([f"N{n:09d}" for n in numbers]))).all()
    one = session.exec(select(Placement).where(Placement.opening_id == opening.id)).first()
    assert one is not None
    place = one.model_dump(exclude={"id", "pupil_id"})
    insert_rows(session, Placement, [{"pupil_id": pupil, **place} for pupil in pupils])
    said = {"state": ConfirmationState.CONFIRMED, "asked_at": at, "school_at": at, "host_at": at, "answer_by": TODAY,
            "school_by": "", "host_by": "", "opening_id": opening.id}  # fmt: skip
    insert_rows(session, Confirmation, [{"pupil_id": pupil, **said} for pupil in pupils])
    for stay in session.exec(select(Confirmation.id).where(col(Confirmation.pupil_id).in_(pupils))).all():
        agreement = Agreement(
            opening_id=opening.id or 0, school_id=school.id or 0, template_id=template or 0, state=AgreementState.DRAFT
        )
        session.add(agreement)
        session.flush()
        session.add(AgreementStay(agreement_id=agreement.id or 0, confirmation_id=stay or 0))


@pytest.mark.usefixtures("july")
def test_pages_do_not_ask_more_often_for_a_thousand_stays(
    app: Flask, browser_for: BrowserFor, country: SmallCountry, clock: Clock
) -> None:
    """School, partner, coordinator: stays, presences, agreements, figures, ledger and its rows, minutes, the trail."""
    engine, statements = app.extensions["sequence_engine"], list[str]()
    with session_scope(engine) as session:
        partner = get_convention(session, "ovhcloud").partner_id
        add_stays(session, 0, 10, clock.instant)
    school, host = f"/etablissements/{LILLE}", f"/partenaires/{partner}"
    theirs = {
        "lille@college.example": [f"{school}/{page}" for page in ("stages", "presences", "conventions-de-stage",
                                                                  "conventions-de-stage/envoi", "chiffres")],
        email_of("ovhcloud"): [f"{host}/{page}" for page in ("", "stages", "presences", "conventions-de-stage",
                                                             "chiffres", "listes/sites.xlsx", "listes/offres.xlsx",
                                                             "listes/eleves-attendus.xlsx")],
        country.email_coordinator: ["/coordination/remontee", "/coordination/remontee.xlsx", "/comite",
                                    "/coordination/journal", "/coordination/conservation", "/conventions/ovhcloud",
                                    "/conventions/ovhcloud/registre.xlsx", "/conventions/ovhcloud/vie",
                                    "/coordination/stages"],
    }  # fmt: skip
    people = {email: browser_for(email) for email in theirs}
    assert people[country.email_coordinator].post("/coordination/remontee").status_code == 303
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: statements.append(statement))

    def asked(email: str, page: str) -> int:
        statements.clear()
        assert people[email].get(page).status_code == 200, page
        return len(statements)

    def counts() -> dict[str, int]:
        return {page: asked(email, page) for email, pages in theirs.items() for page in pages}

    assert asked(country.email_coordinator, "/coordination/remontee"), "what is said once after a form is said"
    few = counts()
    with session_scope(engine) as session:
        add_stays(session, 10, 990, clock.instant)
    assert counts() == few
