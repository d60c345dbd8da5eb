"""What a trained model finds in people's own words: to explore, never to count by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from samepicture.page import words
from samepicture.page.evidence import key_of
from samepicture.page.reading import QUARTERS


@dataclass(frozen=True)
class Found:
    """A theme in the comments of a quarter."""

    code: str
    name: str
    comments: str
    strong: str
    """Of these, such that it finds strongly critical."""
    uncoded: str
    """Of these, such to which their source gave no theme."""


@dataclass(frozen=True)
class TextQuarter:
    """A table: what was found in a quarter's comments."""

    key: str
    label: str
    read: str
    """How many comments the model has read."""
    rows: Sequence[Found]


def texts(rows: pl.DataFrame | None) -> list[TextQuarter] | None:
    """Of one organisation, newest quarter first; None where there is no such table, nothing where no model has read a comment."""
    if rows is None:
        return None
    if rows.is_empty():
        return []
    newest = rows["quarter_start_date"].drop_nulls().unique().sort(descending=True).head(QUARTERS).to_list()
    parts = {quarter: part for (quarter,), part in rows.partition_by("quarter_start_date", as_dict=True).items()}
    return [_quarter(quarter, parts[quarter]) for quarter in (*newest, None) if quarter in parts]


def _quarter(quarter: Any, rows: pl.DataFrame) -> TextQuarter:
    read = rows.unique("organisation_ods_code", maintain_order=True)["read_count"].to_list()  # the same beside each of its themes
    themes = sorted(
        rows.group_by("theme_code")
        .agg(pl.col("theme_name").first(), "comment_count", "strong_count", "uncoded_count")
        .iter_rows(named=True),
        key=lambda row: (-sum(count or 0 for count in row["comment_count"]), row["theme_name"] or row["theme_code"]),
    )
    return TextQuarter(
        key_of(quarter), words.quarter(quarter) if quarter else "Without a date", words.together(read), [_found(row) for row in themes]
    )


def _found(row: dict[str, Any]) -> Found:
    return Found(
        row["theme_code"],
        row["theme_name"] or row["theme_code"],
        words.together(row["comment_count"]),
        words.together(row["strong_count"]),
        words.together(row["uncoded_count"]),
    )
