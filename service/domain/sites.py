"""Partners and the places where they receive pupils: their own sites, or their member companies'.

Responsible for what a site must say. Refuses to know what it offers and under which convention.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from service.domain.accounts import normalise_email
from service.domain.audit import record
from service.domain.gathering import gathered
from service.domain.identifiers import check_siren, check_siret
from service.domain.offer_doubles import refuse_doubles_at
from service.domain.partner_parts import Reach
from service.domain.points import Point, settle
from service.domain.territories import get_commune
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.bulk import fetch
from service.persistence.rows import row_id, take_version
from service.persistence.tables import Partner, PartnerMember, Site
from service.persistence.walks import has_placed
from service.vocabulary import NEED_LABELS, Need, PartnerKind


class SiteDraft(BaseModel):
    """A site as a partner enters it. `member` is the company that really hosts, when the partner only mobilises it."""

    model_config = ConfigDict(frozen=True)

    name: str
    insee: str
    siret: str = ""
    street: str = ""
    serves: tuple[str, ...] = ()
    contact_email: str = ""
    safety_notes: str = ""
    tutor_name: str = ""
    tutor_function: str = ""
    tutor_email: str = ""
    member: str = ""
    point: Point | None = None
    """Where it stands, when that is better known than its commune's centre."""


SAID = (
    "siret",
    "street",
    "contact_email",
    "safety_notes",
    "tutor_name",
    "tutor_function",
    "tutor_email",
    "serves",
    "latitude",
    "longitude",
)
"""What is said of a site and may be corrected; its name and its commune stay."""
_TEXTS = (
    ("name", "Le nom du site", 120, True),
    ("street", "L’adresse", 200, False),
    ("safety_notes", "Les consignes", 500, False),
    ("tutor_name", "Le nom du tuteur", 120, False),
    ("tutor_function", "La fonction du tuteur", 120, False),
)
_EMAILS = ("contact_email", "tutor_email")


def add_partner(
    session: Session, name: str, kind: PartnerKind, actor: str, *, siren: str = ""
) -> tuple[Partner, list[str]]:
    """A partner outside the imported deeds (a host on its own, for instance), and warnings to show.

    Raises:
        ServiceError: a missing name, a SIREN that is not one.
        Conflict: a partner has that name.
    """
    return add_partners(session, [(name, siren)], kind, actor)[0]


def add_partners(
    session: Session, named: Sequence[tuple[str, str]], kind: PartnerKind, actor: str
) -> list[tuple[Partner, list[str]]]:
    """All of them or none, each a name and a SIREN that may be empty: the same checks, a handful of statements."""
    wanted = [
        (clean_text(name, "name", "Le nom du partenaire"), check_siren(siren) if siren else (None, ""))
        for name, siren in named
    ]
    taken = set(session.exec(select(Partner.name).where(col(Partner.name).in_([name for name, _ in wanted]))))
    added = []
    for name, (number, warning) in wanted:
        if name in taken:
            raise Conflict("partner_taken", f"Le partenaire «\u00a0{name}\u00a0» est déjà enregistré.", "name")
        taken.add(name)
        added.append((Partner(name=name, kind=kind, siren=number), [warning] if warning else []))
    session.add_all(partner for partner, _ in added)
    session.flush()
    for partner, _ in added:
        record(session, actor, "add_partner", f"partner:{partner.id}")
    return added


def add_site(session: Session, partner_id: int, draft: SiteDraft, actor: str) -> tuple[Site, list[str]]:
    """The site, and warnings to show (a doubtful SIRET is kept as it is).

    Raises:
        Refusals: a missing name, a SIRET that is not one, an unknown commune or need, a site already there.
    """
    return add_sites(session, [(partner_id, draft)], actor)[0]


def add_sites(session: Session, drafts: Sequence[tuple[int, SiteDraft]], actor: str) -> list[tuple[Site, list[str]]]:
    """All of them or none, each with the key of its partner: the same checks, a handful of statements."""
    partners = sorted({partner_id for partner_id, _ in drafts})
    if len(fetch(session, select(Partner.id).where(col(Partner.id).in_(partners)))) < len(partners):
        raise NotFound
    theirs = select(Site.partner_id, Site.name, Site.insee).where(col(Site.partner_id).in_(partners))
    taken = {tuple(row) for row in session.exec(theirs)}
    hosts: dict[int, set[str]] = defaultdict(set)
    for partner_id, draft in drafts:
        hosts[partner_id] |= {draft.member} - {""}
    members = {partner_id: members_by_name(session, partner_id, names) for partner_id, names in hosts.items()}
    added = []
    for partner_id, draft in drafts:
        site, warnings = check_site(session, partner_id, draft)
        if (partner_id, site.name, site.insee) in taken:
            raise Conflict(
                "site_taken",
                f"Le site «\u00a0{site.name}\u00a0» existe déjà dans cette commune. Ouvrez-le, ou donnez un autre nom.",
                "name",
            )
        taken.add((partner_id, site.name, site.insee))
        site.member_id = row_id(members[partner_id][draft.member]) if draft.member else None
        added.append((site, warnings))
    session.add_all(site for site, _ in added)
    session.flush()
    for site, _ in added:
        record(session, actor, "add_site", f"site:{site.id}", partner=site.partner_id)
    return added


