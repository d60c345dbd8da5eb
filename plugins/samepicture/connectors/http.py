"""Asks JSON APIs: one paced, patient session, and errors in a sentence each.

Redirects are not followed: an API that redirects wants somebody to log in (domain: A10),
and a key must not travel to another host. Keys stand in headers only, and are blotted
out of answers that echo them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.util import Retry

from samepicture.connectors.base import ConnectorError
from samepicture.links import joined

TRIES = 5
TIMEOUT_SECONDS = (10.0, 60.0)
"""To connect; between two reads."""
LONGEST_WAIT_SECONDS = 60.0
"""A source that asks for a longer pause is left alone until the next poll."""
ANSWER_BYTES_MAX = 64 << 20
TRY_AGAIN = (429, 500, 502, 503, 504)
BLOTTED = b"REDACTED"
QUOTAS = ("X-Ratelimit-App-Global-Minute", "X-Ratelimit-App-Global-Day")
"""What SurveyMonkey counts; `-Remaining` is how many requests are left, `-Reset` in how many seconds there are more."""


@dataclass(frozen=True)
class Answer:
    """What the source said."""

    request: str
    """Path and parameters, without the base URL: holds no key."""
    status: int
    content: bytes
    """As received, but for a key that it echoed."""
    document: Any
    """The parsed JSON; None where a status was allowed that brings none, and for a file."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer; names in any case."""


