"""NHS Staff Survey benchmark workbooks: a sheet a benchmarking group, a row an organisation, a column a measure and year (domain: A8).

    org_id, org_name, org_type_reporting_name, PP1_2024, PP1_n_2024, ..., theme_morale_2024, ..., response_rate_2024, response_rate_n_2024

The scores that feed.yml names are loaded, each with the number of people who answered,
and who took part at all. Columns are found by their names, in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO

import polars as pl

from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected, SubmissionWarning
from samepicture.readers import LINE, Part, fold
from samepicture.readers.figures import read_figures, split_unreadable
from samepicture.readers.stock.workbook import Header, Sheet, below, body, find_header, open_sheets

UNITS = {"org_id": "organisation_ods_code", "org_name": "organisation_name"}
COLUMN = re.compile(r"(?P<measure>[a-z][a-z0-9_]*?)(?P<n>_n)?_(?P<year>20\d\d)")
PARTICIPATION = "response_rate"
LEFT_OUT = re.compile(r"(org_.*|(pp\d|e_|m_|theme_|q\d).*|.*_sig(_20\d\d)?)")
"""Known, and not loaded: the benchmarking group, scores and questions that feed.yml does not name, tests of significance."""
BOARDS = re.compile(r"(?i)\bICBs?\b|integrated care board")
WITHHELD = r"^<\s*1[01]$"
NONE = r"(?i)^n\.?a\.?$"

_Measure = tuple[str, str, str, bool, int]
"""question_code, measure_code, unit_code, whether it is weighted, and the year."""


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part a sheet of organisations. Raises SubmissionRejected where they or a score can't be found on any sheet."""
    scores = {fold(name): name for name in feed.reader.options["scores"]}
    tables: list[tuple[Sheet, Header, dict[str, _Measure]]] = []
    for sheet in open_sheets(stream, file_name):
        header = find_header(sheet.top(), lambda name: fold(name) in UNITS or _measure(name, scores) is not None)
        measures = {" ".join(name.split()): measure for name in header.names if (measure := _measure(name, scores))} if header else {}
        if header and measures:
            tables.append((sheet, header, measures))
    _check_columns(file_name, tables, list(scores.values()))
    for sheet, header, measures in tables:
        yield _part(sheet, header, measures, list(scores.values()))


def _measure(header: str, scores: dict[str, str]) -> _Measure | None:
    """What a column holds, where it is loaded."""
    match = COLUMN.fullmatch(fold(header))
    if match is None:
        return None
    name, year = match["measure"], int(match["year"])
    if name == PARTICIPATION:
        return (
            ("participation", "received", "count", False, year)
            if match["n"]
            else ("participation", "response_rate", "proportion", False, year)
        )
    if name in scores:
        return (scores[name], "base_unweighted", "count", False, year) if match["n"] else (scores[name], "score", "score_0_10", True, year)
    return None


def _part(sheet: Sheet, header: Header, measures: dict[str, _Measure], scores: Sequence[str]) -> Part:
    table = body(sheet.cells, header)
    names = [name for name in table.columns if name != LINE]
    is_boards = bool(BOARDS.search(sheet.name))
    rows = _figures(table, below(sheet.numbers(), header), measures, weighted=not is_boards)
    units = table.select(LINE, *(_text(name).alias(UNITS[fold(name)]) for name in names if fold(name) in UNITS))
    known = {*measures, *(name for name in names if fold(name) in UNITS or LEFT_OUT.fullmatch(fold(name)) or name.startswith("(column "))}
    extra = [name for name in names if name not in known]
    rows = (
        rows.join(units, on=LINE, how="left", maintain_order="left")
        .join(table.select(LINE, *extra), on=LINE, how="left", maintain_order="left")
        .with_columns(
            pl.col("organisation_ods_code").str.to_uppercase(),
            pl.lit("nss").alias("survey_code"),
            pl.lit("all").alias("setting_code"),
            pl.lit("icb" if is_boards else "organisation").alias("level_code"),
            pl.date("year", 1, 1).alias("period_start_date"),
            pl.date("year", 12, 31).alias("period_end_date"),
        )
        .drop("year")
    )
    rows, unreadable = split_unreadable(rows)
    return Part(
        sheet.name,
        [name for name in rows.columns if name != LINE],
        iter([rows]),
        unreadable,
        _missing_here(sheet, measures, scores),
        layout="benchmark workbook",
    )


def _check_columns(file_name: str, tables: Sequence[tuple[Sheet, Header, dict[str, _Measure]]], scores: Sequence[str]) -> None:
    """Refuse a workbook whose sheets lack the organisations, or that has a score on none of them."""
    if not tables:
        raise SubmissionRejected(
            "no_known_header",
            f"No sheet of {file_name} has the columns of the Staff Survey's benchmark workbook ('org_id', 'PP1_2025', ...): send the workbook "
            "'Benchmark report Excel data' of the local results, as published.",
        )
    for sheet, header, _ in tables:
        if missing := [name for name in UNITS if name not in map(fold, header.names)]:
            raise SubmissionRejected(
                "missing_column", f"The sheet {sheet.name!r} lacks {', '.join(map(repr, missing))}: send the workbook as published."
            )
    there = {question for _, _, measures in tables for question, *_ in measures.values()}
    if missing := [f"{name}_<year>" for name in scores if name not in there]:
        raise SubmissionRejected(
            "missing_column",
            f"The workbook lacks {', '.join(map(repr, missing))}: send it as published. If the survey no longer has this score, "
            "the data team takes it out of the feed's list.",
        )


def _missing_here(sheet: Sheet, measures: dict[str, _Measure], scores: Sequence[str]) -> list[SubmissionWarning]:
    """Scores that other sheets have and this one has not."""
    there = {question for question, *_ in measures.values()}
    sentence = f"The sheet {sheet.name!r} has no column of this score: its organisations have none. Check that it is as published."
    return [SubmissionWarning("missing_score", sentence, "question_code", name) for name in scores if name not in there]


def _figures(table: pl.DataFrame, numbers: pl.DataFrame, measures: dict[str, _Measure], weighted: bool) -> pl.DataFrame:
    """One row a figure, with what it means; empty cells have none."""
    text = table.select(LINE, pl.col(list(measures))).unpivot(index=LINE, variable_name="header", value_name="text")
    exact = numbers.select(LINE, pl.col(list(measures))).unpivot(index=LINE, variable_name="header", value_name="number")
    meaning = pl.DataFrame(
        [(name, *measure) for name, measure in measures.items()],
        schema={
            "header": pl.String,
            "question_code": pl.String,
            "measure_code": pl.String,
            "unit_code": pl.String,
            "is_weighted": pl.Boolean,
            "year": pl.Int32,
        },
        orient="row",
    ).with_columns(pl.col("is_weighted") & weighted)
    long = text.join(exact, on=[LINE, "header"], how="left", maintain_order="left").join(meaning, on="header", maintain_order="left")
    cell = pl.col("text").str.strip_chars()
    return read_figures(long.with_columns(cell.str.replace(WITHHELD, "*").str.replace(NONE, "-").alias("text")))


def _text(header: str) -> pl.Expr:
    text = pl.col(header).str.strip_chars()
    return pl.when(text != "").then(text)
