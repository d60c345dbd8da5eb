"""CQC's locations and providers to their ratings: a collected document, or one record as its API gives it (domain: A12).

One location or provider is one record, however many ratings it has. Current and past
ratings, of the whole and of single services, each with its key questions. Registered
managers and other contacts are named persons: those fields are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from samepicture.connectors.answers import read_answers
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part
from samepicture.readers.documents import frames
from samepicture.records import CONTRACTS

RATINGS = {
    "insufficient evidence to rate": "insufficient_evidence",
    "inspected but not rated": "inspected_not_rated",
    "no published rating": "no_published_rating",
}
"""The others are themselves, in snake case; the suite tells of what is none."""
WHOLE = "Overall"
HEADERS = [column.name for column in CONTRACTS["inspection_rating"].columns]
KEY = CONTRACTS["inspection_rating"].key
Row = dict[str, str | int | None]


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:  # noqa: ARG001 - every reader has it
    """One part with a row a rating. Raises SubmissionRejected where the bytes are no answers of this API."""
    yield Part("", HEADERS, frames(_rows(stream, file_name), HEADERS))


def _rows(stream: IO[bytes], file_name: str) -> Iterator[Row]:
    place = 0
    for answer in read_answers(stream, file_name):
        for record in answer.document if isinstance(answer.document, list) else [answer.document]:
            if not isinstance(record, dict) or not {"locationId", "providerId"} & record.keys():
                raise SubmissionRejected(
                    "wrong_feed",
                    f"The file {file_name} holds no location or provider as CQC's API gives it: it may belong to another feed.",
                )
            place += 1
            rows: dict[tuple[Any, ...], Row] = {}
            for row in _record(record):
                rows.setdefault(tuple(row.get(name) for name in KEY), row)  # current ones come first, and stay
            yield from ({LINE: place, **row} for row in rows.values())


def _record(record: dict[str, Any]) -> Iterator[Row]:
    """The ratings of a location or provider; where it has none, one row that says so."""
    about, none = _about(record), True
    current = _object(record.get("currentRatings"))
    for ratings, is_current in ((current, "true"), *((past, "false") for past in _objects(record.get("historicRatings")))):
        for service, rating in _rated(ratings):
            for scope, given in _scopes(rating):
                none = False
                inspected = _first("organisationId", given, rating, ratings) or about["cqc_id"]
                yield {
                    **about,
                    "rated_cqc_id": inspected,
                    "service_name": service,
                    "scope_code": scope,
                    "rating_code": _rating(given.get("rating")),
                    "report_date": _first("reportDate", given, rating, ratings),
                    "report_id": _first("reportLinkId", given, rating, ratings),
                    "is_current": is_current,
                    "is_inherited": "true" if inspected != about["cqc_id"] else "false",
                }
    if none:
        yield {
            **about,
            "rated_cqc_id": about["cqc_id"],
            "service_name": WHOLE,
            "scope_code": "overall",
            "rating_code": "not_rated",
            "is_current": "true",
            "is_inherited": "false",
        }


def _about(record: dict[str, Any]) -> Row:
    """What is said of the location or provider itself; fields that name people are not among it."""
    level = "location" if record.get("locationId") else "provider"
    categories = _objects(record.get("inspectionCategories"))
    person = str(record.get("ownershipType")).casefold() == "individual"
    return {
        "level_code": level,
        "cqc_id": _text(record.get(f"{level}Id")),
        "provider_cqc_id": _text(record.get("providerId")),
        "organisation_name": None if person else _text(record.get("name")),
        "organisation_ods_code": (_text(record.get("odsCode")) or "").upper() or None,
        "icb_ons_code": _text(record.get("onspdIcbCode")),
        "local_authority_name": _text(record.get("localAuthority")),
        "category_name": next((_text(category.get("name")) for category in categories if str(category.get("primary")) == "true"), None),
        "registration_status_code": _code(record.get("registrationStatus")),
        "deregistered_date": _text(record.get("deregistrationDate")),
    }


def _rated(ratings: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The whole, and each service that was rated by itself."""
    yield WHOLE, _object(ratings.get("overall"))
    for service in _objects(ratings.get("serviceRatings")):
        yield _text(service.get("name")) or "(no name)", service


def _scopes(rating: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All together, and each key question."""
    if rating.get("rating"):
        yield "overall", rating
    for question in _objects(rating.get("keyQuestionRatings")):
        if question.get("rating"):
            yield _code(question.get("name")) or "", question


def _rating(value: Any) -> str | None:
    return RATINGS.get(str(value).strip().casefold()) or _code(value)


def _code(value: Any) -> str | None:
    """A word of the source in snake case."""
    return re.sub(r"[^a-z0-9]+", "_", (_text(value) or "").casefold()).strip("_") or None


def _first(name: str, *places: dict[str, Any]) -> str | None:
    return next((_text(place[name]) for place in places if place.get(name)), None)


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
