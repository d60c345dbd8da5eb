"""Care Opinion API v2 opinions to rows: a collected document, or one page as somebody saved it (domain: A10).

A story that comes twice, because pages overlap, is one row: the later. Organisations and
services stand only in the links; a story that was taken down comes as a 404 of its own address.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import polars as pl

from samepicture.connectors.answers import LandedAnswer, read_answers
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected, SubmissionWarning, as_shown
from samepicture.readers import LINE, Part, fold, known_headers
from samepicture.readers.documents import frames, lines, stranger, text, utc

DERIVED = ("story_url", "organisations", "services", "tags", "ratings", "severity", "response_count", "is_removed")
MOMENTS = ("dateOfSubmission", "dateOfPublication")
STORY = re.compile(r"opinions/(\d+)(/tags)?")
ODS_CODE = re.compile(r"[0-9A-Z]{3}|[0-9A-Z]{5,6}")
"""Three characters for a trust, five or six for a site, a practice or another provider."""
GONE = (404, 410)


@dataclass
class _Survey:
    """What a first look through the document found."""

    headers: dict[str, None] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    """Story id to the place of its last copy."""
    tags: dict[str, str] = field(default_factory=dict)
    """Story id to its tags, as the contract wants them."""


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part with a row a story. Raises SubmissionRejected where the bytes are no answers of this API."""
    survey = _survey(stream, file_name)
    named = [name for layout in feed.layouts for column in layout.columns.values() for name in column.from_]
    # A poll may hold removals alone: then no story tells the headers.
    headers = list(dict.fromkeys([*(survey.headers or [*feed.layouts[0].recognise, *named]), *DERIVED]))
    part = Part("", headers, iter(()))
    part.frames = frames(_rows(stream, file_name, feed, survey, part), headers)
    yield part


def _survey(stream: IO[bytes], file_name: str) -> _Survey:
    survey, place = _Survey(), 0
    for answer in read_answers(stream, file_name):
        match = STORY.match(answer.request)
        if match and match[2] and answer.status == 200:
            survey.tags[match[1]] = _tags(answer.document)
        for story in _stories(answer, file_name):
            place += 1
            if isinstance(story, dict):
                if "is_removed" not in story:
                    survey.headers.update(dict.fromkeys(story))
                survey.last[_key(story, place)] = place
    return survey


def _rows(stream: IO[bytes], file_name: str, feed: Feed, survey: _Survey, part: Part) -> Iterator[dict[str, str | int | None]]:
    known, unrated, place = known_headers(feed), Counter[str](), 0
    for answer in read_answers(stream, file_name):
        for story in _stories(answer, file_name):
            place += 1
            if not isinstance(story, dict):
                sentence = "An entry of the answer is not a story: collect it again, and tell the data team if it stays so."
                part.unreadable.append({LINE: place, "code": "unreadable_record", "sentence": sentence})
            elif survey.last[_key(story, place)] == place:
                yield {**_row(story, feed, known, survey, unrated), LINE: place}
    part.warnings += [
        SubmissionWarning(
            "unknown_criticality",
            "This criticality is not on the list: the story has no severity until the data team adds it.",
            "severity_score",
            value,
            count,
        )
        for value, count in zip(as_shown(pl.Series(list(unrated), dtype=pl.String)), unrated.values(), strict=True)
    ]


def _stories(answer: LandedAnswer, file_name: str) -> list[Any]:
    """The entries of an answer: a page's stories, or one that is gone."""
    match = STORY.match(answer.request)
    if match:
        return [{"id": match[1], "is_removed": "true"}] if answer.status in GONE and not match[2] else []
    if not isinstance(answer.document, list):
        raise SubmissionRejected(
            "wrong_feed", f"The file {file_name} is no list of stories as Care Opinion gives it: it may belong to another feed."
        )
    return answer.document


def _key(story: dict[str, Any], place: int) -> str:
    """What makes a story the same one; without an id, each is its own (and will be rejected)."""
    return f"#{place}" if story.get("id") is None else str(story["id"])


def _row(story: dict[str, Any], feed: Feed, known: set[str], survey: _Survey, unrated: Counter[str]) -> dict[str, str | None]:
    row = {name: text(value) if fold(name) in known else stranger(value) for name, value in story.items() if name != "links"}
    if "is_removed" in story:
        return row
    row.update({name: utc(story.get(name)) for name in MOMENTS})
    found = story.get("links")
    links = [link for link in found if isinstance(link, dict)] if isinstance(found, list) else []
    services = [(str(link["id"]).upper(), link.get("score")) for link in links if _relation(link) == "healthservice" and link.get("id")]
    story_id = text(story.get("id"))
    options = feed.reader.options
    row["organisations"] = lines(code for code in map(_ods_code, (service for service, _ in services)) if code)
    row["services"] = lines(service for service, _ in services)
    row["tags"] = survey.tags.get(story_id or "") or _tags([{"name": link.get("id")} for link in links if _relation(link) == "tag"])
    scores = [
        {"question": f"Rating of {name}", "score": score, "scale_code": options["rating_scale_code"]}
        for name, score in services
        if score is not None
    ]
    row["ratings"] = json.dumps(scores) if scores else None
    row["response_count"] = str(sum(_relation(link) == "response" for link in links))
    row["story_url"] = options["story_url"].format(id=story_id) if story_id else None
    row["severity"] = _severity(story.get("criticality"), options["criticality"], unrated)
    return row


def _relation(link: dict[str, Any]) -> str:
    """Links say `rel` or `relation`, by the age of the answer."""
    return str(link.get("rel") or link.get("relation") or "").lower()


def _ods_code(service: str) -> str | None:
    """RP5DR_110 is a service of RP5DR; 1-101660555-don-social-pre is no NHS organisation."""
    prefix = re.split("[_-]", service, maxsplit=1)[0]
    return prefix if ODS_CODE.fullmatch(prefix) else None


def _tags(found: Any) -> str:
    tags = [tag for tag in found if isinstance(tag, dict) and tag.get("name")] if isinstance(found, list) else []
    return json.dumps(
        [{"group": tag.get("group"), "name": tag["name"], "polarity": tag.get("polarity")} for tag in tags], ensure_ascii=False
    )


def _severity(criticality: Any, scores: dict[str, int], unrated: Counter[str]) -> str | None:
    if criticality is None:
        return None
    words = str(criticality).strip().lower()
    if words not in scores:
        unrated[words] += 1
        return None
    return str(scores[words])
