"""Survey results: FFT workbooks and GPPS files, wide to long, suppressed never 0."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from samepicture.demo.surveys import fft_file_name, fft_workbook
from samepicture.feed import load_feed
from samepicture.process import Pipeline
from samepicture.readers import LINE, Part, read_parts
from samepicture.readers.figures import read_figures, split_unreadable
from samepicture.settings import PROJECT

FFT = load_feed(PROJECT / "dags" / "feeds" / "survey_result_fft")
JULY = date(2025, 7, 1)
ANSWERS = {
    "Very Good": "very_good",
    "Good": "good",
    "Neither Good nor Poor": "neither",
    "Poor": "poor",
    "Very Poor": "very_poor",
    "Don't Know": "dont_know",
}
MEASURES = {
    "Total Responses": "responses",
    "Total Eligible": "eligible",
    "Percentage Positive": "percent_positive",
    "Percentage Negative": "percent_negative",
}


def parts_of(content: bytes, name: str) -> dict[str, tuple[Part, pl.DataFrame]]:
    found = {}
    for part in read_parts(FFT, io.BytesIO(content), name):
        found[part.name] = (part, pl.concat(part.frames))
    return found


def long_of(content: bytes, name: str) -> pl.DataFrame:
    return pl.concat(
        [frame.with_columns(pl.lit(sheet).alias("sheet")) for sheet, (_, frame) in parts_of(content, name).items()], how="diagonal"
    )


def changed(content: bytes, change: Any) -> bytes:
    book = load_workbook(io.BytesIO(content))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def inpatient(change: Any = lambda book: None) -> bytes:
    return changed(fft_workbook("inpatient", JULY, 1), change)


NAME = fft_file_name("inpatient", JULY)


# -- FFT: what is read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "settings_read", "levels"),
    [
        ("inpatient", {"inpatient"}, {"national", "icb", "organisation", "site", "ward"}),
        ("ae", {"ae"}, {"national", "icb", "organisation", "site"}),
        ("ambulance", {"ambulance"}, {"national", "icb", "organisation"}),
        ("outpatient", {"outpatient"}, {"national", "icb", "organisation"}),
        (
            "maternity",
            {"maternity_antenatal", "maternity_birth", "maternity_postnatal_ward", "maternity_postnatal_community"},
            {"national", "icb", "organisation"},
        ),
    ],
)
def test_setting_level_and_month_come_from_the_workbook_itself(setting: Any, settings_read: set[str], levels: set[str]) -> None:
    long = long_of(fft_workbook(setting, JULY, 1), "download.xlsx")
    assert set(long["setting_code"]) == settings_read
    assert set(long["level_code"]) == levels
    assert set(long["period_start_date"]) == {JULY}
    assert set(long["period_end_date"]) == {date(2025, 7, 31)}


def test_every_cell_of_the_invented_wards_sheet_is_read_with_its_value() -> None:
    content = fft_workbook("inpatient", JULY, 1)
    read = {
        (row[LINE], row["answer_code"] or row["measure_code"]): (row["value"], row["is_suppressed"], row["is_not_computable"])
        for row in parts_of(content, NAME)["Wards"][1].to_dicts()
    }
    published = expected_cells(load_workbook(io.BytesIO(content))["Wards"], upper=10, first=15)
    assert {"*"} < {str(value) for value in published.values()}
    assert read == {key: meaning(value) for key, value in published.items()}


def expected_cells(sheet: Any, upper: int, first: int) -> dict[tuple[int, str], Any]:
    """Cells of a sheet by row and code, found without the reader: its two header rows are given."""
    found = {}
    for column in range(1, sheet.max_column + 1):
        header = sheet.cell(upper + 1, column).value or sheet.cell(upper, column).value or ""
        code = ANSWERS.get(header) or MEASURES.get(header) or (header[5:].lower().replace(" ", "_") if header.startswith("Mode ") else None)
        for row in range(first, sheet.max_row + 1) if code else ():
            if (value := sheet.cell(row, column).value) is not None:
                found[(row, code)] = value
    return found


def meaning(value: Any) -> tuple[float | None, bool, bool]:
    if isinstance(value, str):
        return None, value == "*", value == "-"
    return float(value), False, False


def test_england_stands_once_under_its_own_code_and_selection_not_at_all() -> None:
    long = long_of(fft_workbook("inpatient", JULY, 1), NAME)
    england = long.filter(pl.col("level_code") == "national")
    assert set(england["organisation_ods_code"]) == {"ENG"}
    assert set(england["unit_name"]) == {"including independent sector", "excluding independent sector"}
    assert england.filter(pl.col("measure_code") == "responses").height == 2
    assert not long["unit_name"].fill_null("").str.contains("(?i)selection").any()
    assert not long["organisation_name"].fill_null("").str.contains("(?i)selection").any()


def test_units_are_identified_at_their_level() -> None:
    long = long_of(fft_workbook("inpatient", JULY, 1), NAME)
    first = {level: long.filter(pl.col("level_code") == level).row(0, named=True) for level in ("icb", "organisation", "site", "ward")}
    assert [first[level]["organisation_ods_code"] for level in first] == ["QZN", "RZN", "RZN", "RZN"]
    assert [first[level]["icb_code"] for level in first] == ["QZN"] * 4
    assert [first[level]["site_ods_code"] for level in first] == [None, None, "RZN01", "RZN01"]
    assert [first[level]["unit_name"] is not None for level in first] == [False, False, False, True]
    assert "IS1" in set(long["icb_code"])


def test_modes_of_a_sheet_of_their_own_join_what_the_other_sheet_gave() -> None:
    parts = parts_of(fft_workbook("ambulance", JULY, 1), "x.xlsx")
    assert set(parts["Mode Org"][1]["measure_code"]) == {"mode"}, "Total Responses stands on PTS Org already"
    assert "electronic_discharge" in set(parts["Mode Org"][1]["answer_code"])


def test_a_figure_that_two_sheets_give_differently_is_kept_from_both() -> None:
    def change(book: Any) -> None:
        book["Mode Org"].cell(13, 4).value += 1

    long = long_of(changed(fft_workbook("ambulance", JULY, 1), change), "x.xlsx")
    assert long.filter((pl.col("measure_code") == "responses") & (pl.col("organisation_ods_code") == "RZX")).height == 2


# -- FFT: tokens and bad rows -------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("*", (None, True, False)),
        (" * ", (None, True, False)),
        ("-", (None, False, True)),
        ("−", (None, False, True)),
        ("N/A", (None, False, True)),
        ("1,234", (1234.0, False, False)),
        ("95%", (0.95, False, False)),
        ("0", (0.0, False, False)),
    ],
)
def test_tokens(cell: str, expected: tuple[float | None, bool, bool]) -> None:
    [row] = (
        read_figures(pl.DataFrame({LINE: [1], "header": ["x"], "text": [cell]}))
        .select("value", "is_suppressed", "is_not_computable")
        .rows()
    )
    assert row == expected


@pytest.mark.parametrize("cell", ["abc", "nan", "inf", "1 2", "12a"])
def test_letters_reject_the_record(cell: str) -> None:
    frame = pl.DataFrame({LINE: [1, 1, 2], "header": ["Good", "Poor", "Good"], "text": [cell, "4", "5"]})
    good, rejections = split_unreadable(read_figures(frame))
    assert good[LINE].to_list() == [2]
    assert [(row[LINE], row["code"]) for row in rejections] == [(1, "unreadable_number")]
    assert "'Good'" in str(rejections[0]["sentence"])


def test_empty_cells_are_no_figures() -> None:
    assert read_figures(
        pl.DataFrame({LINE: [1, 1], "header": ["x", "y"], "text": [None, " "]}, schema_overrides={"text": pl.String})
    ).is_empty()


def test_letters_in_a_workbook_reject_one_record_of_one_sheet() -> None:
    content = inpatient(lambda book: book["Wards"].cell(20, 11, "see note"))
    part, frame = parts_of(content, NAME)["Wards"]
    assert [row[LINE] for row in part.unreadable] == [20]
    assert 20 not in set(frame[LINE])
    assert 21 in set(frame[LINE])


def test_placeholder_rows_of_dashes_are_no_records() -> None:
    def change(book: Any) -> None:
        sheet = book["Trusts"]
        at = sheet.max_row + 3
        for column in range(1, 22):
            sheet.cell(at, column, "-")

    assert long_of(inpatient(change), NAME).equals(long_of(inpatient(), NAME))


# -- FFT: any layout ----------------------------------------------------------------------

TOKENS = st.one_of(st.integers(0, 5000), st.sampled_from(["*", "-", " * "]))


@settings(max_examples=25, deadline=None)
@given(
    banner=st.lists(st.lists(st.sampled_from([None, "Show data for:", "Sort data by:", "ICB: ", "−"]), max_size=6), max_size=14),
    lower=st.sets(st.integers(0, 12)),
    rows=st.lists(st.lists(TOKENS, min_size=10, max_size=10), min_size=1, max_size=5),
    hidden=st.booleans(),
)
def test_any_banner_header_split_hidden_sheet_and_tokens_read_alike(
    banner: list[list[str | None]], lower: set[int], rows: list[list[Any]], hidden: bool
) -> None:
    headers = ["ICB Code", "Trust Code", "Trust Name", *MEASURES, *ANSWERS]
    upper_row = [None if place in lower else name for place, name in enumerate(headers)]
    lower_row = [name if place in lower else None for place, name in enumerate(headers)]
    header = [row for row in (upper_row, lower_row) if any(row)]
    book = Workbook()
    book.worksheets[0]["A1"] = "Inpatient Friends and Family Test (FFT) Data - July 2025"
    sheet = book.create_sheet("Trusts")
    selection = [None, None, "Selection (excluding suppressed data)", *[7] * 10]
    body = [["QZN", f"RZ{n}", f"Trust {n}", *row] for n, row in enumerate(rows)]
    for place, row in enumerate([*banner, *header, selection, *body], 1):
        for column, value in enumerate(row, 1):
            if value is not None:
                sheet.cell(place, column, value)
    if hidden:
        other = book.create_sheet("BS")
        for column, name in enumerate(headers, 1):
            other.cell(1, column, name)
            other.cell(2, column, 999)
        other.sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    long = long_of(stream.getvalue(), "x.xlsx")
    codes = [*MEASURES.values(), *ANSWERS.values()]
    first = len(banner) + len(header) + 2
    expected = {
        (first + n, f"RZ{n}", code, *meaning(value.strip() if isinstance(value, str) else value))
        for n, row in enumerate(rows)
        for code, value in zip(codes, row, strict=True)
    }
    code = pl.coalesce("answer_code", "measure_code").alias("code")
    assert set(long.select(LINE, "organisation_ods_code", code, "value", "is_suppressed", "is_not_computable").rows()) == expected
    withheld = long.filter(pl.col("is_suppressed") | pl.col("is_not_computable"))
    assert withheld["value"].null_count() == withheld.height, "suppressed never becomes a number"


# -- FFT: the real files ------------------------------------------------------------------

TEMPLATES = [
    ("FFT_AE_template_HEAD_04c9918cf2.xlsm", "Trusts", 3, "ae", JULY),
    ("FFT_AE_template_HEAD_04c9918cf2.xlsm", "ICB", 3, "ae", JULY),
    ("FFT_OP_template.xlsm", "Orgs", 8, "outpatient", JULY),
    ("FFT_OP_template.xlsm", "ICB", 8, "outpatient", JULY),
    ("FFT_Amb_template.xlsm", "PTS Org", 8, "ambulance", date(2025, 6, 1)),
    ("FFT_IP_template_HEAD_d2adc87a0e.xlsm", "Trusts", 10, "inpatient", JULY),
]


@pytest.mark.parametrize(("file", "sheet_name", "upper", "setting", "month"), TEMPLATES)
def test_every_cell_of_a_sheet_of_the_real_layout(
    published: Path, file: str, sheet_name: str, upper: int, setting: str, month: date
) -> None:
    """The publisher's own workbook, with figures written where its pipeline writes them."""
    book = load_workbook(published / "fft" / file)
    for other in {"BS", "Wards", "Sites", "ICB", "Trusts"} & set(book.sheetnames) - {sheet_name}:
        book.remove(book[other])  # thousands of empty styled rows: slow to save
    sheet = book[sheet_name]
    selection = next(row for row in range(upper, upper + 8) for cell in sheet[row] if str(cell.value).startswith("Selection"))
    figures = [column for column in range(1, 25) if sheet.cell(upper, column).value or sheet.cell(upper + 1, column).value]
    first_figure = next(c for c in figures if sheet.cell(upper, c).value == "Total Responses")
    for row in range(selection + 1, selection + 9):
        for column in figures:
            values = [f"RZ{row}", 11 * row + column, "*", "-"] if column >= first_figure else [f"RZ{row}"]
            sheet.cell(row, column, values[0] if column < first_figure else values[1 + (row + column) % 3])
    stream = io.BytesIO()
    book.save(stream)
    long = long_of(stream.getvalue(), "x.xlsm").filter(pl.col("sheet") == sheet_name)
    assert set(long["setting_code"]) == {setting}
    assert set(long["period_start_date"]) == {month}
    read = {
        (row[LINE], row["answer_code"] or row["measure_code"]): (row["value"], row["is_suppressed"], row["is_not_computable"])
        for row in long.to_dicts()
    }
    shown = {key: meaning(value) for key, value in expected_cells(sheet, upper, selection + 1).items() if key[0] < selection + 9}
    assert len(shown) >= 8 * 10
    assert read == shown


