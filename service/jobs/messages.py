"""How the worker and its solving child speak: lines of JSON, each followed by the bytes it announces.

Responsible for the shape of that conversation on both sides. Refuses whatever is not exactly that shape: a child that
went mad must not be able to say something that looks right.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import IO, Any

LONGEST_LINE = 65_536
OUT_OF_MEMORY = 3
"""What a child that met its memory limit exits with."""


class GarbageError(ValueError):
    """The other side said something that is no message."""


@dataclass(frozen=True, slots=True)
class Order:
    """From the worker: solve these bytes within these limits."""

    body: bytes
    memory_bytes: int
    cpu_s: int


@dataclass(frozen=True, slots=True)
class Step:
    """From the child: the phase it is in, and the share of the work done."""

    phase: str
    progress: float


@dataclass(frozen=True, slots=True)
class Answer:
    """From the child: the result's bytes, and what first come, first served gives on the same instance."""

    body: bytes
    baseline: dict[str, Any]
    seconds: dict[str, float]


def send(pipe: IO[bytes], message: Order | Step | Answer) -> None:
    fields = {name: value for name, value in asdict(message).items() if name != "body"}
    body = b"" if isinstance(message, Step) else message.body
    line = json.dumps({"kind": type(message).__name__, "bytes": len(body), **fields})
    pipe.write(line.encode() + b"\n" + body)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Order | Step | Answer | None:
    """The next message; None at the end of the conversation.

    Raises:
        GarbageError: a line that is no message, or fewer bytes than announced.
    """
    line = pipe.readline(LONGEST_LINE)
    if not line:
        return None
    try:
        fields = json.loads(line)
        kind, size = fields.pop("kind"), fields.pop("bytes")
        body = pipe.read(size) if size else b""
        message: Order | Step | Answer = _build(kind, fields, body)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise GarbageError(f"{type(error).__name__}: {error}") from error
    if len(body) != size:
        raise GarbageError(f"{size} bytes announced, {len(body)} received")
    return message


def _build(kind: str, fields: dict[str, Any], body: bytes) -> Order | Step | Answer:
    if kind == "Step":
        step = Step(**fields)
        if type(step.phase) is not str or not 0.0 <= step.progress <= 1.0:
            raise ValueError(f"{step!r} is no step")
        return step
    kinds: dict[str, type[Order] | type[Answer]] = {"Order": Order, "Answer": Answer}
    return kinds[kind](body=body, **fields)
