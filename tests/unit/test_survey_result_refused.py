"""Friends and Family Test workbooks: what is refused, what is warned of, where month and setting come from."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook

from samepicture.demo.surveys import Setting, fft_file_name, fft_workbook
from samepicture.feed import load_feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part, read_parts
from samepicture.settings import PROJECT

FFT = load_feed(PROJECT / "dags" / "feeds" / "survey_result_fft")
JULY = date(2025, 7, 1)
NAME = fft_file_name("inpatient", JULY)


def changed(setting: Setting, change: Any) -> bytes:
    book = load_workbook(io.BytesIO(fft_workbook(setting, JULY, 1)))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def inpatient(change: Any) -> bytes:
    return changed("inpatient", change)


def parts_of(content: bytes, name: str) -> dict[str, tuple[Part, pl.DataFrame]]:
    return {part.name: (part, pl.concat(part.frames)) for part in read_parts(FFT, io.BytesIO(content), name)}


def long_of(content: bytes, name: str) -> pl.DataFrame:
    return pl.concat(
        [frame.with_columns(pl.lit(sheet).alias("sheet")) for sheet, (_, frame) in parts_of(content, name).items()], how="diagonal"
    )


def refusal_of(content: bytes, name: str) -> SubmissionRejected:
    with pytest.raises(SubmissionRejected) as refusal:
        long_of(content, name)
    return refusal.value


def untitled(book: Any) -> None:
    book["Notes"]["A2"] = None
    for cell in (cell for row in book["Summary"].iter_rows() for cell in row if isinstance(cell.value, datetime)):
        cell.value = None


def test_month_from_the_file_name_is_warned_of() -> None:
    [part, *_] = list(read_parts(FFT, io.BytesIO(inpatient(untitled)), NAME))
    assert [warning.code for warning in part.warnings] == ["month_from_file_name"]
    assert set(pl.concat(part.frames)["period_start_date"]) == {JULY}


def test_no_month_is_refused() -> None:
    assert refusal_of(inpatient(untitled), "inpatient.xlsx").code == "no_period"


def test_month_as_a_serial_number() -> None:
    def change(book: Any) -> None:
        untitled(book)
        book["Summary"]["C7"] = 45839

    assert set(long_of(inpatient(change), "x-inpatient.xlsx")["period_start_date"]) == {JULY}


def test_months_that_disagree_are_warned_of_and_the_majority_taken() -> None:
    def change(book: Any) -> None:
        book["Notes"]["A2"] = "Inpatient Friends and Family Test (FFT) Data - June 2025"

    [part, *_] = list(read_parts(FFT, io.BytesIO(inpatient(change)), NAME))
    assert [warning.code for warning in part.warnings] == ["month_disagrees"]
    assert set(pl.concat(part.frames)["period_start_date"]) == {JULY}


def test_file_name_of_another_month_is_outvoted() -> None:
    [part, *_] = list(read_parts(FFT, io.BytesIO(fft_workbook("inpatient", JULY, 1)), "FFT-inpatient-data-JUN-25.xlsx"))
    assert [warning.code for warning in part.warnings] == ["month_disagrees"]
    assert set(pl.concat(part.frames)["period_start_date"]) == {JULY}


def test_setting_that_nothing_says_is_refused() -> None:
    def change(book: Any) -> None:
        book["Notes"]["A2"] = "Friends and Family Test - July 2025"

    assert refusal_of(inpatient(change), "x.xlsx").code == "no_setting"
    assert set(long_of(inpatient(change), NAME)["setting_code"]) == {"inpatient"}, "the file name says it"


def test_maternity_sheet_without_touchpoint_is_refused_by_name() -> None:
    def change(book: Any) -> None:
        book["Birth Trusts"].title = "Trusts 2"

    refusal = refusal_of(changed("maternity", change), "x.xlsx")
    assert refusal.code == "no_touchpoint"
    assert "Trusts 2" in refusal.sentence


def test_touchpoint_above_the_header_is_found() -> None:
    def change(book: Any) -> None:
        book["Birth Trusts"].title = "Trusts 2"
        book["Trusts 2"]["A1"] = "Q2 - Birth"

    long = long_of(changed("maternity", change), "x.xlsx")
    assert set(long.filter(pl.col("sheet") == "Trusts 2")["setting_code"]) == {"maternity_birth"}


@pytest.mark.parametrize("name", ["Total Responses", "Very Poor", "Percentage Positive", "Trust Code"])
def test_renamed_column_is_refused_by_name(name: str) -> None:
    def change(book: Any) -> None:
        for row in book["Trusts"].iter_rows(max_row=12):
            for cell in row:
                if cell.value == name:
                    cell.value = "Renamed"

    refusal = refusal_of(inpatient(change), NAME)
    assert refusal.code == "missing_column"
    assert f"'{name}'" in refusal.sentence
    assert "'Trusts'" in refusal.sentence


def test_repeated_column_is_refused() -> None:
    assert refusal_of(inpatient(lambda book: book["Trusts"].cell(10, 22, "Total Responses")), NAME).code == "repeated_column"


def test_old_question_is_refused() -> None:
    assert refusal_of(inpatient(lambda book: book["Trusts"].cell(10, 6, "Percentage Recommended")), NAME).code == "old_question"


def test_unknown_column_is_kept_beside_the_record() -> None:
    def change(book: Any) -> None:
        book["Wards"].cell(10, 17, "First Speciality")
        book["Wards"].cell(10, 18, "Ward Type")
        book["Wards"].cell(15, 18, "Adult")

    part, frame = parts_of(inpatient(change), NAME)["Wards"]
    assert "Ward Type" in part.headers
    assert "First Speciality" not in part.headers
    assert set(frame.filter(pl.col(LINE) == 15)["Ward Type"]) == {"Adult"}


def test_summary_that_shows_the_month_before_first_is_read_by_its_dates() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet["B1"] = "Friends and Family Test - April 2026"
    names = [
        "FFT",
        "Number of organisations submitting",
        "Total responses to date",
        "Responses",
        None,
        "Percentage Positive",
        None,
        "Percentage Negative",
    ]
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    for row, cells in enumerate(
        (names, [None, april, april, march, april, march, april, march, april], ["GP", 9, 99, 1, 2, 0.3, 0.4, 0.5, 0.6]), 4
    ):
        for column, value in enumerate(cells, 2):
            sheet.cell(row, column, value)
    stream = io.BytesIO()
    book.save(stream)
    long = long_of(stream.getvalue(), "ftt-summary-apr-26.xlsx")
    assert dict(long.select("measure_code", "value").rows()) == {
        "organisations_submitting": 9, "responses_to_date": 99, "responses": 2, "percent_positive": 0.4, "percent_negative": 0.6,
    }  # fmt: skip