def check_site(session: Session, partner_id: int, draft: SiteDraft) -> tuple[Site, list[str]]:
    """The site as it would be stored, and warnings to show; the same rules for a form and for a file.

    Raises:
        Refusals: a missing name, a SIRET that is not one, an unknown commune or need.
    """
    siret, place, warnings = "", Point(0.0, 0.0), list[str]()
    texts, commune = dict[str, Any](), None
    with gathered() as faults:
        for name, label, at_most, required in _TEXTS:
            with faults.next():
                texts[name] = clean_text(getattr(draft, name), name, label, at_most=at_most, required=required)
        with faults.next():
            commune = get_commune(session, draft.insee)
        if commune is not None:
            with faults.next():
                place, warnings = settle(session, commune, draft.point)
        if draft.siret.strip():
            with faults.next():
                siret, doubt = check_siret(draft.siret)
                warnings = [*filter(None, [doubt]), *warnings]
        for name in _EMAILS:
            with faults.next():
                texts[name] = _email(getattr(draft, name), name)
        check_needs(draft.serves, "serves", faults.found)
    assert commune is not None
    site = Site(
        partner_id=partner_id,
        siret=siret,
        insee=commune.insee,
        department_code=commune.department_code,
        latitude=place.latitude,
        longitude=place.longitude,
        serves=sorted(set(draft.serves)),
        **texts,
    )
    return site, warnings


def correct_site(session: Session, site: Site, draft: SiteDraft, actor: str, version: int | None = None) -> list[str]:
    """What is said of a site, as it now reads; its name and its commune stay. Returns warnings to show.

    Raises:
        Refusals: what `check_site` refuses, or a SIRET under which another partner publishes the same periods.
        ServiceError: `need_relied_on`.
        Conflict: someone else has corrected the site meanwhile.
    """
    fresh, warnings = check_site(session, site.partner_id, draft)
    refuse_needs_relied_on(session, site, draft.serves)
    before = site.siret
    take_version(session, site, version)
    for name in SAID:
        setattr(site, name, getattr(fresh, name))
    session.add(site)
    record(session, actor, "correct_site", f"site:{site.id}")
    session.flush()
    if site.siret != before:
        refuse_doubles_at(session, [site])
    return warnings


def refuse_needs_relied_on(session: Session, site: Site, serves: Sequence[str]) -> None:
    """What a site offers stays while a running campaign has sent pupils there: one of them may depend on it.

    Says it whoever they are: a refusal for some needs only would tell of a pupil's.

    Raises:
        ServiceError: `need_relied_on`.
    """
    lost = sorted(set(site.serves) - set(serves))
    if not lost:
        return
    if has_placed(session, col(Site.id) == site.id):
        said = ", ".join(f"«\u00a0{NEED_LABELS[Need(one)]}\u00a0»" for one in lost)
        message = (
            f"Des élèves sont déjà affectés à ce site et comptent peut-être sur {said}. Gardez-le, ou annoncez d’abord "
            "un désistement pour leurs places."
        )
        raise ServiceError("need_relied_on", message, "serves")


def _email(text: str, field: str) -> str:
    try:
        return normalise_email(text) if text.strip() else ""
    except ServiceError as refusal:
        raise ServiceError(refusal.code, refusal.message, field) from None


def check_within(session: Session, reach: Reach, draft: SiteDraft) -> None:
    """A relay enters sites in its département, a member company its own, someone who has one site none.

    Raises:
        ServiceError: `outside_reach`.
    """
    if reach is None or any(part.member_id is not None for part in reach):
        return
    department = get_commune(session, draft.insee).department_code
    if department not in {part.department_code for part in reach}:
        message = "Cette commune est hors de votre territoire. Demandez à votre fédération d’y enregistrer le site."
        raise ServiceError("outside_reach", message, "insee")


def check_needs(needs: Sequence[str], field: str, faults: list[ServiceError]) -> None:
    """Functional needs come from one list: free text would end up holding a diagnosis."""
    for need in sorted(set(needs) - set(Need)):
        message = f"Le besoin «\u00a0{need[:30]}\u00a0» n’est pas dans la liste des besoins d’accessibilité."
        faults.append(ServiceError("need_unknown", message, field))


def _member_name(name: str) -> str:
    return clean_text(name, "member", "Le nom de l’entreprise adhérente")


def members_by_name(session: Session, partner_id: int, names: set[str]) -> dict[str, PartnerMember]:
    """The companies named, by the name as given; those the partner does not have yet are entered."""
    if not names:
        return {}
    query = select(PartnerMember).where(PartnerMember.partner_id == partner_id)
    members = {one.name: one for one in session.exec(query)}
    wanted = {name: _member_name(name) for name in sorted(names)}
    for clean in dict.fromkeys(wanted.values()):
        if clean not in members:
            members[clean] = PartnerMember(partner_id=partner_id, name=clean)
            session.add(members[clean])
    session.flush()
    return {name: members[clean] for name, clean in wanted.items()}
