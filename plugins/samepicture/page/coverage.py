"""How fresh and how whole everything is: feeds, and questions that what has come can't answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from samepicture.page import words

RECORDS_OF = {
    "evidence": (
        "complaint",
        "complaint_return",
        "experience_story",
        "healthwatch_report",
        "engagement_activity",
        "survey_response",
        "ombudsman_decision",
    ),
    "signals": ("complaint", "experience_story", "survey_result"),
    "complaints": ("complaint", "ombudsman_decision"),
    "stories": ("experience_story",),
    "known": ("complaint", "experience_story", "healthwatch_report", "engagement_activity", "survey_response", "improvement_action"),
    "promises": ("improvement_action",),
    "recommendations": ("healthwatch_report", "improvement_action"),
    "engagement": ("engagement_activity", "improvement_action"),
    "heard": ("complaint", "experience_story", "survey_response", "engagement_activity", "population"),
}
"""What each section is made of."""
QUESTIONS_OF = {
    "evidence": (1,),
    "signals": (16,),
    "complaints": (10, 11),
    "stories": (14,),
    "known": (2,),
    "promises": (13,),
    "recommendations": (12,),
    "engagement": (18,),
    "heard": (7, 8),
}
"""Which of the twenty questions (published.answer_coverage) each section answers."""
REFERENCE = ("organisation", "organisation_relationship")
OF_ONE = ("complaint", "survey_response")
"""Records that an organisation sends of itself; logs and reports are about many."""


@dataclass(frozen=True)
class Feed:
    """A feed in use, as it stands."""

    name: str
    publisher: str
    function: str
    last: str
    standing: Sequence[str]
    is_late: bool
    is_incomplete: bool


@dataclass(frozen=True)
class Question:
    """One that can't be answered, or in part."""

    text: str
    is_in_part: bool
    missing: str


@dataclass(frozen=True)
class Coverage:
    """What there is to say of feeds and questions."""

    feeds: Sequence[Feed]
    idle: Sequence[str]
    """Declared, and not in use."""
    questions: Sequence[Question]
    sections: Mapping[str, Sequence[str]]
    """Sentences below each section's heading."""

    @property
    def late(self) -> list[Feed]:
        """Feeds that are late."""
        return [feed for feed in self.feeds if feed.is_late]

    @property
    def incomplete(self) -> list[Feed]:
        """Feeds of which the last submission was refused, or is not whole."""
        return [feed for feed in self.feeds if feed.is_incomplete]


def coverage(feeds: pl.DataFrame | None, answers: pl.DataFrame | None, without: Collection[str] = ()) -> Coverage:
    """For everybody; or for one organisation, `without` what these others send of themselves."""
    rows = [
        row
        for row in (feeds.sort("feed_name", "feed_id").iter_rows(named=True) if feeds is not None else ())
        if row["record_type"] not in OF_ONE or row["publisher_name"].lower() not in without
    ]
    asked = {row["question_number"]: row for row in (answers.iter_rows(named=True) if answers is not None else ())}
    in_use = [row for row in rows if row["is_active"] and row["record_type"] not in REFERENCE]
    return Coverage(
        feeds=[_feed(row) for row in in_use],
        idle=[row["feed_name"] for row in rows if not row["is_active"] and row["record_type"] not in REFERENCE],
        questions=[
            Question(row["question"], row["status_code"] == "in_part", row["missing_source_names"] or "not named")
            for _, row in sorted(asked.items())
            if row["status_code"] != "answered"
        ],
        sections={section: list(_sentences(in_use, asked, section)) for section in RECORDS_OF},
    )


def _feed(row: Mapping[str, Any]) -> Feed:
    standing = []
    if row["is_late"]:
        standing.append(f"late: expected every {row['expected_every_days']} days" if row["expected_every_days"] else "late")
    if row["last_outcome_code"] == "rejected":
        standing.append("the last delivery was refused")
    if row["is_reconciled"] is False:
        standing.append("the last delivery holds another number of records than its sender says")
    if row["rejected_share"]:
        standing.append(f"{100 * row['rejected_share']:.1f}% of its records could not be taken")
    return Feed(
        name=row["feed_name"],
        publisher=row["publisher_name"],
        function={"nursing": "Nursing", "comms": "Comms"}.get(row["owner_directorate_code"], "not named"),
        last=_day(row["last_loaded_at"]) or "nothing yet",
        standing=standing,
        is_late=bool(row["is_late"]),
        is_incomplete=row["last_outcome_code"] == "rejected" or row["is_reconciled"] is False,
    )


def _sentences(feeds: Sequence[Mapping[str, Any]], asked: Mapping[int, Mapping[str, Any]], section: str) -> list[str]:
    mine = [row for row in feeds if row["record_type"] in RECORDS_OF[section]]
    newest = max((row["last_loaded_at"] for row in mine if row["last_loaded_at"]), default=None)
    late = [row["feed_name"] for row in mine if row["is_late"]]
    said = [
        f"Made of {words.some(len(mine), 'feed')}; the last delivery came on {_day(newest)}."
        if newest
        else "Nothing that this is made of has come yet."
    ]
    if late:
        said.append(f"Late, so what is newest may be missing: {words.listed(late)}.")
    missing = sorted(
        {
            name.strip()
            for number in QUESTIONS_OF[section]
            if number in asked
            for name in (asked[number]["missing_source_names"] or "").split(",")
            if name.strip()
        }
    )
    if missing:
        said.append(f"Not the whole answer: nothing has come yet of {words.listed(missing)}.")
    return said


def _day(at: datetime | None) -> str:
    return words.day(at.date()) if at else ""
