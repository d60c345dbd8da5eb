"""Whether an Excel workbook fits into memory, found before a parser tries: it lays each sheet out as a full rectangle.

One forgotten entry in the last column and another in the last row make 17 billion
cells out of two, and the parser ends the whole process.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import IO

from samepicture.messages import SubmissionRejected
from samepicture.readers.archive import CHUNK, reading

MAX_CELLS = 32_000_000
"""A sheet of 26 columns that uses every row; about 1 GB."""
MAX_UNPACKED = 512 << 20
"""Bytes of a workbook's parts: text takes six times as much while it is parsed."""
_ROW_END = re.compile(rb"</(?:\w+:)?row>")
_CELL = re.compile(rb"<(?:\w+:)?c\s([^<>]*)>")
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")


def reject_huge(archive: zipfile.ZipFile, file_name: str) -> None:
    """Read every part once. Raises SubmissionRejected where one is damaged, is larger than it says, or is a sheet too large."""
    if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
        raise SubmissionRejected(
            "workbook_too_large", f"The workbook {file_name} is too large to be opened here: save its sheets as 'CSV UTF-8' and send those."
        )
    with reading(file_name):
        for member in archive.infolist():
            with archive.open(member) as part:
                if "worksheets/" not in member.filename.lower():
                    while part.read(CHUNK):
                        pass
                    continue
                column, row = _extent(part)
                if _number(column) * row > MAX_CELLS:
                    raise SubmissionRejected(
                        "workbook_too_large",
                        f"A sheet of {file_name} reaches to column {column} and to row {row:,}: something stands far outside the table. "
                        "Delete the columns and rows beyond the table, or save it as 'CSV UTF-8', and send it again.",
                    )


def _extent(sheet: IO[bytes]) -> tuple[str, int]:
    """The last column and the last row with a value; cells stand in order within a row, as every spreadsheet writes them."""
    widest, deepest = "A", 0
    for row in _rows(sheet):
        end = max(row.rfind(b"</c>"), row.rfind(b":c>"))  # what follows is formatted and empty: it takes no room
        if end < 0:
            continue
        cells = _CELL.findall(row, max(end - 512, 0), end) or _CELL.findall(row, 0, end)
        place = _PLACE.search(cells[-1]) if cells else None
        if place:
            column = place[1].decode().upper()
            if (len(column), column) > (len(widest), widest):
                widest = column
            deepest = max(deepest, int(place[2]))
    return widest, deepest


def _rows(sheet: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := sheet.read(CHUNK):
        *rows, rest = _ROW_END.split(rest + chunk)
        yield from rows
    yield rest


def _number(column: str) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
