"""A mail server (aiosmtpd) and a chat's webhook on loopback that keep what they are told."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from samepicture.demo.loopback import Loopback

USER, PASSWORD = "notices@ics.example", "p@ss word"


@dataclass
class Mails:
    """What came in, and whether the server is willing."""

    port: int
    refuses: bool = False
    received: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return "451 not now"
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@contextmanager
def mail_server(context: ssl.SSLContext | None = None) -> Iterator[Mails]:
    """With a context: encrypted from the start, and only for USER."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mails = Mails(probe.getsockname()[1])

    def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login.decode(), data.password.decode()) == (USER, PASSWORD), handled=False)

    asked = {"ssl_context": context, "authenticator": known, "auth_required": True, "auth_require_tls": False} if context else {}
    controller = Controller(mails, hostname="127.0.0.1", port=mails.port, **asked)
    controller.start()
    try:
        yield mails
    finally:
        controller.stop()


@dataclass
class Chat:
    """What was posted, and how it answers."""

    url: str = ""
    status: int = 200
    texts: list[str] = field(default_factory=list)


@contextmanager
def chat_server() -> Iterator[Chat]:
    """Takes JSON with a text, as Slack, Teams and Mattermost do."""
    chat = Chat()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert set(body) == {"text"}
            if chat.status == 200:
                chat.texts.append(body["text"])
            self.send_response(chat.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with Loopback(Webhook) as server:
        chat.url = f"{server.url}/hooks/secret-part"
        yield chat
