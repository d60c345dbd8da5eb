"""What was promised, done and told back; what Healthwatch recommended; what came of going out to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from samepicture.page import words
from samepicture.page.evidence import key_of

STANDING = {"late": "Late", "open": "On its way", "no_clock": "No day named", "done": "Done", "stopped": "Stopped"}
"""Of a promise, in this order."""
ANSWERS = {"late": "Late", "due": "Due", "no_clock": "No day named", "answered": "Answered"}
"""Of a recommendation, in this order."""
MEASURED = {
    "improved": "better when measured again",
    "unchanged": "unchanged when measured again",
    "worse": "worse when measured again",
    "unclear": "measured again, unclear",
}
RESULTS = {
    "changed": "Something changed",
    "planned": "A change is planned",
    "declined": "Declined",
    "none_yet": "Nothing yet",
    "unknown": "Not recorded",
}


@dataclass(frozen=True)
class Promise:
    """An improvement action."""

    title: str
    owner: str
    themes: str
    """Codes, with spaces between: what the choice of a theme looks for."""
    theme_names: str
    status_code: str
    standing: str
    said: str
    due: str
    done: str
    told: str
    is_untold: bool
    """Done, and nobody was told so."""


@dataclass(frozen=True)
class Recommendation:
    """One of a report."""

    text: str
    report: str
    url: str
    by: str
    addressee: str
    published: str
    due: str
    status_code: str
    standing: str
    acted: str

    @property
    def is_waiting(self) -> bool:
        """An answer is late or due."""
        return self.status_code in ("late", "due")


@dataclass(frozen=True)
class Activity:
    """Somebody went out to people."""

    name: str
    key: str
    """Its quarter in a link."""
    day: str
    how: str
    themes: str
    reached: str
    groups: str
    result: str
    told: str


def promises(rows: pl.DataFrame | None) -> list[Promise] | None:
    """Late ones first, then by the day they are due; None where there is no such table."""
    if rows is None:
        return None
    found = sorted(
        rows.iter_rows(named=True), key=lambda row: (_place(row["status_code"], STANDING), -_number(row["due_date"]), row["action_key"])
    )
    return [_promise(row) for row in found]


def recommendations(rows: pl.DataFrame | None) -> list[Recommendation] | None:
    """Late ones first, the longest overdue first of these; None where there is no such table."""
    if rows is None:
        return None
    found = sorted(
        rows.iter_rows(named=True),
        key=lambda row: (
            _place(row["status_code"], ANSWERS),
            _number(row["due_date"]),
            row["report_title"] or "",
            row["recommendation_number"] or 0,
            row["recommendation_id"],
        ),
    )
    return [_recommendation(row) for row in found]


def activities(rows: pl.DataFrame | None) -> list[Activity] | None:
    """Newest first; None where there is no such table."""
    if rows is None:
        return None
    found = sorted(rows.iter_rows(named=True), key=lambda row: (-_number(row["activity_date"]), row["feedback_id"]))
    return [_activity(row) for row in found]


def addressed_to(rows: pl.DataFrame | None, names: Sequence[str]) -> pl.DataFrame | None:
    """Recommendations to somebody who is called so: reports name, they do not code."""
    if rows is None:
        return None
    return rows.filter(pl.col("addressee_name").str.strip_chars().str.to_lowercase().is_in([name.lower() for name in names]))


def _place(code: str, order: dict[str, str]) -> int:
    return list(order).index(code) if code in order else len(order)


def _number(day: date | None) -> int:
    return day.toordinal() if day else 0


def _promise(row: dict[str, Any]) -> Promise:
    done = words.day(row["done_date"])
    if done and row["remeasured_outcome_code"] in MEASURED:
        done += f", {MEASURED[row['remeasured_outcome_code']]}"
    told = words.day(row["told_back_date"])
    if told:
        told += f", {words.plain(row['told_back_channel_code'], words.CHANNELS)}" if row["told_back_channel_code"] else ", but not how"
    return Promise(
        title=row["title"] or "Not named",
        owner=row["owner_role"] or "not named",
        themes=" ".join(_codes(row["theme_codes"])),
        theme_names=row["theme_names"] or "No theme named",
        status_code=row["status_code"],
        standing=words.plain(row["status_code"], STANDING),
        said=words.day(row["said_date"]) or "no day named",
        due=words.day(row["due_date"]) or "no day named",
        done=done or ("stopped" if row["status_code"] == "stopped" else "not yet"),
        told=told or "nobody yet",
        is_untold=row["status_code"] == "done" and not row["is_loop_closed"],
    )


def _codes(text: str | None) -> list[str]:
    return [code.strip() for code in (text or "").split(",") if code.strip()]


def _recommendation(row: dict[str, Any]) -> Recommendation:
    acted = {True: "Acted on", False: "Named in an action that is not done", None: "No action names it"}
    return Recommendation(
        text=row["recommendation_text"] or "Not quoted",
        report=row["report_title"] or "Report",
        url=words.link(row["report_url"]),
        by=row["local_healthwatch_name"] or "Healthwatch",
        addressee=row["addressee_name"] or "nobody named",
        published=words.day(row["published_date"]),
        due=words.day(row["due_date"]) or "no day named",
        status_code=row["status_code"],
        standing=words.plain(row["status_code"], ANSWERS) + (f" on {words.day(row['response_date'])}" if row["response_date"] else ""),
        acted=acted[row["is_acted_on"]],
    )


def _activity(row: dict[str, Any]) -> Activity:
    how = words.capital(words.plain(row["channel_code"], {"ppg": "patient participation group"}))
    reached = (
        words.WITHHELD
        if row["is_suppressed"] and row["reached_count"] is None
        else f"{row['reached_count']:,} reached"
        if row["reached_count"] is not None
        else "not recorded"
    )
    if row["contributed_count"] is not None:
        reached += f", {row['contributed_count']:,} took part"
    return Activity(
        name=row["activity_name"] or "Not named",
        key=key_of(words.quarter_of(row["activity_date"]) if row["activity_date"] else None),
        day=words.day(row["activity_date"]) or "no day named",
        how=", ".join(part for part in (how, row["place_name"]) if part) or "not recorded",
        themes=" ".join(_codes(row["theme_codes"])),
        reached=reached,
        groups=row["people_group_names"] or "no group recorded",
        result=words.plain(row["result_code"], RESULTS),
        told=words.day(row["told_back_date"]) or "nobody yet",
    )
