"""Excel workbooks: headers found by their text, on any visible sheet.

Published workbooks open with titles, banners and filter rows, spread a header over
two merged rows, and hide sheets of look-up lists. The header is the row that holds
most headers that the feed knows, or two rows together where together they hold more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import IO

import fastexcel
import polars as pl

from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part, fold, known_headers, reject_empty, unique_headers
from samepicture.readers.archive import is_zip, open_archive
from samepicture.readers.extent import reject_huge

BANNER_ROWS = 60


@dataclass(frozen=True)
class Sheet:
    """A visible sheet: its cells as text, without headers; row n of the frame is row n + 1 of the sheet."""

    name: str
    cells: pl.DataFrame
    _book: fastexcel.ExcelReader

    def top(self) -> list[list[str]]:
        """The rows among which a header is looked for; empty cells are ''."""
        return [[cell or "" for cell in row] for row in self.cells.head(BANNER_ROWS).rows()]

    def numbers(self) -> pl.DataFrame:
        """The same cells as numbers, null where a cell is none.

        Text of a cell is rounded to nine decimals; this is what the cell holds.
        """
        return self._book.load_sheet(self.name, header_row=None, skip_rows=0, dtypes="float").to_polars()


@dataclass(frozen=True)
class Header:
    """Where a sheet's table begins."""

    names: list[str]
    """One a column, as published; two rows are put together, the lower one where both have a text."""
    body_at: int
    """Index of the first row below it."""
    known: int
    """How many of the names are known."""


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part a visible sheet that has known headers. Raises SubmissionRejected."""
    wanted = re.compile(feed.reader.sheets or "")
    known = known_headers(feed)
    found = 0
    for sheet in open_sheets(stream, file_name):
        header = find_header(sheet.top(), lambda name: fold(name) in known) if wanted.search(sheet.name) else None
        if header is None:
            continue
        found += 1
        table = body(sheet.cells, header)
        yield Part(sheet.name, [name for name in table.columns if name != LINE], iter([table]))
    if not found:
        raise SubmissionRejected(
            "no_known_header",
            f"No sheet of {file_name} has a header row with the columns of this feed: check that it is the right workbook.",
        )


def open_sheets(stream: IO[bytes], file_name: str) -> Iterator[Sheet]:
    """The visible sheets that hold anything. Raises SubmissionRejected where the bytes are no workbook."""
    content = _checked(stream, file_name)
    try:
        book = fastexcel.read_excel(content)
        for name in book.sheet_names:
            # skip_rows=0 keeps empty rows at the top: else line numbers would be those of another row.
            sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
            if sheet.visible == "visible" and sheet.height and sheet.width:
                yield Sheet(name, sheet.to_polars(), book)
    except fastexcel.FastExcelError:
        raise SubmissionRejected(
            "broken_workbook", f"The workbook {file_name} can't be opened: save it again as .xlsx and send it."
        ) from None


def find_header(rows: list[list[str]], is_known: Callable[[str], bool]) -> Header | None:
    """The row, or two rows together, with most known names; the first and the fewer rows of equals. None where no name is known."""
    candidates = [Header(row, place + 1, _count(row, is_known)) for place, row in enumerate(rows)]
    for place, (upper_row, lower_row) in enumerate(pairwise(rows)):
        both = [lower if lower.strip() else upper for upper, lower in zip(upper_row, lower_row, strict=True)]
        candidates.append(Header(both, place + 2, _count(both, is_known)))
    best = max(candidates, key=lambda header: header.known, default=None)
    return best if best is not None and best.known else None


def below(cells: pl.DataFrame, header: Header) -> pl.DataFrame:
    """All rows below a header under its names, with `line_number`."""
    rows = cells.slice(header.body_at)
    return rows.rename(dict(zip(rows.columns, unique_headers(header.names), strict=True))).with_columns(
        pl.int_range(header.body_at + 1, header.body_at + 1 + rows.height, dtype=pl.Int64).alias(LINE)
    )


def body(cells: pl.DataFrame, header: Header) -> pl.DataFrame:
    """The rows below a header, without empty rows and without empty columns that have no name."""
    rows = below(cells, header)
    empty = [
        name
        for name, raw in zip(rows.columns, header.names, strict=False)
        if not raw.strip() and rows.get_column(name).null_count() == rows.height
    ]
    return rows.drop(empty).filter(pl.any_horizontal(pl.exclude(LINE).is_not_null()))


def _count(row: list[str], is_known: Callable[[str], bool]) -> int:
    return sum(bool(cell.strip()) and is_known(cell) for cell in row)


def _checked(stream: IO[bytes], file_name: str) -> bytes:
    stream.seek(0)
    head = stream.read(512)
    reject_empty(len(head), file_name)
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html", b"<?xml", b"<table")):
        raise SubmissionRejected(
            "not_a_workbook", f"The file {file_name} is a web page with the name of a workbook: open it in Excel and save it as .xlsx."
        )
    if not is_zip(stream):
        raise SubmissionRejected(
            "not_a_workbook", f"The file {file_name} is no Excel workbook (.xlsx): save it as .xlsx and send it again."
        )
    with open_archive(stream, file_name) as archive:
        if not any(name.lower().endswith("workbook.xml") for name in archive.namelist()):
            raise SubmissionRejected(
                "not_a_workbook", f"The file {file_name} is no Excel workbook (.xlsx): save it as .xlsx and send it again."
            )
        reject_huge(archive, file_name)
    stream.seek(0)
    return stream.read()
