"""Published files that are wide: a year of reporting, and one column a measure."""

from __future__ import annotations

import re

import polars as pl

from samepicture.feed import ColumnMap, Unpivot
from samepicture.readers import LINE
from samepicture.records import Column
from samepicture.values import problems_of, typed

Wide = list[tuple[str, re.Match[str]]]
"""Headers that hold measures, with what their pattern found in them."""


def wide_headers(unpivot: Unpivot, headers: list[str]) -> Wide:
    """The headers that become rows."""
    pattern = re.compile(unpivot.headers)
    return [(name, match) for name in headers if (match := pattern.search(name))]


def with_year(frame: pl.DataFrame, text: pl.Series, header: str, problems: list[pl.DataFrame]) -> pl.DataFrame:
    """Add year_name and the first and last day of an April to March year out of text such as 2024-25."""
    text = text.str.strip_chars()
    first = text.str.extract(r"^(\d{4})[-/]\d{2,4}$").cast(pl.Int32)
    failed = first.is_null().arg_true()
    if len(failed):
        failures = pl.DataFrame({"position": failed, "shown": text.gather(failed).fill_null("").str.slice(0, 20)}).select(
            "position",
            pl.lit("unreadable_year").alias("code"),
            pl.format("'{}'", "shown").alias("shown"),
            pl.lit("is not a year such as 2024-25").alias("wrong"),
        )
        problems.append(problems_of(failures, frame.get_column(LINE), "year_name", header))
    year = pl.lit(first)
    return frame.with_columns(
        text.alias("year_name"),
        pl.date(year, 4, 1).alias("period_start_date"),
        pl.date(year + 1, 3, 31).alias("period_end_date"),
    )


def unpivoted(
    frame: pl.DataFrame, batch: pl.DataFrame, unpivot: Unpivot, wide: Wide, value: Column, problems: list[pl.DataFrame]
) -> pl.DataFrame:
    """One row a record and wide header; `frame` is the mapped batch, row by row as `batch`."""
    long: list[pl.DataFrame] = []
    for header, match in wide:
        text = batch.get_column(header).str.strip_chars()
        withheld = text.is_in(list(unpivot.suppressed)).fill_null(False)
        measured, failures = typed(text.set(withheld | (text == ""), None), value, ColumnMap(from_=(header,)))
        problems.append(problems_of(failures, batch.get_column(LINE), value.name, header))
        derived = [pl.lit(text_value).alias(name) for name, text_value in _about(header, match, unpivot).items()]
        if unpivot.totals:
            derived.append(pl.lit(bool(re.search(unpivot.totals, snake(header)))).alias("is_total"))
        long.append(frame.with_columns(measured.alias(value.name), withheld.alias("is_suppressed"), *derived).select(frame.columns))
    return pl.concat(long)


def _about(header: str, match: re.Match[str], unpivot: Unpivot) -> dict[str, str]:
    """What a wide header itself says: its name, its code, its group, the named parts of its pattern."""
    code = snake(header)
    about = {
        unpivot.name_to: header,
        unpivot.code_to: unpivot.codes.get(code, code),
        **{k: v for k, v in match.groupdict().items() if v is not None},
    }
    if unpivot.group_to:
        about[unpivot.group_to] = next((group for pattern, group in unpivot.groups.items() if re.search(pattern, code)), "other")
    return about


def snake(header: str) -> str:
    """A published header as a code: 'Subject_Area_Communications' and '4.7 Communications' alike."""
    return re.sub(r"[^0-9a-z]+", "_", header.lower()).strip("_")
