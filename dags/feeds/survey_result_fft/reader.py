"""Friends and Family Test workbooks, as NHS England publishes them each month (domain: A5).

A record is one row of one sheet; each of its figures becomes a row of its own.
Rows of England are level `national` under the code ENG. The workbook's own filter row
('Selection') is left out, and so is a figure that an earlier sheet has already given.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import IO

import polars as pl

from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected, SubmissionWarning
from samepicture.readers import LINE, Part, fold
from samepicture.readers.figures import NOT_COMPUTABLE, read_figures, split_unreadable
from samepicture.readers.stock.workbook import Header, Sheet, below, body, find_header, open_sheets
from samepicture.wide import snake

FEWEST_KNOWN = 6
"""The header of a data sheet holds at least so many known names; the look-up sheet BS never does."""
TITLE_LENGTH = 120
"""A title is shorter; the prose of Notes, which names other months and settings, is longer."""

LEVELS: tuple[tuple[str, str, str], ...] = (
    ("ward", "unit_name", ""),
    ("site", "site_ods_code", "site_name"),
    ("practice", "practice_code", "practice_name"),
    ("organisation", "trust_code", "trust_name"),
    ("sub_icb", "sub_icb_code", "sub_icb_name"),
    ("icb", "icb_code", "icb_name"),
    ("region", "region_code", "region_name"),
)
"""Finest first: level, the column of its code, the column of its name."""
ORGANISATIONS = LEVELS[2:]
"""What has an ODS code of its own: `organisation_ods_code` is the finest of these."""
SPELLINGS = {
    "practice": ("practice", "gp practice"),
    "trust": ("trust", "org", "organisation", "provider"),
    "sub_icb": ("sub icb", "sub icb location"),
    "icb": ("icb", "stp"),
    "region": ("region",),
    "site": ("site",),
}
UNITS = {
    "ward name": "unit_name",
    **{
        f"{spelling} {part}": f"{unit}_{part}"
        for unit, spellings in SPELLINGS.items()
        for spelling in spellings
        for part in ("code", "name")
    },
    "site code": "site_ods_code",
}
"""Header to the column that identifies the unit."""
ANSWERS = {
    "very good": "very_good",
    "good": "good",
    "neither good nor poor": "neither",
    "poor": "poor",
    "very poor": "very_poor",
    "don't know": "dont_know",
}
PERCENTAGES = {"percentage positive": "percent_positive", "percentage negative": "percent_negative"}
MEASURES = {"total responses": "responses", "total eligible": "eligible", **PERCENTAGES}
MODE = re.compile(r"^mode (?!of collection)(.+)$")
NEVER_READ = {"first speciality", "second speciality"}
OLD_QUESTION = {"extremely likely", "percentage recommended"}
SUBMITTING = "number of organisations submitting"
HEADLINES = {
    SUBMITTING: "organisations_submitting",
    "total responses to date": "responses_to_date",
    "responses": "responses",
    **PERCENTAGES,
}

TOUCHPOINTS = {
    "maternity_antenatal": r"antenatal|\bq1\b",
    "maternity_birth": r"\bbirth\b|\bq2\b",
    "maternity_postnatal_ward": r"(postnatal|\bpn) ward|\bq3\b",
    "maternity_postnatal_community": r"postnatal|\bpn comm|\bq4\b",
}
SETTINGS = {
    "maternity": r"maternity",
    "ae": r"\ba ?& ?e\b|\bae\b|accident and emergency",
    "ambulance": r"ambulance|patient transport|\bpts\b",
    "outpatient": r"out-?patient",
    "inpatient": r"in-?patient",
    "mental_health": r"mental health",
    "community": r"community",
    "gp": r"\bgp\b|general practice",
    "dental": r"dental|dentist",
    "all": r"^total$",
}
MONTH = re.compile(r"(?i)(?<![a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s_-]*'?(20\d\d|\d\d)(?!\d)")
MONTHS = [name.lower() for name in ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")]
EXCEL_EPOCH = date(1899, 12, 30).toordinal()


@dataclass
class _Workbook:
    """What holds for every sheet."""

    setting: str
    month: date
    seen: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt64))
    """Hashes of the figures read so far: England's rows and totals stand on several sheets."""


