"""What stands between two words, for the rules of names: each different gap is looked at once, and becomes a number.

Nearly all gaps are one space, so that some twenty regular expressions over a column of gaps would look at the same mark
a hundred thousand times.
"""

from __future__ import annotations

import polars as pl

_PATTERNS: dict[str, int] = {}
"""The expressions that the rules ask for, each with the bit that tells its answer."""


def before(pattern: str) -> pl.Expr:
    """Whether the gap before a word matches. For rules that are built as their module is imported: no thread may ask later."""
    return _asked("gap", pattern)


def behind(pattern: str) -> pl.Expr:
    """Whether the gap behind a word matches."""
    return _asked("next_gap", pattern)


def numbered(gaps: pl.Series) -> pl.Series:
    """The gaps as sums of the answers to all patterns."""
    different = gaps.unique()
    answers = pl.DataFrame({"gap": different}).select(
        sum((pl.col("gap").str.contains(pattern).cast(pl.Int64) * (1 << bit) for pattern, bit in _PATTERNS.items()), pl.lit(0, pl.Int64))
    )
    return gaps.replace_strict(different, answers.to_series(), return_dtype=pl.Int64)


def _asked(column: str, pattern: str) -> pl.Expr:
    bit = _PATTERNS.setdefault(pattern, len(_PATTERNS))
    return (pl.col(column) & (1 << bit)) != 0
