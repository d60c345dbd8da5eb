"""Collects from any JSON API that feed.yml can describe (json_source.py): most new sources need no code.

One poll is one submission, the answers as received. Where the list changes while it is
read, pages overlap or are read again, so that nothing falls between them; without an
overlap (paging `next` and `cursor`) that is for the source to see to.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Answer, Client
from samepicture.connectors.json_source import JsonSource, Since, at, json_source
from samepicture.connectors.paging import OVERLAP, pages
from samepicture.connectors.surveys import PAGES_MAX, moment, write_list
from samepicture.feed import Feed


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """At most one delivery. Cursor: `since`, the largest value of the declared field. Raises ConnectorError."""
    try:
        source = json_source(feed.connector.options)
    except ValueError as error:
        raise ConnectorError(f"{feed.id}: connector.options.{error}") from None
    key = context.key(feed) if source.key_from else ""
    params = {name: str(value) for name, value in source.params.items()}
    if source.since is not None:
        params[source.since.param] = _since(source.since, cursor)
    headers = _shown(feed, source, context, key)
    with (
        Client(feed.publisher, context.base_url(feed), headers, key, source.requests_per_second) as client,
        tempfile.TemporaryFile() as document,
    ):
        reading = _Reading(feed.publisher, source, client, params, context.now)
        total = reading.write(document)
        if not reading.count:
            return
        document.seek(0)
        yield Delivery(f"{feed.id}_{context.now:%Y-%m-%dT%H%M}.jsonl", document, reading.cursor or cursor, source_count=total)


def _shown(feed: Feed, source: JsonSource, context: FetchContext, key: str) -> dict[str, str]:
    if not key:
        return {}
    if not source.auth.user_from:
        return {source.auth.header: f"{source.auth.prefix}{key}"}
    user = context.environment.get(source.auth.user_from, "").strip()
    if not user:
        raise ConnectorError(f"{feed.id} can't be collected: set {source.auth.user_from} to the user whose password {source.key_from} is.")
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}


def _since(since: Since, cursor: dict[str, Any]) -> str:
    if "since" not in cursor:
        return str(since.first)
    back = moment(cursor["since"]) - timedelta(hours=since.overlap_hours)
    return back.isoformat() if "T" in cursor["since"] or " " in cursor["since"] else back.date().isoformat()


class _Reading:
    """One poll: asks page by page, and keeps the largest value of the field by which the next one asks."""

    def __init__(self, publisher: str, source: JsonSource, client: Client, params: dict[str, str], now: datetime) -> None:
        self._publisher, self._source, self._client, self._params, self._now = publisher, source, client, params, now
        self._latest: str | None = None
        self.count = 0
        """Records seen, those of overlapping pages each time."""

    @property
    def cursor(self) -> dict[str, Any]:
        """{} where feed.yml declares none, or no record had a moment."""
        return {} if self._latest is None else {"since": self._latest}

    def write(self, document: IO[bytes]) -> int | None:
        """Write every page; how many records the source says that there are."""
        paging = self._source.paging
        match paging.kind:
            case "page":
                return write_list(lambda number: self._ask({paging.param: number - 1 + paging.first, **self._size()}), document)[1]
            case "offset":
                total = None
                overlap = min(OVERLAP, paging.size // 2)
                for answer, _ in pages(self._at_position, paging.size, overlap):
                    write_answer(document, answer)
                    total = self._total(answer)
                return total
            case _:
                return self._write_chain(document)

    def _write_chain(self, document: IO[bytes]) -> int | None:
        """Pages each of which says where the next one is."""
        paging = self._source.paging
        more: dict[str, Any] = self._size()
        path, params, total, seen = self._source.path, {**self._params, **more}, None, set()
        for _ in range(PAGES_MAX):
            answer, entries, total = self._ask_at(path, params)
            if entries:
                write_answer(document, answer)
            onwards = at(answer.document, paging.at) if paging.kind != "none" else None
            if onwards in (None, "", False):
                return total
            if str(onwards) in seen:
                raise ConnectorError(f"{self._publisher} leads back to a page that was read: tell the data team.")
            seen.add(str(onwards))
            if paging.kind == "cursor":
                params = {**self._params, **more, paging.param: str(onwards)}
            else:
                path, params = self._client.below(answer.request, str(onwards)), {}
        raise ConnectorError(f"{self._publisher} has more than {PAGES_MAX:,} pages: ask for less in feed.yml.")

    def _at_position(self, position: int) -> tuple[Answer, list[Any]]:
        answer, entries, _ = self._ask({self._source.paging.param: position, **self._size()})
        return answer, list(entries)

    def _size(self) -> dict[str, Any]:
        paging = self._source.paging
        return {paging.size_param: paging.size} if paging.size_param else {}

    def _ask(self, more: dict[str, Any]) -> tuple[Answer, dict[str, str], int | None]:
        return self._ask_at(self._source.path, {**self._params, **more})

    def _ask_at(self, path: str, params: dict[str, Any]) -> tuple[Answer, dict[str, str], int | None]:
        answer = self._client.get(path, params or None)
        records = at(answer.document, self._source.records)
        if not isinstance(records, list):
            place = self._source.records or "(the answer itself)"
            raise ConnectorError(
                f"{self._publisher} answered without a list at {place}: correct connector.options.records in feed.yml, or tell the data team."
            )
        for record in records:
            self._keep_latest(record)
        self.count += len(records)
        return answer, {_identity(record): "" for record in records}, self._total(answer)

    def _keep_latest(self, record: Any) -> None:
        since = self._source.since
        changed = at(record, since.field) if since is not None else None
        if changed is None:
            return
        with suppress(ConnectorError):  # one without a moment, or from the future, moves nothing and holds up no other
            if (moment(self._latest) if self._latest else datetime.min.replace(tzinfo=UTC)) < moment(str(changed)) <= self._now:
                self._latest = str(changed)

    def _total(self, answer: Answer) -> int | None:
        total = at(answer.document, self._source.total) if self._source.total else None
        return total if isinstance(total, int) else None


def _identity(record: Any) -> str:
    """The same record twice is one; a changed one is another."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
