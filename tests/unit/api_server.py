"""A real HTTP server on loopback that behaves as its test says: pages, refusals, broken bodies, web pages in place of data."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from samepicture.demo.loopback import Loopback

SORRY_PAGE = b"<html><body>Sorry! Something went wrong.</body></html>"
Fault = Literal["wait", "wait_long", "error", "half", "html"]


@dataclass
class Reply:
    """What a route answers."""

    document: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request."""

    path: str
    params: dict[str, str]
    """One that is given several times with commas between."""
    headers: Mapping[str, str]


class ApiServer(Loopback):
    """Serves `answer` on a free port of 127.0.0.1, from `with` to its end."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self.answer = answer
        self.faults: deque[Fault] = deque()
        """Each spoils one request, in turn."""
        self.requests: list[Asked] = []
        super().__init__(_handler(self))


def _handler(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {name: ",".join(values) for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            asked = Asked(parts.path, params, dict(self.headers.items()))
            server.requests.append(asked)
            reply = server.answer(asked)
            body = json.dumps(reply.document).encode()
            match server.faults.popleft() if server.faults else None:
                case "wait":
                    self._send(429, b"{}", {"Retry-After": "1"})
                case "wait_long":
                    self._send(429, b"{}", {"Retry-After": "86400"})
                case "error":
                    self._send(500, SORRY_PAGE, {})
                case "html":
                    self._send(200, SORRY_PAGE, {})
                case "half":
                    self._send(reply.status, body[: len(body) // 2], {}, len(body))
                    self.close_connection = True
                case None:
                    self._send(reply.status, body, reply.headers)

        def _send(self, status: int, body: bytes, headers: Mapping[str, str], length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
