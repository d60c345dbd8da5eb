"""Archives and workbooks that lie, that are damaged, or that are far larger than they look."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from contextlib import suppress

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samepicture.feed import ColumnMap, Feed, Layout, Reader
from samepicture.messages import SubmissionRejected
from samepicture.readers import archive, extent
from samepicture.readers.stock import workbook

CSV = re.compile(r"(?i)\.csv$")
FEED = Feed(
    "f",
    "A feed",
    "complaint",
    "A trust",
    "nursing",
    "complaints",
    "none",
    Reader("workbook"),
    (Layout("export", {"a": ColumnMap(from_=("Case Ref",))}),),
)


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as made:
        for name, content in members:
            made.writestr(name, content)
    return target.getvalue()


def lying(content: bytes, name: str, size: int) -> bytes:
    """The archive with another unpacked size of a member in its directory."""
    lied = bytearray(content)
    entry = lied.rindex(b"PK\x01\x02", 0, lied.rindex(name.encode()))
    lied[entry + 24 : entry + 28] = struct.pack("<I", size)
    return bytes(lied)


def encrypted(content: bytes) -> bytes:
    """The archive with the mark of a password in its directory."""
    marked = bytearray(content)
    marked[marked.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(marked)


def code_of(content: bytes) -> str:
    """The code with which an archive is refused; its sentence names the file."""
    with pytest.raises(SubmissionRejected) as refusal:
        [member.read() for _, member in archive.open_members(io.BytesIO(content), "returns.zip", CSV)]
    assert "returns.zip" in refusal.value.sentence
    return refusal.value.code


def test_members_are_read_and_others_left() -> None:
    content = zipped(("notes.txt", b"x"), ("2024/A.CSV", b"1"), ("b.csv", b"2"))
    assert [(name, member.read()) for name, member in archive.open_members(io.BytesIO(content), "x.zip", CSV)] == [
        ("A.CSV", b"1"),
        ("b.csv", b"2"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped(("a.csv", b"1,2\n" * 1000))[:-30], "broken_archive"),
        (zipped(("a.csv", b"1,2\n" * 1000))[:60], "broken_archive"),
        (encrypted(zipped(("a.csv", b"1"))), "encrypted_archive"),
        (zipped(("inner.zip", zipped(("a.csv", b"1")))), "archive_without_data"),
        (zipped(*((f"{n}.csv", b"1") for n in range(201))), "archive_too_large"),
        (zipped(("a.csv", b"1" * 1000), compression=zipfile.ZIP_LZMA), "unreadable_archive"),
        (lying(zipped(("a.csv", b"1" * 100_000)), "a.csv", 10), "broken_archive"),
        (lying(zipped(("a.csv", b"1" * 100)), "a.csv", 1 << 30), "archive_too_large"),
    ],
    ids=["cut", "cut early", "password", "nested", "many members", "lzma", "larger than it says", "smaller than it says"],
)
def test_refusals(content: bytes, code: str) -> None:
    assert code_of(content) == code


def test_an_honest_bomb_is_refused_before_it_unpacks() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made, made.open("a.csv", "w") as member:
        for _ in range(archive.SPOOL // archive.CHUNK + 1):
            member.write(bytes(archive.CHUNK))
    assert code_of(target.getvalue()) == "archive_too_large"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, 10_000))
def test_any_damage_is_a_refusal_or_none(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(zipped(("a.csv", b"a,b\n" + b"1,2\n" * 50), ("dir/\u00e9.csv", b"x\n" * 20)))
    for place, value in changes:
        content[place % len(content)] = value
    if cut < 2_000:
        content = content[: cut % len(content)]
    with suppress(SubmissionRejected):
        for _, member in archive.open_members(io.BytesIO(bytes(content)), "x.zip", CSV):
            member.read()


def book(cells: dict[str, object]) -> bytes:
    made = openpyxl.Workbook()
    for place, value in {"A1": "Case Ref", "B1": "Site", "A2": "1", **cells}.items():
        made.active[place] = value  # type: ignore[index]
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def rows_of(content: bytes) -> int:
    return sum(frame.height for part in workbook.read(io.BytesIO(content), "log.xlsx", FEED) for frame in part.frames)


def test_a_workbook_is_read() -> None:
    assert rows_of(book({"A3": "2"})) == 2


def test_forgotten_cells_far_outside_are_refused_before_they_fill_the_memory() -> None:
    """The parser makes a rectangle of all cells between: it would end the process, not raise."""
    with pytest.raises(SubmissionRejected, match=r"workbook_too_large: A sheet of log\.xlsx reaches to column XFD and to row 1,048,576"):
        rows_of(book({"XFD7": "x", "C1048576": "y"}))


def test_formatted_cells_far_outside_are_no_harm() -> None:
    made = openpyxl.load_workbook(io.BytesIO(book({})))
    for place in ("XFD3", "XFD1048576"):
        made.active[place].font = openpyxl.styles.Font(bold=True)  # type: ignore[index]
    target = io.BytesIO()
    made.save(target)
    assert rows_of(target.getvalue()) == 1


def test_a_workbook_larger_than_it_says_is_refused() -> None:
    content = book({"C3": "x" * 30_000})
    with pytest.raises(SubmissionRejected, match="broken_archive"):
        rows_of(lying(content, "xl/worksheets/sheet1.xml", 100))


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extent, "MAX_UNPACKED", 1_000)
    with pytest.raises(SubmissionRejected, match="workbook_too_large"):
        rows_of(book({}))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<html><table><tr><td>Case Ref</td></tr></table>", "not_a_workbook"),
        (b"Case Ref,Site\n", "not_a_workbook"),
        (zipped(("a.csv", b"1")), "not_a_workbook"),
        (zipped(("xl/workbook.bin", b"1")), "not_a_workbook"),
        (zipped(("xl/workbook.xml", b"<workbook/>")), "broken_workbook"),
        (book({})[:-100], "broken_archive"),
    ],
    ids=["empty", "web page", "csv", "zip", "binary workbook", "no sheets", "cut"],
)
def test_what_is_no_workbook_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        rows_of(content)
    assert refusal.value.code == code
    assert "log.xlsx" in refusal.value.sentence
