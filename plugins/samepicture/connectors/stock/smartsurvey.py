"""Polls the SmartSurvey API v1 (domain: A14): a survey's title and all returns since the cursor, less an overlap.

How many returns there are stands in a header or in the page; the list is read until they are
there. Returns of the overlap that are not in the list any more are asked for by themselves.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import IO, Any

from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Answer, Client
from samepicture.connectors.surveys import Page, changed_since, collect_listed, deliveries
from samepicture.feed import Feed

PER_PAGE = 100


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """One delivery a survey. Options: as of SurveyMonkey, and token_from; key_from is the token's secret."""
    secret = context.key(feed)
    token = context.required(feed, "token_from", f"the API token that {feed.publisher} gave you")
    headers = {"Authorization": "Basic " + base64.b64encode(f"{token}:{secret}".encode()).decode()}
    with Client("SmartSurvey", context.base_url(feed), headers, secret, context.option(feed, "requests_per_second")) as client:

        def collect_one(survey: str, state: dict[str, Any], document: IO[bytes]) -> tuple[dict[str, Any], int | None]:
            since = int(changed_since(feed, context, state).timestamp())
            params: dict[str, str | int] = {"page_size": PER_PAGE, "include_labels": "true", "since": since}

            def ask(number: int) -> Page:
                return _page(client, survey, {**params, "page": number})

            return collect_listed(client, feed, context, survey, state, f"surveys/{survey}", ask, document)

        yield from deliveries(feed, cursor, context, collect_one)


def _page(client: Client, survey: str, params: dict[str, str | int]) -> Page:
    answer = client.get(f"surveys/{survey}/responses", params)
    found = answer.document.get("records") if isinstance(answer.document, dict) else answer.document
    if not isinstance(found, list) or not all(isinstance(item, dict) and item.get("id") for item in found):
        raise ConnectorError("SmartSurvey answered with something that is no list of returns: tell the data team.")
    return answer, {str(item["id"]): _changed(item) for item in found}, _total(answer)


def _changed(item: dict[str, Any]) -> str:
    return str(item.get("date_modified") or item.get("date_ended") or item.get("date_started"))


def _total(answer: Answer) -> int | None:
    inside = answer.document.get("total") if isinstance(answer.document, dict) else None
    told = str(answer.headers.get("X-SS-Pagination-Total", inside if inside is not None else ""))
    return int(told) if told.isdigit() else None
