"""The delimited reader gives back what was written, under the row numbers of a spreadsheet, and names what it can't."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samepicture.feed import ColumnMap, Feed, Layout, Reader
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, unique_headers
from samepicture.readers.stock import delimited

HEADERS = ("Case Ref", "Date Received", "What happened", "Outcome", "Site")
fast = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
letters = st.characters(codec="utf-8", exclude_characters="\x00\ufeff")
cells = st.text(st.one_of(st.sampled_from("\"',;\t|\n\r =@é€ab1"), letters), max_size=12)
filled = cells.filter(lambda cell: bool(cell))
encodings = st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"])


def feed(headers: Sequence[str] = HEADERS, **reader: Any) -> Feed:
    layout = Layout("export", {f"column_{n}": ColumnMap(from_=(name,)) for n, name in enumerate(headers)}, recognise=tuple(headers))
    return Feed("f", "A feed", "complaint", "A trust", "nursing", "complaints", "none", Reader("delimited", **reader), (layout,))


def read(content: bytes, of: Feed | None = None) -> tuple[list[tuple[int, tuple[str, ...]]], list[int], list[str]]:
    """Rows with their numbers, numbers of rows that were told, headers."""
    rows: list[tuple[int, tuple[str, ...]]] = []
    told: list[int] = []
    headers: list[str] = []
    for part in delimited.read(io.BytesIO(content), "export.csv", of or feed()):
        headers = part.headers
        for frame in part.frames:
            assert frame.height
            for row in frame.select(LINE, *part.headers).iter_rows():
                rows.append((row[0], tuple(cell or "" for cell in row[1:])))
        assert {line["code"] for line in part.unreadable} <= {"wrong_column_count"}
        told += [int(str(line[LINE])) for line in part.unreadable]
    return rows, told, headers


def written(rows: Iterable[Sequence[str]], separator: str = ",", end: str = "\n") -> str:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    return target.getvalue()


def sentence(content: bytes, of: Feed | None = None) -> str:
    """The refusal of a file: code and sentence."""
    with pytest.raises(SubmissionRejected) as refusal:
        read(content, of)
    return str(refusal.value)


@fast
@given(st.data())
def test_what_was_written_is_read(data: st.DataObject) -> None:
    width = data.draw(st.integers(2, 5))
    encoding = data.draw(encodings)

    def storable(rows: list[list[str]]) -> list[list[str]]:
        return [[cell.encode(encoding, "ignore").decode(encoding) for cell in row] for row in rows]

    banner = storable(data.draw(st.lists(st.lists(filled, min_size=0, max_size=3), max_size=3)))
    whole = st.lists(cells, min_size=width, max_size=width)
    ragged = st.lists(filled, min_size=1, max_size=7).filter(lambda row: len(row) != width)
    table = storable(data.draw(st.lists(st.one_of(whole, whole, whole, ragged), min_size=1, max_size=12)))
    separator = data.draw(st.sampled_from([",", ";", "\t", "|"]))
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))

    content = written([*banner, HEADERS[:width], *table], separator, end).encode(encoding)
    fallback = ("cp1252",) if encoding == "cp1252" else ("utf-8-sig", "cp1252")
    rows, told, headers = read(content, feed(HEADERS[:width], encodings=fallback))

    numbered = list(enumerate(table, len(banner) + 2))
    assert headers == list(HEADERS[:width])
    assert rows == [(number, tuple(row)) for number, row in numbered if len(row) == width and any(row)]
    assert told == [number for number, row in numbered if len(row) != width]


def test_row_numbers_hold_over_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 1 << 11)
    monkeypatch.setattr(delimited, "BATCH_ROWS", 10)
    ragged = {7, 8, 500, 1999, 2000}
    table = [["x"] * 3 if n in ragged else [str(n), "two\nlines, one row" if n % 5 == 0 else "", "a", "", ""] for n in range(2001)]
    rows, told, _ = read(written([HEADERS, *table]).encode())
    assert rows == [(n + 2, tuple(row)) for n, row in enumerate(table) if n not in ragged]
    assert told == [n + 2 for n in sorted(ragged)]


def test_a_quotation_mark_that_swallows_a_row_is_refused() -> None:
    """Else the words of one case would be filed under another, and a case be gone without a word."""
    content = b'Case Ref,Site\n1,"A"\n2,"Mrs Green\n3,"Smith"\n4,"B"\n'
    said = sentence(content, feed(("Case Ref", "Site")))
    assert said.startswith("broken_quoting: Row 3 of export.csv")
    assert "Green" not in said
    assert "Smith" not in said


def test_a_lone_quotation_mark_inside_a_text_is_no_harm() -> None:
    assert read(b'Case Ref,Site\n1,5" scar\n2,B\n', feed(("Case Ref", "Site")))[0] == [(2, ("1", '5" scar')), (3, ("2", "B"))]


def test_an_unterminated_quote_in_the_last_column_names_its_row() -> None:
    said = sentence(b'Case Ref,Site\n1,A\n2,"B\n3,C\n4,D\n', feed(("Case Ref", "Site")))
    assert said.startswith("broken_quoting: Row 3 of export.csv")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b" \r\n\r\n ", "empty_file"),
        ("Case Ref,Site\n1,A\n".encode("utf-16-le"), "not_delimited"),
        (b"Case Ref,Site\n" + b"1,A\n" * 100_000 + b"1,\x00\n", "not_delimited"),
        (b"Case Ref,Site\n1,\x81\n", "wrong_encoding"),
        ("Case Ref,Site\n1,A\n".encode("utf-16") + b"\x00\xd8", "wrong_encoding"),
        ("Case Ref,Site\n".encode("utf-16") + "1,A\n".encode("utf-16-le") * 60_000 + b"\x00\xd8A\x00", "wrong_encoding"),
        (b"Case Ref,Site," + b"," * 20_000 + b"\n", "too_many_columns"),
        (b"Case Ref,Site" + b",a header that never ends" * 20_000, "too_many_columns"),
        (b"%PDF-1.7 ...", "not_delimited"),
        (b"\xd0\xcf\x11\xe0 ...", "not_delimited"),
        (b"\n <!DOCTYPE html><html>", "not_delimited"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    said = sentence(content, feed(("Case Ref", "Site")))
    assert said.startswith(code)
    assert "export.csv" in said


def test_more_rows_of_a_wrong_width_than_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told by name and kept in memory: a file of nothing else must not fill it."""
    monkeypatch.setattr(delimited, "MAX_UNREADABLE", 100)
    assert len(read(b"Case Ref,Site\n1,A\n" + b"1\n" * 100, feed(("Case Ref", "Site")))[1]) == 100
    assert "More than 100 rows of the file don't have the 2 columns" in sentence(
        b"Case Ref,Site\n1,A\n" + b"1\n" * 101, feed(("Case Ref", "Site"))
    )


