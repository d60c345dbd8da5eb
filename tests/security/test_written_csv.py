"""Every CSV that we write for people is safe in a spreadsheet: no cell of a sender is run as a formula."""

from __future__ import annotations

import ast
import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.register import FORMULA_BEGINS, safe_cell
from samepicture.settings import PROJECT, Settings

WRITERS = {"writer", "DictWriter", "write_csv", "to_csv", "write_excel", "to_excel"}
SAFE = {"cli.py": 2, "export.py": 1, "feedback.py": 1}
"""Files that write what came from senders, and how many writers each has: all of their cells go through safe_cell."""
NO_FILES = ("demo/", "scaffold.py", "warehouse/postgres_copy.py")
"""Write what nobody sent, or into PostgreSQL, which runs no formula."""


def places() -> list[tuple[str, str]]:
    """File and function of everything in the package that writes tables for people."""
    found = []
    for path in [*(PROJECT / "plugins" / "samepicture").rglob("*.py"), *(PROJECT / "dags").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
                owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                if not (node.func.attr == "writer" and owner != "csv"):
                    found.append(
                        (
                            path.relative_to(PROJECT / "plugins" / "samepicture").as_posix() if "plugins" in path.parts else path.name,
                            node.func.attr,
                        )
                    )
    return found


def test_every_writer_is_known() -> None:
    ours = [file for file, _ in places() if not file.startswith(NO_FILES)]
    assert {file: ours.count(file) for file in set(ours)} == SAFE, "a new writer: send its cells through safe_cell, and list it here"


def test_every_known_writer_sends_all_cells_through() -> None:
    for file, number in SAFE.items():
        source = (PROJECT / "plugins" / "samepicture" / file).read_text()
        assert source.count(".writerows([[safe_cell(cell) for cell in row] for row in rows])") == number


@given(st.text())
def test_no_text_begins_as_a_formula(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow([safe_cell(text)])
    (cell,) = next(csv.reader(io.StringIO(written.getvalue(), newline=""))) if text else ("",)
    assert not cell.startswith(FORMULA_BEGINS)


@pytest.mark.parametrize("value", [-5, -0.5, None, True])
def test_what_is_no_text_stays_as_it_is(value: object) -> None:
    assert safe_cell(value) is value


def ask(settings: Settings, sql: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from samepicture.cli import main; main()", "query", sql, *options]
    return subprocess.run(command, env={**os.environ}, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def published_copy(settings: Settings) -> Settings:
    settings.home.mkdir(parents=True)
    with duckdb.connect(str(settings.picture)) as copy:
        copy.execute("create schema published")
        copy.execute("create table published.answers as select '=HYPERLINK(\"http://x\")' as said, -3 as number")
    return settings


def test_query_writes_safe_cells_and_names(published_copy: Settings) -> None:
    done = ask(published_copy, 'select said as "=1+1", number from published.answers', "--csv")
    assert list(csv.reader(io.StringIO(done.stdout))) == [["'=1+1", "number"], ['\'=HYPERLINK("http://x")', "-3"]]


@pytest.mark.parametrize(
    "sql",
    [
        "copy published.answers to '{file}'",
        "attach '{file}' as other",
        "select * from read_text('{secret}')",
        "select * from '{secret}'",
        "set enable_external_access = true",
        "drop table published.answers",
    ],
)
def test_query_neither_changes_nor_reads_anything_else(published_copy: Settings, tmp_path: Path, sql: str) -> None:
    target, secret = tmp_path / "written", tmp_path / "secret.csv"
    secret.write_text("only,mine\n")
    done = ask(published_copy, sql.format(file=target, secret=secret))
    assert done.returncode == 1
    assert "could not run" in done.stderr
    assert not target.exists()
    assert "only" not in done.stdout
