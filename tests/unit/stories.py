"""Stories and reviews as the two APIs give them, and the two feeds at full speed."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import polars as pl

from samepicture.connectors.answers import write_answer
from samepicture.connectors.http import Answer
from samepicture.feed import Feed, load_feed
from samepicture.mapping import Mapping
from samepicture.messages import SubmissionWarning
from samepicture.readers import read_parts
from samepicture.settings import PROJECT


def feed_at_full_speed(feed_id: str) -> Feed:
    feed = load_feed(PROJECT / "dags" / "feeds" / feed_id)
    return replace(feed, connector=replace(feed.connector, options={**feed.connector.options, "requests_per_second": 1000}))


CARE_OPINION = feed_at_full_speed("experience_story_care_opinion")
NHSUK = feed_at_full_speed("experience_story_nhsuk")


def rows(feed: Feed, content: bytes) -> tuple[pl.DataFrame, list[SubmissionWarning]]:
    """Read and map, as the judge does."""
    frames, warnings = [], []
    for part in read_parts(feed, io.BytesIO(content), "answers"):
        mapping = Mapping(feed, part.headers)
        frames += [mapping.apply(frame).frame for frame in part.frames]
        warnings += [*mapping.warnings, *part.warnings]
    return pl.concat(frames) if frames else pl.DataFrame(), warnings


def page(*stories: dict[str, Any]) -> bytes:
    return json.dumps(stories).encode()


def story(story_id: int | None, **fields: Any) -> dict[str, Any]:
    return {"id": story_id, "title": "t", "body": "b", "dateOfSubmission": "2026-01-01T10:00:00", "links": [], **fields}


def review(comment_id: str, **fields: Any) -> dict[str, Any]:
    return {"comment": {"commentId": comment_id, "odsCode": "RZN", "commentText": "b", "dateSubmitted": "2026-01-01T10:00:00", **fields}}


def document(*answers: tuple[str, int, Any]) -> bytes:
    target = io.BytesIO()
    for request, status, content in answers:
        write_answer(target, Answer(request, status, json.dumps(content).encode(), content if status == 200 else None))
    return target.getvalue()