def test_commas_in_words_do_not_hide_the_separator() -> None:
    content = b"Case Ref;What happened\n1;waited, called, waited, left, came back, waited\n"
    assert read(content, feed(("Case Ref", "What happened")))[0] == [(2, ("1", "waited, called, waited, left, came back, waited"))]


def test_declared_columns_show_the_separator() -> None:
    assert read(b"1;a,b,c\n2;d\n", feed((), columns=("ref", "words")))[0] == [(1, ("1", "a,b,c")), (2, ("2", "d"))]


def test_a_long_text_is_a_text() -> None:
    assert len(read(b'Case Ref,Site\n1,"' + b"x" * 200_000 + b'"\n', feed(("Case Ref", "Site")))[0][0][1][1]) == 200_000


@fast
@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "A", "", " ", "line_number", "(column 1)"]), max_size=8))
def test_headers_are_unique(headers: list[str]) -> None:
    names = unique_headers(headers)
    assert len(set(names)) == len(headers)
    assert LINE not in names
    assert unique_headers(["a", "a", "b"]) == ["a", "a (2)", "b"]


@fast
@given(st.binary(max_size=400), st.sampled_from([b"", b"Case Ref,Site\n", b"\xff\xfe", b"PK\x03\x04", b"\xef\xbb\xbf"]))
def test_any_bytes_are_read_or_refused(content: bytes, head: bytes) -> None:
    """Any other error would be a traceback for us, and no word for the sender."""
    with suppress(SubmissionRejected):
        read(head + content, feed(("Case Ref", "Site")))
