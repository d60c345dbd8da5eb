"""Workbooks: headers by their text, rows by their spreadsheet number, hidden sheets left alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from samepicture.feed import ColumnMap, Feed, Layout, Reader
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE
from samepicture.readers.stock.workbook import below, body, find_header, open_sheets, read

HEADERS = ["Case ref", "Received", "Subject", "Outcome"]
KNOWN = {"case ref", "received", "subject", "outcome"}
FEED = Feed(
    id="test", title="A test", record_type="complaint", publisher="nobody", owner_directorate="nursing", source_family="complaints", licence="none",
    reader=Reader(kind="workbook"),
    layouts=(Layout("test", {"case_reference": ColumnMap(from_=("Case ref",)), "subject_codes": ColumnMap(each=("Received", "Subject", "Outcome"))}),),
)  # fmt: skip


def workbook(sheets: dict[str, Iterable[Iterable[Any]]], hidden: tuple[str, ...] = ()) -> io.BytesIO:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for place, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                if value is not None:
                    sheet.cell(place, column, value)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    stream = io.BytesIO()
    book.save(stream)
    return stream


def is_known(name: str) -> bool:
    return name.strip().casefold() in KNOWN


def test_banner_above_one_header_row() -> None:
    rows = [
        ["Complaints export"],
        [],
        ["Printed 1 July", None, None, "page 1"],
        HEADERS,
        ["A1", "2025-07-01", "Care", "Upheld"],
        [],
        ["A2"],
    ]
    [part] = read(workbook({"Export": rows}), "x.xlsx", FEED)
    frame = pl.concat(part.frames)
    assert part.headers == HEADERS
    assert frame.select("Case ref", LINE).rows() == [("A1", 5), ("A2", 7)]


def test_line_numbers_are_those_of_the_spreadsheet_when_it_begins_with_empty_rows() -> None:
    [part] = read(workbook({"Export": [[], [], HEADERS, ["A1", "x", "y", "z"]]}), "x.xlsx", FEED)
    assert pl.concat(part.frames).get_column(LINE).to_list() == [4]


def test_hidden_sheet_is_left_alone() -> None:
    book = workbook({"Export": [HEADERS, ["A1", "x", "y", "z"]], "BS": [HEADERS, ["B1", "x", "y", "z"]]}, hidden=("BS",))
    assert [part.name for part in read(book, "x.xlsx", FEED)] == ["Export"]


def test_unknown_column_is_kept_and_empty_nameless_columns_are_not() -> None:
    rows = [[*HEADERS, None, "New thing", None], ["A1", "x", "y", "z", None, "n", None], ["A2", "x", "y", "z", None, None, "stray"]]
    [part] = read(workbook({"Export": rows}), "x.xlsx", FEED)
    assert part.headers == [*HEADERS, "New thing", "(column 7)"]


def test_data_that_repeats_a_header_is_no_second_header_row() -> None:
    header = find_header([HEADERS, ["Subject", "", "", ""], ["A1", "x", "y", "z"]], is_known)
    assert header is not None
    assert (header.names, header.body_at) == (HEADERS, 1)


@pytest.mark.parametrize(
    "rows",
    [
        [["Case ref", "Received", "Details", ""], ["", "", "Subject", "Outcome"]],
        [["", "", "Subject", "Outcome"], ["Case ref", "Received", "", ""]],
        [["Banner", "", "", ""], ["Case ref", "Received", "Details of it", ""], ["", "", "Subject", "Outcome"], ["A1", "x", "y", "z"]],
    ],
)
def test_header_over_two_rows(rows: list[list[str]]) -> None:
    header = find_header(rows, is_known)
    assert header is not None
    assert header.names == HEADERS


def test_no_known_header_is_refused() -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        list(read(workbook({"Sheet": [["something", "else"], [1, 2]]}), "x.xlsx", FEED))
    assert refusal.value.code == "no_known_header"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<html><body><table><tr><td>Case ref</td></tr></table></body></html>", "not_a_workbook"),
        (b"Case ref,Received\nA1,x\n", "not_a_workbook"),
        (workbook({"Export": [HEADERS]}).getvalue()[:-300], "broken_archive"),
    ],
)
def test_what_is_no_workbook_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        list(read(io.BytesIO(content), "x.xlsx", FEED))
    assert refusal.value.code == code


@pytest.mark.parametrize(("member", "code"), [("data.csv", "not_a_workbook"), ("xl/workbook.xml", "broken_workbook")])
def test_zip_that_is_no_workbook_is_refused(member: str, code: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(member, "Case ref\nA1\n")
    with pytest.raises(SubmissionRejected) as refusal:
        list(read(stream, "x.xlsx", FEED))
    assert refusal.value.code == code


def test_numbers_keep_their_full_precision() -> None:
    [sheet] = open_sheets(workbook({"S": [["Case ref", "Received"], ["A1", 123170 / 128765]]}), "x.xlsx")
    header = find_header(sheet.top(), is_known)
    assert header is not None
    assert below(sheet.numbers(), header).get_column("Received").to_list() == [123170 / 128765]
    assert body(sheet.cells, header).get_column("Received").to_list() != [str(123170 / 128765)]


@settings(max_examples=20, deadline=None)
@given(
    banner=st.lists(st.lists(st.sampled_from([None, "Title", "Sort data by:", "−"]), max_size=4), max_size=12),
    lower=st.sets(st.integers(0, 3)),
    left=st.integers(0, 2),
)
def test_any_banner_and_any_split_of_the_header_read_alike(banner: list[list[str | None]], lower: set[int], left: int) -> None:
    pad: list[str | None] = [None] * left
    upper_row = [*pad, *(None if place in lower else name for place, name in enumerate(HEADERS))]
    lower_row = [*pad, *(name if place in lower else None for place, name in enumerate(HEADERS))]
    header = [row for row in (upper_row, lower_row) if any(row)]
    data = [[*pad, f"A{n}", "x", "y", "z"] for n in range(3)]
    [part] = read(workbook({"S": [*banner, *header, *data]}), "x.xlsx", FEED)
    frame = pl.concat(part.frames)
    first = len(banner) + len(header) + 1
    assert frame.select(*HEADERS, LINE).rows() == [(f"A{n}", "x", "y", "z", first + n) for n in range(3)]
