"""Polls the NHS.uk reviews API (domain: A11): one poll is one submission.

Published reviews are asked for from the cursor less an overlap, removed ones from the
first day, because a review of any age may be taken down and must go here too.
The API gives no totals; that nothing is missing is checked by overlapping pages.
"""

from __future__ import annotations

import tempfile
from collections.abc import Hashable, Iterator
from datetime import date, timedelta
from typing import Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Answer, Client
from samepicture.connectors.paging import PAGE, pages
from samepicture.feed import Feed

TYPES = ("DEN", "OPT", "HOS", "PHA", "GPB", "TRU", "IND", "SCL", "CLI")


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """At most one delivery. Cursor: `read_to`, the day of the last poll."""
    first_day: date = context.option(feed, "first_day")
    overlap = timedelta(days=context.option(feed, "overlap_days"))
    since = date.fromisoformat(cursor["read_to"]) - overlap if cursor else first_day
    today = context.now.date()
    key = context.key(feed)
    asked = _organisations(feed, context)
    client = Client("NHS.uk", context.base_url(feed), {"subscription-key": key}, key, context.option(feed, "requests_per_second"))
    with client, tempfile.TemporaryFile() as document:
        for organisation in asked:
            for status, start in (("published", since), ("removed", first_day)):
                period = {"status": status, "fromDate": start.isoformat(), "toDate": today.isoformat()}
                for answer in _answers(client, {**organisation, **period}):
                    write_answer(document, answer)
        if not document.tell():
            return
        document.seek(0)
        yield Delivery(f"nhsuk_reviews_{since}_{today}.jsonl", document, {"read_to": today.isoformat()})


def _answers(client: Client, params: dict[str, str]) -> Iterator[Answer]:
    def ask(position: int) -> tuple[Answer, list[Hashable]]:
        answer = client.get("comments/Comments", {**params, "offset": position, "limit": PAGE, "api-version": "1.0"})
        entries = answer.document.get("comments") if isinstance(answer.document, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ConnectorError("NHS.uk answered with something that is no list of reviews: tell the data team.")
        return answer, [str((entry.get("comment") or entry).get("commentId")) for entry in entries]

    for answer, _ in pages(ask):
        yield answer


def _organisations(feed: Feed, context: FetchContext) -> list[dict[str, str]]:
    """What to ask for, from 'TRU:RZN,GPB': the API wants a type, a code or both."""
    text = context.required(feed, "organisations_from", "the organisations whose reviews you want, such as TRU:RZN,GPB:Z81001")
    asked = []
    for item in filter(None, (part.strip().upper() for part in text.split(","))):
        kind, _, code = item.partition(":")
        if kind not in TYPES:
            variable = context.option(feed, "organisations_from")
            raise ConnectorError(f"{feed.id}: {variable} has {item!r}: write a type ({', '.join(TYPES)}), a colon and an ODS code.")
        asked.append({"orgType": kind, "odsCode": code} if code else {"orgType": kind})
    return asked
