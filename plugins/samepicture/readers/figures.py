"""Published figures: numbers, and what publishers write where there is none.

A cell that is withheld or can't be computed becomes an empty value that says so; it
never becomes 0.
"""

from __future__ import annotations

import polars as pl

from samepicture.readers import LINE

SUPPRESSED = ("*",)
NOT_COMPUTABLE = ("-", "–", "—", "−", "n/a")
SHOWN = 40


def read_figures(long: pl.DataFrame, negative_is_suppressed: bool = False) -> pl.DataFrame:
    """Long rows (`line_number`, `header`, `text` as published, ...) with `value`, `is_suppressed`, `is_not_computable`.

    A `number` column, where given, holds the same cells at full precision. Per cent signs
    are taken off (12% is 0.12). Empty cells are left out. With `negative_is_suppressed`
    a number below 0 stands for a withheld one (GPPS: -97, -98, -99). What is none of all
    this has `is_unreadable`.
    """
    text = pl.col("text").str.strip_chars()
    percent = text.str.ends_with("%")
    parsed = text.str.strip_chars_end("% ").str.replace_all(",", "").cast(pl.Float64, strict=False)
    number = pl.when(percent).then(parsed / 100).otherwise(parsed)
    if "number" in long.columns:
        number = pl.coalesce("number", number)
    long = long.filter(text.is_not_null() & (text != "")).with_columns(
        text.alias("text"),
        pl.when(number.is_finite()).then(number).alias("value"),
        text.is_in(SUPPRESSED).alias("is_suppressed"),
        text.str.to_lowercase().is_in(NOT_COMPUTABLE).alias("is_not_computable"),
    )
    if negative_is_suppressed:
        sentinel = pl.col("value").lt(0).fill_null(False)
        long = long.with_columns(
            (pl.col("is_suppressed") | sentinel).alias("is_suppressed"), pl.when(~sentinel).then("value").alias("value")
        )
    return long.with_columns((pl.col("value").is_null() & ~pl.col("is_suppressed") & ~pl.col("is_not_computable")).alias("is_unreadable"))


def split_unreadable(long: pl.DataFrame) -> tuple[pl.DataFrame, list[dict[str, object]]]:
    """The rows of readable records, and one rejection (line_number, code, sentence) a record that has an unreadable figure."""
    bad = long.filter("is_unreadable")
    cell = pl.format("'{}' in column '{}'", pl.col("text").str.slice(0, SHOWN), "header")
    sentence = pl.format("Correct {}: a number, '*' or '-' belongs there.", cell.str.join(" and "))
    rejections = (
        bad.group_by(LINE, maintain_order=True).agg(pl.lit("unreadable_number").alias("code"), sentence.alias("sentence")).sort(LINE)
    )
    good = long.join(bad.select(LINE).unique(), on=LINE, how="anti", maintain_order="left")
    return good.drop("header", "text", "number", "is_unreadable", strict=False), rejections.to_dicts()
