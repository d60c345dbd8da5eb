"""What a record type promises: its columns, their kinds, its grain and its key.

A contract says what a column *is*; the Great Expectations suite of the same name
(`expectations/<record_type>.json`) says what its values *must be*. Feeds map a
supplier's layout onto a contract and can't widen it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How a column is typed, stored and kept private."""

    TEXT = "text"
    REFERENCE = "reference"
    """A public number, address or hash: kept as it is, never redacted."""
    CODE = "code"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"
    LIST = "list"
    """Several texts, kept as a JSON array of strings (portable between engines)."""
    REFERENCES = "references"
    """Several public numbers or addresses, as a JSON array: kept as they are; what has spaces is none and is not kept."""
    JSON = "json"
    """A nested value, kept as JSON text; its shape is in the column's description."""
    NARRATIVE = "narrative"
    """Somebody's own words: redacted before they reach the warehouse."""
    IDENTIFIER = "identifier"
    """Names a case or person at its source: only its keyed pseudonym is stored."""


@dataclass(frozen=True)
class Column:
    """One column of a contract; `description` is written for an analyst."""

    name: str
    kind: Kind
    description: str

    @property
    def polars_type(self) -> Any:
        """The polars type of this column from the mapping onwards; every kind that is not listed is text."""
        import polars as pl  # here: DAG files read contracts each time they are parsed, and never need it

        typed: dict[Kind, Any] = {
            Kind.INTEGER: pl.Int64,
            Kind.DECIMAL: pl.Float64,
            Kind.DATE: pl.Date,
            Kind.TIMESTAMP: pl.Datetime("us", "UTC"),
            Kind.BOOLEAN: pl.Boolean,
        }
        return typed.get(self.kind, pl.String)


@dataclass(frozen=True)
class Keep:
    """How long something is kept: so many years from a date of the record. What has no such date stays."""

    years: int
    since: str
    """The column of the date that the years are counted from."""
    to_year_end: bool = False
    """Counted from the end of the financial year of that date: 31 March."""
    column: str | None = None
    """Only for records that have one of `values` in this column; None: for all."""
    values: tuple[str, ...] = ()

    def cutoff(self, today: date) -> date:
        """What is dated before this day has been kept long enough."""
        day = _years_before(today, self.years)
        if not self.to_year_end:
            return day
        return date(day.year if day >= date(day.year, 4, 1) else day.year - 1, 4, 1)


@dataclass(frozen=True)
class Retention:
    """What of a record type goes, and when. The default keeps everything: right for what is public."""

    records: tuple[Keep, ...] = ()
    """Whole records, with all their versions."""
    words: Keep | None = None
    """People's own words (Kind.NARRATIVE); codes and scores stay."""
    original_days: int | None = None
    """The landed bytes, and records in quarantine; from then on the judged copy stands for them."""


@dataclass(frozen=True)
class Contract:
    """A record type: what one row is, what makes it unique, and its columns."""

    record_type: str
    title: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    nuance: str = ""
    record_key: tuple[str, ...] = ()
    """The part of the key that a source's record has: of one that is several rows a new version, or a tombstone, replaces all."""
    event_date: str | None = None
    """The column by whose date organisations are resolved."""
    reference_scope: str = "organisation_ods_code"
    """The column within which a source's own references (Kind.IDENTIFIER) are unique: two scopes' equal references are two."""
    retention: Retention = Retention()
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        object.__setattr__(self, "record_key", self.record_key or self.key)
        unknown = [name for name in (*self.key, *self.record_key) if name not in self.by_name]
        if unknown:
            raise ValueError(f"contract {self.record_type}: key columns {unknown} are not columns")
        dates = [keep.since for keep in (*self.retention.records, self.retention.words) if keep is not None]
        if missing := [name for name in dates if name not in self.by_name]:
            raise ValueError(f"contract {self.record_type}: retention counts from {missing}, which are not columns")

    @property
    def is_about_people(self) -> bool:
        """Whether its records can be about one person, who can ask for them to be erased."""
        return bool(self.of_kind(Kind.IDENTIFIER, Kind.NARRATIVE))

    def of_kind(self, *kinds: Kind) -> list[str]:
        """Names of the columns of these kinds, in order."""
        return [column.name for column in self.columns if column.kind in kinds]


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


PROVENANCE: tuple[Column, ...] = (
    Column("submission_id", Kind.REFERENCE, "The submission that this row came in."),
    Column("part_name", Kind.REFERENCE, "Which sheet or archive member it stood in; empty where the submission is one table."),
    Column(
        "line_number",
        Kind.INTEGER,
        "Where in the submission: the row as a spreadsheet shows it, or the ordinal of the record in an API answer.",
    ),
    Column("feed_id", Kind.REFERENCE, "The feed that supplied it."),
    Column(
        "version_at",
        Kind.TIMESTAMP,
        "When this version of the record was true: the source's own time of change where it gives one, "
        "else when the submission landed. The latest version is the current one.",
    ),
    Column(
        "is_removed",
        Kind.BOOLEAN,
        "The source took the record away: a tombstone, kept so that nothing that is built later shows it.",
    ),
    Column("redaction_version", Kind.REFERENCE, "The version of the redaction that its free text went through."),
    Column(
        "harm_codes",
        Kind.LIST,
        "What its words speak of, for a human to look at: wish_to_die, self_harm, harm_to_others, abuse, neglect, serious_harm; empty: none.",
    ),
    Column("unmapped", Kind.JSON, "What the contract has no column for, by header; identifiers withheld."),
)
"""Columns that every raw table has after those of its contract."""