def test_national_summary(published: Path) -> None:
    long = long_of((published / "fft" / "ftt-summary-apr-26.xlsx").read_bytes(), "ftt-summary-apr-26.xlsx")
    sheet = load_workbook(published / "fft" / "ftt-summary-apr-26.xlsx", data_only=True)["Headline figures"]
    columns = {3: "organisations_submitting", 4: "responses_to_date", 5: "responses", 7: "percent_positive", 9: "percent_negative"}
    shown = {
        (row, code): None if sheet.cell(row, column).value == "N/A" else sheet.cell(row, column).value
        for row in range(6, 19)
        for column, code in columns.items()
    }
    assert {(row[LINE], row["measure_code"]): row["value"] for row in long.to_dicts()} == shown
    assert set(long["level_code"]) == {"national"}
    assert set(long["period_start_date"]) == {date(2026, 4, 1)}
    assert set(long["setting_code"]) == {
        "ae", "inpatient", "maternity_antenatal", "maternity_birth", "maternity_postnatal_ward", "maternity_postnatal_community",
        "outpatient", "ambulance", "community", "mental_health", "gp", "dental", "all",
    }  # fmt: skip


# -- through the judge --------------------------------------------------------------------

BAD = {
    20: (4, " ", "missing_site"),
    21: (6, " ", "missing_ward"),
    22: (2, "R Z N!", "malformed_ods_code"),
    23: (9, 95, "impossible_percentage"),
    24: (7, -3, "negative_value"),
    25: (11, "see note", "unreadable_number"),
}


