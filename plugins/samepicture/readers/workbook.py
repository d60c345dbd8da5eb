"""Excel workbooks: headers found by their text, on any visible sheet.

Published workbooks open with titles, banners and filter rows, spread a header over
two merged rows, and hide sheets of look-up lists. A header row is the row that holds
most headers that the feed knows; where the row below it fills the gaps of merged
cells, the two are one header.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import IO

import fastexcel
import polars as pl

from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part, best_header_row, fold, known_headers, reject_empty, unique_headers
from samepicture.readers.archive import is_zip, open_archive

BANNER_ROWS = 60


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part a visible sheet that has known headers. Raises SubmissionRejected."""
    content = _checked(stream, file_name)
    try:
        book = fastexcel.read_excel(content)
    except fastexcel.FastExcelError:
        raise SubmissionRejected("broken_workbook", f"The workbook {file_name} can't be opened: save it again as .xlsx and send it.") from None
    wanted = re.compile(feed.reader.sheets or "")
    known = known_headers(feed)
    found = 0
    for name in book.sheet_names:
        if not wanted.search(name):
            continue
        sheet = book.load_sheet(name, header_row=None, dtypes="string")
        if sheet.visible != "visible":
            continue
        part = _part(sheet.to_polars(), name, known)
        if part is not None:
            found += 1
            yield part
    if not found:
        raise SubmissionRejected(
            "no_known_header",
            f"No sheet of {file_name} has a header row with the columns of this feed: check that it is the right workbook.",
        )


def _checked(stream: IO[bytes], file_name: str) -> bytes:
    stream.seek(0)
    head = stream.read(512)
    reject_empty(len(head), file_name)
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html", b"<?xml", b"<table")):
        raise SubmissionRejected(
            "not_a_workbook", f"The file {file_name} is a web page with the name of a workbook: open it in Excel and save it as .xlsx."
        )
    if not is_zip(stream):
        raise SubmissionRejected("not_a_workbook", f"The file {file_name} is no Excel workbook (.xlsx): save it as .xlsx and send it again.")
    try:
        open_archive(stream, file_name).close()
    except zipfile.BadZipFile:
        raise SubmissionRejected("broken_workbook", f"The workbook {file_name} is incomplete or damaged: send it again.") from None
    stream.seek(0)
    return stream.read()


def _part(cells: pl.DataFrame, name: str, known: set[str]) -> Part | None:
    top = [[cell or "" for cell in row] for row in cells.head(BANNER_ROWS).rows()]
    if not top:
        return None
    header_at = best_header_row(top, known)
    header = top[header_at]
    if not any(fold(cell) in known for cell in header):
        return None
    body_at = header_at + 1
    if body_at < len(top) and _continues(header, top[body_at], known):
        header = [below or above for above, below in zip(header, top[body_at], strict=True)]
        body_at += 1
    headers = unique_headers(header)
    body = cells.slice(body_at)
    frame = body.rename(dict(zip(body.columns, headers, strict=True))).with_columns(
        pl.int_range(body_at + 1, body_at + 1 + body.height, dtype=pl.Int64).alias(LINE)
    )
    filled = frame.filter(pl.any_horizontal(pl.exclude(LINE).is_not_null()))
    return Part(name, headers, iter([filled]))


def _continues(header: list[str], below: list[str], known: set[str]) -> bool:
    """Whether the row below holds the rest of a merged header: known names, and only where the row above is empty or a heading of several."""
    names = [cell for cell in below if cell.strip()]
    return bool(names) and all(fold(cell) in known for cell in names)
