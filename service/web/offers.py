"""A partner's places: publish on a site, see what is left, change the seats, withdraw."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlmodel import col, select

from service.domain.offer_answers import ask_to_confirm
from service.domain.offer_details import Details, hours_warnings
from service.domain.offer_drafts import save_draft
from service.domain.offer_views import pupils_by_category
from service.domain.offers import (
    OfferRow,
    change_seats,
    get_offer,
    offers_of_partner,
    publish_offer,
    withdraw_offer,
)
from service.domain.partner_parts import sites_within
from service.domain.points import Point, own_point
from service.domain.texts import search_form
from service.domain.working_time import WEEKDAYS
from service.errors import NotFound, ServiceError
from service.persistence.tables import Commune, Offer, Partner, Site
from service.vocabulary import (
    LEVEL_LABELS,
    NEED_LABELS,
    OFFER_STATUS_LABELS,
    PRIORITY_LABELS,
    Level,
    Need,
    OfferStatus,
    Role,
)
from service.web.access import allowed, reach, signed_in_person
from service.web.context import abandon_unit, db, now, today
from service.web.forms import show
from service.web.french import counted
from service.web.offer_forms import (
    OUTSIDE,
    USUAL_DAY,
    OfferForm,
    SeatsForm,
    choices_of,
    convention_choices,
    show_offer_form,
)
from service.web.paging import cut
from service.web.partners import conventions_of, school_year
from service.web.periods import group_choices, refuse_past
from service.web.point_map import point_map

blueprint = Blueprint("offers", __name__, url_prefix="/partenaires/<int:partner_id>")
head_office = allowed(Role.PARTNER_MANAGER)
partner_staff = allowed(Role.PARTNER_MANAGER, parts=True)


def get_site(partner: Partner, site_id: int) -> Site:
    found = select(Site).where(Site.id == site_id, Site.partner_id == partner.id, sites_within(reach()))
    site = db().exec(found).first()
    if site is None:
        raise NotFound
    return site


def get_level(text: str) -> Level:
    if text not in set(Level):
        raise NotFound
    return Level(text)


@blueprint.get("/offres")
@partner_staff
def index(partner: Partner) -> Any:
    rows = offers_of_partner(db(), partner.id or 0, reach())
    status = request.args.get("etat", "")
    query = request.args.get("q", "")
    kept = [row for row in rows if (not status or row.status.value == status) and _speaks_of(row, query)]
    return render_template(
        "partners/offers.html",
        partner=partner,
        page=cut(kept, request.args),
        status=status,
        query=query,
        any_offer=bool(rows),
        unconfirmed=sum(row.status is OfferStatus.PUBLISHED and row.confirmed_at is None for row in rows),
        remaining=sum(row.capacity - row.used for row in rows if row.status is OfferStatus.PUBLISHED),
        level_labels=LEVEL_LABELS,
        status_labels=OFFER_STATUS_LABELS,
        convention_names=convention_names(partner),
        may_ask=reach() is None,
    )


def _speaks_of(row: OfferRow, query: str) -> bool:
    """Whether every word of the search is somewhere in what the list shows of the offer."""
    shown = (row.site_name, row.title, row.commune, row.department_code, row.sector_label, LEVEL_LABELS[row.level])
    text = search_form(" ".join(shown))
    return all(word in text for word in search_form(query).split())


@blueprint.post("/offres/confirmations")
@head_office
def ask_confirmations(partner: Partner) -> Any:
    asked = ask_to_confirm(db(), partner, signed_in_person().actor, now())
    if asked.messages:
        flash(
            f"{counted(asked.messages, 'message part', 'messages partent')} vers les sites, avec un lien pour répondre."
        )
    else:
        flash(
            "Aucun message ne part\u00a0: toutes les offres sont confirmées, ou leurs sites sont sans courriel.",
            "attention",
        )
    if asked.without_address:
        said = counted(asked.without_address, "offre attend sur un site", "offres attendent sur des sites")
        flash(f"{said} sans courriel\u00a0: personne n’a pu y être interrogé.", "attention")
    return redirect(url_for("offers.index", partner_id=partner.id), 303)


@blueprint.get("/sites/<int:site_id>/offres")
@partner_staff
def choose_level(partner: Partner, site_id: int) -> Any:
    site = get_site(partner, site_id)
    rows = offers_of_partner(db(), partner.id or 0, reach(), col(Site.id) == site.id)
    commune = db().get_one(Commune, site.insee)
    return render_template(
        "partners/site.html",
        partner=partner,
        site=site,
        commune=commune,
        point=own_point(Point(site.latitude, site.longitude), commune),
        place=point_map(db(), commune, Point(site.latitude, site.longitude)),
        need_words=[NEED_LABELS[Need(one)] for one in site.serves],
        rows=rows,
        levels=list(Level),
        level_labels=LEVEL_LABELS,
        status_labels=OFFER_STATUS_LABELS,
        convention_names=convention_names(partner),
        may_invite=reach() is None,
    )


@blueprint.get("/sites/<int:site_id>/offres/<level>")
@partner_staff
def new(partner: Partner, site_id: int, level: str) -> Any:
    form = OfferForm(formdata=None)
    site, chosen = get_site(partner, site_id), get_level(level)
    conventions = convention_choices(partner)
    usable = [
        one.key for one in conventions if one.key and not one.why_closed and chosen in _levels_of(partner, one.key)
    ]
    form.convention_key.data = next(iter(usable), "")
    form.hours.typed = {str(weekday): USUAL_DAY for weekday in range(1, 6)}
    return show_offer_form(partner, site, chosen, form, school_year())


@blueprint.post("/sites/<int:site_id>/offres/<level>")
@partner_staff
def publish(partner: Partner, site_id: int, level: str) -> Any:
    """Publishes at once, or keeps a draft, according to the button."""
    form = OfferForm()
    site, chosen = get_site(partner, site_id), get_level(level)
    if request.form.get("then") == "split":
        form.share_out(choices_of(site, chosen, school_year()))
        return show_offer_form(partner, site, chosen, form, school_year())
    if not form.validate():
        return show_offer_form(partner, site, chosen, form, school_year())
    draft = form.draft(chosen)
    actor = signed_in_person().actor
    try:
        refuse_past(choices_of(site, chosen, school_year()), draft.seats)
        if request.form.get("then") == "draft":
            offer = save_draft(db(), site, draft, today(), actor)
            flash("Le brouillon est enregistré\u00a0: personne d’autre ne le voit tant que vous ne le publiez pas.")
        else:
            offer = publish_offer(db(), site, draft, today(), actor)
            said = counted(sum(draft.seats.values()), "place est publiée", "places sont publiées")
            flash(f"{said} sur le site {site.name}.")
    except ServiceError as refusal:
        form.refuse(refusal)
        return show_offer_form(partner, site, chosen, form, school_year())
    return redirect(url_for("offers.page", partner_id=partner.id, offer_id=offer.id), 303)


def _levels_of(partner: Partner, key: str) -> list[str]:
    return next(list(one.document["levels"]) for one in conventions_of(partner) if one.key == key)


def convention_names(partner: Partner) -> dict[str | None, str]:
    """What each convention is called in a list; the partner's name is enough, each deed is its own."""
    return {None: OUTSIDE, **{one.key: partner.name for one in conventions_of(partner)}}


