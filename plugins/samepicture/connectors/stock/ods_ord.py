"""Polls the ODS ORD API (domain: A16): one poll is one submission of the organisations that changed, each asked for by itself.

The API wants no key and no more than five requests a second. It tells changes of the last
185 days: after a longer pause, and at first, everything that is searched for is read.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Hashable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Answer, Client
from samepicture.connectors.paging import pages
from samepicture.feed import Feed
from samepicture.readers.stock.ods_ord import is_skeleton

PAGE = 1000
REMEMBERED = timedelta(days=180)
"""The API's own limit is 185 days; its day may be another than ours."""
GONE = (404, 410)
CODE = re.compile(r"[0-9A-Z]{3,12}")


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """At most one delivery. Cursor: `changed_to`, the day of the last poll, which the next reads again.

    Options: `base_url`, `base_url_from`, `requests_per_second`, and `searches`: parameters
    of /organisations, one search each (a later poll leaves Status out, so that closures
    are seen). Without `searches`, /sync gives every organisation that changed, at first
    those of the last 180 days: tens of thousands.
    """
    today = context.now.date()
    since = date.fromisoformat(cursor["changed_to"]) if cursor else None
    if since is not None and today - since > REMEMBERED:
        since = None
    searches: list[Mapping[str, str]] = feed.connector.options.get("searches", [])
    client = Client("ODS", context.base_url(feed), {}, "", context.option(feed, "requests_per_second"))
    with client, tempfile.TemporaryFile() as document:
        codes: set[str] = set()
        for search in searches:
            codes |= _found(client, search if since is None else _changed(search, since))
        if not searches:
            codes = _synchronised(client, since or today - REMEMBERED)
        real = 0
        for code in sorted(codes):
            answer = client.get(f"organisations/{code}", allowed=GONE)
            if answer.status in GONE:
                continue
            record = answer.document.get("Organisation") if isinstance(answer.document, dict) else None
            if not isinstance(record, dict):
                raise ConnectorError("ODS answered with something that is no organisation: tell the data team.")
            write_answer(document, answer)
            real += not is_skeleton(record)
        if not document.tell():
            return
        document.seek(0)
        count = real if feed.record_type == "organisation" else None  # an organisation has any number of relationships
        yield Delivery(f"ods_{since or 'all'}_{today}.jsonl", document, {"changed_to": today.isoformat()}, source_count=count)


def _changed(search: Mapping[str, str], since: date) -> dict[str, str]:
    return {**{name: value for name, value in search.items() if name != "Status"}, "LastChangeDate": since.isoformat()}


def _found(client: Client, search: Mapping[str, str]) -> set[str]:
    """The codes of a search. Raises ConnectorError where there are fewer than X-Total-Count says."""
    found: set[str] = set()
    total = 0

    def ask(position: int) -> tuple[Answer, list[Hashable]]:
        nonlocal total
        params: dict[str, str | int] = {**search, "Limit": PAGE}
        if position:  # an Offset of 0 is refused with 406
            params["Offset"] = position
        answer = client.get("organisations", params)
        counted = answer.headers.get("X-Total-Count", "")
        total = int(counted) if counted.isdigit() else total
        return answer, list(_codes(answer, "OrgId"))

    for _, codes in pages(ask, PAGE):
        found.update(map(str, codes))
    if len(found) < total:
        raise ConnectorError(
            f"ODS says that a search has {total} organisations but gave {len(found)}: collect again later, and tell the data team if it stays so."
        )
    return found


def _synchronised(client: Client, since: date) -> set[str]:
    return set(_codes(client.get("sync", {"LastChangeDate": since.isoformat()}), "OrgLink"))


def _codes(answer: Answer, name: str) -> Iterator[str]:
    """The codes of a list; of a link only the code, whatever its host."""
    entries = answer.document.get("Organisations") if isinstance(answer.document, dict) else None
    if not isinstance(entries, list):
        raise ConnectorError("ODS answered with something that is no list of organisations: tell the data team.")
    for entry in entries:
        code = str(entry.get(name) if isinstance(entry, dict) else "").split("?")[0].rsplit("/", 1)[-1].upper()
        if not CODE.fullmatch(code):
            raise ConnectorError("ODS listed an organisation without a code: tell the data team.")
        yield code