def read(stream: IO[bytes], file_name: str, _feed: Feed) -> Iterator[Part]:
    """One part a data sheet. Raises SubmissionRejected where month, setting or a column can't be found."""
    sheets = list(open_sheets(stream, file_name))
    _reject_old_question(sheets)
    tables = [(sheet, header) for sheet in sheets if (header := find_header(sheet.top(), _is_known)) and header.known >= FEWEST_KNOWN]
    headlines = [(sheet, header) for sheet in sheets if (header := _headline_header(sheet))]
    if not tables and not headlines:
        raise SubmissionRejected(
            "no_known_header",
            f"No sheet of {file_name} has the columns of a Friends and Family Test workbook "
            "('Total Responses', 'Very Good', ...): check that it is the right file.",
        )
    titles = [cell for sheet in sheets for row in sheet.top() for cell in row if _is_title(cell)]
    month, warnings = _month(sheets, titles, file_name)
    if tables:
        book = _Workbook(_setting(sheets, titles, file_name), month)
        parts = [_part(sheet, header, book) for sheet, header in tables]
    else:
        parts = [_headline_part(sheet, header, month) for sheet, header in headlines]
    parts[0].warnings += warnings
    yield from parts


# -- what the workbook is of --------------------------------------------------------------


def _setting(sheets: list[Sheet], titles: list[str], file_name: str) -> str:
    """From the titles, else the names of the sheets, else the name of the file."""
    for texts in (titles, [sheet.name for sheet in sheets], [file_name]):
        found = {code for text in texts if (code := _match(SETTINGS, text))}
        if len(found) == 1:
            return found.pop()
    raise SubmissionRejected(
        "no_setting",
        "Neither the titles nor the sheets nor the file name say which setting the workbook is of "
        "(inpatient, A&E, ambulance, outpatient, maternity, ...): send it as published, under its own name.",
    )


def _touchpoint(sheet: Sheet, header: Header) -> str:
    """Maternity asks at four points of the care: the name of the sheet, or what stands above its header, says which."""
    above = [cell for row in sheet.top()[: header.body_at] for cell in row if len(cell) <= TITLE_LENGTH]
    for text in (sheet.name, *above):
        if code := _match(TOUCHPOINTS, text):
            return code
    raise SubmissionRejected(
        "no_touchpoint",
        f"The sheet {sheet.name!r} does not say which point of maternity care it is of (antenatal, birth, postnatal ward, "
        "postnatal community): name it in the sheet's name or title.",
    )


def _match(patterns: dict[str, str], text: str) -> str | None:
    plain = " ".join(re.sub(r"[_-]", " ", text).split())
    return next((code for code, pattern in patterns.items() if re.search(f"(?i){pattern}", plain)), None)


def _is_title(cell: str) -> bool:
    is_prose = len(cell) > TITLE_LENGTH or re.search(r"\.(\s|$)", cell)
    return not is_prose and bool(re.search(r"(?i)friends (and|&) family|\bFFT\b", cell))


def _month(sheets: list[Sheet], titles: list[str], file_name: str) -> tuple[date, list[SubmissionWarning]]:
    """The first day of the month: what most of summary, title and file name say; the first of them where none is confirmed."""
    found = {
        "the summary": max((day for sheet in sheets for day in _summary_months(sheet)), default=None),
        "the title": next((day for title in titles if (day := _month_in(title))), None),
        "the file name": _month_in(file_name),
    }
    said = {where: day for where, day in found.items() if day}
    if not said:
        raise SubmissionRejected(
            "no_period",
            f"Neither the workbook nor the name of {file_name} says which month it is of: "
            "put it into the title of Notes ('... - July 2025') or into the file name (JUL-25).",
        )
    month = Counter(said.values()).most_common(1)[0][0]
    taken = f"The figures were taken as those of {_words(month)}"
    if list(said) == ["the file name"]:
        return month, [SubmissionWarning("month_from_file_name", f"{taken}; only the file name says so: check the month.")]
    if len(set(said.values())) > 1:
        listed = ", ".join(f"{where} says {_words(day)}" for where, day in said.items())
        return month, [SubmissionWarning("month_disagrees", f"{taken}, but {listed}: check the month.")]
    return month, []


def _words(month: date) -> str:
    return f"{calendar.month_name[month.month]} {month.year}"


def _summary_months(sheet: Sheet) -> Iterator[date]:
    """Months in the header of a summary table: in its row of names and in the row below."""
    rows = sheet.top()
    for place, row in enumerate(rows):
        if SUBMITTING in map(fold, row):
            yield from (day for cells in rows[place : place + 2] for cell in cells if (day := _as_month(cell)))


def _as_month(cell: str) -> date | None:
    """A date cell, its serial number, or a month in words."""
    if match := re.match(r"(20\d\d)-(\d\d)-\d\d", cell):
        return date(int(match[1]), int(match[2]), 1)
    if re.fullmatch(r"4\d{4}|5\d{4}", cell):
        return date.fromordinal(EXCEL_EPOCH + int(cell)).replace(day=1)
    return _month_in(cell)


def _month_in(text: str) -> date | None:
    match = MONTH.search(text)
    if not match:
        return None
    year = int(match[2])
    return date(year if year > 99 else 2000 + year, MONTHS.index(match[1].lower()), 1)


