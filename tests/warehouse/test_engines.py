"""From the same submissions every engine makes the same tables, cell by cell and type by type."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from sqlalchemy import Connection, inspect

from samepicture.build import build
from samepicture.compiled import BY_RECORD
from samepicture.process import Pipeline
from samepicture.publish import publish, unpublished_since
from samepicture.records import CONTRACTS, PROVENANCE
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse
from tests.keys import LANDING_KEY, PSEUDONYM_KEY
from tests.made import Made
from tests.postgres import Server
from tests.warehouse import invented_rows, test_removed
from tests.warehouse.cells import shown
from tests.warehouse.invented_rows import DBT, environment
from tests.warehouse.test_delta import cases
from tests.warehouse.test_replay import DETAILS, GONE, judged, returned

SCHEMAS = ("raw", "ops", "staging", "conformed", "marts", "published")
CLOCKS = {
    # A sum of fractions may end differently the next time, and then a model has changed on one engine only.
    "ops.build": {"build_id", "started_at", "finished_at", "published_at", "model_count", "model_names"},
    "ops.ledger": {"started_at", "finished_at", "duration_seconds"},
    "ops.pseudonym_key": {"since"},
    "ops.harm_review": {"flagged_at"},
}
"""Columns that can't be equal: each engine did its work at a time of its own."""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEW = cases(range(5), **{"Outcome (code)": "NUP", "Last updated": "01/10/2024 10:00"})
Table = tuple[dict[str, str], list[str]]


class Rows:
    """Puts the invented rows of other tests into any warehouse; `name` tells apart submissions that they call the same."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.warehouse = open_warehouse(settings)
        self.file = settings.home / "rows.parquet"
        self.name = name

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        schema, name = table.split(".")
        if name == "feed":  # only those that are declared stay there
            return
        rows = [row | ({"submission_id": f"{self.name}-{row['submission_id']}"} if "submission_id" in row else {}) for row in rows]
        types = {column.name: column.polars_type for column in (*CONTRACTS[name].columns, *PROVENANCE)} if schema == "raw" else None
        pl.DataFrame(rows, schema=types, infer_schema_length=None).write_parquet(self.file)
        with self.warehouse.writer() as connection:
            assert self.warehouse.insert_parquet(connection, table, self.file) == len(rows)


class Story:
    """Submissions of every feed, landed and judged; what is loaded before the first build of it, and after that."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        for feed_id, feed in list(pipeline.feeds.items()):
            pipeline.feeds[feed_id] = replace(feed, bounds=replace(feed.bounds, rejected_share=1.0))
        samples = [self.judged(feed.id, sample.name, sample.read_bytes()) for feed in pipeline.feeds.values() for sample in feed.samples]
        many = self.judged("complaint_northmoor", "many.csv", cases(range(200)))
        told = judged(pipeline, NOON, DETAILS, returned(NOON, "Words that are taken back."))
        few = self.judged("complaint_northmoor", "few.csv", FEW)
        gone = judged(pipeline, NOON + timedelta(hours=1), DETAILS, GONE)
        self.first, self.then = [*samples, many, told], [few]
        self.last = [gone, next(name for name in samples if name.startswith("complaint_return"))]

    def judged(self, feed_id: str, name: str, content: bytes) -> str:
        receipt, _ = self.pipeline.land(feed_id, name, io.BytesIO(content))
        self.pipeline.judge(receipt.submission_id)
        return receipt.submission_id

    def told_on(self, settings: Settings) -> None:
        """Load and build everything, in this order, on another warehouse."""
        pipeline = Pipeline(settings)
        shutil.copytree(self.pipeline.settings.landing, settings.landing)

        def loaded(names: list[str]) -> None:
            for name in names:
                shutil.copytree(self.pipeline.settings.work / name, settings.work / name)
                pipeline.load(name, accept=["unusual_size"])

        loaded(self.first)
        test_removed.fill(Rows(settings, "removed"))
        invented_rows.fill(Rows(settings, "marts"))
        assert build(settings) is not None
        loaded(self.then)
        assert build(settings) is not None
        with open_warehouse(settings).reader() as connection:
            names = connection.exec_driver_sql("select model_names from ops.build order by load_number desc limit 1").scalar_one()
        assert f"conformed.fct_complaint{BY_RECORD}" in names.split(",")
        loaded(self.last)
        assert build(settings) is not None
        assert unpublished_since(settings) is not None
        publish(settings)
        assert unpublished_since(settings) is None


