"""A message as it travels: headers and two alternatives, the addresses of the site filled in.

Refuses what would add a header: a line break in a sender or a recipient is no message. Knows no database.
"""

from __future__ import annotations

import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr

from service.config import Settings
from service.domain.letters import SITE, one_line
from service.domain.outbox import ClaimedMail


def compose(settings: Settings, mail: ClaimedMail) -> EmailMessage:
    """The message as it travels. Its number follows from the line: a repeated delivery can be recognised.

    Raises:
        ValueError: a line break in the sender or the recipient.
    """
    name, sender = parseaddr(settings.mail_sender)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(mail.subject)
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Date"] = formatdate(localtime=False)
    digest = hashlib.sha256(f"{mail.id}/{mail.recipient}".encode()).hexdigest()[:16]
    message["Message-ID"] = f"<{mail.id}.{digest}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "fr"
    message.set_content(mail.body.replace(SITE, settings.site_address))
    message.add_alternative(mail.html.replace(SITE, settings.site_address), subtype="html")
    return message
