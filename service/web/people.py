"""The people of a school, a partner, a territory: who acts there, who is invited; inviting, taking a right away.

The same pages for every kind of space, and for coordinators in theirs. Refuses to know what those people then do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import false, true
from sqlmodel import and_, col, func, select
from werkzeug.wrappers import Response
from wtforms import EmailField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from service.domain.invitations import invite, pending_invitations, send_again, withdraw_invitation
from service.domain.partner_parts import WHOLE, PartnerPart
from service.domain.people import (
    COUNTRY,
    Scope,
    coordinators_by_territory,
    parts_of,
    people_of,
    remove_right,
    scope_of,
    scope_of_part,
    scope_of_territory,
)
from service.domain.perimeters import NATION, read_geography, within
from service.domain.school_years import school_year_of
from service.domain.texts import search_form
from service.errors import NotFound, ServiceError
from service.persistence.tables import Department, Membership, Partner, School
from service.vocabulary import COORDINATORS, HAS_MEMBERS, Role
from service.web.access import allowed, signed_in_person
from service.web.context import abandon_unit, db, now, today
from service.web.forms import Form, show
from service.web.paging import cut

blueprint = Blueprint("people", __name__)
_PARTNER = "/partenaires/<int:partner_id>"
_FEDERATION = allowed(Role.PARTNER_MANAGER, Role.NATIONAL_COORDINATOR)
SPACES = {
    "school": ("/etablissements/<uai>/personnes", allowed(Role.SCHOOL_COORDINATOR, *COORDINATORS)),
    "partner": (f"{_PARTNER}/personnes", _FEDERATION),
    "member": (f"{_PARTNER}/adherents/<int:member_id>/personnes", _FEDERATION),
    "relay": (f"{_PARTNER}/antennes/<department_code>/personnes", _FEDERATION),
    "site": (f"{_PARTNER}/sites/<int:site_id>/personnes", _FEDERATION),
    "territory": ("/coordination/territoires/<territory>/personnes", allowed(*COORDINATORS)),
}


class InviteForm(Form):
    email = EmailField(
        "Adresse électronique",
        [InputRequired("Indiquez l’adresse de la personne."), Length(max=200, message="200 caractères au plus.")],
    )


class CoordinatorForm(InviteForm):
    school_year = SelectField("Jusqu’à la fin de l’année scolaire", [InputRequired()])


def invite_form(space: Space) -> InviteForm:
    """A coordinator's right has an end; the others last until somebody takes them away."""
    if not space.is_territory:
        return InviteForm()
    form = CoordinatorForm()
    years = [school_year_of(today()), school_year_of(today() + timedelta(days=365))]
    form.school_year.choices = [SelectChoice(year) for year in years]
    return form


def territories_within() -> list[str]:
    """The keys of the territories whose coordinators the person names: their own and those inside, widest first."""
    person = signed_in_person()
    return read_geography(db()).under([NATION] if person.is_coordinator else person.territories)


class Space:
    """One space, and the addresses of its pages."""

    def __init__(
        self, school: School | None = None, partner: Partner | None = None, territory: str = "", **part: Any
    ) -> None:
        self._part = PartnerPart(**part)
        self.row: School | Partner | None = school if school is not None else partner
        self.is_territory = bool(territory)
        self._where: dict[str, Any]
        if territory:
            key = NATION if territory == COUNTRY else territory
            if key not in territories_within():
                raise NotFound
            self.scope: Scope = scope_of_territory(db(), key)
            self._kind, self._where = "territory", {"territory": territory}
            return
        found = self.row
        if found is None:
            raise ValueError("a space is a school or a partner")
        self._kind = "school"
        if isinstance(found, Partner):
            self.scope = scope_of_part(db(), found, self._part)
            self._kind = self._part.key.partition(":")[0] or "partner"
            self._where = {"partner_id": found.id, **part}
        else:
            self.scope = scope_of(found)
            self._where = {"uai": found.uai}

    def address(self, page: str = "index", **more: Any) -> str:
        return url_for(f"people.{self._kind}_{page}", **self._where, **more)

    @property
    def home(self) -> str:
        """Its first page, for those who act there; a coordinator comes from the list of accounts."""
        if self.row is None:
            return url_for("people.territories")
        acts = signed_in_person().acts_for(self.row)
        if acts and self._part.member_id is not None:
            return url_for("members.index", partner_id=self.row.id)
        if acts and self._part.site_id is not None:
            return url_for("offers.choose_level", partner_id=self.row.id, site_id=self._part.site_id)
        if not self._part.is_whole:
            return url_for("people.partner_index", partner_id=self.row.id)
        if acts:
            return url_for("schools.board" if self._kind == "school" else "partners.home", **self._where)
        return url_for("people.accounts")

    @property
    def can_have_relays(self) -> bool:
        return self._kind == "partner" and isinstance(self.row, Partner) and self.row.kind in HAS_MEMBERS

    def limited_to(self) -> list[tuple[str, str, int]]:
        """The parts of a partner where somebody acts or is invited: name, address of the people, how many."""
        if self._kind != "partner" or not isinstance(self.row, Partner):
            return []
        kinds = {"member": "member_id", "relay": "department_code", "site": "site_id"}
        found = []
        for part, name, people in parts_of(db(), self.row):
            kind, _, value = part.key.partition(":")
            where: dict[str, Any] = {"partner_id": self.row.id, kinds[kind]: value}
            found.append((name, url_for(f"people.{kind}_index", **where), people))
        return found


