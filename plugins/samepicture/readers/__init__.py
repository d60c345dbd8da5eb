"""Bytes to records: each reader yields parts, and a part yields frames of text.

A frame has one `pl.String` column a header, as published, and `line_number`.
Readers know nothing of contracts; they stream, so memory does not grow with the file.
A folder's own `reader.py` offers the same `read(stream, file_name, feed)`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

import polars as pl

from samepicture.feed import Feed, load_own
from samepicture.messages import SubmissionRejected, SubmissionWarning

BATCH_ROWS = 100_000
LINE = "line_number"


@dataclass
class Part:
    """One table of a submission: a file, a sheet, an archive member, an API answer."""

    name: str
    """Empty where the submission is one table."""
    headers: list[str]
    frames: Iterator[pl.DataFrame]
    unreadable: list[dict[str, object]] = field(default_factory=list)
    """Lines that could not be split into columns (line_number, code, sentence); grows while frames are read."""
    warnings: list[SubmissionWarning] = field(default_factory=list)
    """What the reader itself noticed; grows while frames are read."""
    layout: str = ""
    """What a folder's own reader recognised it as; sizes are compared within one layout. Empty: the layout of feed.yml."""
    share: float = field(default=1, kw_only=True)  # folders' own readers give the others by their places
    """How much of it is read; grows while frames are read, where its reader can tell."""


def read_parts(feed: Feed, stream: IO[bytes], file_name: str) -> Iterator[Part]:
    """The parts of one submission. Raises SubmissionRejected where its bytes are no such thing."""
    yield from _reader(feed)(stream, file_name, feed)


def _reader(feed: Feed) -> Callable[[IO[bytes], str, Feed], Iterator[Part]]:
    is_own = feed.reader.kind == "own"
    module = load_own(feed.folder / "reader.py") if is_own else importlib.import_module(f"samepicture.readers.stock.{feed.reader.kind}")
    read: Callable[[IO[bytes], str, Feed], Iterator[Part]] = module.read
    return read


def reject_empty(size: int, file_name: str) -> None:
    """Refuse a file of no bytes."""
    if size == 0:
        raise SubmissionRejected("empty_file", f"The file {file_name} has no content: export it again and check its size before sending.")


def unique_headers(headers: list[str]) -> list[str]:
    """Headers with outer spaces and line breaks gone; a repeated one gets ' (2)' or what is free, an empty one its place."""
    taken = {LINE}
    seen: dict[str, int] = {}
    result = []
    for place, raw in enumerate(headers, 1):
        name = unique = " ".join(raw.split()) or f"(column {place})"
        while unique in taken:
            seen[name] = seen.get(name, 1) + 1
            unique = f"{name} ({seen[name]})"
        taken.add(unique)
        result.append(unique)
    return result


def known_headers(feed: Feed) -> set[str]:
    """Every header that any layout of the feed names, folded for comparison."""
    known: set[str] = set()
    for layout in feed.layouts:
        known.update(layout.recognise)
        known.update(layout.drop)
        for column in layout.columns.values():
            known.update(column.from_)
            known.update(column.each)
    return {fold(name) for name in known}


def fold(header: str) -> str:
    """A header for comparison: case and spaces don't matter."""
    return " ".join(header.split()).casefold()


def best_header_row(rows: list[list[str]], known: set[str]) -> int:
    """Index of the row that holds most known headers (banners and titles stand above it).

    Where no header is known, the first row with the most cells.
    """
    scores = [sum(fold(cell) in known for cell in row) for row in rows]
    if any(scores):
        return scores.index(max(scores))
    widths = [sum(bool(cell.strip()) for cell in row) for row in rows]
    return widths.index(max(widths)) if rows else 0
