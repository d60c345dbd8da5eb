"""CSV and its kin, alone or inside the published ZIP; streamed by Arrow."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import count
from typing import IO, Any, cast

import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import BATCH_ROWS, LINE, Part, best_header_row, fold, known_headers, reject_empty, unique_headers
from samepicture.readers.archive import is_zip, open_members

PEEK = 256 * 1024
BANNER_ROWS = 40
BLOCK = 8 << 20
"""Bytes that are read at once; no single row can be longer. Arrow reads up to 32 of them ahead."""
GATHERED = 4
"""Blocks in one frame: what looks at a frame as columns costs less a row the more rows there are."""
MAX_COLUMNS = 16_384
"""What a sheet of a spreadsheet can have."""
MAX_UNREADABLE = 100_000
"""Rows of a wrong width that are told one by one; a file with more is no such table."""
csv.field_size_limit(BLOCK)  # the default is 131,072 characters, shorter than some narratives
OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF"),
)


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part a table: the file itself, or each wanted member of a ZIP."""
    if is_zip(stream):
        for name, member in open_members(stream, file_name, re.compile(feed.reader.members)):
            yield _table(member, name, name, feed)
        return
    yield _table(stream, "", file_name, feed)


def _table(stream: IO[bytes], part_name: str, file_name: str, feed: Feed) -> Part:
    head = stream.read(PEEK)
    reject_empty(len(head), file_name)
    _reject_other_kinds(head, file_name)
    encoding, quotes = _scan(head, stream, feed.reader.encodings, file_name)
    text = _decode_head(head, encoding)
    reject_empty(len(text.strip()), file_name)
    separator = _separator(text, feed)
    if quotes % 2:
        _reject_broken_quoting(stream, encoding, separator, file_name)
    rows = list(_head_rows(text, separator))
    if feed.reader.columns:
        headers, skip_lines, first_line = _declared(feed.reader.columns, rows, file_name), 0, 1
    else:
        known = known_headers(feed)
        header_at = best_header_row([row for row, _ in rows], known)
        headers, skip_lines, first_line = unique_headers(rows[header_at][0]), rows[header_at][1], header_at + 2
        if len(headers) > MAX_COLUMNS or (header_at == len(rows) - 1 and len(head) == PEEK):
            raise SubmissionRejected(
                "too_many_columns",
                f"The header of {file_name} goes on for more than {min(len(headers), MAX_COLUMNS):,} columns: "
                "check that it is the right file, and that its rows end with line breaks.",
            )
        if any(fold(cell) not in known for cell in rows[header_at][0]):
            _reject_wide_header(headers, [row for row, _ in rows[header_at + 1 :]], file_name)
    part = Part(part_name, headers, iter(()))
    part.frames = _frames(stream, encoding, separator, headers, skip_lines, first_line, part)
    return part


def _declared(columns: tuple[str, ...], rows: list[tuple[list[str], int]], file_name: str) -> list[str]:
    """The columns of a file without header row. Raises SubmissionRejected where its width is another."""
    width = len(rows[0][0]) if rows else 0
    if width != len(columns):
        raise SubmissionRejected(
            "wrong_column_count",
            f"The first row of {file_name} has {width} columns where this feed has {len(columns)} "
            f"({columns[0]!r} to {columns[-1]!r}): check that it is the right file.",
        )
    return list(columns)


def _reject_wide_header(headers: list[str], below: list[list[str]], file_name: str) -> None:
    """Refuse a header that is wider than every row: it has swallowed one, whose words would be told as names of columns."""
    widest = max(map(len, below), default=0)
    if 0 < widest < len(headers):
        raise SubmissionRejected(
            "wrong_column_count",
            f"The header of {file_name} has {len(headers)} columns but no row below it has more than {widest}: "
            "check that a line break ends the header and each row, and that texts with commas or line breaks stand in double quotes.",
        )


