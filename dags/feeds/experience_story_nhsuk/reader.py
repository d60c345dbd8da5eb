"""NHS.uk reviews to rows: a collected document, or one page as somebody saved it (domain: A11).

A review that comes twice is one row: the later, and a removal before all. Of a removed
review only its id and organisation are read: nothing else in it can hold up its removal.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

from samepicture.connectors.answers import read_answers
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part, fold, known_headers
from samepicture.readers.documents import frames, stranger, text, utc

DERIVED = ("origin", "version", "visit_month", "ratings", "response_count", "first_response", "progress", "is_removed")
WORDED = ("title", "commentText", "department")
ESCAPES_MAX = 3
ORIGINS = {"nhs.uk": "nhsuk", "careopinion.org.uk": "care_opinion"}


@dataclass
class _Survey:
    """What a first look through the document found."""

    headers: dict[str, None] = field(default_factory=dict)
    winner: dict[str, tuple[bool, int]] = field(default_factory=dict)
    """Review id to (is removed, place) of the copy that counts: the greatest."""


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part with a row a review. Raises SubmissionRejected where the bytes are no answers of this API."""
    survey = _Survey()
    for place, comment, removed in _comments(stream, file_name):
        if comment is not None:
            if not removed:
                survey.headers.update(dict.fromkeys(comment))
            key = _key(comment, place)
            survey.winner[key] = max(survey.winner.get(key, (False, 0)), (removed, place))
    # A poll may hold removals alone: then no review tells the headers.
    headers = list(dict.fromkeys([*(survey.headers or feed.layouts[0].recognise), *DERIVED]))
    part = Part("", headers, iter(()))
    part.frames = frames(_rows(stream, file_name, feed, survey, part), headers)
    yield part


def _rows(stream: IO[bytes], file_name: str, feed: Feed, survey: _Survey, part: Part) -> Iterator[dict[str, str | int | None]]:
    known = known_headers(feed)
    for place, comment, removed in _comments(stream, file_name):
        if comment is None:
            sentence = "An entry of the answer is not a review: collect it again, and tell the data team if it stays so."
            part.unreadable.append({LINE: place, "code": "unreadable_record", "sentence": sentence})
        elif survey.winner[_key(comment, place)] == (removed, place):
            yield {**_row(comment, removed, known, feed.reader.options["rating_scale_code"]), LINE: place}


def _comments(stream: IO[bytes], file_name: str) -> Iterator[tuple[int, dict[str, Any] | None, bool]]:
    """Place, review and whether it was removed; None for an entry that is no review."""
    place = 0
    for answer in read_answers(stream, file_name):
        entries = answer.document.get("comments") if isinstance(answer.document, dict) else None
        if not isinstance(entries, list):
            raise SubmissionRejected(
                "wrong_feed", f"The file {file_name} is no list of reviews as NHS.uk gives it: it may belong to another feed."
            )
        asked_removed = parse_qs(urlsplit(answer.request).query).get("status") == ["removed"]
        for entry in entries:
            place += 1
            comment = entry.get("comment", entry) if isinstance(entry, dict) else None
            if not isinstance(comment, dict):
                yield place, None, False
                continue
            if isinstance(entry.get("response"), dict):  # some answers have it beside the comment
                comment = {**comment, "response": entry["response"]}
            removed = asked_removed or str(comment.get("status")).lower() == "removed"
            yield place, None if removed and not comment.get("commentId") else comment, removed


def _key(comment: dict[str, Any], place: int) -> str:
    """What makes a review the same one; without an id, each is its own (and will be rejected)."""
    return str(comment.get("commentId") or f"#{place}")


def _row(comment: dict[str, Any], removed: bool, known: set[str], scale_code: str) -> dict[str, str | None]:
    if removed:
        return {"commentId": text(comment["commentId"]), "odsCode": text(comment.get("odsCode")), "is_removed": "true"}
    row = {name: text(value) if fold(name) in known else stranger(value) for name, value in comment.items()}
    row.update({name: _unescaped(comment[name]) for name in WORDED if name in comment})
    response = comment.get("response")
    answered = isinstance(response, dict) or bool(comment.get("responseID"))
    row["dateSubmitted"] = utc(comment.get("dateSubmitted"))
    row["origin"] = _origin(comment.get("commentOriginalURL"))
    # a removal has no version: it counts from when we learn of it, as NHS.uk need not move lastUpdated
    row["version"] = utc(comment.get("lastUpdated"))
    row["visit_month"] = _visit_month(comment.get("visit"))
    row["ratings"] = _ratings(comment.get("ratings"), scale_code)
    row["response_count"] = "1" if answered else "0"
    row["first_response"] = utc(response.get("dateSubmitted")) if isinstance(response, dict) else None
    row["progress"] = "response" if answered else "no_response"
    return row


def _unescaped(words: Any) -> str | None:
    """Titles come escaped twice."""
    plain = text(words)
    for _ in range(ESCAPES_MAX):
        if plain is None or (once := html.unescape(plain)) == plain:
            break
        plain = once
    return plain


def _origin(url: Any) -> str | None:
    try:
        host = urlsplit(str(url)).hostname if url else None
    except ValueError:
        return None
    if not host:
        return None
    return next((code for domain, code in ORIGINS.items() if host == domain or host.endswith(f".{domain}")), "other")


def _visit_month(visit: Any) -> str | None:
    if not isinstance(visit, dict) or not visit.get("month") or not visit.get("year"):
        return None
    return f"{visit['year']}-{str(visit['month']).zfill(2)}-01"


def _ratings(found: Any, scale_code: str) -> str | None:
    if not isinstance(found, list):
        return None
    scores = [(rating.get("question"), str(rating.get("rating"))) for rating in found if isinstance(rating, dict)]
    kept = [
        {"question": question, "score": float(score) if "." in score else int(score), "scale_code": scale_code}
        for question, score in scores
        if re.fullmatch(r"\d{1,3}(\.\d{1,9})?", score)
    ]
    return json.dumps(kept, ensure_ascii=False) if kept else None
