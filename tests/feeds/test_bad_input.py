"""Bad files through land, judge and load: refused or taken row by row, with a sentence for the sender, never half, never quoting anybody."""

from __future__ import annotations

import csv
import io
import logging
import random
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from fpdf import FPDF
from sqlalchemy import text

from samepicture.cli import app
from samepicture.load import Outcome
from samepicture.process import Pipeline
from samepicture.settings import PROJECT
from samepicture.warehouse import open_warehouse

FEEDS = PROJECT / "dags" / "feeds"
FEED = "complaint_northmoor"
WORDS = "Quillfeather"
"""Stands in every narrative, name and reference here; nothing that is shown or logged may have it."""
NHS_NUMBER = "9434765919"


def table(count: int = 20, first: int = 1, changes: Mapping[str, str] = {}) -> list[list[str]]:
    """An export of sound cases under its header; `changes` are cells of every row, by header."""
    rows = list(csv.reader(io.StringIO((FEEDS / FEED / "sample.csv").read_text("utf-8-sig"), newline="")))
    header, case = rows[0], dict(zip(rows[0], rows[1], strict=True))
    case |= {
        "Description": f"I am {WORDS}, my number is {NHS_NUMBER}.",
        "Patient surname": WORDS,
        "Patient NHS number": NHS_NUMBER,
        "Next of kin": WORDS,
    }
    assert set(changes) <= set(header)
    return [header, *([{**case, "ID": f"{WORDS}{first + n}", **changes}[name] for name in header] for n in range(count))]


def written(rows: Sequence[Sequence[str]], separator: str = ",", end: str = "\r\n") -> str:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    return target.getvalue()


def export(count: int = 20, changes: Mapping[str, str] = {}) -> bytes:
    return written(table(count, changes=changes)).encode()


def with_cell(header: str, value: str, row: int = 3) -> bytes:
    rows = table()
    rows[row][rows[0].index(header)] = value
    return written(rows).encode()


def without(header: str) -> bytes:
    rows = table()
    place = rows[0].index(header)
    return written([row[:place] + row[place + 1 :] for row in rows]).encode()


def renamed(header: str, name: str) -> bytes:
    rows = table()
    rows[0][rows[0].index(header)] = name
    return written(rows).encode()


def appended(header: str, value: str, times: int = 1) -> bytes:
    head, *rows = table()
    return written([head + [header] * times, *(row + [value] * times for row in rows)]).encode()