@blueprint.get("/offres/<int:offer_id>")
@partner_staff
def page(partner: Partner, offer_id: int) -> Any:
    row = offer_row(partner, offer_id)
    form = SeatsForm()
    form.version.data = str(row.version)
    form.seats.typed = {opening.period_id: str(opening.capacity) for opening in row.openings if opening.capacity}
    return _show_page(partner, row, form)


@blueprint.post("/offres/<int:offer_id>")
@partner_staff
def change(partner: Partner, offer_id: int) -> Any:
    row = offer_row(partner, offer_id)
    form = SeatsForm()
    if not form.validate():
        return _show_page(partner, row, form)
    # a box that was emptied closes its period, as one that says 0; a period without a box stays as it is
    choices = choices_of(get_site(partner, row.site_id), row.level, row.school_year)
    boxes = {one.period.id for one in choices if one.open}
    wanted = {one.period_id: 0 for one in row.openings if one.capacity and one.period_id in boxes} | form.seats.data
    offer = get_offer(db(), offer_id, partner.id or 0, reach())
    try:
        refuse_past(choices, form.seats.data)
        change_seats(db(), offer, wanted, signed_in_person().actor, form.seen_version)
    except ServiceError as refusal:
        form.refuse(refusal)
        return _show_page(partner, row, form)
    flash("Les places sont enregistrées.")
    return redirect(url_for("offers.page", partner_id=partner.id, offer_id=offer_id), 303)


@blueprint.post("/offres/<int:offer_id>/retrait")
@partner_staff
def withdraw(partner: Partner, offer_id: int) -> Any:
    offer = get_offer(db(), offer_id, partner.id or 0, reach())
    try:
        withdraw_offer(db(), offer, signed_in_person().actor)
        flash("L’offre est retirée\u00a0: ses places ne seront plus proposées.")
    except ServiceError as refusal:
        abandon_unit()
        flash(refusal.message, "problem")
    return redirect(url_for("offers.page", partner_id=partner.id, offer_id=offer_id), 303)


def offer_row(partner: Partner, offer_id: int) -> OfferRow:
    for row in offers_of_partner(db(), partner.id or 0, reach(), col(Offer.id) == offer_id):
        return row
    raise NotFound


def hours_warnings_of(row: OfferRow) -> tuple[str, ...]:
    """What the page says about hours that were let through."""
    first_day = min((one.starts_on for one in row.openings), default=today())
    return hours_warnings(db(), row.level, Details(hours=row.hours), first_day)


def _show_page(partner: Partner, row: OfferRow, form: SeatsForm) -> Any:
    site = get_site(partner, row.site_id)
    return show(
        "partners/offer.html",
        form,
        partner=partner,
        row=row,
        site=site,
        groups=group_choices(choices_of(site, row.level, row.school_year)),
        can_change=row.status is OfferStatus.PUBLISHED,
        reserve_labels=PRIORITY_LABELS,
        by_category=pupils_by_category(db(), row.offer_id) if row.reserved else {},
        weekdays=WEEKDAYS,
        warnings=hours_warnings_of(row),
        level_label=LEVEL_LABELS[row.level],
        status_labels=OFFER_STATUS_LABELS,
        convention_name=convention_names(partner)[row.convention_key],
    )
