"""What we say about a submission: record rejections, submission rejections and warnings.

Each has a code and a sentence that the submitting organisation can act on
(vocabulary: NHSDigital/data-validation-engine). A sentence never quotes free text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from samepicture.privacy.redaction import redact_identifiers

PROBLEMS = {"line_number": pl.Int64, "code": pl.String, "column_name": pl.String, "sentence": pl.String}
"""Schema of a frame of record rejections: one row a record and reason."""


CODE_LENGTH = 20
"""A longer value is no code but somebody's words in the wrong column."""


def as_shown(values: pl.Series) -> pl.Series:
    """Values as a warning may quote them: long ones by their length alone, the others redacted."""
    length = pl.col("value").str.len_chars()
    described = pl.format("(a text of {} characters)", length)
    shown = pl.DataFrame({"value": values}).select(pl.when(length > CODE_LENGTH).then(described).otherwise("value").alias("value"))
    return redact_identifiers(shown.to_series())


class SubmissionRejected(Exception):
    """The whole submission can't be taken: nothing of it is loaded."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class SubmissionWarning:
    """Something to look at that rejects nothing: a value and how often it came."""

    code: str
    sentence: str
    column_name: str | None = None
    value: str | None = None
    count: int = 1

    def as_row(self) -> dict[str, Any]:
        """As a row of ops.submission_warning."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "column_name": self.column_name,
            "value": self.value,
            "row_count": self.count,
        }
