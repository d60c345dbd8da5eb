"""A counterpart of the Care Opinion API v2 and the NHS.uk reviews API, on this machine only.

Serves invented stories in the sources' true layouts, with their true habits: pages by
skip and take, a login page in place of a 401. For the tests it can be told to misbehave.
"""

from __future__ import annotations

import json
import re
from collections import deque
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from samepicture.demo.ics import PRACTICES
from samepicture.demo.loopback import Loopback
from samepicture.demo.stories import opinions, reviews

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><h1>Log in</h1></body></html>"
SORRY_PAGE = b"<html><body>Sorry! Something went wrong.</body></html>"
TAKE_MAX = 100
Fault = Literal["wait", "wait_long", "error", "half", "html"]


class DemoApis(Loopback):
    """Both APIs on one port of 127.0.0.1, from `with` to its end. What they hold may be changed while they run."""

    def __init__(self, stories: int = 120, review_count: int = 160, seed: int = 1, last_day: date = date(2026, 6, 30)) -> None:
        self.key = "northshire-invented-key"
        self.faults: deque[Fault] = deque()
        """Each spoils one request, in turn."""
        self.page_shift = 0
        """Pages after the first begin this much earlier than asked: overlapping pages."""
        self.requests: list[str] = []
        """Path and parameters of each request that was let in."""
        super().__init__(_handler(self))
        self.opinions, self.tags = opinions(stories, seed, last_day, f"{self.url}/api/v2")
        self.reviews = reviews(review_count, seed, last_day)

    def environment(self) -> dict[str, str]:
        """The settings that point the two feeds here."""
        return {
            "SAMEPICTURE_CARE_OPINION_KEY": self.key,
            "SAMEPICTURE_CARE_OPINION_URL": f"{self.url}/api/v2",
            "SAMEPICTURE_NHSUK_KEY": self.key,
            "SAMEPICTURE_NHSUK_URL": self.url,
            "SAMEPICTURE_NHSUK_ORGANISATIONS": "TRU,GPB",
        }

    def edit_story(self, story_id: int, body: str) -> None:
        """The author changed the words."""
        next(story for story in self.opinions if story["id"] == story_id)["body"] = body

    def remove_story(self, story_id: int) -> None:
        """Care Opinion took it down: it is gone without a word."""
        self.opinions = [story for story in self.opinions if story["id"] != story_id]

    def remove_review(self, comment_id: str) -> None:
        """NHS.uk took it down: its status changes."""
        next(review for review in self.reviews if review["comment"]["commentId"] == comment_id)["comment"]["status"] = "removed"

    def answer(self, path: str, params: dict[str, str]) -> tuple[int, Any]:
        """Status and document of a request that was let in."""
        if path == "/api/v2/opinions":
            since = datetime.fromisoformat(params.get("publishedafter", "1900-01-01"))
            found = [story for story in self.opinions if datetime.fromisoformat(story["dateOfPublication"]) >= since]
            return 200, self._page(found, int(params.get("skip", 0)), int(params.get("take", TAKE_MAX)))
        if match := re.fullmatch(r"/api/v2/opinions/(\d+)(/tags)?", path):
            story = next((story for story in self.opinions if story["id"] == int(match[1])), None)
            if story is None:
                return 404, {"message": "Not found"}
            return 200, self.tags[story["id"]] if match[2] else story
        if path == "/comments/Comments" and {"orgType", "odsCode"} & params.keys():
            return 200, {"comments": self._page(self._reviews(params), int(params.get("offset", 0)), int(params.get("limit", TAKE_MAX)))}
        return 404, {"message": "Resource not found"}

    def _reviews(self, params: dict[str, str]) -> list[dict[str, Any]]:
        practices = {practice.ods_code for practice in PRACTICES}

        def asked_for(comment: dict[str, Any]) -> bool:
            kind = "GPB" if comment["odsCode"] in practices else "TRU"
            return (
                comment["status"] == params.get("status", "published")
                and comment["odsCode"] == params.get("odsCode", comment["odsCode"])
                and kind == params.get("orgType", kind)
                and params.get("fromDate", "") <= comment["lastUpdated"][:10] <= params.get("toDate", "9999")
            )

        return [review for review in self.reviews if asked_for(review["comment"])]

    def _page(self, found: list[dict[str, Any]], skip: int, take: int) -> list[dict[str, Any]]:
        begin = max(skip - self.page_shift, 0) if skip else 0
        return found[begin : begin + min(take, TAKE_MAX)]


def _handler(apis: DemoApis) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/account/"):
                self._send(200, LOGIN_PAGE, "text/html")
            elif parts.path.startswith("/api/v2/") and self.headers.get("Authorization") != f"SUBSCRIPTION_KEY {apis.key}":
                self._send(302, LOGIN_PAGE, "text/html", ("Location", "/account/login"))
            elif parts.path.startswith("/comments/") and self.headers.get("subscription-key") != apis.key:
                self._send(401, b'{"statusCode": 401, "message": "Access denied"}', "application/json")
            else:
                self._answer(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

        def _answer(self, path: str, params: dict[str, str]) -> None:
            apis.requests.append(self.path)
            status, document = apis.answer(path, params)
            body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
            match apis.faults.popleft() if apis.faults else None:
                case "wait":
                    self._send(429, b"{}", "application/json", ("Retry-After", "1"))
                case "wait_long":
                    self._send(429, b"{}", "application/json", ("Retry-After", "86400"))
                case "error":
                    self._send(500, SORRY_PAGE, "text/html")
                case "html":
                    self._send(200, SORRY_PAGE, "text/html")
                case "half":
                    self._send(status, body[: len(body) // 2], "application/json", length=len(body))
                    self.close_connection = True
                case None:
                    self._send(status, body, "application/json")

        def _send(self, status: int, body: bytes, kind: str, header: tuple[str, str] | None = None, length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.send_header("Date", datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"))
            if header:
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: the terminal belongs to whoever runs the demo."""

    return Handler