def test_suite_rejects_the_record(pipeline: Pipeline) -> None:
    def change(book: Any) -> None:
        for row, (column, value, _) in BAD.items():
            book["Wards"].cell(row, column, value)

    receipt, _ = pipeline.land("survey_result_fft", NAME, io.BytesIO(inpatient(change)))
    verdict = pipeline.judge(receipt.submission_id)
    quarantine = pl.read_parquet(pipeline.settings.work / receipt.submission_id / "quarantine.parquet")
    assert set(quarantine.select(LINE, "code").rows()) == {(row, code) for row, (_, _, code) in BAD.items()}
    assert verdict.layouts == ["inpatient workbook"], "sizes are compared within one setting"
    assert verdict.rejection_code == "too_many_rejected", "6 of 82 records is above the bound of 5%"

    receipt, _ = pipeline.land("survey_result_fft", "x.xlsx", io.BytesIO(fft_workbook("ae", date(2099, 1, 1), 1)))
    verdict = pipeline.judge(receipt.submission_id)
    quarantine = pl.read_parquet(pipeline.settings.work / receipt.submission_id / "quarantine.parquet")
    assert set(quarantine["code"]) == {"period_in_the_future"}
    assert (verdict.rejection_code, verdict.accepted) == ("too_many_rejected", 0)
