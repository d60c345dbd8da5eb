"""Fetches pages and files of one public website: paced, bounded, and never off to another host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import requests

from samepicture.connectors.base import ConnectorError
from samepicture.connectors.http import TIMEOUT_SECONDS, paced_session
from samepicture.links import joined

REDIRECTS_MAX = 5
AT_ONCE = 1000.0
"""Requests a second to this machine itself: politeness is for other people's servers."""


@dataclass(frozen=True)
class Fetched:
    """A page or file as received."""

    url: str
    """Where it was in the end, after redirects."""
    status: int
    content: bytes
    etag: str | None = None
    last_modified: str | None = None


class Website:
    """A session with one website."""

    def __init__(self, base_url: str, requests_per_second: float) -> None:
        if urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).hostname:
            raise ConnectorError(f"{base_url} is no http(s) address: correct it.")
        self.base_url = base_url
        here = urlsplit(base_url).hostname in ("127.0.0.1", "localhost")
        self._session = paced_session(AT_ONCE if here else requests_per_second)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def has(self, url: str) -> bool:
        """Whether an address is on this website; with or without 'www.' is the same."""
        return _host(url) == _host(self.base_url)

    def get(self, url: str, limit: int, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """Fetch at most `limit` bytes; status 304 where it is as it was under the given marks.

        Any other status is the caller's to judge. Raises ConnectorError: not reached,
        too large, or sent to another host.
        """
        marks = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified)) if value}
        for _ in range(REDIRECTS_MAX):
            try:
                with self._session.get(url, headers=marks, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True) as response:
                    if response.is_redirect:
                        url = self._onwards(joined(url, response.headers["Location"]))
                        continue
                    return Fetched(
                        url,
                        response.status_code,
                        _bounded(response, limit),
                        response.headers.get("ETag"),
                        response.headers.get("Last-Modified"),
                    )
            except requests.exceptions.RequestException as error:
                raise ConnectorError(f"{url} can't be reached ({type(error).__name__}): check the network, then collect again.") from None
        raise ConnectorError(f"{url} redirects without end: open it in a browser and correct the address in feed.yml.")

    def _onwards(self, url: str) -> str:
        if not self.has(url):
            there = _host(url) or "what is no address"
            raise ConnectorError(f"{self.base_url} sends us on to {there}: where that is right, correct the address in feed.yml.")
        return url


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def _bounded(response: requests.Response, limit: int) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(1 << 16):
        content += chunk
        if len(content) > limit:
            raise ConnectorError(f"{response.url} is larger than {limit >> 20} MB and was not fetched: tell the data team.")
    return bytes(content)
