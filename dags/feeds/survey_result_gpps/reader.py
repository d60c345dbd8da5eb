"""GP Patient Survey files of 2024 and later: one row an organisation, about 1,240 columns (domain: A6).

Of these columns the questions that feed.yml names are loaded: for each, the weighted
count of every answer, and what its evaluation ('good') is made of. Which year it is
stands in the file's name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import IO

import polars as pl

from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part, fold
from samepicture.readers.figures import read_figures, split_unreadable
from samepicture.readers.stock.delimited import read as read_delimited

LEVELS = (
    ("practice", "ad_practicecode", "ad_practicename"),
    ("pcn", "ad_pcncode", "ad_pcnname"),
    ("icb", "ad_icscode", "ad_icsname"),
    ("region", "ad_commissioningregioncode", "ad_commissioningregionname"),
    ("national", "national", None),
)
"""Finest first: a file is of the finest level whose code it has."""
FIGURES: dict[str, tuple[str, str, bool]] = {
    "counteval": ("eval_good_count", "count", True),
    "baseevalw": ("base_eval_weighted", "count", True),
    "baseevaluw": ("base_eval_unweighted", "count", False),
    "pcteval": ("percent_good", "proportion", True),
}
"""Suffix of a question's column: measure_code, unit_code, is_weighted."""
PARTICIPATION = ("distributed", "received")
LEFT_OUT = re.compile(r"^(ad_(practice|pcn|ics|commissioningregion)(code|name|codeons)|national|resprate|popsize|\w+\.[a-z]+)$")
"""Known, and not loaded: units above the row's own, what follows from other columns, questions that feed.yml does not name."""
BEFORE_2024 = re.compile(r"^q\d+[a-z]?(_\w+)?(base|pct)?$")
FIRST_YEAR = 2024
SURVEY_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part a CSV file. Raises SubmissionRejected where level, year or a column can't be found."""
    for part in read_delimited(stream, file_name, feed):
        yield _long(part, file_name, list(feed.reader.options["questions"]))


def _long(part: Part, file_name: str, questions: Sequence[str]) -> Part:
    headers = {fold(name): name for name in part.headers}
    _reject_others(headers, part.name or file_name)
    level, code, name = _level(headers)
    year = _year(part.name, file_name)
    figures = _wanted(headers, questions)
    extra = [original for plain, original in headers.items() if original not in set(figures["header"]) and not LEFT_OUT.match(plain)]
    units = [
        pl.lit("ENG").alias("organisation_ods_code")
        if level == "national"
        else _text(headers[code]).str.to_uppercase().alias("organisation_ods_code"),
        (_text(headers[name]) if name in headers else pl.lit("England" if level == "national" else None)).alias("organisation_name"),
        (_text(headers["ad_icscode"]).str.to_uppercase() if "ad_icscode" in headers else pl.lit(None, dtype=pl.String)).alias("icb_code"),
        pl.lit("gpps").alias("survey_code"),
        pl.lit("gp").alias("setting_code"),
        pl.lit(level).alias("level_code"),
        pl.lit(date(year, 1, 1)).alias("period_start_date"),
        pl.lit(date(year, 12, 31)).alias("period_end_date"),
    ]
    long = Part(part.name, [], iter(()), part.unreadable, part.warnings, layout=f"GPPS {level}")
    source = part.frames

    def frames() -> Iterator[pl.DataFrame]:
        for batch in source:
            rows = batch.select(LINE, *units, *extra, *figures["header"])
            index = [column for column in rows.columns if column not in set(figures["header"])]
            melted = rows.unpivot(on=figures["header"].to_list(), index=index, variable_name="header", value_name="text")
            described = read_figures(melted.join(figures, on="header", how="left", maintain_order="left"), negative_is_suppressed=True)
            good, unreadable = split_unreadable(described)
            long.unreadable += unreadable
            yield good

    long.headers = [
        *(expression.meta.output_name() for expression in units),
        *extra,
        *(column for column in figures.columns if column != "header"),
        "value",
        "is_suppressed",
        "is_not_computable",
    ]
    long.frames = frames()
    return long


def _text(header: str) -> pl.Expr:
    text = pl.col(header).str.strip_chars()
    return pl.when(text != "").then(text)


def _reject_others(headers: dict[str, str], name: str) -> None:
    if "unweighted" in name.casefold():
        raise SubmissionRejected(
            "unweighted_file", f"The file {name} holds unweighted results: send the weighted file of the same level, which has both bases."
        )
    old = [header for header in headers if BEFORE_2024.match(header)]
    if old and not any(header.endswith(".pcteval") for header in headers):
        raise SubmissionRejected(
            "before_2024_questionnaire",
            f"The file has the layout of the questionnaire before 2024 (columns such as {headers[old[0]]!r}), "
            "which can't be compared with today's: send a file of 2024 or later.",
        )


def _level(headers: dict[str, str]) -> tuple[str, str, str | None]:
    for level, code, name in LEVELS:
        if code in headers:
            return level, code, name
    raise SubmissionRejected(
        "missing_column",
        f"The file has no column that says whom its rows are of ({', '.join(repr(code) for _, code, _ in LEVELS)}): "
        "send the file of practices, PCNs, ICSs, regions or England as published.",
    )


def _year(*names: str) -> int:
    """The survey's year, from the name of the archive member, else of the file."""
    for name in names:
        if match := SURVEY_YEAR.search(name):
            year = int(match[1])
            if year < FIRST_YEAR:
                raise SubmissionRejected(
                    "before_2024_questionnaire", f"The name {name} says {year}, and the layout is of 2024 or later: correct the name."
                )
            return year
    raise SubmissionRejected(
        "no_period",
        f"The name {names[-1]} does not say which year's survey it is, and nor does the file: send it under its published name, such as "
        "'GPPS_2025_ICS_data_(weighted)_(csv)_PUBLIC.csv'.",
    )


def _wanted(headers: dict[str, str], questions: Sequence[str]) -> pl.DataFrame:
    """The columns that are loaded and what they mean. Raises SubmissionRejected that names those missing."""
    rows: list[tuple[str, str, str, str | None, str, bool]] = []
    missing = [f"{name}" for name in PARTICIPATION if name not in headers]
    rows += [(headers[name], "participation", name, None, "count", False) for name in PARTICIPATION if name in headers]
    for question in questions:
        answers = [
            (match[1], original)
            for plain, original in headers.items()
            if (match := re.fullmatch(rf"{re.escape(question)}_(\d+)\.count", plain))
        ]
        missing += [f"{question}.{suffix}" for suffix in FIGURES if f"{question}.{suffix}" not in headers]
        missing += [] if answers else [f"{question}_1.count"]
        rows += [(original, question, "answer", answer, "count", True) for answer, original in answers]
        rows += [
            (headers[f"{question}.{suffix}"], question, measure, None, unit, weighted)
            for suffix, (measure, unit, weighted) in FIGURES.items()
            if f"{question}.{suffix}" in headers
        ]
    if missing:
        raise SubmissionRejected(
            "missing_column",
            f"The file lacks {', '.join(map(repr, missing[:12]))}: send it as published. If the questionnaire no longer asks this, "
            "the data team takes the question out of the feed's list.",
        )
    schema = {
        "header": pl.String,
        "question_code": pl.String,
        "measure_code": pl.String,
        "answer_code": pl.String,
        "unit_code": pl.String,
        "is_weighted": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
