"""Published tables as files: what is in them is what is published, and their page says what they hold."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from samepicture import cli
from samepicture.board import PAGES, board
from samepicture.export import NOT_EXPORTED, CannotExport, Extract, Published, write
from samepicture.process import Pipeline
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse
from tests.warehouse.test_delta import cases, load

FEED = "complaint_northmoor"


@pytest.fixture
def filled(on_each_made: Pipeline) -> Settings:
    load(on_each_made, FEED, "cases.csv", cases(range(40)) + cases(range(40, 43), **{"Outcome (code)": "NUP"}).split(b"\n", 1)[1])
    on_each_made.build_and_publish()
    return on_each_made.settings


def published(settings: Settings) -> list[str]:
    sql = "select table_name from information_schema.tables where table_schema = 'published'"
    return [row[0] for row in open_warehouse(settings).query(sql)[1]]


def test_every_published_table_is_exported_or_says_why_not(filled: Settings, tmp_path: Path) -> None:
    names = published(filled)
    assert len(names) >= 8
    for name in names:
        if name in NOT_EXPORTED:
            with pytest.raises(CannotExport, match="not exported"):
                Published(filled).extract(name)
            continue
        found = Published(filled).extract(name)
        (count,) = open_warehouse(filled).query(f"select count(*) from published.{name}")[1][0]
        assert found.rows.height == count
        about = dict(found.about)
        assert len(about) == len(found.about), "a heading comes once"
        assert {"Meaning", "Grain", "Nuance", "Key", "Rows", "Made"} <= set(about)
        assert {f"Column {column}" for column in found.rows.columns} <= set(about)
        assert ("Withheld" in about) == ("is_suppressed" in found.rows.columns)
        write([found], tmp_path / f"{name}.xlsx")


def test_the_three_kinds_hold_the_same(filled: Settings, tmp_path: Path) -> None:
    found = Published(filled).extract("published.complaint_timeliness")
    for ending in ("csv", "parquet", "xlsx"):
        write([found], tmp_path / f"a.{ending}")
    header, *rows = csv.reader((tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines())
    assert header == found.rows.columns
    assert rows == [["" if cell is None else str(cell) for cell in row] for row in found.rows.iter_rows()]
    assert pl.read_parquet(tmp_path / "a.parquet").equals(found.rows)
    assert pl.read_parquet_metadata(tmp_path / "a.parquet")["Grain"] == dict(found.about)["Grain"]
    page, sheet = load_workbook(tmp_path / "a.xlsx").worksheets
    assert [cell.value for cell in sheet[1]] == found.rows.columns
    assert sheet.max_row == found.rows.height + 1
    assert (page["A1"].value, page["B1"].value) == ("Table", "published.complaint_timeliness")
    assert (tmp_path / "a.about.txt").read_text().splitlines()[0] == "Table: published.complaint_timeliness"


def test_the_page_says_when_and_from_what_and_what_is_withheld(filled: Settings) -> None:
    about = dict(Published(filled).extract("complaint_outcome").about)
    today = datetime.now(UTC).date().isoformat()
    assert about["Period, by quarter_start_date"] == "2024-07-01 to 2024-07-01"
    assert about["Feed Complaints and PALS, Northmoor Hospitals"].endswith(f"last loaded {today}")
    assert about["Feed Complaints and PALS, Eastvale Hospitals"].endswith("nothing has come yet")
    assert not [heading for heading in about if "Friends and Family" in heading], "a feed that the table is not made of"
    assert about["Withheld"].startswith("4 of 4 rows have a count that is withheld")


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    hostile = Extract("made_up", pl.DataFrame({"name": ["=1+1", "@SUM(A1)", "plain"]}), [("Table", "=2+2")])
    write([hostile], tmp_path / "a.xlsx")
    page, sheet = load_workbook(tmp_path / "a.xlsx").worksheets
    assert [cell.data_type for cell in (page["B1"], sheet["A2"], sheet["A3"])] == ["s"] * 3
    assert sheet["A2"].value == "=1+1"
    write([hostile], tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()[1:] == ["'=1+1", "'@SUM(A1)", "plain"]


def test_the_boards_extract_is_of_the_month(filled: Settings, tmp_path: Path) -> None:
    found = board(filled, "2024-08")
    assert [each.table for each in found] == [page.table for page in PAGES]
    assert [dict(each.about)["Table"] for each in found] == [page.title for page in PAGES]
    rows = {each.table: each.rows.height for each in found}
    assert rows["complaint_outcome"] == 1
    assert rows["complaint_timeliness"] == 1
    assert {each.table: each.rows.height for each in board(filled, "2023-12")}["complaint_outcome"] == 0
    (path,) = write(found, tmp_path / "board.xlsx")
    assert load_workbook(path).sheetnames == ["About", *(page.table for page in PAGES)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["export", "complaint_outcomes", "a.csv"],
            "There is no published table 'complaint_outcomes': take one of answer_coverage, complaint_outcome, ",
        ),
        (["export", "feed_health", "a.doc"], "a.doc can't be written: end its name in .csv, .parquet or .xlsx"),
        (["board", "October", "a.xlsx"], "'October' is no month: write it as year and month, 2026-10."),
        (["board", "2024-08", "a.csv"], "several tables go into .xlsx alone"),
    ],
)
def test_what_can_not_be_exported_is_said(
    on_made_duckdb: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    load(on_made_duckdb, FEED, "cases.csv", cases(range(3)))
    on_made_duckdb.build_and_publish()
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(cli.app, arguments)
    assert isinstance(outcome.exception, CannotExport)
    assert told in str(outcome.exception)
    assert not list(tmp_path.glob("a.*"))
