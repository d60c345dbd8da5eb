"""Polls NHS England's directory of organisations by FHIR R4, the Organisation Data Terminology API (domain: A16): one poll is one submission.

It replaced the STU3 API, which is retired. Production wants an API key (header `apikey`).
Options: `base_url` and `base_url_from`, `key_from` (leave it out for the sandbox),
`requests_per_second`, `page_size`, `overlap_days` (read again at each poll: the directory
dates a change by its day), `searches` (parameters of /Organization, one search each).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import Delivery, FetchContext
from samepicture.connectors.fhir import MIME, entries, search, total
from samepicture.connectors.http import Client
from samepicture.feed import Feed
from samepicture.readers.stock.ods_fhir import KIND, is_skeleton, ods_code

SOURCE = "ODS"


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """At most one delivery. Cursor: `changed_to`, the day of the last poll."""
    key = context.key(feed) if "key_from" in feed.connector.options else ""
    headers = {"Accept": MIME, **({"apikey": key} if key else {})}
    base_url = context.base_url(feed)
    common: dict[str, str | int] = {"_count": context.option(feed, "page_size")}
    if cursor:
        since = date.fromisoformat(cursor["changed_to"]) - timedelta(days=context.option(feed, "overlap_days"))
        common["_lastUpdated"] = f"ge{since}"
    whole, skeletons, counts = set[str](), set[str](), list[int | None]()
    client = Client(SOURCE, base_url, headers, key, context.option(feed, "requests_per_second"))
    with client, tempfile.TemporaryFile() as document:
        for searched in context.option(feed, "searches"):
            said, found = None, set[str]()
            for page in search(client, SOURCE, base_url, KIND, {**searched, **common}):
                write_answer(document, page)
                said = said if said is not None else total(page.document)
                for resource in entries(page.document, KIND):
                    code = ods_code(resource) or f"without a code {len(found)}"
                    found.add(code)
                    (skeletons if is_skeleton(resource) else whole).add(code)
            counts.append(None if said is None else said - len(found))
        if not whole:
            return
        document.seek(0)
        changed_to = {"changed_to": context.now.date().isoformat()}
        yield Delivery(
            f"ods_fhir_{context.now:%Y-%m-%dT%H%M%S}.jsonl", document, changed_to, source_count=_said(len(whole - skeletons), counts)
        )


def _said(read: int, missing: list[int | None]) -> int | None:
    """How many organisations the directory says that it gave, each once: those that came, and by how many each search fell short."""
    known = [count for count in missing if count is not None]
    return read + sum(known) if len(known) == len(missing) else None
