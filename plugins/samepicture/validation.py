"""Judges records by their suite, batch by batch.

Each expectation carries in `meta` the `code`, the `sentence` for the submitting organisation and the
`level` (rejection or warning). Failing rows are found by their line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from samepicture.expectations import Expectation, suite, without_nan
from samepicture.messages import PROBLEMS, SubmissionWarning, as_shown
from samepicture.readers import LINE

LANDED_DATE = "landed_date"
"""A column of the judged frame only: lets a suite say that nothing may be dated after it landed."""
SHOWN_VALUES = 20
"""How many different values of an unknown code are told."""


@dataclass
class Judgement:
    """What the suite found in one batch."""

    problems: pl.DataFrame
    """line_number, code, column_name, sentence: record rejections."""
    warnings: list[SubmissionWarning]


@dataclass(frozen=True)
class Counts:
    """Of one expectation, over a submission."""

    element_count: int = 0
    """Rows of which it asks anything."""
    missing_count: int = 0
    """Those that have no value, and pass for that."""
    unexpected_count: int = 0
    """Those that fail."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.element_count + other.element_count,
            self.missing_count + other.missing_count,
            self.unexpected_count + other.unexpected_count,
        )


class Validator:
    """The suite of a record type over one submission; counts what it finds for Great Expectations' Data Docs."""

    def __init__(self, record_type: str) -> None:
        self._record_type = record_type
        self._suite = suite(record_type)
        self._counts: list[Counts] = []

    @property
    def results(self) -> dict[str, Any]:
        """What it found so far, without values of rows: what Data Docs are rendered from. No outcomes where there was no record."""
        judged = zip(self._suite, self._counts, strict=True) if self._counts else ()
        outcomes = [
            {"type": expectation.type, "kwargs": expectation.kwargs, "meta": expectation.meta, **asdict(counts)}
            for expectation, counts in judged
        ]
        return {"suite_name": self._record_type, "outcomes": outcomes}

    def judge(self, frame: pl.DataFrame) -> Judgement:
        """Judge a batch of mapped records."""
        seen = without_nan(frame)
        fails = seen.select(_failing(self._suite))
        found = [
            Counts(**counts, unexpected_count=int(failing.sum()))
            for counts, failing in zip(seen.select(_counted(self._suite)).row(0), fails, strict=True)
        ]
        self._counts = [earlier + new for earlier, new in zip(self._counts, found, strict=True)] if self._counts else found
        problems: list[pl.DataFrame] = []
        told: list[SubmissionWarning] = []
        for expectation, failing in zip(self._suite, fails, strict=True):
            if failing.any():
                _collect(expectation, seen, failing, problems, told)
        return Judgement(pl.concat(problems) if problems else pl.DataFrame(schema=PROBLEMS), told)


def _failing(expectations: Iterable[Expectation]) -> Iterator[pl.Expr]:
    for number, expectation in enumerate(expectations):
        yield expectation.failing.alias(str(number))


def _counted(expectations: Iterable[Expectation]) -> Iterator[pl.Expr]:
    for number, expectation in enumerate(expectations):
        yield pl.struct(element_count=expectation.asked.sum(), missing_count=expectation.missing.sum()).alias(str(number))


def _collect(
    expectation: Expectation, seen: pl.DataFrame, failing: pl.Series, problems: list[pl.DataFrame], told: list[SubmissionWarning]
) -> None:
    meta, column = expectation.meta, _told_column(expectation.columns)
    if meta["level"] == "rejection":
        names = {"code": meta["code"], "column_name": column, "sentence": meta["sentence"]}
        lines = seen.get_column(LINE).filter(failing).to_frame()
        problems.append(lines.with_columns(**{name: pl.lit(value) for name, value in names.items()}))
        return
    values = seen.get_column(column).filter(failing).cast(pl.String).value_counts(sort=True)
    shown = values.with_columns(as_shown(values.get_column(column)).alias(column))  # two values may be shown as one
    counts = shown.group_by(column, maintain_order=True).agg(pl.col("count").sum()).sort("count", descending=True, maintain_order=True)
    told += [
        SubmissionWarning(meta["code"], meta["sentence"], column, value, count) for value, count in counts.head(SHOWN_VALUES).iter_rows()
    ]


def _told_column(columns: Sequence[str]) -> str:
    """The column that a person must look at: of a pair the first, but never the day of landing, which is ours."""
    return next((name for name in columns if name != LANDED_DATE), columns[0])