def types_of(connection: Connection, schema: str, table: str) -> dict[str, str]:
    """What each column is, in words of SQLAlchemy."""
    return {column["name"]: type(column["type"].as_generic()).__name__ for column in inspect(connection).get_columns(table, schema)}


def tables(settings: Settings) -> dict[str, Table]:
    """Columns with their types, and rows in an order of their own; sums of fractions end differently with the order of the rows."""
    found = {}
    with open_warehouse(settings).reader() as connection:
        for schema in SCHEMAS:
            for table in set(inspect(connection).get_table_names(schema)) - {"alembic_version"}:
                types = types_of(connection, schema, table)
                names = [f'"{name}"' for name in sorted(types.keys() - CLOCKS.get(f"{schema}.{table}", set()))]
                rows = connection.exec_driver_sql(f'select {", ".join(names)} from "{schema}"."{table}"')
                found[f"{schema}.{table}"] = types, sorted(str([shown(cell) for cell in row]) for row in rows)
    return found


@dataclass(frozen=True)
class Both:
    duckdb: dict[str, Table]
    postgresql: dict[str, Table]
    shared: Settings
    """Of the PostgreSQL warehouse, as long as there is one."""


@pytest.fixture(scope="module")
def on_both(tmp_path_factory: pytest.TempPathFactory, postgres_server: Server, made_embedded: Made, made_shared: Made) -> Iterator[Both]:
    base = Settings(Path(), "", "", Settings.from_environment().feeds[:1], PSEUDONYM_KEY, LANDING_KEY)

    def installed() -> Settings:
        home = tmp_path_factory.mktemp("home")
        return replace(base, home=home, warehouse=f"duckdb:///{home}/warehouse.duckdb", landing=f"{home}/landing")

    story = Story(Pipeline(installed()))
    embedded = made_embedded.embedded(installed())
    story.told_on(embedded)
    with made_shared.shared(installed(), postgres_server) as shared:
        story.told_on(shared)
        yield Both(tables(embedded), tables(shared), shared)


def test_there_are_the_same_tables_with_the_same_columns(on_both: Both) -> None:
    duckdb, postgresql = ({name: types for name, (types, _) in found.items()} for found in (on_both.duckdb, on_both.postgresql))
    assert duckdb == postgresql
    assert len(duckdb) > 70


def test_every_cell_is_the_same(on_both: Both) -> None:
    for name, (_, rows) in on_both.duckdb.items():
        assert rows == on_both.postgresql[name][1], name
    declared = {"conformed.place_member", "conformed.spc_phase"}  # by each system for itself
    assert {name for name, (_, rows) in on_both.duckdb.items() if not rows} == {"ops.feedback", "ops.notice", "ops.digest"} | declared, (
        "else little is compared"
    )


def test_the_rules_of_the_models_hold_on_postgresql(on_both: Both) -> None:
    """dbt's unit tests; on DuckDB other tests run them."""
    folders = ["--project-dir", str(DBT), "--profiles-dir", str(DBT), "--log-path", str(on_both.shared.home / "logs")]
    with (
        open_warehouse(on_both.shared).dbt() as target,
        environment(**{**target.environment, "SAMEPICTURE_SCHEMA_PREFIX": "", "DBT_TARGET_PATH": str(on_both.shared.home / "dbt")}),
    ):
        outcome = dbtRunner().invoke(
            ["test", "--select", "test_type:unit", "--target", target.name, *folders, "--quiet", "--no-write-json"]
        )
    assert outcome.exception is None, outcome.exception
    assert isinstance(outcome.result, RunExecutionResult)
    results = {result.node.name: str(result.status) for result in outcome.result.results}
    assert {name for name, status in results.items() if status != "pass"} == set()
    assert len(results) > 20