def _reject_old_question(sheets: list[Sheet]) -> None:
    if any(fold(cell) in OLD_QUESTION for sheet in sheets for row in sheet.top() for cell in row):
        raise SubmissionRejected(
            "old_question",
            "The workbook is of the question asked until March 2020 ('would you recommend'), "
            "which can't be compared with today's: it is not loaded.",
        )


# -- data sheets --------------------------------------------------------------------------


def _plain(header: str) -> str:
    return fold(header.replace("’", "'").replace("‘", "'"))


def _is_known(header: str) -> bool:
    return _plain(header) in UNITS or _measure(header) is not None


def _measure(header: str) -> tuple[str, str, str | None, str] | None:
    """question_code, measure_code, answer_code and unit_code of a column of figures."""
    plain = _plain(header)
    if plain in MEASURES:
        return "overall_experience", MEASURES[plain], None, "proportion" if plain in PERCENTAGES else "count"
    if plain in ANSWERS:
        return "overall_experience", "answer", ANSWERS[plain], "count"
    if match := MODE.match(plain):
        return "mode_of_collection", "mode", snake(match[1]), "count"
    return None


def _part(sheet: Sheet, header: Header, book: _Workbook) -> Part:
    table = body(sheet.cells, header)
    names = [name for name in table.columns if name != LINE]
    _check_columns(sheet.name, names)
    measures = {name: measure for name in names if (measure := _measure(name))}
    setting = _touchpoint(sheet, header) if book.setting == "maternity" else book.setting
    figures = _figures(table, below(sheet.numbers(), header), measures)
    figures = figures.join(_units(table, names), on=LINE, how="inner", maintain_order="left")
    # Ornament and placeholder rows name nobody and hold no number.
    figures = figures.filter(pl.col("organisation_ods_code").is_not_null() | pl.col("value").is_not_null().any().over(LINE))
    figures, unreadable = split_unreadable(_described(figures, pl.lit(setting), book.month))
    hashes = figures.select(pl.struct(pl.exclude(LINE)).hash()).to_series()
    figures = figures.filter(~hashes.is_in(book.seen.implode()))
    book.seen = pl.concat([book.seen, hashes])
    extra = [name for name in names if not _is_known(name) and not name.startswith("(column ") and _plain(name) not in NEVER_READ]
    figures = figures.join(table.select(LINE, *extra), on=LINE, how="left", maintain_order="left")
    return Part(
        sheet.name, [name for name in figures.columns if name != LINE], iter([figures]), unreadable, layout=f"{book.setting} workbook"
    )


def _check_columns(sheet_name: str, names: list[str]) -> None:
    """Refuse a sheet that lacks a column or has one twice, naming it."""
    plain = [_plain(name) for name in names]
    repeated = [name[:-4] for name in names if re.search(r" \(\d\)$", name) and _is_known(name[:-4])]
    if repeated:
        raise SubmissionRejected(
            "repeated_column",
            f"The sheet {sheet_name!r} has the column {repeated[0]!r} more than once: send one table a sheet, as published.",
        )
    wanted = ["total responses"]
    if not any(MODE.match(name) for name in plain) or {*ANSWERS, *PERCENTAGES} & set(plain):
        wanted += [*PERCENTAGES, *ANSWERS]
    missing = [f"{name[0].upper()}{name[1:]}" for name in wanted if name not in plain]
    units = {UNITS[name] for name in plain if name in UNITS}
    codes = [(code, name) for _, code, name in LEVELS[1:] if name in units]
    missing += [f"{name.removesuffix('_name').replace('_', ' ')} code" for code, name in codes if code not in units]
    if "unit_name" in units and "site_ods_code" not in units and "site_name" not in units:
        missing.append("site code")
    if not missing and not any(code in units for _, code, _ in ORGANISATIONS):
        missing.append("trust code")
    if missing:
        raise SubmissionRejected(
            "missing_column",
            f"The sheet {sheet_name!r} lacks {', '.join(repr(name.title().replace('Icb', 'ICB').replace('’T', '’t')) for name in missing)}: "
            "send the workbook with these columns under these names.",
        )


def _figures(table: pl.DataFrame, numbers: pl.DataFrame, measures: dict[str, tuple[str, str, str | None, str]]) -> pl.DataFrame:
    """One row a figure, with what it means."""
    text = table.select(LINE, pl.col(list(measures))).unpivot(index=LINE, variable_name="header", value_name="text")
    exact = numbers.select(LINE, pl.col(list(measures))).unpivot(index=LINE, variable_name="header", value_name="number")
    meaning = pl.DataFrame(
        [(name, *measure) for name, measure in measures.items()],
        schema=dict.fromkeys(("header", "question_code", "measure_code", "answer_code", "unit_code"), pl.String),
        orient="row",
    )
    long = text.join(exact, on=[LINE, "header"], how="left", maintain_order="left").join(meaning, on="header", maintain_order="left")
    return read_figures(long)


