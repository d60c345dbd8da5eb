"""The analysts' copy of the embedded warehouse: replaced in one move, and only what was built since the last.

One process at a time can have the warehouse's file open for writing, and then nobody
else reads it: so whoever asks reads a copy.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Column, Connection, MetaData, String, Table, delete, inspect

from samepicture.delta import BY_RECORD

COPIED_SCHEMAS = ("published", "marts", "conformed", "ops")
"""What the copy holds: records without words, never raw or staging."""
ALWAYS = "ops"
"""Small, and changes with every load."""
LEFT_OUT = (
    ("ops", "quarantine"),
    ("ops", "pseudonym_key"),
    ("ops", "text_label"),
    ("published", "narrative"),
    ("published", "consented_story"),
)
"""Tables that hold words, redacted as they are: a file has no roles and writes down no reader. Of the key analysts need to know nothing.
Labels of texts are in conformed, where they are copied only when they change."""
HIDDEN = {("ops", "submission"): "exclude (file_name, rejection_sentence)"}
"""A sender may have named a person in it."""
CHANGES = "changes"
"""Schema of the keys that each build touched, a table for each that was made record by record, until the copy has taken them over."""


def tables(connection: Connection) -> list[tuple[str, str]]:
    """Schema and name of what the copy holds."""
    found = connection.exec_driver_sql(
        "select table_schema, table_name from information_schema.tables where table_catalog = current_catalog()"
    ).all()
    return sorted((row[0], row[1]) for row in found if _is_copied(row[0], row[1]))


def _is_copied(schema: str, table: str) -> bool:
    return schema in COPIED_SCHEMAS and (schema, table) not in LEFT_OUT


def replace(copy: Path, warehouse: Path, tables: Sequence[tuple[str, str]], builds: Sequence[Any], *, afresh: bool = False) -> None:
    """Replace the copy; `builds` are the rows of ops.build.

    Starts from the copy that is there where every build since is known model by model;
    else, or with `afresh`, from nothing.
    """
    fresh = copy.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    since = None if afresh else _since(copy, builds)
    if since is not None:
        shutil.copyfile(copy, fresh)
        tables = [each for each in tables if each[0] == ALWAYS or ".".join(each) in since.whole | since.by_record]
    with duckdb.connect(str(fresh)) as target:
        target.execute(f"attach '{_quoted(warehouse)}' as warehouse (read_only)")
        for schema, table in tables:
            if since is not None and f"{schema}.{table}" in since.by_record:
                _take_over(target, f'"{schema}"."{table}"', f'warehouse.{CHANGES}."{schema}.{table}"', since.build_ids)
                continue
            target.execute(f'create schema if not exists "{schema}"')
            columns = f"* {HIDDEN.get((schema, table), '')}"
            target.execute(f'create or replace table "{schema}"."{table}" as select {columns} from warehouse."{schema}"."{table}"')  # noqa: S608 - names out of our own catalogue
        target.execute("detach warehouse")
    fresh.replace(copy)


def shown(copy: Path) -> set[str]:
    """Ids of the builds that the copy shows."""
    if not copy.exists():
        return set()
    with duckdb.connect(str(copy), read_only=True) as connection:
        return {row[0] for row in connection.execute("select build_id from ops.build").fetchall()}


def note(connection: Connection, table: str, keys: str, build_id: str) -> None:
    """Keep the keys of a table's changed rows, where the copy holds it."""
    if not _is_copied(*table.split(".")):
        return
    kept = f'{CHANGES}."{table}"'
    connection.exec_driver_sql(f"create schema if not exists {CHANGES}")
    connection.exec_driver_sql(f"create table if not exists {kept} as select '' as build_id, * from {keys} where false")  # noqa: S608
    connection.exec_driver_sql(f"insert into {kept} select '{build_id}', * from {keys}")  # noqa: S608 - a hexadecimal number of ours


def forget(connection: Connection, build_ids: Sequence[str]) -> None:
    """Drop the keys that these builds touched: the copy has taken them over. Those of a build that came meanwhile stay."""
    for table in inspect(connection).get_table_names(schema=CHANGES):
        keys = Table(table, MetaData(schema=CHANGES), Column("build_id", String))
        connection.execute(delete(keys).where(keys.c.build_id.in_(build_ids)))


def forget_all(connection: Connection) -> None:
    """Drop all keys: every model was made whole, by SQL that may know its rows by other columns now."""
    connection.exec_driver_sql(f"drop schema if exists {CHANGES} cascade")


@dataclass(frozen=True)
class _Since:
    """What was made since the copy."""

    build_ids: tuple[str, ...]
    whole: frozenset[str]
    by_record: frozenset[str]
    """Tables of which only rows of changed records were made."""


def _since(copy: Path, builds: Sequence[Any]) -> _Since | None:
    """None where the copy can't be told from: all of it is made anew then."""
    known = shown(copy)
    since = [row for row in builds if row.build_id not in known]
    if not known or any(row.model_names is None for row in since):
        return None
    names = {name for row in since for name in row.model_names.split(",") if name}
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


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
