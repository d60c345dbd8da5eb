"""The embedded warehouse: one DuckDB file, one writer at a time, and a read-only copy for analysts."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine, MetaData, Select, create_engine, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from samepicture import ledger
from samepicture.settings import MEMORY
from samepicture.warehouse import picture
from samepicture.warehouse.base import NOTHING_LOADED, WAIT_SECONDS, DbtTarget, WarehouseError
from samepicture.warehouse.tables import raw_tables

if TYPE_CHECKING:
    import polars as pl

LOOK_SECONDS = 1.0
"""So long whoever only looks waits for the file, before the copy will do."""
LARGE = 32 << 20
"""Bytes of a Parquet file from which on its rows are streamed."""
SMALL_GROUP = 64 << 20
"""Bytes of a group of rows, as they are unpacked, of which streaming can hold some."""
STREAMING_BYTES = 500_000_000
"""Memory for that, with two threads; more of both makes nothing quicker."""
BATCH_ROWS = 50_000
BEING_WRITTEN = "a writer has the warehouse, and nothing is published yet: try again in a minute"


class Taken(Exception):
    """Another process has the file."""


class DuckDBWarehouse:
    """Short-lived connections to the file; a second writer waits for the first."""

    def __init__(self, url: str, copy: Path, memory: str = MEMORY) -> None:
        self.path = Path(url.removeprefix("duckdb:///"))
        self.copy = copy
        self.memory = memory
        self._unfinished = self.path.with_suffix(".unfinished")
        """There while models are what dbt has left in the middle: it writes into the file itself."""
        self._engine: Engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        event.listen(self._engine, "connect", _set_up(memory))

    @contextmanager
    def writer(self) -> Iterator[Connection]:
        """One transaction, committed at the end of the block and rolled back on any error.

        Queues for the file while another process has it, at most WAIT_SECONDS.
        """
        with self.turn(), self._transaction() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """One transaction of somebody whose turn it is."""
        connection = self._connect()
        try:
            with connection.begin():
                yield connection
        finally:
            connection.close()

    def reader(self) -> AbstractContextManager[Connection]:
        """The same: while one process writes to the file, no other can open it."""
        return self.writer()

    @contextmanager
    def as_role(self, role: str) -> Iterator[tuple[Any, Connection]]:  # noqa: ARG002 - a file has none
        """A file has no roles: whoever asks keeps to `published`. Others who want the file wait meanwhile."""
        with self.reader() as connection:
            yield ledger.last_build(connection), connection

    @contextmanager
    def operations(self) -> Iterator[tuple[datetime | None, Connection]]:
        """The file itself where it is free, as it is in a moment mostly; else the copy, which was made when it says."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self.turn(within_seconds=LOOK_SECONDS))
                as_of, connection = None, stack.enter_context(_look_into(self.path, self.memory))
            except (Taken, DBAPIError, duckdb.Error):  # ours, or a person's shell has it
                if not self.copy.exists():
                    raise WarehouseError(BEING_WRITTEN if self.path.exists() else NOTHING_LOADED) from None
                as_of = datetime.fromtimestamp(self.copy.stat().st_mtime, UTC)
                connection = stack.enter_context(_look_into(self.copy, self.memory))
            yield as_of, connection

    @contextmanager
    def turn(self, *, within_seconds: float | None = None) -> Iterator[None]:
        """The file to oneself among our own processes, in the order of asking; dbt and the copy take it too.

        Not to be taken twice by one process at a time. Raises Taken where it is not to be had within the seconds.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.with_suffix(".lock").open("w") as lock:
            if within_seconds is None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            else:
                _lock_within(lock, within_seconds)
            yield

    def _connect(self) -> Connection:
        """Connect; while somebody else's process has the file (a person's DuckDB shell), wait for it."""
        deadline = time.monotonic() + WAIT_SECONDS
        pause = 0.05
        while True:
            try:
                return self._engine.connect()
            except (DBAPIError, duckdb.IOException) as error:
                told = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
                if "valid DuckDB database" in told or "corrupt" in told.lower():
                    raise WarehouseError(
                        f"the warehouse {self.path} is damaged: move it away, and bring back a backup with `samepicture restore`."
                    ) from None
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
        with self._streaming(connection) if _is_for_streaming(path) else nullcontext():
            result = connection.exec_driver_sql(f"insert into {table} by name select * from read_parquet(?)", (str(path),))  # noqa: S608 - our own table's name
            row = result.fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def _streaming(self, connection: Connection) -> Iterator[None]:
        """Rows are taken as they come: to keep the order of their file DuckDB takes all the memory that it may, and twice the time."""
        little: int = connection.exec_driver_sql("select least(parse_formatted_bytes(?), ?)", (self.memory, STREAMING_BYTES)).scalar_one()
        for setting in (f"memory_limit = '{little}B'", "threads = 2", "preserve_insertion_order = false"):
            connection.exec_driver_sql(f"set {setting}")
        yield
        # After an error the connection is of no more use.
        for told in ("reset preserve_insertion_order", "reset threads", f"set memory_limit = '{self.memory}'"):
            connection.exec_driver_sql(told)

    def export_parquet(self, connection: Connection, statement: Select[Any], path: Path) -> None:
        """Write the rows of a query to a Parquet file, as the caller's transaction sees them."""
        sql = statement.compile(connection, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(f"copy ({sql}) to '{_quoted(path)}' (format parquet, compression lz4)")

    def frames(self, connection: Connection, statement: Select[Any]) -> Iterator[pl.DataFrame]:
        """The rows of a query, batch by batch."""
        import polars as pl

        driver: Any = connection.connection.driver_connection
        sql = statement.compile(connection, compile_kwargs={"literal_binds": True})
        for batch in driver.sql(str(sql)).to_arrow_reader(BATCH_ROWS):
            yield pl.DataFrame(batch)

    def rekey_openings(self, connection: Connection, pairs: str) -> None:
        """Nobody opens narratives of a file: its copy for analysts holds none."""

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
            self._discard(self.path)
            fresh.replace(self.path)
            self._unfinished.unlink(missing_ok=True)

    def is_empty(self) -> bool:
        """Whether there is nothing in it that could be lost."""
        return not self.path.exists()

    def take_place(self, other: DuckDBWarehouse, is_right: Callable[[Connection], bool]) -> bool:
        """Let another file be this warehouse, in one move, if that is right now that nobody writes; whether it was."""
        with self.turn():
            connection = self._connect()
            try:
                right = is_right(connection)
            finally:
                connection.close()
            if right:
                other.path.replace(self.path)
        return right

    @contextmanager
    def dbt(self) -> Iterator[DbtTarget]:
        """The file for dbt, which keeps it open in this process unless it is told to end."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        with self.turn():
            with self._transaction() as connection:
                last = ledger.next_load_number(connection) - 1
            self._unfinished.touch()
            try:
                yield DbtTarget("embedded", {"SAMEPICTURE_DUCKDB": str(self.path), "SAMEPICTURE_MEMORY": self.memory}, last)
            finally:
                DuckDBConnectionManager.close_all_connections()

    def take_over(self, connection: Connection) -> None:
        """Let the next copy be made of it. Keys of earlier changes may be of other columns now."""
        picture.forget(connection)
        self._unfinished.unlink(missing_ok=True)

    def publish(self, *, afresh: bool = False) -> None:
        """Replace the analysts' copy; they keep the old one until they reopen. `afresh`: a file keeps what was deleted from it.

        No build comes between what is read of the builds and what is copied. Raises WarehouseError where dbt has not ended well.
        """
        with self.turn():
            if self._unfinished.exists():
                raise WarehouseError(
                    f"dbt began to make every model in {self.path} and did not end well, so analysts keep the copy that they have: "
                    "mend what the build said; the next build makes every model again."
                )
            with self._transaction() as connection:
                tables = picture.tables(connection)
                builds = connection.execute(select(ledger.build)).all()
            picture.replace(self.copy, self.path, tables, builds, self.memory, afresh=afresh)
            with self._transaction() as connection:
                picture.forget(connection)
                ledger.mark_published(connection, [build.build_id for build in builds if build.published_at is None])

    def is_published(self, build: Any) -> bool:
        """Whether the copy shows it."""
        return build.build_id in picture.shown(self.copy)

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Ask the copy. Raises WarehouseError."""
        if not self.copy.exists():
            raise WarehouseError("nothing is published yet: submit a file with --now, or run the scheduler")
        # SQL could otherwise write files, or open the warehouse itself beside the copy.
        closed: Any = {"enable_external_access": "false", "lock_configuration": "true"}
        try:
            with duckdb.connect(str(self.copy), read_only=True, config=closed) as connection:
                result = connection.sql(sql)
                return (result.columns, result.fetchall()) if result is not None else ([], [])
        except duckdb.Error as error:
            raise WarehouseError(f"the query could not run: {error}") from None


class DuckDBBuild:
    """A build's SQL in DuckDB."""

    def temporary(self, connection: Connection, name: str, sql: str) -> str:
        """Make a temporary table of a query; its quoted name.

        By the driver: SQLAlchemy's dialect reads such SQL letter by letter, to tell whether it counts rows.
        """
        driver: Any = connection.connection.driver_connection
        driver.execute(f'create or replace temp table "{name}" as {sql}')
        return f'temp."{name}"'

    def refill(self, connection: Connection, relation: str, sql: str) -> None:
        """Make the table anew: nobody but the copy reads it, and it has no rights of its own to keep."""
        connection.exec_driver_sql(f"create or replace table {relation} as {sql}")

    def is_same(self, left: str, right: str, columns: Sequence[str]) -> str:
        """The condition that two rows have these columns the same."""
        return " and ".join(f"{left}.{column} is not distinct from {right}.{column}" for column in columns)

    def note_changes(self, connection: Connection, relation: str, model: str, keys: str, rows: str, build_id: str) -> None:
        """Keep keys and rows until the copy has taken them over."""
        picture.note(connection, relation, model, keys, rows, build_id)


def _is_for_streaming(path: Path) -> bool:
    """Whether a Parquet file is large, and its rows in groups of which some fit into little memory, as judging writes them."""
    if path.stat().st_size < LARGE:
        return False
    metadata = pq.read_metadata(path)
    groups = (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    return all(size <= SMALL_GROUP for size in groups)


def _lock_within(lock: IO[str], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Taken from None
            time.sleep(0.02)
        else:
            return


@contextmanager
def _look_into(path: Path, memory: str) -> Iterator[Connection]:
    """A transaction that can't write. Raises duckdb.Error or DBAPIError where somebody has the file open for writing."""
    engine = create_engine(f"duckdb:///{path}", poolclass=NullPool, hide_parameters=True, connect_args={"read_only": True})
    event.listen(engine, "connect", _set_up(memory))
    with engine.connect() as connection, connection.begin():
        yield connection


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


def _set_up(memory: str) -> Callable[[Any, Any], None]:
    """What each new connection is told. No progress bar: DuckDB draws one on standard output, where our results go."""

    def set_up(connection: Any, _record: Any) -> None:
        connection.cursor().execute("set enable_progress_bar = false")
        connection.cursor().execute(f"set memory_limit = '{memory}'")
        connection.cursor().execute("set TimeZone = 'UTC'")  # a day in the marts is a day in UTC, whatever the server's zone

    return set_up