def paced_session(requests_per_second: float, pause_seconds: float = 0.5) -> requests.Session:
    """A session that asks at most so often and tries again what may pass; the last refusal is the answer."""
    session = _Session()
    session.headers["User-Agent"] = "samepicture"
    retry = _Patient(  # any method: what we post are questions too
        total=TRIES - 1, status_forcelist=TRY_AGAIN, allowed_methods=None, backoff_factor=pause_seconds, raise_on_status=False
    )
    adapter = _Paced(Pace(requests_per_second), retry)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Session(requests.Session):
    """Follows nobody: else requests reads where an answer leads although it is told not to go there, and fails over what is no address."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - of requests' own
        return None


class Client:
    """A session with one API."""

    def __init__(
        self, source: str, base_url: str, headers: Mapping[str, str], key: str, requests_per_second: float, pause_seconds: float = 0.5
    ) -> None:
        """`source` names the API in errors; `headers` may hold the key, which is empty where none is needed; `pause_seconds` is the first pause before a retry, doubled each time."""
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConnectorError(f"The address of {source} is no http(s) address: correct it.")
        self._source = source
        self._base_url = base_url
        self._key = key
        self._pause_seconds = pause_seconds
        self._session = paced_session(requests_per_second, pause_seconds)
        self._session.headers.update({"Accept": "application/json", **headers})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, path: str, params: Mapping[str, str | int | list[str]] | None = None, allowed: tuple[int, ...] = ()) -> Answer:
        """Ask for JSON. `allowed` are statuses that the caller understands, such as 404.

        Raises ConnectorError: the key is refused, the source is down or asks to wait,
        or the answer is not JSON. What may pass is tried again.
        """
        return self._answer(requests.Request("GET", self._url(path), params=params), allowed)

    def post(self, path: str, body: Any, allowed: tuple[int, ...] = ()) -> Answer:
        """Ask for JSON with JSON. Only for what may be asked twice: it is tried again as `get` is."""
        return self._answer(requests.Request("POST", self._url(path), json=body), allowed)

    def file(self, path: str) -> Answer:
        """Ask for a file, whatever is in it: it comes as `content`, unread."""
        return self._answer(requests.Request("GET", self._url(path), headers={"Accept": "*/*"}), (), parse=False)

    def below(self, request: str, link: str) -> str:
        """Where a link in the answer to a request leads, as a path to ask for. Raises ConnectorError where it leaves this API: its key stays here."""
        address = joined(self._url(request), link)
        if not address.startswith(f"{self._base_url}/"):
            raise ConnectorError(f"{self._source} leads to another place for more: tell the data team.")
        return address.removeprefix(f"{self._base_url}/")

    def _url(self, path: str) -> str:
        return f"{self._base_url}/{path}".rstrip("/")

    def _answer(self, asked: requests.Request, allowed: tuple[int, ...], parse: bool = True) -> Answer:
        request = (asked.prepare().path_url or "").removeprefix(urlsplit(self._base_url).path).lstrip("/")
        failure = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(min(self._pause_seconds * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS))
            try:
                status, content, headers = self._ask(asked)
            except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
                failure = "broke off in the middle of an answer"
                continue
            except requests.exceptions.RequestException as error:
                # not chained: its text holds the whole address
                raise ConnectorError(
                    f"{self._source} can't be reached ({type(error).__name__}): check the network, then collect again."
                ) from None
            if status in allowed:
                return Answer(request, status, content, None, headers)
            self._raise_for_status(status)
            if not parse:
                return Answer(request, status, content, None, headers)
            try:
                return Answer(request, status, content, json.loads(content.decode("utf-8-sig")), headers)
            except ValueError:
                failure = "answered with a page that is not data"  # as it does for a moment when something went wrong (domain: A10)
        raise ConnectorError(
            f"{self._source} {failure}, {TRIES} times: check that the key is still valid and the service is up, then collect again."
        )

    def _ask(self, asked: requests.Request) -> tuple[int, bytes, Mapping[str, str]]:
        prepared = self._session.prepare_request(asked)
        settings = self._session.merge_environment_settings(prepared.url or "", {}, True, None, None)
        with self._session.send(prepared, timeout=TIMEOUT_SECONDS, allow_redirects=False, **settings) as response:
            content = bytearray()
            for chunk in response.iter_content(1 << 16):
                content += chunk
                if len(content) > ANSWER_BYTES_MAX:
                    raise ConnectorError(f"{self._source} sent an answer of more than {ANSWER_BYTES_MAX >> 20} MB: tell the data team.")
            return response.status_code, self._blot(bytes(content)), response.headers

    def _blot(self, content: bytes) -> bytes:
        for form in {self._key, quote(self._key, safe="")} - {""}:
            content = content.replace(form.encode(), BLOTTED)
        return content

    def _raise_for_status(self, status: int) -> None:
        if 300 <= status < 400 or status in (401, 403):
            said = "sent us to its login page" if status < 400 else f"refused it with status {status}"
            raise ConnectorError(f"{self._source} does not accept the key ({said}): check that it is right and still valid.")
        if status == 429:
            raise ConnectorError(f"{self._source} asks us to wait: collect again later, or lower requests_per_second in feed.yml.")
        if status >= 500:
            raise ConnectorError(f"{self._source} is out of order (status {status}, {TRIES} times): collect again later.")
        if status >= 400:
            raise ConnectorError(f"{self._source} does not understand the request (status {status}): tell the data team.")


class Pace:
    """At most so many requests a second."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._interval = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self) -> None:
        """Return when the next request may go."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._interval


class _Paced(HTTPAdapter):
    def __init__(self, pace: Pace, retry: Retry) -> None:
        self._pace = pace
        super().__init__(max_retries=retry)

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        self._pace.wait()
        return super().send(*args, **kwargs)


class _Patient(Retry):
    """Waits as long as the source asks, up to a bound; beyond it the refusal is the answer."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Seconds from Retry-After, else from the reset of the quota that is used up (SurveyMonkey)."""
        asked = super().get_retry_after(response)
        if asked is not None or response.status != 429:
            return asked
        resets = [response.headers.get(f"{quota}-Reset", "") for quota in QUOTAS if response.headers.get(f"{quota}-Remaining") == "0"]
        return max((float(reset) for reset in resets if reset.isdigit()), default=None)

    def increment(
        self, method: str | None = None, url: str | None = None, response: BaseHTTPResponse | None = None, *args: Any, **kwargs: Any
    ) -> Self:
        if response is not None and (self.get_retry_after(response) or 0) > LONGEST_WAIT_SECONDS:
            raise MaxRetryError(kwargs["_pool"], url, ResponseError("asked to wait too long"))
        return super().increment(method, url, response, *args, **kwargs)
