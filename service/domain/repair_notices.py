"""What people are told by mail when a repair is published: only the schools and the partners where somebody moves.

Names no pupil, like every message: in numbers, with the page where who it is about is read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from sqlmodel import Session

from service.domain.addresses import partner_address, school_address
from service.domain.digests import Mailboxes, read_mailboxes, shortened
from service.domain.letters import MENTION, Letter
from service.domain.moves import Move, Place, moves_between
from service.domain.outbox import queue_letters
from service.domain.texts import french_list, plural
from service.persistence.tables import AllocationRound, Campaign

KINDS = (
    ("moved", "élève change de lieu d’accueil", "élèves changent de lieu d’accueil"),
    ("gained", "élève reçoit une place", "élèves reçoivent une place"),
    ("lost", "élève n’a plus de place", "élèves n’ont plus de place"),
)


def queue_repair_notices(session: Session, published: AllocationRound, campaign: Campaign) -> int:
    """Queues them in the transaction that publishes the repair. Returns how many messages."""
    assert published.base_round_id is not None
    assert published.id is not None
    moves = moves_between(session, published.base_round_id, published.id)
    mailboxes = read_mailboxes(session)
    letters = {
        (f"round:{published.id}/{scope}", email): letter
        for scope, emails, letter in (
            *_to_schools(moves, campaign, mailboxes),
            *_to_partners(moves, campaign, mailboxes),
        )
        for email in emails
    }
    return queue_letters(session, letters)


def said_of_moves(moves: Iterable[Move]) -> str:
    return said_of_counts(Counter(move.kind for move in moves))


def said_of_counts(counts: Mapping[str, int]) -> str:
    """«2 élèves changent de lieu d’accueil et 1 élève n’a plus de place»."""
    return french_list([plural(counts[kind], one, several) for kind, one, several in KINDS if counts.get(kind)])


def _to_schools(moves: list[Move], campaign: Campaign, mailboxes: Mailboxes) -> Iterable[tuple[str, list[str], Letter]]:
    by_school: dict[int, list[Move]] = defaultdict(list)
    for move in moves:
        by_school[move.school_id].append(move)
    for school_id, theirs in sorted(by_school.items()):
        name, said = theirs[0].school, said_of_moves(theirs)
        classes: dict[str, list[Move]] = defaultdict(list)
        for move in theirs:
            classes[move.class_name].append(move)
        letter = Letter(
            f"{name}\u00a0: {said}",
            [
                f"Une structure d’accueil s’est désistée. Une réparation de la campagne «\u00a0{campaign.name}\u00a0» "
                f"est publiée\u00a0: {said}. Les autres élèves gardent leur place."
            ],
            lines=shortened([f"{one}\u00a0: {said_of_moves(some)}" for one, some in sorted(classes.items())], "classe"),
            action="Voir les élèves concernés",
            path=school_address(theirs[0].uai),
            closing=[MENTION],
        )
        yield f"school:{school_id}", mailboxes.schools.get(school_id, []), letter


def _to_partners(
    moves: list[Move], campaign: Campaign, mailboxes: Mailboxes
) -> Iterable[tuple[str, list[str], Letter]]:
    changes: dict[int, Counter[tuple[Place, int]]] = defaultdict(Counter)
    for move in moves:
        for place, sign in ((move.before, -1), (move.after, 1)):
            if place is not None:
                changes[place.partner_id][place, sign] += 1
    for partner_id, counts in sorted(changes.items()):
        name = next(iter(counts))[0].partner
        lines = [
            f"{place.site}, {place.when_fr}\u00a0: {plural(count, 'élève')} de {'plus' if sign > 0 else 'moins'}"
            for (place, sign), count in sorted(counts.items(), key=lambda one: (one[0][0].site, one[0][0].when_fr))
        ]
        letter = Letter(
            f"{name}\u00a0: les élèves que vous attendez changent",
            [f"Une réparation de la campagne «\u00a0{campaign.name}\u00a0» est publiée après un désistement."],
            lines=shortened(lines, "ligne"),
            action="Voir qui vient, où et quand",
            path=partner_address(partner_id),
            closing=[MENTION],
        )
        yield f"partner:{partner_id}", mailboxes.partners.get(partner_id, []), letter