def zipped(*members: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return target.getvalue()


def process(pipeline: Pipeline, content: bytes, name: str = "export.csv", feed: str = FEED, accept: tuple[str, ...] = ()) -> Outcome:
    """Land, judge and load; what became of it, after checking that everything adds up and nothing is quoted."""
    receipt, _ = pipeline.land(feed, name, io.BytesIO(content))
    pipeline.judge(receipt.submission_id)
    outcome = pipeline.load(receipt.submission_id, accept)
    with pipeline.landing.open(receipt) as landed:
        assert landed.read() == content
    with open_warehouse(pipeline.settings).writer() as connection:

        def rows(sql: str) -> list[Any]:
            return list(connection.execute(text(sql), {"id": outcome.submission_id}).all())

        ledger = rows(
            "select outcome_code, received_count, accepted_count, rejected_count, loaded_row_count from ops.submission where submission_id = :id"
        )
        stages = rows("select stage_code from ops.ledger where submission_id = :id order by stage_code")
        raw = rows(f"select count(*) from raw.{outcome.record_type} where submission_id = :id")[0][0]
        told = rows("select count(*) from (select distinct part_name, line_number from ops.quarantine where submission_id = :id)")[0][0]
        shown = rows("select sentence, column_name from ops.quarantine where submission_id = :id")
        shown += rows("select sentence, value from ops.submission_warning where submission_id = :id")
        kept = rows("select cast(record as varchar), '' from ops.quarantine where submission_id = :id")
        if raw:
            kept += rows(f"select cast(r as varchar), '' from raw.{outcome.record_type} as r where submission_id = :id")
    assert ledger == [("loaded" if outcome.loaded else "rejected", outcome.received, outcome.accepted, outcome.rejected, outcome.rows)]
    assert stages == [("judged",), ("landed",), ("loaded",)]
    assert outcome.received == outcome.accepted + outcome.rejected
    assert raw == outcome.rows
    if outcome.loaded:
        assert told == outcome.rejected
    else:
        assert (outcome.accepted, raw) == (0, 0)
        assert outcome.rejection_code
    assert not list(pipeline.settings.work.glob("*/")), "the work folder is cleared"
    for line in [outcome.rejection_sentence, *(cell for row in shown for cell in row)]:
        assert WORDS.lower() not in (line or "").lower()
        assert NHS_NUMBER not in (line or "")
    for record, _ in kept:
        assert NHS_NUMBER not in (record or "")
        assert f"{WORDS}1" not in (record or ""), "a reference is kept as its pseudonym alone"
    return outcome


@pytest.fixture(autouse=True)
def _nobody_is_quoted(settings: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Any:
    """Whatever a test makes happen: no words in logs, on the terminal or in any text file but the landed bytes."""
    caplog.set_level(logging.DEBUG)
    yield
    captured = capfd.readouterr()
    texts = {"log": caplog.text, "output": captured.out, "errors": captured.err}
    for path in settings.home.rglob("*"):
        if path.is_file() and path.suffix != ".duckdb" and not path.is_relative_to(settings.home / "landing"):
            texts[str(path)] = path.read_text(errors="replace")
    for where, content in texts.items():
        assert WORDS.lower() not in content.lower(), where
        assert NHS_NUMBER not in content, where


REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty": (lambda: b"", "empty_file", "check its size"),
    "spaces": (lambda: b"\r\n  \r\n", "empty_file", "check its size"),
    "header only": (lambda: export(0), "too_few_records", "0 records"),
    "utf-16 without mark": (lambda: export().decode().encode("utf-16-le"), "not_delimited", "CSV UTF-8"),
    "random bytes": (lambda: random.Random(1).randbytes(20_000), "not_delimited", "CSV UTF-8"),
    "no text in either encoding": (lambda: export() + b"\x81\x8d", "wrong_encoding", "CSV UTF-8"),
    "NUL": (lambda: export().replace(b"Oncology", b"\0ncology"), "not_delimited", "binary"),
    "late NUL": (lambda: export(2000) + b"\0", "not_delimited", "binary"),
    "ZIP cut": (lambda: zipped(("cases.csv", export()))[:-50], "broken_archive", "send it again"),
    "ZIP in a ZIP": (lambda: zipped(("cases.zip", zipped(("cases.csv", export())))), "archive_without_data", "put the data files into it"),
    "a ZIP named .csv in a ZIP": (lambda: zipped(("cases.csv", zipped(("cases.csv", export())))), "not_delimited", "cases.csv is a ZIP"),
    "bomb": (lambda: zipped(("cases.csv", export(1) + b" " * (70 << 20))), "archive_too_large", "send the data file alone"),
    "web page": (lambda: b"<!DOCTYPE html><html><body>Sign in</body></html>", "not_delimited", "web page"),
    "PDF": (lambda: b"%PDF-1.4\n", "not_delimited", "PDF"),
    "no header row": (lambda: written(table()[1:]).encode(), "wrong_feed", "'Date received'"),
    "another feed": (
        lambda: (FEEDS / "complaint_return" / "sample_ko41b_practice.csv").read_bytes(),
        "wrong_feed",
        "may belong to another feed",
    ),
    "missing column": (lambda: without("Date received"), "missing_column", "'Date received'"),
    "renamed column": (lambda: renamed("Times re-opened", "Reopened"), "missing_column", "'Times re-opened'"),
    "quote never closed": (
        lambda: written(table()).replace('"Oncology"', '"Oncology', 1).encode(),
        "broken_quoting",
        "Row 2 of export.csv",
    ),
    "future dates": (lambda: export(changes={"Date received": "01/01/2999"}), "too_many_rejected", "20 of 20"),
    "another organisation": (lambda: export(changes={"Trust code": "RZE"}), "too_many_rejected", "20 of 20"),
    "no references": (lambda: export(changes={"ID": ""}), "too_many_rejected", "20 of 20"),
    "a header without end": (lambda: b"ID," * 200_000, "too_many_columns", "right file"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_whole(pipeline: Pipeline, case: str) -> None:
    content, code, words = REFUSED[case]
    outcome = process(pipeline, content())
    assert outcome.rejection_code == code
    assert words in (outcome.rejection_sentence or "")


TAKEN: dict[str, Callable[[], bytes]] = {
    "mark of UTF-8": lambda: b"\xef\xbb\xbf" + export(),
    "latin-1": lambda: export(changes={"Specialty (description)": "Chirurgie g\u00e9n\u00e9rale"}).decode().encode("latin-1"),
    "UTF-16": lambda: export().decode().encode("utf-16"),
    "LF": lambda: written(table(), end="\n").encode(),
    "CR": lambda: written(table(), end="\r").encode(),
    "semicolons": lambda: written(table(), separator=";").encode(),
    "banner": lambda: b"Northmoor Hospitals\r\nComplaints, PALS; and praise\r\n\r\n" + export(),
    "empty lines": lambda: export() + b"\r\n\r\n",
    "repeated header": lambda: appended("Description", "again"),
    "5,000 more columns": lambda: appended("Spare", "x", 5_000),
    "10,000 characters": lambda: with_cell("Description", f"{WORDS} " * 900),
    "ZIP": lambda: zipped(("readme.txt", b"x"), ("2025/Cases.CSV", export())),
    "a column named as ours": lambda: appended("line_number", "x"),
}


@pytest.mark.parametrize("case", TAKEN)
def test_taken(pipeline: Pipeline, case: str) -> None:
    outcome = process(pipeline, TAKEN[case]())
    assert (outcome.rejection_code, outcome.accepted, outcome.rejected) == (None, 20, 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (with_cell("Date received", "31/12/2999"), "received_in_the_future"),
        (with_cell("Date received", f"asked {WORDS} on 9434765919"), "unreadable_date"),
        (with_cell("Times re-opened", f"ask {WORDS}"), "unreadable_number"),
        (with_cell("Trust code", "RZE"), "unknown_organisation"),
        (with_cell("Trust code", WORDS), "unknown_organisation"),
        (with_cell("ID", f"{WORDS}1"), "duplicate_key"),
        (export() + b'"x","y"\r\n', "wrong_column_count"),
        (with_cell("Description", f"{WORDS} " * 3_000), "text_too_long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_bad_row_is_told_and_the_others_taken(pipeline: Pipeline, content: bytes, code: str) -> None:
    outcome = process(pipeline, content)
    assert (outcome.loaded, outcome.rejected, outcome.received) == (True, 1, 21 if code == "wrong_column_count" else 20)
    assert code in {row.code for row in quarantine(pipeline, outcome)}
    assert all(
        row.line_number == (22 if code == "wrong_column_count" else 4) and row.sentence.endswith((".", "..."))
        for row in quarantine(pipeline, outcome)
    )


def quarantine(pipeline: Pipeline, outcome: Outcome) -> list[Any]:
    with open_warehouse(pipeline.settings).writer() as connection:
        return list(connection.execute(text("select * from ops.quarantine where submission_id = :id"), {"id": outcome.submission_id}).all())


def test_words_in_the_wrong_column_are_not_quoted(pipeline: Pipeline) -> None:
    """A shifted export puts narratives into code columns: the warning gives their length."""
    words = f"I told {WORDS} of my call to 01632 960 983 and waited for nine hours"
    outcome = process(pipeline, export(changes={"Stage (code)": words, "Subject 1 (code)": words, "Grade": "call 01632 960 983"}))
    with open_warehouse(pipeline.settings).writer() as connection:
        found = connection.execute(
            text("select value from ops.submission_warning where code = 'unknown_code' and submission_id = :id"),
            {"id": outcome.submission_id},
        )
        assert {row.value for row in found} == {f"(a text of {len(words)} characters)", "call [phone]"}


def test_more_rejected_rows_than_the_bound_load_nothing(pipeline: Pipeline) -> None:
    content = written([*table(17), *table(3, first=50, changes={"Date received": "01/01/2999"})[1:]]).encode()
    outcome = process(pipeline, content)
    assert outcome.rejection_code == "too_many_rejected"
    assert {row.line_number for row in quarantine(pipeline, outcome)} == {19, 20, 21}, "the rejected rows can be looked up"


def test_a_file_far_larger_than_usual_waits_for_somebody_who_says_it_is_right(pipeline: Pipeline) -> None:
    for month in range(3):
        assert process(pipeline, export(changes={"Specialty (description)": f"Ward {month}"})).loaded
    content = export(60)
    refused = process(pipeline, content)
    assert refused.rejection_code == "unusual_size"
    assert f"samepicture replay {refused.submission_id} --accept unusual_size" in (refused.rejection_sentence or "")
    accepted = process(pipeline, content, accept=("unusual_size",))
    assert (accepted.loaded, accepted.rows) == (True, 60)


def test_the_same_case_in_two_files_is_two_versions(pipeline: Pipeline) -> None:
    process(pipeline, export(5, {"Last updated": "01/03/2025 09:00", "Grade": "1 - Low"}))
    process(pipeline, export(5, {"Last updated": "02/03/2025 09:00", "Grade": "3 - High"}))
    with open_warehouse(pipeline.settings).writer() as connection:
        versions = connection.execute(text("select severity_code, version_at from raw.complaint order by case_pseudonym, version_at")).all()
    assert [row.severity_code for row in versions] == ["low", "high"] * 5


@pytest.mark.parametrize(
    "name", ["../../x.csv", "x" * 300 + ".csv", "\U0001f600.csv", "half \udcff.csv", "[b]x[/z].csv", "=cmd|' /C calc'!A0.csv"]
)
def test_names_of_files_do_no_harm(pipeline: Pipeline, name: str) -> None:
    outcome = process(pipeline, export() + name.encode("utf-8", "replace"), name)
    assert outcome.loaded
    assert not [path for path in pipeline.settings.home.parent.iterdir() if path != pipeline.settings.home]


# -- spreadsheets and pages -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html><table><tr><td>Case No</td></tr></table>", "not_a_workbook"),
        (b"Case No,Case Category\n", "not_a_workbook"),
        (zipped(("xl/workbook.xml", b"<workbook/>")), "broken_workbook"),
    ],
    ids=["web page", "csv", "no sheets"],
)
def test_what_is_no_workbook(pipeline: Pipeline, content: bytes, code: str) -> None:
    outcome = process(pipeline, content, "log.xlsx", "complaint_eastvale")
    assert outcome.rejection_code == code
    assert "log.xlsx" in (outcome.rejection_sentence or "")


def test_a_stray_cell_does_not_end_the_process(pipeline: Pipeline) -> None:
    book = openpyxl.load_workbook(FEEDS / "complaint_eastvale" / "sample.xlsx")
    book.worksheets[0]["XFD1048576"] = "x"
    target = io.BytesIO()
    book.save(target)
    outcome = process(pipeline, target.getvalue(), "log.xlsx", "complaint_eastvale")
    assert outcome.rejection_code == "workbook_too_large"
    assert "XFD" in (outcome.rejection_sentence or "")


def test_a_report_that_is_a_picture(pipeline: Pipeline) -> None:
    paper = FPDF()
    paper.add_page()
    paper.rect(10, 10, 100, 100)
    outcome = process(pipeline, bytes(paper.output()), "report.pdf", "healthwatch_report_local")
    if outcome.loaded:
        assert outcome.rejected == outcome.received > 0
    assert quarantine(pipeline, outcome) or outcome.rejection_sentence


# -- what is given back ------------------------------------------------------------------------


def test_no_cell_that_is_given_back_runs_as_a_formula(pipeline: Pipeline, capfd: pytest.CaptureFixture[str]) -> None:
    rows = table()
    rows[3][rows[0].index("Date received")] = "=1+1"
    rows[4][rows[0].index("Date received")] = "@SUM(A1)"
    rows[5][rows[0].index("Site (description)")] = '=HYPERLINK("http://example.org")'
    pipeline.feeds[FEED] = replace(pipeline.feeds[FEED], bounds=replace(pipeline.feeds[FEED].bounds, rejected_share=1.0))
    outcome = process(pipeline, written(rows).encode(), "=1+1.csv")
    capfd.readouterr()
    app(["rejects", outcome.submission_id, "--csv"], standalone_mode=False)
    rejects = list(csv.reader(io.StringIO(capfd.readouterr().out)))
    assert {int(row[1]) for row in rejects[1:]} == {4, 5}

    import duckdb

    with duckdb.connect(str(pipeline.settings.picture)) as picture:
        picture.execute("""create table t as select '=1+1' as a, '+44' as b, '-x' as c, '@y' as d, e'\\tz' as e, 'fine' as f, -5 as g""")
    app(["query", "select * from t", "--csv"], standalone_mode=False)
    answer = list(csv.reader(io.StringIO(capfd.readouterr().out)))
    assert answer[1] == ["'=1+1", "'+44", "'-x", "'@y", "'\tz", "fine", "-5"]
    assert not [cell for row in rejects for cell in row if cell[:1] in ("=", "+", "-", "@") and not cell.removeprefix("-").isdigit()]


def test_brackets_are_shown_as_they_are(pipeline: Pipeline, capfd: pytest.CaptureFixture[str]) -> None:
    """'[NHS number]' in a text, '[/z]' in a name: neither is markup of the terminal."""
    process(pipeline, b"", "[b]x[/z].csv")
    app(["status"], standalone_mode=False)
    assert "z].csv" in capfd.readouterr().out
