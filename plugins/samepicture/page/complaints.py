"""Complaints by quarter: answered in time, and how they ended; and what ombudsmen found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from samepicture.page import words
from samepicture.page.evidence import key_of
from samepicture.page.reading import QUARTERS

OUTCOMES = {
    "upheld": "Upheld",
    "partly_upheld": "Partly upheld",
    "not_upheld": "Not upheld",
    "resolved": "Resolved, without a finding",
    "closed": "Closed, without a finding",
    "discontinued": "Discontinued",
}
IN_TIME = (
    ("acknowledged_in_time", "Acknowledged within 3 working days"),
    ("answered_by_agreed_date", "Answered by the agreed day"),
    ("beyond_six_months", "Took longer than 6 months"),
)


@dataclass(frozen=True)
class Row:
    """A quarter; the cells in the order of the table's headings."""

    key: str
    label: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Finding:
    """A decision of an ombudsman."""

    day: str
    publisher: str
    number: str
    outcome: str
    url: str


def in_time(rows: pl.DataFrame | None) -> list[Row] | None:
    """Complaints received, newest quarter first; None where there is no such table."""
    return _rows(rows, _in_time)


def ended(rows: pl.DataFrame | None) -> list[Row] | None:
    """Complaints resolved, newest quarter first; None where there is no such table."""
    return _rows(rows, _ended)


def findings(rows: pl.DataFrame | None) -> list[Finding] | None:
    """Decisions, newest first; None where there is no such table."""
    if rows is None:
        return None
    return [
        Finding(
            words.day(row["decision_date"]),
            words.plain(row["publisher_code"], words.PUBLISHERS),
            row["decision_id"] or "",
            OUTCOMES.get(row["outcome_code"] or "", "Not known"),
            words.link(row["decision_url"]),
        )
        for row in (
            rows.sort("decision_date", "feedback_id", descending=True, nulls_last=True).iter_rows(named=True) if rows.height else ()
        )
    ]


def _rows(rows: pl.DataFrame | None, cells: Any) -> list[Row] | None:
    if rows is None:
        return None
    if rows.is_empty():
        return []
    newest = rows["quarter_start_date"].drop_nulls().unique().sort(descending=True).head(QUARTERS)
    shown = rows.filter(pl.col("quarter_start_date").is_in(newest.implode())).sort(
        "quarter_start_date", "organisation_ods_code", descending=[True, False]
    )
    return [Row(key_of(row["quarter_start_date"]), _label(row), cells(row)) for row in shown.iter_rows(named=True)]


def _label(row: dict[str, Any]) -> str:
    label = words.quarter(row["quarter_start_date"])
    if row["organisation_ods_code"] != row["today_ods_code"]:
        label += f", as {words.name(row['organisation_name'], row['organisation_ods_code'])}"
    return label


def _in_time(row: dict[str, Any]) -> list[str]:
    cells = [words.count(row["complaint_count"])]
    for measure, _ in IN_TIME:
        share, decided = row[f"{measure}_share"], row[f"{measure}_decided_count"]
        cells.append(
            "can't be said yet"
            if decided == 0
            else words.percent(share)
            if share is None or decided is None
            else f"{words.percent(share)} of {decided:,}"
        )
    days = row["median_response_working_days"]
    cells.append(f"{days:.0f} working days" if days is not None else words.WITHHELD)
    return cells


def _ended(row: dict[str, Any]) -> list[str]:
    if row["upheld_share"] is None:
        return [words.count(row["resolved_count"]), words.WITHHELD if row["resolved_count"] != 0 else "none resolved"]
    low, high = (words.percent(row[column]) for column in ("upheld_share_low", "upheld_share_high"))
    return [words.count(row["resolved_count"]), f"{words.percent(row['upheld_share'])} (likely between {low} and {high})"]
