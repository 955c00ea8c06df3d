"""What a school's request must respect: a class of the right level, a plausible size, open periods, known wishes.

Reads only. The same rules serve a form and an import.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from service.domain.accepted_departments import check_departments
from service.domain.calendar import allows_two_hosts, check_periods, most_stays, period_label
from service.domain.gathering import Gathering, gathered
from service.domain.perimeters import area_of, contains, read_geography
from service.domain.schools import LEVELS_OF_SCHOOL
from service.domain.sites import check_needs
from service.domain.territories import sector_keys
from service.domain.texts import clean_text, french_list, french_number
from service.domain.together import MOST_WISHES
from service.errors import ServiceError
from service.persistence.tables import Campaign, Period, School
from service.vocabulary import LEVEL_LABELS, Level

MOST_PUPILS = 300
MOST_TOGETHER = 30
FARTHEST_KM = 300


class PupilDraft(BaseModel):
    """A pupil as the school writes it; without own wishes, the class's apply. `together` names who they stay with."""

    model_config = ConfigDict(frozen=True)

    display_name: str
    wishes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    together: str = ""


class RequestDraft(BaseModel):
    """A class's request as it is entered: a list of pupils, or only how many."""

    model_config = ConfigDict(frozen=True)

    class_name: str
    level: Level
    size: int = 0
    pupils: tuple[PupilDraft, ...] = ()
    wishes: tuple[str, ...] = ()
    period_ids: tuple[str, ...] = ()
    reach_km: int | None = None
    departments: tuple[str, ...] = ()
    two_hosts: bool = False
    every_period: bool = False

    def pupils_asked(self) -> list[PupilDraft]:
        """One draft per pupil: those listed, or as many unnamed ones as announced."""
        return list(self.pupils) or [PupilDraft(display_name=f"Élève {number}") for number in range(1, self.size + 1)]


def check_request(session: Session, campaign: Campaign, school: School, draft: RequestDraft) -> None:
    """
    Raises:
        Refusals: everything that is wrong with the draft, each saying what to do.
    """
    with gathered() as faults:
        with faults.next():
            clean_text(draft.class_name, "class_name", "Le nom de la classe", at_most=40)
        _check_level(faults, campaign, school, draft.level)
        _check_size(faults, draft)
        if draft.reach_km is not None and not 1 <= draft.reach_km <= FARTHEST_KM:
            message = (
                f"La distance maximale va de 1 à {FARTHEST_KM}\u00a0km\u00a0; vous indiquez "
                f"{french_number(draft.reach_km)}\u00a0km."
            )
            faults.add("reach_out_of_bounds", message, "reach_km")
        with faults.next():
            check_territory(session, campaign, school)
        with faults.next():
            check_departments(session, campaign, school, draft.departments)
        with faults.next():
            check_wishes(session, draft.wishes, "wishes")
        if len(draft.pupils) <= MOST_PUPILS:
            _check_pupils(session, faults, draft.pupils)
            _check_groups(faults, draft.pupils)
        if draft.two_hosts:
            _check_two_hosts(session, faults, campaign, draft.level)
        with faults.next():
            periods = check_periods(
                session, draft.level, campaign.school_year, school.department_code, draft.period_ids
            )
            if draft.every_period:
                _check_every_period(session, campaign, draft.level, periods)


def check_territory(session: Session, campaign: Campaign, school: School) -> None:
    """
    Raises:
        ServiceError: the campaign is that of a territory where the school is not.
    """
    if not contains(area_of(session, campaign.territory), frozenset({school.department_code})):
        where = read_geography(session).name(campaign.territory)
        message = (
            f"La campagne «\u00a0{campaign.name}\u00a0» est celle d’un autre territoire ({where}). "
            "Adressez-vous à votre coordination."
        )
        raise ServiceError("school_outside_campaign", message, "level")


def _check_level(faults: Gathering, campaign: Campaign, school: School, level: Level) -> None:
    if level not in campaign.levels:
        named = french_list([LEVEL_LABELS[one] for one in campaign.levels])
        message = f"La campagne «\u00a0{campaign.name}\u00a0» porte sur {named}, pas sur {LEVEL_LABELS[level]}."
        faults.add("level_not_in_campaign", message, "level")
    allowed = LEVELS_OF_SCHOOL[school.kind]
    if level not in allowed:
        named = french_list([LEVEL_LABELS[one] for one in Level if one in allowed])
        message = f"{school.name} n’a pas de classe de {LEVEL_LABELS[level]}. Choisissez parmi\u00a0: {named}."
        faults.add("level_not_of_school", message, "level")


