"""Rebuilds the models that depend on what changed, and publishes the copy that analysts query.

Stateless: what is pending is the difference between the loads in the ledger and the
last finished build, so a build that was lost is made up for by the next.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Connection, insert, select, text

from samepicture import ledger
from samepicture.data_docs import render_data_docs
from samepicture.feed import load_feeds
from samepicture.load import register_feeds
from samepicture.pending import find
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse

DBT = PROJECT / "dbt"
COPIED_SCHEMAS = ("published", "marts", "conformed", "ops")
"""What the analysts' copy holds: records without words, never raw or staging."""
LEFT_OUT = (("ops", "quarantine"),)
"""Rejected records hold redacted words."""
CLOCKED = ["feed_health", "recommendations", "dim_organisation+"]
"""Models that compare with today."""
HIDDEN = {("ops", "submission"): "exclude (file_name, rejection_sentence)"}
"""A sender may have named a person in it."""


class BuildFailed(Exception):
    """dbt could not build; the message names the models or tests and why."""


@dataclass(frozen=True)
class Built:
    """A finished build."""

    record_types: tuple[str, ...]
    models: int
    tests: int
    warnings: tuple[str, ...]
    seconds: float


def build(settings: Settings, clocks: bool = False) -> Built | None:
    """Build everything pending, and what depends on it, until nothing is. Returns None where nothing was.

    The first build, and the first of a changed dbt project, makes every model. With
    `clocks`, what says 'late' or 'due' is built too, for time passes without anything
    arriving. Raises BuildFailed; then nothing is marked as built.
    """
    warehouse = open_warehouse(settings)
    warehouse.create()
    done: list[Built] = []
    models_sha256 = _models_sha256()
    while True:
        with warehouse.writer() as connection:
            work = find(connection)
            last = _last_build(connection)
            register_feeds(connection, load_feeds(settings.feeds).values())
        if work is None and (done or not clocks or last is None):
            break
        whole = last is None or last.models_sha256 != models_sha256
        changed = work.record_types if work is not None else ()
        selection = [f"source:raw.{name}+" for name in changed] + (CLOCKED if clocks else ["feed_health"])
        started = datetime.now(UTC)
        models, tests, warnings = _run_dbt(settings, [] if whole else selection)
        finished = datetime.now(UTC)
        done.append(Built(changed, models, tests, warnings, (finished - started).total_seconds()))
        with warehouse.writer() as connection:
            connection.execute(
                insert(ledger.build),
                {
                    "build_id": uuid.uuid4().hex,
                    "record_types": ",".join(changed),
                    "load_number": work.load_number if work is not None else last.load_number if last is not None else 0,
                    "models_sha256": models_sha256,
                    "model_count": models,
                    "started_at": started,
                    "finished_at": finished,
                },
            )
    return _together(done) if done else None


def _last_build(connection: Connection) -> Any:
    """The row of the latest build, or None. A build of the clock has the load number of the one before it."""
    return connection.execute(select(ledger.build).order_by(ledger.build.c.load_number.desc(), ledger.build.c.finished_at.desc())).first()


def _models_sha256() -> str:
    """Hash of everything that says how models are made: SQL, seeds, macros, settings."""
    digest = hashlib.sha256()
    for path in sorted(path for path in DBT.rglob("*") if path.suffix in (".sql", ".csv", ".yml") and "target" not in path.parts):
        digest.update(path.relative_to(DBT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _together(builds: Sequence[Built]) -> Built:
    return Built(
        tuple(sorted({name for built in builds for name in built.record_types})),
        sum(built.models for built in builds),
        sum(built.tests for built in builds),
        tuple(warning for built in builds for warning in built.warnings),
        sum(built.seconds for built in builds),
    )


def publish(settings: Settings) -> Path:
    """Replace the analysts' read-only copy in one move; readers keep the old one until they reopen. Returns its path."""
    warehouse = open_warehouse(settings)
    fresh = settings.picture.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with warehouse.writer() as connection:
        tables = connection.execute(
            text("select table_schema, table_name from information_schema.tables where table_catalog = current_catalog()")
        ).all()
    with warehouse.turn(), duckdb.connect(str(fresh)) as copy:
        copy.execute(f"attach '{_quoted(warehouse.path)}' as warehouse (read_only)")
        for schema, table in sorted((row[0], row[1]) for row in tables if row[0] in COPIED_SCHEMAS and tuple(row) not in LEFT_OUT):
            copy.execute(f'create schema if not exists "{schema}"')
            columns = f"* {HIDDEN.get((schema, table), '')}"
            copy.execute(f'create table "{schema}"."{table}" as select {columns} from warehouse."{schema}"."{table}"')  # noqa: S608 - names out of our own catalogue
        copy.execute("detach warehouse")
    fresh.replace(settings.picture)
    render_data_docs(settings)
    return settings.picture


def unpublished_since(settings: Settings) -> datetime | None:
    """When the last build ended, where the analysts' copy does not show it; None where it does."""
    with open_warehouse(settings).writer() as connection:
        last = _last_build(connection)
    if last is None:
        return None
    if settings.picture.exists():
        with duckdb.connect(str(settings.picture), read_only=True) as copy:
            if copy.execute("select 1 from ops.build where build_id = ?", [last.build_id]).fetchone():
                return None
    finished: datetime = last.finished_at
    return finished


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _run_dbt(settings: Settings, selection: Sequence[str]) -> tuple[int, int, tuple[str, ...]]:
    """Models built, tests passed, sentences of warnings."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    command = ["build", "--project-dir", str(DBT), "--profiles-dir", str(DBT), "--log-path", str(settings.home / "logs" / "dbt"), "--quiet"]
    # Unit tests prove the rules on invented rows; `make test` runs them. Here only the data is tested.
    command += ["--exclude-resource-type", "unit_test"]
    if selection:
        command += ["--select", *selection]
    with _dbt_environment(settings), open_warehouse(settings).turn():
        result = dbtRunner().invoke(command)
        DuckDBConnectionManager.close_all_connections()
    if result.exception is not None:
        raise BuildFailed(f"dbt could not start: {result.exception}")
    results = list(getattr(result.result, "results", []))
    failed = [f"{r.node.name}: {(r.message or '').strip().splitlines()[0]}" for r in results if str(r.status) in ("error", "fail")]
    if failed:
        raise BuildFailed("dbt could not build everything, so the marts keep their last state: " + "; ".join(failed[:5]))
    warned = tuple(f"{r.node.name}: {r.message}" for r in results if str(r.status) == "warn")
    models = sum(1 for r in results if str(r.node.resource_type) == "model" and str(r.status) == "success")
    tests = sum(1 for r in results if str(r.node.resource_type) in ("test", "unit_test") and str(r.status) == "pass")
    return models, tests, warned


@contextmanager
def _dbt_environment(settings: Settings) -> Iterator[None]:
    """dbt reads its paths from the environment; put back what was there."""
    values = {
        "SAMEPICTURE_DUCKDB": str(open_warehouse(settings).path),
        "DBT_TARGET_PATH": str(settings.home / "dbt"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
