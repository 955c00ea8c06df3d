"""A place stands where its people say, when that can be, and trips are measured from there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from fixtures import readers
from service.domain.agreement_preparation import prepare_agreements
from service.domain.bridge import freeze, trip_between
from service.domain.points import Point, centre_of, own_point, read_point, settle, towns_around
from service.domain.request_states import submit_request
from service.domain.requests import create_request
from service.domain.sites import SiteDraft, correct_site
from service.domain.territories import get_commune, load_reference
from service.errors import ServiceError
from service.persistence.engine import session_scope
from service.persistence.tables import Site
from service.vocabulary import Need
from solver.geography import position
from solver.pins import diagnose_pins
from tests.service.agreement_field import agreements, confirmed_field
from tests.service.conftest import TODAY
from tests.service.small_field import (
    ACTOR,
    LYON,
    make_campaign,
    make_field,
    make_offer,
    make_school,
    make_site,
    seconde_draft,
)

PARIS_POINT = Point(48.8566, 2.3522)


@pytest.mark.parametrize(
    ("text", "longitude"),
    [
        ("48.8566, 2.3522", ""),
        ("48.8566,2.3522", ""),
        ("(48.8566°, 2.3522°)", ""),
        ("48.8566 2.3522", ""),
        ("48.8566/2.3522", ""),
        ("48,8566 ; 2,3522", ""),
        ("48,8566, 2,3522", ""),
        ("\u00a048,8566\u00a02,3522", ""),
        ("48.8566", "2.3522"),
        ("48,8566", "+2,3522"),
    ],
)
def test_a_point_is_read_as_maps_and_spreadsheets_write_it(text: str, longitude: str) -> None:
    """A pair pasted in one field, or one number in each column, with a point or a comma."""
    assert read_point(text, longitude) == PARIS_POINT


def test_a_point_written_is_read_again() -> None:
    """South and west too; nothing typed is no point."""
    for point in (Point(-20.88231, 55.4504), Point(14.61, -61.075), Point(42.1, 8.95)):
        assert read_point(str(point)) == point
    assert read_point(" ", "") is None


@pytest.mark.parametrize(
    ("text", "longitude"),
    [("rue Neuve", ""), ("48", ""), ("48,85", ""), ("", "2.35"), ("91.5, 2.35", ""), ("48.85, 2.35", "2.35"),
     ("nan, nan", ""), ("48.8566, 2.3522, 12.5", ""), ("٤٨.٨, ٢.٣", "")],
)  # fmt: skip
def test_what_is_no_point_is_refused(text: str, longitude: str) -> None:
    """Words, one number alone, too many, degrees beyond the poles, digits of another script."""
    with pytest.raises(ServiceError, match="ne se lit pas comme un point"):
        read_point(text, longitude)


def test_a_point_stands_within_reason_of_its_commune(session: Session) -> None:
    """Near, as it is; farther than 15 km, said; farther than 60 km or in another département, refused."""
    lyon = get_commune(session, LYON)
    assert settle(session, lyon, None) == (centre_of(lyon), [])
    near = Point(45.7597, 4.8422)
    assert settle(session, lyon, near) == (near, [])
    assert own_point(near, lyon) == near
    assert own_point(centre_of(lyon), lyon) is None
    doubtful = Point(45.93, 4.72)
    place, warnings = settle(session, lyon, doubtful)
    assert place == doubtful
    assert "du centre de Lyon (69). Vérifiez" in warnings[0]
    for wrong, said in ((PARIS_POINT, "Corrigez les coordonnées"), (Point(4.8422, 45.7597), "semblent inversées")):
        with pytest.raises(ServiceError, match=said):
            settle(session, lyon, wrong)


@pytest.fixture
def wide_session(sqlite_engine: Engine) -> Iterator[Session]:
    """Every commune of some départements, overseas and Corsican ones among them."""
    wanted = [one for one in readers.read_communes() if one.department in ("69", "38", "2A", "2B", "974", "973", "972")]
    with session_scope(sqlite_engine) as session:
        load_reference(session, wanted)
        yield session


def test_a_point_in_another_departement_is_refused(wide_session: Session) -> None:
    """Bourgoin-Jallieu is not in the Rhône; Corte is not in Corse-du-Sud."""
    for insee, there, near in (("69123", Point(45.5860, 5.2740), "38"), ("2A004", Point(42.30, 9.12), "2B")):
        with pytest.raises(ServiceError, match=f"Il est près de .* \\({near}\\)"):
            settle(wide_session, get_commune(wide_session, insee), there)


def test_overseas_and_corsican_points_are_taken(wide_session: Session) -> None:
    """Wide communes, seas and negative degrees make no point wrong: Saint-Denis, Roura, Ajaccio, Fort-de-France."""
    for insee, there in (
        ("97411", Point(-21.05, 55.53)),
        ("97310", Point(4.57, -52.47)),
        ("2A004", Point(41.92, 8.95)),
        ("97209", Point(14.70, -61.15)),
    ):
        place, warnings = settle(wide_session, get_commune(wide_session, insee), there)
        assert place == there
        assert all("Vérifiez" in one for one in warnings)
        assert towns_around(wide_session, there, 60)


def test_trips_are_measured_from_the_point(session: Session) -> None:
    """A round freezes the point of the school and of the site, not the centre of their commune."""
    school, campaign, site = make_school(session), make_campaign(session), make_site(session)
    request = create_request(session, campaign, school, seconde_draft(), ACTOR)
    submit_request(session, request, ACTOR, TODAY)
    make_offer(session, site)
    there = Point(45.7, 4.95)
    correct_site(session, site, SiteDraft(name=site.name, insee=site.insee, point=there), ACTOR)
    instance = freeze(session, campaign, TODAY)
    assert instance.offers[0].position == position(*there)
    assert trip_between((school.latitude, school.longitude), there) > 9_000


def test_a_place_given_stands_when_its_host_moves_on_the_map(session: Session) -> None:
    """A point corrected beyond the distance a class accepts leaves the next round possible and its pupil there."""
    field = make_field(session)
    field.request.reach_km = 10
    submit_request(session, field.request, ACTOR, TODAY)
    before = freeze(session, field.campaign, TODAY)
    site = session.get_one(Site, field.offer.site_id)
    correct_site(session, site, SiteDraft(name=site.name, insee=site.insee, point=Point(45.93, 4.72)), ACTOR)
    after = freeze(session, field.campaign, TODAY)
    assert [one.pseudonym for one in field.pupils[:1]] == [pin.group for pin in after.pins]
    assert diagnose_pins(after) == ""
    reaches = {one.id: one.reach_m for one in after.groups}
    assert reaches.pop(field.pupils[0].pseudonym) > 15_000
    assert set(reaches.values()) == {10_000}, "who has no place yet keeps what the class asked"
    assert {one.reach_m for one in before.groups} == {10_000}


def test_what_a_site_offers_stays_while_pupils_are_sent_there(session: Session) -> None:
    """A need withdrawn would leave the next round without an answer: it is refused, added ones are not."""
    field = make_field(session)
    site = session.get_one(Site, field.offer.site_id)
    both = SiteDraft(name=site.name, insee=site.insee, serves=(Need.QUIET_PLACE, Need.STEP_FREE_ACCESS))
    correct_site(session, site, both, ACTOR)
    with pytest.raises(ServiceError, match="lieu calme"):
        correct_site(session, site, both.model_copy(update={"serves": (Need.STEP_FREE_ACCESS,)}), ACTOR)
    field.placement.published = False
    session.add(field.placement)
    correct_site(session, site, both.model_copy(update={"serves": ()}), ACTOR)
    assert site.serves == []


def test_agreements_start_from_the_tutor_of_the_site(session: Session) -> None:
    """Who usually accompanies pupils there is not typed again for each agreement."""
    field = confirmed_field(session)
    site = session.get_one(Site, field.offer.site_id)
    said = SiteDraft(name=site.name, insee=site.insee, tutor_name="Camille Exemple", tutor_email="c@hote.example")
    correct_site(session, site, said, ACTOR)
    prepare_agreements(session, field.school, False, ACTOR, TODAY)
    assert [(one.tutor_name, one.tutor_email) for one in agreements(session)] == [("Camille Exemple", "c@hote.example")]
