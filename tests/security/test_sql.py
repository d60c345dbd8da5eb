"""No SQL is made of what a stranger sends: names of files, members, columns and values travel as parameters."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, event

from samepicture.process import Pipeline
from samepicture.settings import PROJECT

MARK = "zqx'\"); drop schema raw cascade; --"
BUILDS_SQL = (
    "build.py",
    "compiled.py",
    "delta.py",
    "dbt_project.py",
    "export.py",  # names of published tables that were looked up, conditions and days of ours
    "load.py",
    "page/reading.py",  # columns and conditions of ours
    "pending.py",
    "publish.py",
    "ledger.py",
    "warehouse/",
    "upkeep/",
)
"""Where SQL may be put together, out of names of our own catalogue."""


def test_sql_is_put_together_in_few_places() -> None:
    """Ruff's S608 finds text that becomes SQL; wherever it is silenced somebody must have looked."""
    found = {
        path.relative_to(PROJECT / "plugins" / "samepicture").as_posix()
        for path in (PROJECT / "plugins").rglob("*.py")
        if "noqa: S608" in path.read_text()
    }
    assert found
    assert [file for file in found if not file.startswith(BUILDS_SQL)] == []
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "S608", "--quiet", str(PROJECT / "plugins"), str(PROJECT / "dags")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def pipeline(on_made_duckdb: Pipeline) -> Pipeline:
    """What is tested here is not the first build."""
    return on_made_duckdb


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The text of every statement that any engine, or DuckDB itself, is given."""
    seen: list[str] = []

    def told(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    real = duckdb.connect

    class Spy:
        def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
            self._connection = connection

        def execute(self, query: Any, *rest: Any) -> Any:
            seen.append(str(query))
            return self._connection.execute(query, *rest)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

        def __enter__(self) -> Spy:
            return self

        def __exit__(self, *error: object) -> None:
            self._connection.close()

    monkeypatch.setattr(
        duckdb,
        "connect",
        lambda *args, **options: Spy(real(*args, **options)) if "config" not in options else real(*args, **options),
    )
    event.listen(Engine, "before_cursor_execute", told)
    yield seen
    event.remove(Engine, "before_cursor_execute", told)


def hostile() -> bytes:
    """A good export with a hostile column, value and code in it."""
    header, row, *_ = (PROJECT / "dags/feeds/complaint_northmoor/sample.csv").read_text().splitlines()
    quoted = '"' + MARK.replace('"', '""') + '"'
    rows = [f"{header},{quoted}", *(f"{row.replace('NM240101', f'NM24010{n}').replace(',VAL,', f',{quoted},')},{quoted}" for n in range(3))]
    return "\n".join([*rows, ""]).encode()


@pytest.mark.slow
def test_what_strangers_send_is_never_part_of_a_statement(pipeline: Pipeline, statements: list[str]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr(f"{MARK}.csv", hostile())
    ids = []
    for content, name in ((hostile(), f"{MARK}.csv"), (archive.getvalue(), f"{MARK}.zip"), (b"nonsense " + MARK.encode(), MARK)):
        receipt, _ = pipeline.land("complaint_northmoor", name, io.BytesIO(content))
        ids.append(receipt.submission_id)
        pipeline.judge(receipt.submission_id)
        pipeline.load(receipt.submission_id)
    pipeline.build_and_publish()
    assert [statement for statement in statements if "zqx" in statement] == []
    assert len(statements) > 100, "nothing was watched"
    with duckdb.connect(str(pipeline.settings.picture), read_only=True) as copy:
        assert copy.execute("select count(*) from ops.submission").fetchone() == (3,)
    with duckdb.connect(str(pipeline.settings.home / "warehouse.duckdb"), read_only=True) as warehouse:
        found = warehouse.execute("select count(*) from ops.submission where file_name like 'zqx%'").fetchone()
        assert found == (3,), "the hostile name should have arrived as it is"


def test_the_command_line_asks_with_parameters(pipeline: Pipeline, statements: list[str], tmp_path: Path) -> None:
    from samepicture.register import rejected_records, submissions, warnings_of

    receipt, _ = pipeline.land("complaint_northmoor", "a.csv", io.BytesIO(b"x"))
    submissions(pipeline)
    for ask in (rejected_records, warnings_of):
        with contextlib.suppress(KeyError):
            ask(pipeline, MARK)
    assert [statement for statement in statements if "zqx" in statement] == []
    assert receipt.submission_id