def _frames(
    stream: IO[bytes], encoding: str, separator: str, headers: list[str], skip_lines: int, first_line: int, part: Part
) -> Iterator[pl.DataFrame]:
    """Batches of text. `line_number` counts as a spreadsheet would: a record with line breaks inside is one row."""
    skipped: set[int] = set()
    last = 0

    def on_invalid(row: Any) -> str:
        if len(skipped) == MAX_UNREADABLE:
            return "error"
        ordinal = row.number - skip_lines  # Arrow counts the skipped lines too
        skipped.add(ordinal)
        part.unreadable.append(
            {
                LINE: first_line + ordinal - 1,
                "code": "wrong_column_count",
                "sentence": f"The row has {row.actual_columns} columns where the header has {row.expected_columns}: "
                "check for unquoted commas or line breaks in it.",
            }
        )
        return "skip"

    size = max(stream.seek(0, io.SEEK_END), 1)
    stream.seek(0)
    try:
        reader = arrow_csv.open_csv(
            pa.PythonFile(cast(io.IOBase, stream), mode="r"),
            read_options=arrow_csv.ReadOptions(
                column_names=headers, skip_rows=skip_lines, block_size=BLOCK, encoding=encoding, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=on_invalid
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in headers},
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        raise _broken(error, len(skipped), len(headers)) from None
    gathered: list[pl.DataFrame] = []
    for blocks in count(1):
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        except pa.ArrowInvalid as error:
            raise _broken(error, len(skipped), len(headers)) from None
        part.share = min(blocks * BLOCK / size, 1)
        if batch.num_rows:
            frame = cast(pl.DataFrame, pl.from_arrow(batch))
            ordinals = _ordinals(last, frame.height, skipped)
            last = cast(int, ordinals[-1])
            frame = frame.with_columns((ordinals + (first_line - 1)).alias(LINE))
            gathered.append(frame.filter(~pl.all_horizontal(pl.exclude(LINE).is_null())))  # an empty line is no record
        if len(gathered) == GATHERED:
            yield from pl.concat(gathered).iter_slices(BATCH_ROWS)  # a block of short rows holds millions
            gathered = []
    part.share = 1
    if gathered:
        yield from pl.concat(gathered).iter_slices(BATCH_ROWS)


def _ordinals(last: int, height: int, skipped: set[int]) -> pl.Series:
    """Record numbers (from 1) of the rows of a batch that follows record `last`, leaving out those that were skipped."""
    later = [number for number in skipped if number > last]
    everything = pl.int_range(last + 1, last + 1 + height + len(later), eager=True, dtype=pl.Int64)
    return everything.filter(~everything.is_in(later)).head(height)


def _scan(head: bytes, stream: IO[bytes], encodings: tuple[str, ...], file_name: str) -> tuple[str, int]:
    """The first declared encoding that fits the whole stream, and how many quotation marks it has; UTF-16 is known by its mark."""
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else encodings:
        stream.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        quotes = 0
        try:
            while chunk := stream.read(1 << 22):
                text = decoder.decode(chunk)
                quotes += text.count('"')
                if "\0" in text:
                    raise _binary(file_name)
            decoder.decode(b"", final=True)
        except UnicodeError:
            continue
        return ("utf8" if encoding.replace("_", "-").startswith("utf-8") else encoding), quotes
    raise SubmissionRejected(
        "wrong_encoding",
        f"The file {file_name} is not text in {'UTF-16' if marked else ' or '.join(encodings)}: export it as 'CSV UTF-8' and send it again.",
    )


def _reject_broken_quoting(stream: IO[bytes], encoding: str, separator: str, file_name: str) -> None:
    """Find a quotation mark that swallows the rows after it: Arrow would join them into one text and say nothing.

    Only for files with an odd number of marks; a lone one inside a text without quotes (5" scar) is no harm.
    """
    stream.seek(0)
    lines = io.TextIOWrapper(cast(io.BufferedReader, stream), encoding="utf-8-sig" if encoding == "utf8" else encoding, newline="")
    number = 0
    try:
        for number, _ in enumerate(csv.reader(lines, delimiter=separator, strict=True), 1):  # noqa: B007
            pass
    except csv.Error:
        raise SubmissionRejected(
            "broken_quoting",
            f"Row {number + 1} of {file_name} has a quotation mark that is never closed, or one inside a quoted text: "
            'close it, or write it twice (""), and send the file again.',
        ) from None
    finally:
        lines.detach()


def _reject_other_kinds(head: bytes, file_name: str) -> None:
    for magic, kind in OTHER_KINDS:
        if head.startswith(magic):
            raise SubmissionRejected("not_delimited", f"The file {file_name} is {kind}, not a CSV file: export the data as CSV.")
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise SubmissionRejected(
            "not_delimited", f"The file {file_name} is a web page, not a CSV file: check the download and send the data itself."
        )
    if b"\x00" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _binary(file_name)


def _binary(file_name: str) -> SubmissionRejected:
    return SubmissionRejected("not_delimited", f"The file {file_name} has binary content: export the data as 'CSV UTF-8'.")


def _decode_head(head: bytes, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf8" else encoding)()
    return decoder.decode(head)


def _separator(text: str, feed: Feed) -> str:
    """The separator that shows most known headers, or the declared number of columns; of equals, that of the widest row."""
    known = known_headers(feed)

    def fit(separator: str) -> tuple[int, int]:
        rows = [row for row, _ in _head_rows(text, separator)]
        if feed.reader.columns:
            found = int(len(rows[0]) == len(feed.reader.columns))
        else:
            found = max(sum(fold(cell) in known for cell in row) for row in rows)
        return found, max(map(len, rows))

    return max((",", ";", "\t", "|"), key=fit)


def _head_rows(text: str, separator: str) -> Iterator[tuple[list[str], int]]:
    """The first rows with the number of physical lines up to and including each."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for number, row in enumerate(reader):
        if number >= BANNER_ROWS:
            return
        yield row, reader.line_num


def _broken(error: Exception, unreadable: int, columns: int) -> SubmissionRejected:
    if unreadable == MAX_UNREADABLE:
        return SubmissionRejected(
            "wrong_column_count",
            f"More than {MAX_UNREADABLE:,} rows of the file don't have the {columns} columns of its header: check how it was exported and send it again.",
        )
    detail = "a row or a quotation mark that does not end" if "straddling" in str(error) else "rows that can't be told apart"
    return SubmissionRejected("broken_quoting", f"The file has {detail}: export it again with every text in double quotes.")
