"""Who comes: numbers only where the convention's data clause is not satisfied, pseudonyms and schools elsewhere."""

from __future__ import annotations

from datetime import date

from sqlalchemy import event
from sqlmodel import Session

from service.domain.conventions import get_convention, record_event
from service.domain.offers import expected_visitors
from service.vocabulary import ConventionEventKind
from tests.service.conftest import TODAY
from tests.service.small_field import ACTOR, make_field, partner_of, publish_placement


def test_numbers_only_without_the_addendum(session: Session) -> None:
    """OVHcloud learns how many come, when and where, and why it learns no more; no name is even read."""
    field = make_field(session)
    publish_placement(session, field.round, field.pupils[1], field.opening)
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    [row] = expected_visitors(session, partner_of(session, "ovhcloud"))
    assert (row.count, row.numbers_only, row.visitors) == (2, True, [])
    assert (row.commune, row.starts_on, row.ends_on) == ("Lyon", date(2027, 6, 14), date(2027, 6, 25))
    assert "article 7" in row.why_fr
    assert not any("display_name" in one for one in statements)


def test_pseudonyms_once_the_addendum_is_recorded(session: Session) -> None:
    """With opinion and addendum, the host reads pseudonyms and schools, never a name."""
    field = make_field(session)
    convention = get_convention(session, "ovhcloud")
    for kind in (ConventionEventKind.MINISTRY_OPINION, ConventionEventKind.DATA_PROTECTION_ADDENDUM):
        record_event(session, convention, kind, TODAY, "reçu", actor=ACTOR)
    [row] = expected_visitors(session, partner_of(session, "ovhcloud"))
    assert (row.numbers_only, row.why_fr) == (False, "")
    [visitor] = row.visitors
    assert (visitor.pseudonym, visitor.school_uai) == (field.pupils[0].pseudonym, field.school.uai)
    assert "Élève" not in str(row)


def test_only_published_placements_and_own_sites_show(session: Session) -> None:
    """A round that is only computed shows nobody, and another partner sees nothing."""
    field = make_field(session)
    assert expected_visitors(session, partner_of(session, "serce")) == []
    field.placement.published = False
    session.add(field.placement)
    session.flush()
    assert expected_visitors(session, partner_of(session, "ovhcloud")) == []
