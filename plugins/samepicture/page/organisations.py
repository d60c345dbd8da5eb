"""Which organisations have a page, and what of each table is theirs: under the organisations of today."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from samepicture.page import words
from samepicture.page.reading import Material

DATED = {
    "theme_evidence": "quarter_start_date",
    "complaint_timeliness": "quarter_start_date",
    "complaint_outcome": "quarter_start_date",
    "spc": "month_start_date",
    "loop_closure": "agreed_date",
    "ombudsman_findings": "decision_date",
    "engagement_outcome": "activity_date",
    "text_theme": "quarter_start_date",
}
"""Tables of organisations, and by which of their days a name is the newest."""
FILE_NAME = re.compile(r"[0-9A-Za-z]{1,20}")
TODAY = "today_ods_code"
"""The organisation of today; where nobody knows a successor, the one of its day."""


@dataclass(frozen=True)
class Organisation:
    """Somebody who has a page."""

    code: str
    name: str

    @property
    def file_name(self) -> str:
        """Of the page: a code may come out of anybody's file, so it is a name only where it looks like one."""
        plain = self.code if FILE_NAME.fullmatch(self.code) else hashlib.sha256(self.code.encode()).hexdigest()[:20]
        return f"{plain}.html"


@dataclass(frozen=True)
class Slices:
    """The rows of each table by organisation."""

    by_table: Mapping[str, Mapping[str, pl.DataFrame]]

    def of(self, table: str, code: str) -> pl.DataFrame | None:
        """Rows of one organisation, perhaps none; None where the table is not there."""
        slices = self.by_table.get(table)
        if slices is None:
            return None
        return slices.get(code, next(iter(slices.values())).clear() if slices else pl.DataFrame())


def slices(material: Material) -> Slices:
    """Cut each table once."""
    cut: dict[str, Mapping[str, pl.DataFrame]] = {}
    for table in (*DATED, "known_already"):
        frame = material[table]
        if frame is not None:
            today = (
                pl.coalesce("current_ods_code", "organisation_ods_code")
                if "current_ods_code" in frame.columns
                else pl.col("organisation_ods_code")
            )
            parts = frame.with_columns(today.alias(TODAY)).partition_by(TODAY, as_dict=True)
            cut[table] = {str(code): part for (code,), part in parts.items() if code is not None}
    return Slices(cut)


def organisations(material: Material) -> list[Organisation]:
    """Everybody of whom some table says something, by name; the name is the newest under its own code."""
    seen = [
        frame.select(
            pl.coalesce("current_ods_code", "organisation_ods_code").cast(pl.String).alias("code"),
            pl.col("organisation_name").cast(pl.String).alias("name"),
            (pl.col("organisation_ods_code") == pl.col("current_ods_code")).fill_null(value=False).alias("is_own"),
            pl.col(day).cast(pl.Date).alias("day"),
        )
        for table, day in DATED.items()
        if (frame := material[table]) is not None
    ]
    if not seen:
        return []
    newest = (
        pl.concat(seen)
        .filter(pl.col("code").is_not_null() & (pl.col("code") != "unmatched"))
        .sort("is_own", "day", nulls_last=False)
        .group_by("code")
        .agg(pl.col("name").drop_nulls().last())
    )
    found = [Organisation(code, words.name(name, code)) for code, name in newest.iter_rows()]
    return sorted(found, key=lambda each: (each.name.casefold(), each.code))
