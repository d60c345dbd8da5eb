"""Sends short messages: by e-mail, and into a chat. What they say holds no words of patients; whoever composes them sees to it.

Both are encrypted, except to this machine: a mail server and a chat are somebody else's.
"""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from samepicture.errors import Explained
from samepicture.settings import SettingError, Settings

TIMEOUT_SECONDS = 30
PORTS = {"smtps": 465, "smtp": 587}


class NotSent(Explained):
    """A message could not be sent; the text names the setting to check, and holds no password or secret address."""


@dataclass(frozen=True)
class Attachment:
    """A file in a mail."""

    name: str
    content: bytes
    kind: str
    """As text/csv; the text is in UTF-8."""


def mail(
    settings: Settings, to: Sequence[str], subject: str, text: str, attachment: Attachment | None = None, html: str | None = None
) -> None:
    """Send a mail through SAMEPICTURE_SMTP_URL; `html` says the same as the text. Raises SettingError where that can't be used, NotSent where it fails."""
    if not settings.smtp_url:
        raise SettingError(
            "SAMEPICTURE_SMTP_URL is not set: set it to the mail server, for example smtps://user:password@mail.example.org:465."
        )
    server = urlsplit(settings.smtp_url)
    if server.scheme not in PORTS or not server.hostname:
        raise SettingError("SAMEPICTURE_SMTP_URL is no address of a mail server: write smtps://user:password@host:port.")
    user = unquote(server.username or "")
    sender = settings.mail_from or (user if "@" in user else None)
    if sender is None:
        raise SettingError("SAMEPICTURE_MAIL_FROM is not set: set it to the address that mails are from.")
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = sender, ", ".join(to), subject
    except ValueError:
        raise SettingError(f"{', '.join(to)!r} or SAMEPICTURE_MAIL_FROM is no e-mail address: correct it.") from None
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    if attachment is not None:
        main, _, sub = attachment.kind.partition("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name, params={"charset": "utf-8"})
    port = server.port or PORTS[server.scheme]
    context = ssl.create_default_context()
    try:
        if server.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.hostname, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            connection = smtplib.SMTP(server.hostname, port, timeout=TIMEOUT_SECONDS)
        with connection:
            if server.scheme == "smtp" and not is_this_machine(server.hostname):
                connection.starttls(context=context)
            if user:
                connection.login(user, unquote(server.password or ""))
            connection.send_message(message)
    except smtplib.SMTPAuthenticationError:
        raise NotSent("The mail server does not accept the user and password in SAMEPICTURE_SMTP_URL: correct them.") from None
    except smtplib.SMTPRecipientsRefused:
        raise NotSent(f"The mail server takes no mail for {', '.join(to)}: check the addresses.") from None
    except smtplib.SMTPException as error:
        raise NotSent(f"The mail server in SAMEPICTURE_SMTP_URL did not take the mail ({type(error).__name__}): try again later.") from None
    except OSError as error:
        raise NotSent(
            f"The mail server in SAMEPICTURE_SMTP_URL can't be reached ({type(error).__name__}): check host, port and network."
        ) from None


def chat(webhook: str, text: str) -> None:
    """Post a text into a chat. Raises SettingError where the address can't be used, NotSent where it fails."""
    import requests

    parts = urlsplit(webhook)
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname))):
        raise SettingError("SAMEPICTURE_NOTICES_WEBHOOK is no https address: copy it again from the chat's settings.")
    try:
        answer = requests.post(webhook, json={"text": text}, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise NotSent(f"The chat in SAMEPICTURE_NOTICES_WEBHOOK can't be reached ({type(error).__name__}): check the network.") from None
    if not 200 <= answer.status_code < 300:
        raise NotSent(
            f"The chat did not take the message (status {answer.status_code}): check that SAMEPICTURE_NOTICES_WEBHOOK is still a webhook there."
        )


def is_this_machine(host: str) -> bool:
    """Whether a host is loopback: nothing that is sent there leaves the machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
