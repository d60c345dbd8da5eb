"""Polls the SurveyMonkey API v3 (domain: A14): a survey's details and all returns that changed since the cursor, less an overlap.

Lists come in the order of change, 100 a page; a return that changes while they are read
moves to the end, so they are read until the `total` of the API is there. The API does not
tell of deletions: a return of the overlap that was there at the last poll and is not in the
list now is asked for by itself. Draft and private apps may ask 120 times a minute, 500 a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import IO, Any

from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Client
from samepicture.connectors.surveys import Page, changed_since, collect_listed, deliveries
from samepicture.feed import Feed

PER_PAGE = 100


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """One delivery a survey. Options: those of connectors/surveys.py, base_url, base_url_from, key_from, requests_per_second."""
    key = context.key(feed)
    headers = {"Authorization": f"Bearer {key}"}
    with Client("SurveyMonkey", context.base_url(feed), headers, key, context.option(feed, "requests_per_second")) as client:

        def collect_one(survey: str, state: dict[str, Any], document: IO[bytes]) -> tuple[dict[str, Any], int | None]:
            since = changed_since(feed, context, state)
            params: dict[str, str | int] = {
                "per_page": PER_PAGE,
                "sort_by": "date_modified",
                "sort_order": "ASC",
                "start_modified_at": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            }

            def ask(number: int) -> Page:
                return _page(client, survey, {**params, "page": number})

            return collect_listed(client, feed, context, survey, state, f"surveys/{survey}/details", ask, document)

        yield from deliveries(feed, cursor, context, collect_one)


def _page(client: Client, survey: str, params: dict[str, str | int]) -> Page:
    answer = client.get(f"surveys/{survey}/responses/bulk", params)
    found = answer.document.get("data") if isinstance(answer.document, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) and item.get("id") for item in found):
        raise ConnectorError("SurveyMonkey answered with something that is no list of returns: tell the data team.")
    total = answer.document.get("total")
    return answer, {str(item["id"]): str(item.get("date_modified")) for item in found}, total if isinstance(total, int) else None
