"""Loading replaces by submission: in any order, any number of times, the tables are the same."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from samepicture import ledger
from samepicture.process import Pipeline
from samepicture.records import CONTRACTS
from samepicture.settings import PROJECT, SettingError, Settings
from samepicture.warehouse import duckdb, open_warehouse
from samepicture.warehouse.duckdb import DuckDBWarehouse
from tests.feeds.test_bad_input import FEED, export
from tests.keys import KEYS

VERSIONS = (
    {"Last updated": "03/03/2025 09:00", "Grade": "3 - High"},
    {"Last updated": "01/03/2025 09:00", "Grade": "1 - Low"},
    {"Last updated": "02/03/2025 09:00"},
)
"""Three exports of the same cases; the first landed is the latest version."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[str]]:
    """An installation where submissions are judged and none is loaded: the versions, one that is refused, one of other cases."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("SAMEPICTURE_WAREHOUSE", "SAMEPICTURE_LANDING", "SAMEPICTURE_FEEDS"):
            environment.delenv(name, raising=False)
        environment.setenv("SAMEPICTURE_HOME", str(tmp_path_factory.mktemp("judged")))
        for name, key in KEYS.items():
            environment.setenv(name, key)
        pipeline = Pipeline(Settings.from_environment())
    files = [*(export(4, changes) for changes in VERSIONS), export(4, {"Date received": "01/01/2999"}), export(9) + b'"ragged"\r\n']
    ids = [pipeline.land(FEED, f"{number}.csv", io.BytesIO(content))[0].submission_id for number, content in enumerate(files)]
    pipeline.feeds[FEED] = replace(pipeline.feeds[FEED], bounds=replace(pipeline.feeds[FEED].bounds, rejected_share=0.5))
    for submission_id in ids:
        pipeline.judge(submission_id)
    return pipeline.settings, ids


def loaded(settings: Settings, ids: list[str]) -> tuple[dict[str, list[Any]], list[Any]]:
    """All tables, and the latest version of each case, after these loads into an empty warehouse."""
    with tempfile.TemporaryDirectory() as home:
        pipeline = Pipeline(replace(settings, home=Path(home), warehouse=f"duckdb:///{home}/warehouse.duckdb"))
        for submission_id in ids:
            shutil.copytree(settings.work / submission_id, pipeline.settings.work / submission_id)
            pipeline.load(submission_id)
        with open_warehouse(pipeline.settings).writer() as connection:
            tables = {
                name: sorted(map(str, connection.execute(text(f"select {columns} from {name}"))))
                for name, columns in (
                    ("raw.complaint", "*"),
                    ("ops.quarantine", "*"),
                    ("ops.submission_warning", "*"),
                    ("ops.submission", "* exclude (load_number, replaced_row_count)"),
                    ("ops.ledger", "* exclude (started_at, finished_at, duration_seconds)"),
                )
            }
            latest = connection.execute(
                text(f"select case_pseudonym, version_at, severity_code, submission_id from ({latest_sql()}) order by 1")
            ).all()
    return tables, list(latest)


def latest_sql() -> str:
    """What staging selects, by the project's own macro."""
    templates = Environment(loader=FileSystemLoader(PROJECT / "dbt" / "macros"))
    templates.globals["source"] = lambda schema, table: f"{schema}.{table}"
    asked = "{% from 'latest_version.sql' import latest_version %}{{ latest_version('raw.complaint', key) }}"
    return templates.from_string(asked).render(key=CONTRACTS["complaint"].key)


@example_settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_order_and_repetition_change_nothing(judged: tuple[Settings, list[str]], data: st.DataObject) -> None:
    settings, ids = judged
    again = data.draw(st.lists(st.sampled_from(ids), max_size=3))
    order = data.draw(st.permutations([*ids, *again]))
    assert loaded(settings, order) == in_order(settings, tuple(ids))


_KNOWN: dict[tuple[str, ...], tuple[dict[str, list[Any]], list[Any]]] = {}


def in_order(settings: Settings, ids: tuple[str, ...]) -> tuple[dict[str, list[Any]], list[Any]]:
    if ids not in _KNOWN:
        _KNOWN[ids] = loaded(settings, list(ids))
    return _KNOWN[ids]


