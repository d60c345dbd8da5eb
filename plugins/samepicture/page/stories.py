"""Stories that their authors published: the newest of each quarter, about one organisation."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from samepicture.page import words
from samepicture.page.evidence import key_of
from samepicture.page.reading import QUARTERS, STORIES_OF_A_QUARTER

TONES = {"positive": "Praise", "negative": "Criticism", "mixed": "Praise and criticism", "neutral": "Neither praise nor criticism"}
ANSWERED = {
    "no_response": "Nobody has answered yet",
    "response": "Answered",
    "change_planned": "Answered: a change is planned",
    "change_made": "Answered: a change was made",
}
SHORT = 400
"""Characters that show at once; the rest opens."""


@dataclass(frozen=True)
class Story:
    """A story, its identifiers taken out."""

    key: str
    """Its quarter in a link."""
    title: str
    beginning: str
    body: str
    """All of it, where it is longer than its beginning; else empty."""
    tone: str
    answered: str
    source: str
    url: str
    day: str


def stories(frame: pl.DataFrame | None, codes: Mapping[str, Collection[str]]) -> dict[str, list[Story]] | None:
    """Of each organisation, newest first; `codes` are those under which it was known. None where there is no such table."""
    if frame is None:
        return None
    owner = {code: today for today, known in codes.items() for code in known}
    found: dict[str, list[Story]] = {today: [] for today in codes}
    taken: dict[tuple[str, str], int] = {}
    for row in frame.iter_rows(named=True):
        key = key_of(words.quarter_of(row["published_date"]))
        for today in {owner[code] for code in _codes(row["organisation_ods_codes"]) if code in owner}:
            taken[today, key] = taken.get((today, key), 0) + 1
            if taken[today, key] <= STORIES_OF_A_QUARTER and len({story.key for story in found[today]} | {key}) <= QUARTERS:
                found[today].append(_story(row, key))
    return found


def _codes(text: str | None) -> list[str]:
    return [code for code in json.loads(text or "[]") if isinstance(code, str)]


def _story(row: dict[str, Any], key: str) -> Story:
    body = row["body"].strip()
    beginning = body if len(body) <= SHORT * 1.2 else body[:SHORT].rsplit(" ", 1)[0] + " …"
    return Story(
        key=key,
        title=row["title"] or "Without a title",
        beginning=beginning,
        body=body if beginning != body else "",
        tone=TONES.get(row["direction_code"] or "", "Not judged"),
        answered=ANSWERED.get(row["progress_code"] or "", "Not known whether anybody answered"),
        source=words.plain(row["publisher_code"], words.PUBLISHERS),
        url=words.link(row["story_url"]),
        day=words.day(row["published_date"]),
    )
