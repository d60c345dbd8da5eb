"""Polls CQC's syndication API (domain: A12): one poll is one submission of the locations and providers that changed.

England has about 100,000 locations, and each is a request: only those of the local
authorities that are asked for are collected. Their list is read at every poll (a page of
1,000 is one request); what changed since the last poll, and what is new in the list, is
then asked for by itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Client
from samepicture.feed import Feed

PAGE = 1000
GONE = (404, 410)
OVERLAP = timedelta(hours=1)
"""Changes of this time before the last poll are asked for again: clocks differ."""


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """At most one delivery.

    Options: `base_url`, `base_url_from`, `key_from`, `requests_per_second`,
    `local_authorities_from` (a variable with names as CQC writes them, parted by commas),
    `records_max` (more than that is a mistake in the names). Cursor: `changed_to`, and the
    ids of the `locations` and `providers` that are known.
    """
    key = context.key(feed)
    areas = context.required(
        feed, "local_authorities_from", "the local authorities whose services you want, as CQC writes them, such as Oldham,Rochdale"
    )
    client = Client("CQC", context.base_url(feed), {"Ocp-Apim-Subscription-Key": key}, key, context.option(feed, "requests_per_second"))
    with client, tempfile.TemporaryFile() as document:
        poll = _Poll(client, document, cursor, context.now)
        listed: set[str] = set()
        for area in filter(None, (name.strip() for name in areas.split(","))):
            found = poll.listed("locations", "locations", {"localAuthority": area}, lambda entry: entry.get("locationId"))
            if not found:
                raise ConnectorError(f"CQC knows no location in {area!r}: write the local authority as CQC does ({feed.id}).")
            listed |= found
        if len(listed) > context.option(feed, "records_max"):
            raise ConnectorError(
                f"{feed.id} would collect {len(listed)} locations, more than records_max ({context.option(feed, 'records_max')}): "
                "name fewer local authorities, or raise it in feed.yml."
            )
        locations = poll.collect("location", listed)
        providers = poll.collect("provider", poll.providers)
        if not document.tell():
            return
        document.seek(0)
        state = {"changed_to": context.now.isoformat(), "locations": sorted(locations), "providers": sorted(providers)}
        yield Delivery(f"cqc_{context.now:%Y-%m-%dT%H%M%S}.jsonl", document, state, source_count=poll.count)


class _Poll:
    """One poll under way."""

    def __init__(self, client: Client, document: IO[bytes], cursor: dict[str, Any], now: datetime) -> None:
        self._client = client
        self._document = document
        self._cursor = cursor
        self._now = now
        self.providers = set(cursor.get("providers", []))
        """Of the locations: those known before, and those met now."""
        self.count = 0

    def listed(self, path: str, name: str, params: dict[str, str], key: Callable[[Any], Any]) -> set[str]:
        """The ids of a list, page after page. Raises ConnectorError where there are fewer than its total says."""
        found: set[str] = set()
        page, pages, total = 1, 1, 0
        while page <= pages:
            answer = self._client.get(path, {**params, "page": page, "perPage": PAGE}).document
            entries = answer.get(name) if isinstance(answer, dict) else None
            if not isinstance(entries, list):
                raise ConnectorError(f"CQC answered {path} with something that is no list: tell the data team.")
            found |= {str(key(entry)) for entry in entries if key(entry)}
            total, pages = int(answer.get("total") or 0), int(answer.get("totalPages") or 0)
            page += 1
        if len(found) < total:
            raise ConnectorError(
                f"CQC says that {path} has {total} entries but gave {len(found)}: collect again later, and tell the data team if it stays so."
            )
        return found

    def collect(self, kind: str, ours: set[str]) -> set[str]:
        """Land what is new among ours or has changed; those of ours that CQC still has."""
        known = set(self._cursor.get(f"{kind}s", []))
        wanted = (ours - known) | (self._changed(kind) & ours) if known else ours
        gone: set[str] = set()
        for cqc_id in sorted(wanted):
            answer = self._client.get(f"{kind}s/{cqc_id}", allowed=GONE)
            if answer.status in GONE:
                gone.add(cqc_id)
                continue
            write_answer(self._document, answer)
            self.count += 1
            provider = answer.document.get("providerId") if isinstance(answer.document, dict) else None
            if provider:
                self.providers.add(str(provider))
        return ours - gone

    def _changed(self, kind: str) -> set[str]:
        since = datetime.fromisoformat(self._cursor["changed_to"]) - OVERLAP
        window = {"startTimestamp": _stamp(since), "endTimestamp": _stamp(self._now)}
        return self.listed(f"changes/{kind}", "changes", window, lambda entry: entry)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
