"""Polls the Care Opinion API v2 (domain: A10): one poll is one submission.

Everything published since the cursor, less an overlap, is read again, so that edits,
answers and tags that came later arrive. A story of that time that was there at the last
poll and is not in the list now is asked for by itself: where it is gone, so we are told.
The API gives no totals; that nothing is missing is checked by overlapping pages.
"""

from __future__ import annotations

import tempfile
from collections.abc import Hashable, Iterator
from datetime import date, timedelta
from typing import IO, Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Answer, Client
from samepicture.connectors.paging import PAGE, pages
from samepicture.feed import Feed

GONE = (404, 410)


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """At most one delivery. Cursor: `published_to` and the ids `known` within the overlap of it."""
    overlap = timedelta(days=context.option(feed, "overlap_days"))
    since = date.fromisoformat(cursor["published_to"][:10]) - overlap if cursor else context.option(feed, "first_day")
    key = context.key(feed)
    client = Client(
        "Care Opinion",
        context.base_url(feed),
        {"Authorization": f"SUBSCRIPTION_KEY {key}"},
        key,
        context.option(feed, "requests_per_second"),
    )
    with client, tempfile.TemporaryFile() as document:
        tag_requests = context.option(feed, "tag_requests_max") if context.option(feed, "with_tags") else 0
        published = _write_stories(client, since, tag_requests, document)
        _write_removed(client, sorted(set(cursor.get("known", [])) - published.keys()), document)
        if not document.tell():
            return
        # Never later than now: a slip of the source must not hide what is published until then.
        past = [moment for moment in published.values() if moment <= context.now.isoformat()]
        published_to = max([*past, cursor.get("published_to", since.isoformat())])
        recent = (date.fromisoformat(published_to[:10]) - overlap).isoformat()
        known = sorted(story for story, moment in published.items() if moment >= recent)
        document.seek(0)
        yield Delivery(f"care_opinion_{since}_{context.now:%Y-%m-%d}.jsonl", document, {"published_to": published_to, "known": known})


def _write_stories(client: Client, since: date, tag_requests: int, document: IO[bytes]) -> dict[str, str]:
    """Write every page and the tags of its stories; id and moment of publication of each story."""

    def ask(position: int) -> tuple[Answer, list[Hashable]]:
        answer = client.get("opinions", {"skip": position, "take": PAGE, "publishedafter": since.isoformat()})
        if not isinstance(answer.document, list) or not all(isinstance(story, dict) for story in answer.document):
            raise ConnectorError("Care Opinion answered with something that is no list of stories: tell the data team.")
        return answer, [str(story.get("id")) for story in answer.document]

    published: dict[str, str] = {}
    for answer, _ in pages(ask):
        write_answer(document, answer)
        for story in answer.document:
            story_id = str(story.get("id"))
            if story_id not in published and story_id.isdigit() and tag_requests:
                tag_requests -= 1
                tags = client.get(f"opinions/{story_id}/tags", allowed=GONE)  # gone since the page: the next poll tells
                if tags.status not in GONE:
                    write_answer(document, tags)
            published[story_id] = str(story.get("dateOfPublication") or since)
    return published


def _write_removed(client: Client, missing: list[str], document: IO[bytes]) -> None:
    """Write the refusals of stories that are gone; one that still answers has only left the list."""
    for story_id in missing:
        answer = client.get(f"opinions/{story_id}", allowed=GONE)
        if answer.status in GONE:
            write_answer(document, answer)
