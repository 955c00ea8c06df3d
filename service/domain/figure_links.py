"""The year's figures confirmed from a message, without an account: a partner's actions or a school's lines, once.

Responsible for what a link shows and for spending it with the answer. Refuses to know what a figure is worth: the verbs
of `reported_figures` and `reported_hostings` write it, as they do for somebody with an account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain.links import LinkRefused, read_link, use_link
from service.domain.reported_figures import FigureLine, declare_figure, figure_lines
from service.domain.reported_hostings import HostingLine, confirm_hostings, hosting_lines
from service.domain.reporting import latest_reporting
from service.errors import ServiceError
from service.persistence.rows import row_id
from service.persistence.tables import Partner, PersonalLink, ReportingCampaign, School
from service.vocabulary import LinkPurpose

NOTHING_LEFT = "Tous ces chiffres ont déjà leur réponse\u00a0: il ne reste rien à confirmer."
FINAL = "Ces chiffres sont définitifs\u00a0: ils ne se confirment plus."


def subject_of(owner: Partner | School) -> str:
    """What a link stands for: «partner:5», «school:3»."""
    return f"{'partner' if isinstance(owner, Partner) else 'school'}:{row_id(owner)}"


@dataclass(frozen=True, slots=True)
class AskedFigures:
    """What the page of a link shows: the lines of one partner, or of one school, that wait for a word."""

    link: PersonalLink
    campaign: ReportingCampaign
    owner: Partner | School
    figures: list[FigureLine]
    hostings: list[HostingLine]

    @property
    def expected(self) -> dict[int, int | None]:
        """Line → what the service counts; None where the number has to be said."""
        return {one.id: one.expected for one in self.figures} | {one.id: one.expected for one in self.hostings}


def read_figures_link(session: Session, token: str, now: datetime) -> AskedFigures:
    """Reading has no effect.

    Raises:
        LinkRefused: forged, used, out of date, all was said meanwhile, or the figures are final.
    """
    link, campaign = read_link(session, token, LinkPurpose.FIGURES, now), latest_reporting(session)
    if campaign is None or campaign.final_at is not None:
        raise LinkRefused(FINAL)
    kind, _, key = link.subject.partition(":")
    owner: Partner | School
    owner = session.get_one(Partner, int(key)) if kind == "partner" else session.get_one(School, int(key))
    figures, hostings = list[FigureLine](), list[HostingLine]()
    if isinstance(owner, Partner):
        own = figure_lines(session, campaign, frozenset({row_id(owner)}))
        figures = [one for one in own if one.declared is None]
    else:
        hostings = [one for one in hosting_lines(session, campaign, owner) if one.school_count is None]
    if not (figures or hostings):
        raise LinkRefused(NOTHING_LEFT)
    return AskedFigures(link, campaign, owner, figures, hostings)


def answer_by_link(
    session: Session, asked: AskedFigures, said: Mapping[int, tuple[int, str]] | None, now: datetime
) -> int:
    """Writes the numbers given by line, with their reason, or «tout est exact» when None, and spends the link.

    Lines nobody answers stay open: the reminder brings another link. Returns how many were answered.

    Raises:
        ServiceError: nothing was said, a number out of bounds, a gap without its reason; the link is not spent.
    """
    if said is None:
        said = {key: (value, "") for key, value in asked.expected.items() if value is not None}
    given = {key: value for key, value in said.items() if key in asked.expected}
    if not given:
        raise ServiceError("nothing_said", "Écrivez au moins un nombre.")
    use_link(session, asked.link, now)
    actor = f"link:{asked.link.id}"
    if isinstance(asked.owner, School):
        counts = {key: value for key, (value, _) in given.items()}
        return confirm_hostings(session, asked.campaign, asked.owner, counts, now, actor)
    for line in asked.figures:
        if line.id in given:
            value, note = given[line.id]
            try:
                declare_figure(session, asked.campaign, line, value, note, now, actor)
            except ServiceError as refusal:
                raise ServiceError(refusal.code, f"{line.code}\u00a0: {refusal.message}", refusal.field) from refusal
    return len(given)
