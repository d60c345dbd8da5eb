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
        found = [Counts(**counts) for counts in seen.select(_counted(self._suite)).row(0)]
        self._counts = [earlier + new for earlier, new in zip(self._counts, found, strict=True)] if self._counts else found
        problems: list[pl.DataFrame] = []
        told: list[SubmissionWarning] = []
        for expectation, counts in zip(self._suite, found, strict=True):
            if counts.unexpected_count:
                _collect(expectation, seen.filter(expectation.failing), problems, told)
        return Judgement(pl.concat(problems) if problems else pl.DataFrame(schema=PROBLEMS), told)


def _counted(expectations: Iterable[Expectation]) -> Iterator[pl.Expr]:
    for number, expectation in enumerate(expectations):
        yield pl.struct(
            element_count=expectation.asked.sum(), missing_count=expectation.missing.sum(), unexpected_count=expectation.failing.sum()
        ).alias(str(number))


def _collect(expectation: Expectation, failing: pl.DataFrame, problems: list[pl.DataFrame], told: list[SubmissionWarning]) -> None:
    meta, column = expectation.meta, _told_column(expectation.columns)
    if meta["level"] == "rejection":
        names = {"code": meta["code"], "column_name": column, "sentence": meta["sentence"]}
        problems.append(failing.select(LINE, **{name: pl.lit(value) for name, value in names.items()}))
        return
    counts = as_shown(failing.get_column(column).cast(pl.String)).value_counts(sort=True).head(SHOWN_VALUES)
    told += [SubmissionWarning(meta["code"], meta["sentence"], column, value, count) for value, count in counts.iter_rows()]


def _told_column(columns: Sequence[str]) -> str:
    """The column that a person must look at: of a pair the first, but never the day of landing, which is ours."""
    return next((name for name in columns if name != LANDED_DATE), columns[0])
