"""The conversation with the mail server: one message at a time, and what its refusal means for the next attempt.

Responsible for telling a refusal that lasts from one that passes. Refuses to know the
database.
"""

from __future__ import annotations

import smtplib
import ssl
from types import TracebackType
from typing import Self

from service.config import Settings
from service.documents.messages import compose
from service.domain.letters import one_line
from service.domain.outbox import ClaimedMail

TIMEOUT_S = 20.0


class DeferredError(Exception):
    """It may go through later: the server is away, busy, or wrongly set up. Its text is a French sentence."""


class RefusedError(Exception):
    """No attempt will do better: this recipient or this message is refused for good."""


class MailServer:
    """A connection opened at the first message and kept for the next ones. A context."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send(self, mail: ClaimedMail) -> None:
        """Returns once the server has answered for the message.

        Raises:
            DeferredError: not this time.
            RefusedError: never.
        """
        try:
            message = compose(self._settings, mail)
        except (ValueError, UnicodeError) as fault:
            raise RefusedError("Ce message ne peut pas s’écrire comme un courriel.") from fault
        try:
            self._connected().send_message(message)
        except smtplib.SMTPRecipientsRefused as refusal:
            code, words = next(iter(refusal.recipients.values()))
            raise _refusal(code, words, "Le serveur de courrier refuse l’adresse") from refusal
        except smtplib.SMTPSenderRefused as refusal:
            self.close()
            raise DeferredError(_said(refusal.smtp_code, refusal.smtp_error, "L’expéditeur est refusé")) from refusal
        except smtplib.SMTPDataError as refusal:
            raise _refusal(refusal.smtp_code, refusal.smtp_error, "Le serveur refuse le message") from refusal
        except smtplib.SMTPNotSupportedError as refusal:
            self.close()
            raise DeferredError(
                f"Le serveur de courrier ne sait pas faire ce qui est réglé\u00a0: {refusal}"
            ) from refusal
        except (smtplib.SMTPException, OSError) as failure:
            self.close()
            raise DeferredError(f"Le serveur de courrier ne répond pas ({type(failure).__name__}).") from failure

    def _connected(self) -> smtplib.SMTP:
        if self._connection is not None and _is_alive(self._connection):
            return self._connection
        self.close()
        settings = self._settings
        connection = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S)
        self._connection = connection
        if settings.smtp_starttls:
            connection.starttls(context=ssl.create_default_context())
        if settings.smtp_user:
            _log_in(connection, settings)
        return connection


def _log_in(connection: smtplib.SMTP, settings: Settings) -> None:
    try:
        connection.login(settings.smtp_user, settings.smtp_password)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPServerDisconnected) as refusal:
        # A server may hang up on a wrong password instead of saying so.
        connection.close()
        raise DeferredError("Le serveur de courrier refuse le compte ou son mot de passe.") from refusal


def _is_alive(connection: smtplib.SMTP) -> bool:
    try:
        return connection.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _refusal(code: int, words: bytes | str, what: str) -> DeferredError | RefusedError:
    return (RefusedError if 500 <= code < 600 else DeferredError)(_said(code, words, what))


def _said(code: int, words: bytes | str, what: str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{what} ({code})\u00a0: {one_line(text)[:200]}"
