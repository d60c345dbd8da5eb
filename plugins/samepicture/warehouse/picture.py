"""The analysts' copy of the embedded warehouse: replaced in one move, and only what was built since the last.

One process at a time can have the warehouse's file open for writing, and then nobody
else reads it: so whoever asks reads a copy.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Connection

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
CHANGES, ROWS = "changes", "changed_rows"
"""Schemas of the keys that each build touched and of the rows that they have now, a table for each that was made record by record,
until the copy has taken them over: it need not look for them among all rows."""

_FICLONE = 0x40049409
"""linux/fs.h; Python names it in `fcntl` from 3.12 on."""


def tables(connection: Connection) -> list[tuple[str, str]]:
    """Schema and name of what the copy holds."""
    found = connection.exec_driver_sql(
        "select table_schema, table_name from information_schema.tables where table_catalog = current_catalog()"
    ).all()
    return sorted((row[0], row[1]) for row in found if _is_copied(row[0], row[1]))


def _is_copied(schema: str, table: str) -> bool:
    return schema in COPIED_SCHEMAS and (schema, table) not in LEFT_OUT


def replace(
    copy: Path, warehouse: Path, tables: Sequence[tuple[str, str]], builds: Sequence[Any], memory: str, *, afresh: bool = False
) -> None:
    """Replace the copy; `builds` are the rows of ops.build, `memory` is what DuckDB may take.

    Starts from the copy that is there where every build since is known model by model;
    else, or with `afresh`, or where that copy is damaged, from nothing.
    """
    try:
        _replace(copy, warehouse, tables, builds, memory, afresh=afresh)
    except duckdb.Error:
        if afresh:
            raise
        _replace(copy, warehouse, tables, builds, memory, afresh=True)


def _replace(copy: Path, warehouse: Path, tables: Sequence[tuple[str, str]], builds: Sequence[Any], memory: str, *, afresh: bool) -> None:
    fresh = copy.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    since = None if afresh else _since(copy, builds)
    if since is not None:
        _copy(copy, fresh)
        tables = [each for each in tables if each[0] == ALWAYS or ".".join(each) in since.whole | since.by_record]
    with duckdb.connect(str(fresh), config={"memory_limit": memory}) as target:
        target.execute(f"attach '{_quoted(warehouse)}' as warehouse (read_only)")
        for schema, table in tables:
            if since is not None and f"{schema}.{table}" in since.by_record:
                _take_over(target, schema, table, since.build_ids)
                continue
            target.execute(f'create schema if not exists "{schema}"')
            columns = f"* {HIDDEN.get((schema, table), '')}"
            target.execute(f'create or replace table "{schema}"."{table}" as select {columns} from warehouse."{schema}"."{table}"')  # noqa: S608 - names out of our own catalogue
        target.execute("detach warehouse")
    fresh.replace(copy)


def _copy(source: Path, target: Path) -> None:
    """Copy a file; on a file system whose files can share blocks (XFS, Btrfs) only what is changed later takes time and room."""
    with source.open("rb") as old, target.open("wb") as new:
        try:
            fcntl.ioctl(new, _FICLONE, old.fileno())
        except OSError:  # it can't, or it is no Linux
            shutil.copyfile(source, target)


def shown(copy: Path) -> set[str]:
    """Ids of the builds that the copy shows; none where it can't be read."""
    if not copy.exists():
        return set()
    try:
        with duckdb.connect(str(copy), read_only=True) as connection:
            return {row[0] for row in connection.execute("select build_id from ops.build").fetchall()}
    except duckdb.Error:
        return set()


def note(connection: Connection, relation: str, table: str, keys: str, rows: str, build_id: str) -> None:
    """Keep the keys of a table's changed rows and what they are now, where the copy holds it."""
    if not _is_copied(*table.split(".")):
        return
    for schema, like in ((CHANGES, keys), (ROWS, relation)):
        connection.exec_driver_sql(f"create schema if not exists {schema}")
        connection.exec_driver_sql(f"create table if not exists {schema}.\"{table}\" as select '' as build_id, * from {like} where false")  # noqa: S608
    kept = f'{ROWS}."{table}"'
    same = _is_same("keys", f'"{table}"', [row[0] for row in connection.exec_driver_sql(f"describe {keys}")])
    connection.exec_driver_sql(f"delete from {kept} using {keys} as keys where {same}")  # noqa: S608 - what an earlier build made of them
    for schema, source in ((CHANGES, keys), (ROWS, rows)):
        connection.exec_driver_sql(f"insert into {schema}.\"{table}\" by name select '{build_id}' as build_id, * from {source}")  # noqa: S608 - a hexadecimal number of ours


def forget(connection: Connection) -> None:
    """Drop what was noted: the copy has taken it over, or every model was made whole, by SQL that may know its rows by other columns now."""
    for schema in (CHANGES, ROWS):
        connection.exec_driver_sql(f"drop schema if exists {schema} cascade")


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


def _take_over(copy: duckdb.DuckDBPyConnection, schema: str, table: str, build_ids: Iterable[str]) -> None:
    """Replace the rows of the records that changed."""
    keys, rows = (f'warehouse.{each}."{schema}.{table}"' for each in (CHANGES, ROWS))
    of_builds = "build_id in ({})".format(", ".join(f"'{build_id}'" for build_id in build_ids))  # hexadecimal numbers of ours
    keyed_by = [row[0] for row in copy.execute(f"describe {keys}").fetchall() if row[0] != "build_id"]
    changed = f"select 1 from {keys} as keys where {of_builds} and {_is_same('keys', table, keyed_by)}"  # noqa: S608 - names out of our own catalogue
    copy.execute(f'delete from "{schema}"."{table}" where exists ({changed})')  # noqa: S608
    copy.execute(f'insert into "{schema}"."{table}" by name select * exclude (build_id) from {rows} where {of_builds}')  # noqa: S608


def _is_same(left: str, right: str, columns: Iterable[str]) -> str:
    return " and ".join(f"{left}.{column} is not distinct from {right}.{column}" for column in columns)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
