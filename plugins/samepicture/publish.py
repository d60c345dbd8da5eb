"""Replaces the copy that analysts query: in one move, and only what was built since the last."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import select, text

from samepicture import ledger
from samepicture.compiled import BY_RECORD
from samepicture.data_docs import render_data_docs
from samepicture.delta import CHANGES, forget
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

COPIED_SCHEMAS = ("published", "marts", "conformed", "ops")
"""What the analysts' copy holds: records without words, never raw or staging."""
ALWAYS = "ops"
"""Small, and changes with every load."""
LEFT_OUT = (("ops", "quarantine"), ("ops", "pseudonym_key"))
"""Rejected records hold redacted words; of the key analysts need to know nothing."""
HIDDEN = {("ops", "submission"): "exclude (file_name, rejection_sentence)"}
"""A sender may have named a person in it."""


def publish(settings: Settings, *, afresh: bool = False) -> Path:
    """Replace the analysts' read-only copy; readers keep the old one until they reopen. Returns its path.

    Starts from the copy that is there where every build since is known model by model;
    else, and with `afresh`, from nothing: DuckDB keeps in a file what was deleted from it.
    """
    warehouse = open_warehouse(settings)
    fresh = settings.picture.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with warehouse.writer() as connection:
        found = connection.execute(
            text("select table_schema, table_name from information_schema.tables where table_catalog = current_catalog()")
        ).all()
        builds = connection.execute(select(ledger.build)).all()
    tables = sorted((row[0], row[1]) for row in found if row[0] in COPIED_SCHEMAS and tuple(row) not in LEFT_OUT)
    since = None if afresh else _since(settings.picture, builds)
    if since is not None:
        shutil.copyfile(settings.picture, fresh)
        tables = [(schema, table) for schema, table in tables if schema == ALWAYS or table in since.whole | since.by_record]
    with warehouse.turn(), duckdb.connect(str(fresh)) as copy:
        copy.execute(f"attach '{_quoted(warehouse.path)}' as warehouse (read_only)")
        for schema, table in tables:
            if since is not None and table in since.by_record:
                _take_over(copy, f'"{schema}"."{table}"', f'warehouse.{CHANGES}."{table}"', since.build_ids)
                continue
            copy.execute(f'create schema if not exists "{schema}"')
            columns = f"* {HIDDEN.get((schema, table), '')}"
            copy.execute(f'create or replace table "{schema}"."{table}" as select {columns} from warehouse."{schema}"."{table}"')  # noqa: S608 - names out of our own catalogue
        copy.execute("detach warehouse")
    fresh.replace(settings.picture)
    with warehouse.writer() as connection:
        forget(connection, [row.build_id for row in builds])
    render_data_docs(settings)
    return settings.picture


def unpublished_since(settings: Settings) -> datetime | None:
    """When the last build ended, where the analysts' copy does not show it; None where it does."""
    with open_warehouse(settings).writer() as connection:
        builds = connection.execute(select(ledger.build)).all()
    last = max(builds, key=lambda row: (row.load_number, row.finished_at), default=None)
    if last is None or last.build_id in _shown(settings.picture):
        return None
    finished: datetime = last.finished_at
    return finished


@dataclass(frozen=True)
class _Since:
    """What was made since the copy."""

    build_ids: tuple[str, ...]
    whole: frozenset[str]
    by_record: frozenset[str]
    """Models of which only rows of changed records were made."""


def _since(picture: Path, builds: Sequence[Any]) -> _Since | None:
    """None where the copy can't be told from: all of it is made anew then."""
    shown = _shown(picture)
    since = [row for row in builds if row.build_id not in shown]
    if not shown or any(not row.model_names for row in since):
        return None
    names = {name for row in since for name in row.model_names.split(",")}
    whole = frozenset(name for name in names if not name.endswith(BY_RECORD))
    return _Since(tuple(row.build_id for row in since), whole, frozenset(name.removesuffix(BY_RECORD) for name in names) - whole)


def _take_over(copy: duckdb.DuckDBPyConnection, table: str, changes: str, build_ids: Iterable[str]) -> None:
    """Replace the rows of the records that changed."""
    keyed_by = [row[0] for row in copy.execute(f"describe {changes}").fetchall() if row[0] != "build_id"]
    builds = ", ".join(f"'{build_id}'" for build_id in build_ids)  # hexadecimal numbers of ours
    keys = f"(select distinct {', '.join(keyed_by)} from {changes} where build_id in ({builds}))"  # noqa: S608 - names out of our own catalogue
    name = table.rsplit(".", 1)[-1]
    same = " and ".join(f"keys.{column} is not distinct from {name}.{column}" for column in keyed_by)
    changed = f"exists (select 1 from {keys} as keys where {same})"  # noqa: S608 - names out of our own catalogue
    copy.execute(f"delete from {table} where {changed}")  # noqa: S608
    copy.execute(f"insert into {table} by name select * from warehouse.{table} as {name} where {changed}")  # noqa: S608


def _shown(picture: Path) -> set[str]:
    """Ids of the builds that the copy shows."""
    if not picture.exists():
        return set()
    with duckdb.connect(str(picture), read_only=True) as copy:
        return {row[0] for row in copy.execute("select build_id from ops.build").fetchall()}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