def _check_size(faults: Gathering, draft: RequestDraft) -> None:
    size = len(draft.pupils) or draft.size
    if not 1 <= size <= MOST_PUPILS:
        message = (
            f"Une demande porte sur 1 à {MOST_PUPILS} élèves\u00a0; vous en indiquez {french_number(size)}. "
            "Faites une demande par classe."
        )
        faults.add("size_out_of_bounds", message, "size")


def _check_pupils(session: Session, faults: Gathering, pupils: Sequence[PupilDraft]) -> None:
    for number, pupil in enumerate(pupils, start=1):
        with faults.next():
            clean_text(pupil.display_name, "pupils", f"Le nom de l’élève n° {number}", at_most=60)
        check_needs(pupil.needs, "pupils", faults.found)
        with faults.next():
            check_wishes(session, pupil.wishes, "pupils", f"Élève n° {number}\u00a0: ")


def _check_groups(faults: Gathering, pupils: Sequence[PupilDraft]) -> None:
    """A group of one is a name mistyped; a group larger than what a host receives would place nobody."""
    for name, count in Counter(pupil.together for pupil in pupils if pupil.together).items():
        with faults.next():
            clean_text(name, "pupils", "Le nom du groupe", at_most=40)
        if not 2 <= count <= MOST_TOGETHER:
            only = "ne réunit qu’un élève" if count == 1 else f"réunit {count} élèves"
            message = f"Le groupe «\u00a0{name[:40]}\u00a0» {only}\u00a0: il en faut de 2 à {MOST_TOGETHER}."
            faults.add("group_size", message, "pupils")


def _check_two_hosts(session: Session, faults: Gathering, campaign: Campaign, level: Level) -> None:
    with faults.next():
        if not allows_two_hosts(session, level, campaign.school_year):
            message = f"En {LEVEL_LABELS[level]}, un élève va dans une seule structure d’accueil. Décochez cette case."
            raise ServiceError("two_hosts_not_of_level", message, "two_hosts")


def _check_every_period(session: Session, campaign: Campaign, level: Level, periods: Sequence[Period]) -> None:
    most = most_stays(session, level, campaign.school_year)
    if most < 2:
        message = f"En {LEVEL_LABELS[level]}, un élève part une seule fois dans l’année. Décochez cette case."
        raise ServiceError("several_stays_not_of_level", message, "every_period")
    if not 2 <= len(periods) <= most:
        message = (
            f"Pour que chaque élève parte à chaque période, cochez-en de 2 à {most}\u00a0; vous en cochez "
            f"{len(periods)}. Sinon, décochez «\u00a0chaque élève part à toutes ces périodes\u00a0»."
        )
        raise ServiceError("number_of_stays", message, "periods")
    taken: dict[str, Period] = {}
    for period in periods:
        for week in period.weeks:
            if week in taken:
                message = (
                    f"«\u00a0{period_label(taken[week])}\u00a0» et «\u00a0{period_label(period)}\u00a0» se "
                    "chevauchent\u00a0: un élève ne peut pas partir aux deux. Gardez l’une des deux."
                )
                raise ServiceError("stays_overlap", message, "periods")
            taken[week] = period


def check_wishes(session: Session, wishes: Sequence[str], field: str, whose: str = "") -> None:
    known = sector_keys(session)
    for sector in wishes:
        if sector not in known:
            message = f"{whose}le secteur «\u00a0{sector[:40]}\u00a0» n’existe pas. Choisissez-en un dans la liste."
            raise ServiceError("sector_unknown", message[0].upper() + message[1:], field)
    if len(set(wishes)) < len(wishes):
        message = f"{whose}le même secteur est demandé deux fois. Donnez des vœux différents."
        raise ServiceError("wish_twice", message[0].upper() + message[1:], field)
    if len(wishes) > MOST_WISHES:
        message = f"{whose}{len(wishes)} vœux. Gardez-en {MOST_WISHES} au plus."
        raise ServiceError("too_many_wishes", message, field)
