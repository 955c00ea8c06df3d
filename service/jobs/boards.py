"""The board of a round under way: parts that its child offers, other workers take, and that come back.

Responsible for the side of the round's own worker; `service.jobs.helping` is the other one. Refuses to wait for
anybody: a part that nobody computes any more goes to the child that offered it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import sleep

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.domain import round_parts
from service.jobs.child import ChildFailedError
from service.jobs.pulse import Pulse
from service.persistence.engine import session_scope

logger = structlog.get_logger(__name__)
LOOK_EVERY_S = 0.3


@dataclass(frozen=True)
class Board:
    """Of one attempt at a round. `spread` tells the workers that a part is there."""

    engine: Engine
    round_id: int
    round_token: int
    spread: Callable[[int], object]
    pulse: Pulse
    _offered: set[int] = field(default_factory=set)

    def offer(self, number: int, body: bytes) -> None:
        """A part that cannot be offered is computed by the child, like one that nobody takes."""
        try:
            with session_scope(self.engine) as session:
                part_id = round_parts.offer_part(session, self.round_id, self.round_token, number, body)
            if part_id is not None:
                self._offered.add(number)
                self.spread(part_id)
        except Exception:
            # The queue's storage or the database refused: that is no reason to lose the round.
            logger.warning("part_not_offered", round=self.round_id, number=number, exc_info=True)

    def settle(self, number: int) -> bytes:
        """Another worker's answer; nothing when the child is to compute it.

        Raises:
            ChildFailedError: the attempt is over, and the child with it.
        """
        while number in self._offered:
            if self.pulse.verdict is not None:
                raise ChildFailedError("Le calcul s’est terminé pendant l’attente d’une de ses parties.")
            with session_scope(self.engine, write=False) as session:
                answer = round_parts.read_answer(session, self.round_id, self.round_token, number)
            if answer is not None:
                return answer
            with session_scope(self.engine) as session:
                if round_parts.take_back(session, self.round_id, self.round_token, number):
                    return b""
            sleep(LOOK_EVERY_S)
        return b""

    def close(self) -> None:
        """The attempt needs no help any more. What cannot be dropped now is left to the next sweep."""
        if not self._offered:
            return
        try:
            with session_scope(self.engine) as session:
                round_parts.drop_parts(session, self.round_id, self.round_token)
        except SQLAlchemyError:
            # The answer is there: a database busy for a moment must not make it be computed again.
            logger.warning("parts_left", round=self.round_id, exc_info=True)
