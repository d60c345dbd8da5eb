"""NHS Staff Survey workbooks: columns by their names, years from them, withheld never 0."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from samepicture.demo.staff import staff_survey_file_name, staff_survey_workbook
from samepicture.feed import load_feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import read_parts
from samepicture.settings import PROJECT

NSS = load_feed(PROJECT / "dags" / "feeds" / "survey_result_nss")


def figures(content: bytes) -> pl.DataFrame:
    return pl.concat(frame for part in read_parts(NSS, io.BytesIO(content), staff_survey_file_name(2025)) for frame in part.frames)


def changed(change: object) -> bytes:
    """The invented workbook after `change(book)`."""
    book = openpyxl.load_workbook(io.BytesIO(staff_survey_workbook(2025, 3)))
    change(book)  # type: ignore[operator]
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_a_score_its_base_and_its_year_come_from_the_columns_name() -> None:
    cells = openpyxl.load_workbook(io.BytesIO(staff_survey_workbook(2025, 3)))["Acute&Acute Community Trusts"]
    header = [cell.value for cell in cells[1]]
    found = figures(staff_survey_workbook(2025, 3)).filter(
        pl.col("organisation_ods_code") == "RZN", pl.col("question_code") == "theme_morale", pl.col("period_start_date").dt.year() == 2023
    )
    values = dict(found.select("measure_code", "value").iter_rows())
    assert values == {
        "score": cells[2][header.index("theme_morale_2023")].value,
        "base_unweighted": cells[2][header.index("theme_morale_n_2023")].value,
    }


def test_columns_in_another_order_below_a_title_give_the_same() -> None:
    def change(book: openpyxl.Workbook) -> None:
        for name in book.sheetnames[1:]:
            rows = [list(row) for row in book[name].values]
            book[name].delete_rows(1, len(rows))
            for row in [["Benchmark data"], []] + [row[:3][::-1] + row[:2:-1] for row in rows]:
                book[name].append(row)

    keys = ["organisation_ods_code", "question_code", "measure_code", "period_start_date"]
    columns = [*keys, "value", "is_suppressed", "is_weighted", "level_code"]
    assert figures(changed(change)).select(columns).sort(keys).equals(figures(staff_survey_workbook(2025, 3)).select(columns).sort(keys))


def test_a_sub_score_is_not_its_element_and_what_is_not_listed_is_not_loaded() -> None:
    loaded = set(figures(staff_survey_workbook(2025, 3))["question_code"])
    assert {"PP4", "PP4_2", "participation"} <= loaded
    assert not {"PP1_1", "q25c"} & loaded


def test_withheld_is_empty_and_said() -> None:
    board = figures(staff_survey_workbook(2025, 3)).filter(pl.col("organisation_ods_code") == "QZN", pl.col("question_code") == "PP1")
    withheld = board.filter(pl.col("is_suppressed"))
    assert withheld.select("measure_code", "value").rows() == [("score", None)]
    assert board.filter(pl.col("period_start_date").dt.year() == 2021).is_empty(), "an empty cell is no figure"


@pytest.mark.parametrize(
    ("found", "put", "lacks"),
    [
        ("org_name", "organisation", "'org_name'"),
        ("theme_morale", "morale", r"'theme_morale_<year>'"),
        ("_20", "/20", "'org_id', 'PP1_2025'"),
    ],
)
def test_a_workbook_without_a_needed_column_is_refused(found: str, put: str, lacks: str) -> None:
    def change(book: openpyxl.Workbook) -> None:
        for name in book.sheetnames[1:]:
            _rename(book[name], found, put)

    with pytest.raises(SubmissionRejected, match=lacks):
        figures(changed(change))


def test_a_sheet_that_lacks_a_score_is_told_and_a_list_of_organisations_is_no_table() -> None:
    def change(book: openpyxl.Workbook) -> None:
        _rename(book["ICBs"], "theme_morale", "morale")
        listed = book.create_sheet("Organisation Benchmark groups")
        listed.append(["org_id", "org_name"])
        listed.append(["RZN", "Northmoor"])

    parts = list(read_parts(NSS, io.BytesIO(changed(change)), staff_survey_file_name(2025)))
    assert [part.name for part in parts] == ["Acute&Acute Community Trusts", "MH&LD, MH, LD&Community Trusts", "ICBs"]
    assert [(part.name, warning.code, warning.value) for part in parts for warning in part.warnings] == [
        ("ICBs", "missing_score", "theme_morale")
    ]


def _rename(sheet: Any, found: str, put: str) -> None:
    for cell in sheet[1]:
        cell.value = str(cell.value).replace(found, put)


def test_a_derived_table_is_no_workbook(published: Path) -> None:
    """A researcher's table of 2012 to 2019 is not the publisher's: it is refused, not guessed at."""
    with pytest.raises(SubmissionRejected) as refusal:
        figures((published / "staff_survey" / "data.NHS.2012_2019.csv").read_bytes())
    assert refusal.value.code == "not_a_workbook"
