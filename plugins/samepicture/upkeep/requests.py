"""Requests for erasure, left for Airflow: sealed in the landing store, known outside by an id that says nothing.

Airflow keeps the configuration and the rendered fields of every run, so a reference must not
be in them. Whoever is asked to erase leaves a request; the DAG is given its id, or none: then it
takes all that there are. A request is removed once it is done.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass

from samepicture.landing import Landing

FOLDER = "requests"


@dataclass(frozen=True)
class Request:
    """A record to be erased."""

    record_type: str
    record_key: tuple[str, ...]
    """Values of contract.record_key, pseudonyms where they are: the reference itself is kept nowhere."""
    reason: str


def leave(landing: Landing, request: Request) -> str:
    """Leave a request; its id."""
    request_id = uuid.uuid4().hex
    landing.store.write(json.dumps(asdict(request)).encode(), FOLDER, request_id)
    return request_id


def waiting(landing: Landing) -> list[str]:
    """Ids of the requests that are not done."""
    return sorted(landing.store.names(FOLDER))


def read(landing: Landing, request_id: str) -> Request:
    """A request. Raises KeyError where there is none of this id: it may be done already."""
    if not request_id.isalnum():
        raise KeyError("this is no id of a request: `samepicture erase --later` prints it")
    try:
        told = json.loads(landing.store.read(FOLDER, request_id))
    except FileNotFoundError:
        raise KeyError(f"there is no request {request_id}: it may be done already") from None
    return Request(told["record_type"], tuple(told["record_key"]), told["reason"])


def done(landing: Landing, request_id: str) -> None:
    """Remove a request that was fulfilled."""
    landing.store.remove(FOLDER, request_id)