def index(**where: Any) -> Any:
    space = Space(**where)
    form = invite_form(space)
    if not form.email.data and isinstance(space.row, School) and not people_of(db(), space.scope):
        form.email.data = space.row.official_email
    return _show(space, form)


def _show(space: Space, form: InviteForm) -> Response:
    return show(
        "accounts/people.html",
        form,
        space=space,
        people=people_of(db(), space.scope),
        invitations=pending_invitations(db(), space.scope),
        me=signed_in_person().id,
        departments=db().exec(select(Department).order_by(Department.code)).all() if space.can_have_relays else [],
    )


def send(**where: Any) -> Any:
    space = Space(**where)
    form = invite_form(space)
    if not form.validate():
        return _show(space, form)
    until = form.school_year.data if isinstance(form, CoordinatorForm) else ""
    try:
        invitation = invite(
            db(), replace(space.scope, school_year=until), form.email.data, signed_in_person().actor, now()
        )
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show(space, form)
    flash(f"L’invitation part à l’adresse {invitation.email}. Son lien vaut quatorze jours.")
    return redirect(space.address(), 303)


def resend(invitation_id: int, **where: Any) -> Any:
    space = Space(**where)
    invitation = send_again(db(), space.scope, invitation_id, signed_in_person().actor, now())
    flash(f"Une nouvelle invitation part à l’adresse {invitation.email}\u00a0; le lien précédent ne sert plus.")
    return redirect(space.address(), 303)


def withdraw(invitation_id: int, **where: Any) -> Any:
    space = Space(**where)
    invitation = withdraw_invitation(db(), space.scope, invitation_id, signed_in_person().actor, now())
    flash(f"L’invitation de {invitation.email} est retirée\u00a0: son lien n’ouvre plus rien.")
    return redirect(space.address(), 303)


def remove(membership_id: int, **where: Any) -> Any:
    space = Space(**where)
    try:
        removed = remove_right(db(), space.scope, membership_id, signed_in_person().id)
    except ServiceError as refusal:
        if not refusal.field and refusal.code != "last_person":
            raise
        abandon_unit()
        flash(refusal.message, "problem")
        return redirect(space.address(), 303)
    flash(f"{removed.name} n’a plus accès à cet espace.")
    if removed.user_id == signed_in_person().id:
        return redirect(url_for("accounts.spaces"), 303)
    return redirect(space.address(), 303)


def _register() -> None:
    """Each page once per kind of space, under the guard of that kind."""
    pages: list[tuple[str, str, Callable[..., Any]]] = [
        ("GET", "", index),
        ("POST", "", send),
        ("POST", "/invitations/<int:invitation_id>/renvoi", resend),
        ("POST", "/invitations/<int:invitation_id>/retrait", withdraw),
        ("POST", "/<int:membership_id>/retrait", remove),
    ]
    for kind, (rule, guard) in SPACES.items():
        for method, suffix, view in pages:
            name = f"{kind}_{view.__name__}"
            blueprint.add_url_rule(rule + suffix, name, guard(view), methods=[method])


_register()


@blueprint.get(f"{_PARTNER}/antennes")
@_FEDERATION
def choose_relay(partner: Partner) -> Any:
    """From the list of départements to the people of that relay."""
    code = request.args.get("departement", "")
    if not code:
        return redirect(url_for("people.partner_index", partner_id=partner.id), 303)
    return redirect(url_for("people.relay_index", partner_id=partner.id, department_code=code), 303)


@blueprint.get("/coordination/territoires")
@allowed(*COORDINATORS)
def territories() -> Any:
    """Who coordinates where, inside the person's own territory; and the way to each territory's people."""
    wanted = request.args.get("territoire", "")
    known = territories_within()
    if wanted and (wanted if wanted != COUNTRY else NATION) in known:
        return redirect(url_for("people.territory_index", territory=wanted), 303)
    names = read_geography(db()).names
    counts = coordinators_by_territory(db(), school_year_of(today()))
    return render_template(
        "coordinators/territories.html",
        choices=[(key or COUNTRY, names[key]) for key in known],
        page=cut([(key or COUNTRY, names[key], counts[key]) for key in known if counts[key]], request.args),
    )


@blueprint.get("/coordination/comptes")
@allowed(*COORDINATORS)
def accounts() -> Any:
    """Schools and partners with how many people act for each; those with nobody first.

    A territory's coordinators see its schools: a partner is a matter for the whole country.
    """
    area = signed_in_person().area
    query = search_form(request.args.get("q", ""))
    counts = func.count(col(Membership.id))
    schools = db().exec(
        select(School.uai, School.name, School.department_code, counts)
        .outerjoin(Membership, col(Membership.school_id) == col(School.id))
        .where(within(col(School.department_code), area))
        .group_by(col(School.id))
    )
    partners = db().exec(
        select(Partner.id, Partner.name, Partner.department_code, counts)
        .outerjoin(Membership, and_(col(Membership.partner_id) == col(Partner.id), WHOLE.memberships))
        .where(true() if area is None else false())
        .group_by(col(Partner.id))
    )
    rows = [(people, name, uai, place, 0) for uai, name, place, people in schools]
    rows += [(people, name, "partenaire", place or "", key or 0) for key, name, place, people in partners]
    kept = sorted(row for row in rows if query in search_form(f"{row[1]} {row[2]} {row[3]}"))
    return render_template(
        "coordinators/accounts.html",
        page=cut(kept, request.args),
        query=request.args.get("q", ""),
        without_anybody=sum(not row[0] for row in rows),
    )
