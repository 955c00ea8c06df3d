"""How the worker and its solving child speak: lines of JSON, each followed by the bytes it announces.

Responsible for the shape of that conversation on both sides. Refuses whatever is not exactly that shape: a child that
went mad must not be able to say something that looks right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any

LONGEST_LINE = 65_536
PARTS = ("certificate", "findings")
"""What an answer may bring behind its body, in this order."""
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
    certificate: bytes = b""
    """The proof that nothing is better; empty when the child claims no such thing."""
    findings: bytes = b""
    """What the round teaches besides (`service.jobs.findings`)."""


@dataclass(frozen=True, slots=True)
class Offered:
    """From the child: another worker may compute this part, under this number."""

    body: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """From the child: it has nothing else to do, and waits for that part or for the word that it is its own to do."""

    number: int


@dataclass(frozen=True, slots=True)
class Settled:
    """From the worker: another one's answer to a part, or nothing: the child computes it itself."""

    body: bytes
    number: int


Message = Order | Step | Answer | Offered | Wanted | Settled
_KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in (Order, Step, Answer, Offered, Wanted, Settled)}


def send(pipe: IO[bytes], message: Message) -> None:
    fields = asdict(message)
    body = fields.pop("body", b"")
    parts = {name: part for name in PARTS if (part := fields.pop(name, b""))}
    fields |= {name: len(part) for name, part in parts.items()}
    line = json.dumps({"kind": type(message).__name__, "bytes": len(body), **fields})
    pipe.write(line.encode() + b"\n" + body + b"".join(parts.values()))
    pipe.flush()


def receive(pipe: IO[bytes]) -> Message | None:
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
        body = _exactly(pipe, size)
        fields |= {name: _exactly(pipe, fields[name]) for name in PARTS if name in fields}
        return _build(kind, fields, body)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise GarbageError(f"{type(error).__name__}: {error}") from error


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    found = pipe.read(size) if size else b""
    if len(found) != size:
        raise ValueError(f"{size} bytes announced, {len(found)} received")
    return found


def _build(kind: str, fields: dict[str, Any], body: bytes) -> Message:
    if "number" in fields and type(fields["number"]) is not int:
        raise ValueError(f"{fields['number']!r} is no number")
    if kind in ("Step", "Wanted"):
        message: Message = _KINDS[kind](**fields)
        if isinstance(message, Step) and (type(message.phase) is not str or not 0.0 <= message.progress <= 1.0):
            raise ValueError(f"{message!r} is no step")
        return message
    built: Message = _KINDS[kind](body=body, **fields)
    return built
