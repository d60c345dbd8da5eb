"""Polls a FHIR R4 server for QuestionnaireResponses that are new or were changed (domain: A14): one poll is one submission.

Options: `base_url` and `base_url_from`, `key_from` (sent as a bearer token; leave it out
where the server asks for none), `requests_per_second`, `page_size`, `overlap_hours` (read
again at each poll: clocks differ, and servers index late), `search` (further search
parameters, for example questionnaire or status).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import Delivery, FetchContext
from samepicture.connectors.fhir import MIME, entries, search, total
from samepicture.connectors.http import Client
from samepicture.feed import Feed

KIND = "QuestionnaireResponse"


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """At most one delivery. Cursor: `read_to`, the time at which the last poll began."""
    options = feed.connector.options
    key = context.key(feed) if "key_from" in options else ""
    headers = {"Accept": MIME, **({"Authorization": f"Bearer {key}"} if key else {})}
    base_url = context.base_url(feed)
    params = {**options.get("search", {}), "_count": context.option(feed, "page_size")}
    if cursor:
        since = datetime.fromisoformat(cursor["read_to"]) - timedelta(hours=context.option(feed, "overlap_hours"))
        params["_lastUpdated"] = f"ge{since.isoformat(timespec='seconds')}"
    found, said = set[str](), None
    client = Client(feed.publisher, base_url, headers, key, context.option(feed, "requests_per_second"))
    with client, tempfile.TemporaryFile() as document:
        for page in search(client, feed.publisher, base_url, KIND, params):
            write_answer(document, page)
            found.update(str(resource.get("id")) for resource in entries(page.document, KIND))
            said = total(page.document) if total(page.document) is not None else said
        if not found:
            return
        document.seek(0)
        read_to = {"read_to": context.now.isoformat()}
        yield Delivery(f"fhir_{context.now:%Y-%m-%dT%H%M%S}.jsonl", document, read_to, source_count=said)
