"""The embedded warehouse: one DuckDB file, one writer at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import duckdb
from sqlalchemy import Connection, Engine, MetaData, Select, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from samepicture import ledger
from samepicture.warehouse.tables import raw_tables

WAIT_SECONDS = 600.0
"""How long a writer queues for the file before it gives up."""


class DuckDBWarehouse:
    """Short-lived connections to the file; a second writer waits for the first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.path = Path(url.removeprefix("duckdb:///"))
        self._engine: Engine = create_engine(url, poolclass=NullPool)
        event.listen(self._engine, "connect", _set_up)

    @contextmanager
    def writer(self) -> Iterator[Connection]:
        """One transaction, committed at the end of the block and rolled back on any error.

        Queues for the file while another process has it, at most WAIT_SECONDS.
        """
        with self.turn():
            connection = self._connect()
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The file to oneself among our own processes, in the order of asking; dbt and the copy take it too.

        Not to be taken twice by one process at a time.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _connect(self) -> Connection:
        """Connect; while somebody else's process has the file (a person's DuckDB shell), wait for it."""
        deadline = time.monotonic() + WAIT_SECONDS
        pause = 0.05
        while True:
            try:
                return self._engine.connect()
            except (DBAPIError, duckdb.IOException) as error:
                if "lock" not in str(error).lower() or time.monotonic() > deadline:
                    raise
                time.sleep(pause)
                pause = min(pause * 1.5, 1.0)

    def create(self) -> None:
        """Make what is missing of raw and ops. Safe to repeat."""
        with self.writer() as connection:
            for schema in ("raw", "ops"):
                connection.exec_driver_sql(f"create schema if not exists {schema}")
            for tables in (raw_tables(), ledger.metadata):
                tables.create_all(connection)
                _add_columns(connection, tables)

    def insert_parquet(self, connection: Connection, table: str, path: Path) -> int:
        """Append a Parquet file to a table by column name; the number of rows. Part of the caller's transaction."""
        result = connection.exec_driver_sql(f"insert into {table} by name select * from read_parquet(?)", (str(path),))  # noqa: S608 - our own table's name
        row = result.fetchone()
        return int(row[0]) if row else 0

    def export_parquet(self, connection: Connection, statement: Select[Any], path: Path) -> None:
        """Write the rows of a query to a Parquet file, as the caller's transaction sees them."""
        sql = statement.compile(connection, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(f"copy ({sql}) to '{_quoted(path)}' (format parquet, compression lz4)")

    def compact(self) -> None:
        """Write the file anew from what is in it, so that nothing is left of what was deleted.

        DuckDB keeps deleted rows in the file until their blocks are written over.
        """
        fresh = self.path.with_suffix(".compact")
        with self.turn():
            self._discard(fresh)
            connection = self._connect()
            try:
                with connection.begin():
                    connection.exec_driver_sql(f"attach '{_quoted(fresh)}' as fresh")
                    name: str = connection.exec_driver_sql("select current_catalog()").scalar_one()
                    connection.exec_driver_sql(f'copy from database "{name}" to fresh')
            finally:
                connection.close()
            fresh.replace(self.path)
            self._discard(fresh)

    @staticmethod
    def _discard(path: Path) -> None:
        for each in (path, path.with_name(path.name + ".wal")):
            each.unlink(missing_ok=True)

    def dump(self, write: Callable[[IO[bytes]], object]) -> None:
        """Hand the whole warehouse, as one moment saw it, to `write` as a stream of bytes. Writers wait meanwhile."""
        with self.turn():
            connection = self._connect()
            try:
                connection.exec_driver_sql("checkpoint")
            finally:
                connection.close()
            with self.path.open("rb") as source:
                write(source)

    def restore(self, read: Callable[[IO[bytes]], object]) -> None:
        """Put what `dump` gave in the place of an empty warehouse: `read` writes it to the stream that it is given."""
        fresh = self.path.with_suffix(".restored")
        with self.turn():
            with fresh.open("wb") as target:
                fresh.chmod(0o600)
                read(target)
                target.flush()
                os.fsync(target.fileno())
            fresh.replace(self.path)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it that could be lost."""
        return not self.path.exists()

    def beside(self, folder: Path) -> DuckDBWarehouse:
        """A second, empty warehouse: to be made there, compared with this one, and put in its place."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        other = DuckDBWarehouse(f"duckdb:///{folder / self.path.name}")
        self._discard(other.path)
        return other

    def take_place(self, other: DuckDBWarehouse, is_right: Callable[[Connection], bool]) -> bool:
        """Let another warehouse, made with `beside`, be this one, in one move, if that is still right now that nobody writes; whether it was."""
        with self.turn():
            connection = self._connect()
            try:
                right = is_right(connection)
            finally:
                connection.close()
            if right:
                other.path.replace(self.path)
        return right


def _add_columns(connection: Connection, tables: MetaData) -> None:
    """Columns that a contract or the ledger has gained since a table was made; empty in the rows that are there."""
    there = {
        (row[0], row[1], row[2])
        for row in connection.exec_driver_sql("select schema_name, table_name, column_name from duckdb_columns() where not internal")
    }
    for table in tables.tables.values():
        for column in table.columns:
            if (table.schema, table.name, column.name) not in there:
                kind = column.type.compile(connection.dialect)
                connection.exec_driver_sql(f'alter table "{table.schema}"."{table.name}" add column "{column.name}" {kind}')


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _set_up(connection: Any, _record: Any) -> None:
    """No progress bar: DuckDB draws one on standard output, where our results go."""
    connection.cursor().execute("set enable_progress_bar = false")
    connection.cursor().execute("set TimeZone = 'UTC'")  # a day in the marts is a day in UTC, whatever the server's zone
