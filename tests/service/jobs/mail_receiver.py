"""A real mail server for the tests: it speaks SMTP on a local port, keeps what it takes, misbehaves on order."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

Mood = Callable[[str], str]
"""What the server does with a message to that address: `take`, `defer`, `refuse`, `defer text`, `refuse text`, `die`,
`take and hang` (the message is kept, its sender never learns it)."""
ACCOUNT = ("sequence", "un mot de passe de serveur")


def always(what: str) -> Mood:
    return lambda _address: what


@dataclass
class Receiver:
    """`taken` is what the server answered for (or kept before it died); `seen` every attempt it was told of."""

    mood: Mood = field(default_factory=lambda: always("take"))
    host: str = "127.0.0.1"
    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    passwords_in_clear: int = 0

    async def handle_RCPT(
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        self.seen.append(address)
        mood = self.mood(address)
        if mood == "defer":
            return "451 4.3.0 Boite occupee"
        if mood == "refuse":
            return "550 5.1.1 Personne ici"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:
        mood = self.mood(envelope.rcpt_tos[0])
        if mood == "defer text":
            return "451 4.7.1 Plus tard"
        if mood == "refuse text":
            return "554 5.6.0 Message refuse"
        if mood != "die":
            assert isinstance(envelope.content, bytes)
            parsed = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            self.taken.append(parsed)
            self.recipients += envelope.rcpt_tos
        if mood == "die":
            server.transport.abort()
        if mood == "take and hang":
            await asyncio.Event().wait()
        return "250 OK"

    def authenticate(self, _server: Any, session: Session, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.passwords_in_clear += session.ssl is None
        right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == ACCOUNT
        return AuthResult(success=right)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def receiving(
    receiver: Receiver, certificate: ssl.SSLContext | None = None, *, account: bool = False
) -> Iterator[None]:
    """The server on a free port, on its own thread, while the context is open."""
    receiver.port = receiver.port or free_port()
    options: dict[str, Any] = {"tls_context": certificate, "require_starttls": certificate is not None}
    if account:
        options |= {"authenticator": receiver.authenticate, "auth_required": True, "auth_require_tls": False}
    controller = Controller(receiver, hostname=receiver.host, port=receiver.port, decode_data=False, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()