def test_the_latest_version_is_by_its_own_time_and_the_others_stay(judged: tuple[Settings, list[str]]) -> None:
    settings, ids = judged
    tables, latest = in_order(settings, tuple(ids))
    assert len(tables["raw.complaint"]) == 3 * 4 + 9
    assert len(tables["ops.submission"]) == 5
    assert [(row.severity_code, row.submission_id) for row in latest if str(row.version_at).startswith("2025-03")] == [("high", ids[0])] * 4
    assert len(latest) == 9, "five cases stand only in the last file"


def test_a_writer_waits_for_another(settings: Settings, pipeline: Pipeline) -> None:
    receipt, _ = pipeline.land(FEED, "cases.csv", io.BytesIO(export(3)))
    pipeline.judge(receipt.submission_id)
    open_warehouse(settings).create()
    program = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(1.0)"
    holder = subprocess.Popen([sys.executable, "-c", program, str(open_warehouse(settings).path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    assert pipeline.load(receipt.submission_id).rows == 3
    assert holder.wait() == 0


def test_what_is_neither_judged_nor_loaded_is_an_error(pipeline: Pipeline) -> None:
    receipt, _ = pipeline.land(FEED, "cases.csv", io.BytesIO(export(3)))
    with pytest.raises(FileNotFoundError):
        pipeline.load(receipt.submission_id)


def test_long_loads_draw_nothing_on_standard_output(settings: Settings) -> None:
    with open_warehouse(settings).writer() as connection:
        assert connection.execute(text("select current_setting('enable_progress_bar')")).scalar_one() is False


def test_the_embedded_warehouse_keeps_to_its_memory(settings: Settings) -> None:
    """Its connections, dbt's, and the copy's."""
    warehouse = open_warehouse(replace(settings, memory="300MiB"))
    warehouse.create()
    with warehouse.writer() as connection:
        assert connection.execute(text("select current_setting('memory_limit')")).scalar_one() == "300.0 MiB"
    with warehouse.dbt() as target:
        assert target.environment["SAMEPICTURE_MEMORY"] == "300MiB"


def test_rows_are_streamed_in_little_memory_and_the_settings_are_as_before(settings: Settings) -> None:
    told = "select current_setting('memory_limit'), current_setting('threads'), current_setting('preserve_insertion_order')"
    for memory, little in (("1GB", "476.8 MiB"), ("300MiB", "300.0 MiB")):
        warehouse = DuckDBWarehouse(settings.warehouse, settings.picture, memory)
        with warehouse.writer() as connection:
            before = connection.exec_driver_sql(told).all()
            with warehouse._streaming(connection):
                assert connection.exec_driver_sql(told).all() == [(little, 2, False)]
            assert connection.exec_driver_sql(told).all() == before


def test_a_large_file_is_streamed_if_its_groups_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pl.DataFrame({"number": range(10_000)})
    for name, group in (("fine", 1_000), ("coarse", 10_000)):
        rows.write_parquet(tmp_path / name, row_group_size=group)
    monkeypatch.setattr(duckdb, "SMALL_GROUP", 20_000)
    assert not duckdb._is_for_streaming(tmp_path / "fine"), "it is small"
    monkeypatch.setattr(duckdb, "LARGE", 1_000)
    assert duckdb._is_for_streaming(tmp_path / "fine")
    assert not duckdb._is_for_streaming(tmp_path / "coarse"), "a group alone takes more than there is"


def test_an_amount_of_memory_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEPICTURE_MEMORY", "lots'; drop table x")
    with pytest.raises(SettingError, match="write it as 4GB"):
        Settings.from_environment()


def test_whoever_was_stopped_after_the_commit_tells_the_warehouse_the_next_time(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt, _ = pipeline.land(FEED, "cases.csv", io.BytesIO(export(4)))
    pipeline.judge(receipt.submission_id)

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("samepicture.load.shutil", SimpleNamespace(rmtree=stopped))  # tempfile has its own
        with pytest.raises(KeyboardInterrupt):
            pipeline.load(receipt.submission_id)
    assert pipeline.load(receipt.submission_id).first_pending


def test_an_error_of_the_engine_does_not_show_what_it_was_given(on_each_engine: Pipeline) -> None:
    warehouse = open_warehouse(on_each_engine.settings)
    warehouse.create()
    row = dict.fromkeys(ledger.quarantine.columns.keys(), "x") | {"line_number": "my mother died on ward 7", "record": "my father too"}
    with pytest.raises(DBAPIError) as raised, warehouse.writer() as connection:
        connection.execute(insert(ledger.quarantine), row)
    assert "my father too" not in str(raised.value)
