"""Searches a FHIR server: page after page of Bundles, each as received."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from samepicture.connectors.base import ConnectorError
from samepicture.connectors.http import Answer, Client
from samepicture.links import joined

MIME = "application/fhir+json"
PAGES_MAX = 10_000
REFUSALS = (400, 404, 406, 410, 412, 422)
"""Statuses with which a server says in an OperationOutcome what it does not like."""
CODE_LENGTH = 40


def search(client: Client, source: str, base_url: str, path: str, params: Mapping[str, str | int]) -> Iterator[Answer]:
    """Each page of a search; the next is where the Bundle's link says, on the same server only.

    Raises ConnectorError: the server refuses the search, answers with something else, or
    sends us to another host or in a circle.
    """
    asked: set[str] = set()
    query: Mapping[str, Any] = params
    while True:
        answer = client.get(path, query, allowed=REFUSALS)
        bundle = answer.document if answer.status == 200 else _parsed(answer.content)
        _raise_for_outcome(source, answer.status, bundle)
        yield answer
        following = next((link.get("url") for link in _objects(bundle.get("link")) if link.get("relation") == "next"), None)
        if not following:
            return
        path, query = _same_server(source, base_url, str(following))
        if following in asked or len(asked) >= PAGES_MAX:
            raise ConnectorError(f"The pages of {source} lead in a circle, so some could be missing: tell those who run the server.")
        asked.add(following)


def total(bundle: Any) -> int | None:
    """How many resources the server says that match; None where it does not say."""
    found = bundle.get("total") if isinstance(bundle, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def entries(bundle: Any, kind: str) -> list[dict[str, Any]]:
    """The resources of a type that a page holds."""
    found = [entry.get("resource") for entry in _objects(bundle.get("entry"))]
    return [resource for resource in found if isinstance(resource, dict) and resource.get("resourceType") == kind]


def _same_server(source: str, base_url: str, url: str) -> tuple[str, dict[str, list[str]]]:
    """Path below the base URL, and parameters, some of them several times. A key must not travel to another host."""
    base, there = urlsplit(f"{base_url}/"), urlsplit(joined(f"{base_url}/", url))
    if (there.scheme, there.netloc) != (base.scheme, base.netloc) or not f"{there.path}/".startswith(base.path):
        raise ConnectorError(
            f"{source} sends us to another address for the next page: we do not follow it with a key. Set the address that it names, or tell those who run it."
        )
    return there.path.removeprefix(base.path.rstrip("/")).lstrip("/"), parse_qs(there.query, keep_blank_values=True)


def _raise_for_outcome(source: str, status: int, document: Any) -> None:
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if kind == "OperationOutcome":
        # what it says in words may quote a record: the codes are enough
        codes = [str(issue.get("code"))[:CODE_LENGTH] for issue in _objects(document.get("issue"))]
        raise ConnectorError(
            f"{source} refuses the search (status {status}, {', '.join(codes) or 'no reason given'}): check connector.options in feed.yml, then collect again."
        )
    if status != 200:
        raise ConnectorError(
            f"{source} does not understand the request (status {status}): check the address and connector.options in feed.yml."
        )
    if kind != "Bundle":
        raise ConnectorError(f"{source} answered with something that is no FHIR Bundle: check the address, which ends before /{{type}}.")


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