def _units(table: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Whom each row is of, by line; the workbook's own filter row ('Selection') is left out."""
    fields: dict[str, pl.Expr] = {}
    for name in names:
        target = UNITS.get(_plain(name))
        if target and target not in fields:
            text = pl.col(name).str.strip_chars()
            cleaned = pl.when(text.str.to_lowercase().is_in(["", *NOT_COMPUTABLE])).then(None).otherwise(text)
            fields[target] = (cleaned.str.to_uppercase() if target.endswith("_code") else cleaned).alias(target)
    level, *_ = next(found for found in LEVELS if found[1] in fields)
    _, code, name = next(found for found in ORGANISATIONS if found[1] in fields)
    units = table.select(LINE, *fields.values())
    only = pl.when(pl.sum_horizontal(pl.col(list(fields)).is_not_null()) == 1).then(pl.coalesce(list(fields)))
    units = units.with_columns(only.alias("label")).filter(~pl.col("label").str.contains(r"(?i)^selection\b").fill_null(False))
    national = pl.col("label").str.contains(r"(?i)^england\b").fill_null(False)

    def column(target: str, source: str, of_england: str | None = None) -> pl.Expr:
        value = pl.col(source) if source in fields else pl.lit(None, dtype=pl.String)
        return pl.when(national).then(pl.lit(of_england, dtype=pl.String)).otherwise(value).alias(target)

    return units.select(
        LINE,
        pl.when(national).then(pl.lit("national")).otherwise(pl.lit(level)).alias("level_code"),
        column("icb_code", "icb_code"),
        column("organisation_ods_code", code, "ENG"),
        column("organisation_name", name, "England"),
        column("site_ods_code", "site_ods_code"),
        column("site_name", "site_name"),
        pl.when(national)
        .then(pl.col("label").str.extract(r"(?i)\b((?:in|ex)cluding) independent").str.to_lowercase() + " independent sector")
        .otherwise(pl.col("unit_name") if "unit_name" in fields else pl.lit(None, dtype=pl.String))
        .alias("unit_name"),
    )


def _described(figures: pl.DataFrame, setting: pl.Expr, month: date) -> pl.DataFrame:
    return figures.with_columns(
        pl.lit("fft").alias("survey_code"),
        setting.alias("setting_code"),
        pl.lit(month).alias("period_start_date"),
        pl.lit(month).dt.month_end().alias("period_end_date"),
        pl.lit(False).alias("is_weighted"),
    )


# -- the national summary -----------------------------------------------------------------


def _headline_header(sheet: Sheet) -> Header | None:
    header = find_header(sheet.top(), lambda name: fold(name) in HEADLINES)
    return header if header and header.known == len(HEADLINES) else None


def _headline_part(sheet: Sheet, header: Header, month: date) -> Part:
    """England's headline figures, a setting a row; of two months side by side the later."""
    table, numbers = below(sheet.cells, header), below(sheet.numbers(), header)
    columns = [name for name in table.columns if name != LINE]
    dates = [_as_month(cell or "") for cell in table.select(columns).row(0)] if table.height else [None] * len(columns)
    measures: dict[str, tuple[str, str, str | None, str]] = {}
    label = None
    for place, name in enumerate(header.names):
        measure = HEADLINES.get(fold(name))
        if measure:
            after = next((n for n in range(place + 1, len(columns)) if header.names[n].strip()), len(columns))
            column = next((n for n in range(place, after) if dates[n] == month), place)
            measures[columns[column]] = ("overall_experience", measure, None, "proportion" if measure.startswith("percent") else "count")
        elif label is None and name.strip():
            label = columns[place]
    table = table.filter(pl.col(label or columns[0]).str.strip_chars().fill_null("") != "")
    labels = table.select(LINE, pl.col(label or columns[0]).alias("label"))
    codes = {
        text: _match(TOUCHPOINTS, text) if "maternity" in fold(text) else _match(SETTINGS, text) for text in labels.get_column("label")
    }
    setting = pl.col("label").replace_strict({text: code or snake(text) for text, code in codes.items()}, return_dtype=pl.String)
    figures = (
        _figures(table, numbers, measures)
        .join(labels, on=LINE, maintain_order="left")
        .with_columns(
            pl.lit("national").alias("level_code"),
            pl.lit("ENG").alias("organisation_ods_code"),
            pl.lit("England").alias("organisation_name"),
        )
    )
    figures, unreadable = split_unreadable(_described(figures, setting, month).drop("label"))
    return Part(sheet.name, [name for name in figures.columns if name != LINE], iter([figures]), unreadable, layout="national summary")
