"""The shared warehouse: one PostgreSQL database, which analysts query as it is.

Writers go one after the other, by the lock of a table of their own; readers wait for nobody.
The lock ends with its connection, so that of a process that was killed is free again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psycopg
from psycopg.pq import Conninfo
from sqlalchemy import URL, Connection, Engine, Select, create_engine, delete, func, make_url, select, update
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from samepicture import ledger
from samepicture.settings import SettingError
from samepicture.warehouse import access, postgres_dump, schema
from samepicture.warehouse.base import NOTHING_LOADED, WAIT_SECONDS, DbtTarget, WarehouseError
from samepicture.warehouse.postgres_build import NEXT, drop_unseen, take_over
from samepicture.warehouse.postgres_copy import copy_parquet, export_parquet, frames
from samepicture.warehouse.tables import raw_tables

if TYPE_CHECKING:
    import polars as pl

    from samepicture.warehouse.duckdb import DuckDBWarehouse

WRITERS = "access.writer"
"""Whoever writes locks this table. Nobody else has a right on it, while an advisory lock is anybody's who may log in."""
FIRST_WRITER = 0x53616D65
"""The advisory lock under which it is made, before there is anybody else."""
LOOK_SECONDS = 20
"""The longest question of somebody who looks at ops: an API server has better to do."""
OLDEST = 160000
"""PostgreSQL 16 says whether a text is a date (pg_input_is_valid)."""
OPTIONS = "-c TimeZone=UTC -c client_connection_check_interval=2s -c idle_in_transaction_session_timeout=0"
"""A day is a day in UTC, whatever the server's zone; who was killed in the middle of a long statement gives its lock back;
the writers' lock is held while dbt works, on connections of its own."""


class PostgresWarehouse:
    """Short-lived connections to the server."""

    def __init__(self, url: str) -> None:
        self.url: URL = make_url(url).set(drivername="postgresql+psycopg")
        self._engine: Engine = create_engine(
            self.url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"options": OPTIONS, "application_name": "samepicture"},
            # A % in dbt's SQL is a per cent sign.
            execution_options={"no_parameters": True},
        )

    @contextmanager
    def writer(self) -> Iterator[Connection]:
        """One transaction, alone among writers. Raises WarehouseError after WAIT_SECONDS in the queue."""
        with self._connect() as connection, connection.begin():
            _queue(connection)
            yield connection

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """One transaction that sees one state of the tables, and changes nothing."""
        with self._connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def as_role(self, role: str) -> Iterator[tuple[Any, Connection]]:
        """The server itself refuses what the role may not read. Of an organisation's own rows it shows none: nobody has logged in."""
        with self.reader() as connection:
            built = ledger.last_build(connection)
            _become(connection, role)
            yield built, connection

    @contextmanager
    def operations(self) -> Iterator[tuple[datetime | None, Connection]]:
        """Now: readers wait for nobody. The server refuses what engineers may not read, and a question that takes too long."""
        with self.reader() as connection:
            connection.exec_driver_sql(f"set local statement_timeout = '{LOOK_SECONDS}s'")
            if connection.exec_driver_sql("select to_regclass('ops.submission') is null").scalar_one():
                raise WarehouseError(NOTHING_LOADED)
            _become(connection, "engineer")
            yield None, connection

    def _connect(self) -> Connection:
        try:
            return self._engine.connect()
        except OperationalError as error:
            raise WarehouseError(
                f"The warehouse at {self.url.host or self.url.query.get('host', 'localhost')} can't be reached as user "
                f"{self.url.username!r}: check SAMEPICTURE_WAREHOUSE and that the server is up. It said: {str(error.orig).strip()}"
            ) from None

    def create(self) -> None:
        """Make raw and ops, or migrate them to the present shape, and the roles. Raises SettingError for a database that can't be used."""
        with self.reader() as connection:
            if schema.is_present(connection) and access.is_established(connection):
                return
            _check(connection)
        with self.writer() as connection:
            schema.migrate(connection)
            access.establish(connection)

    def insert_parquet(self, connection: Connection, table: str, path: Path) -> int:
        """Append a Parquet file to a table by column name; the number of rows. Part of the caller's transaction."""
        return copy_parquet(connection, table, path)

    @contextmanager
    def dbt(self) -> Iterator[DbtTarget]:
        """The writers' turn; dbt makes schemas that nobody sees yet, from nothing."""
        with self.writer():
            with self._connect() as connection, connection.begin():
                drop_unseen(connection)
                user: str = connection.exec_driver_sql("select session_user").scalar_one()
                last = ledger.next_load_number(connection) - 1
            yield DbtTarget("shared", {"PGUSER": user, **_libpq(self.url), "SAMEPICTURE_SCHEMA_PREFIX": NEXT}, last, NEXT)

    def take_over(self, connection: Connection) -> None:
        """Let what dbt has made show, all at once."""
        take_over(connection)

    def publish(self, *, afresh: bool = False) -> None:  # noqa: ARG002 - there is no copy
        """Builds show at their commit: they are only marked, so that it is known which had their Data Docs rendered."""
        with self.writer() as connection:
            unmarked = select(ledger.build.c.build_id).where(ledger.build.c.published_at.is_(None))
            ledger.mark_published(connection, connection.execute(unmarked).scalars().all())

    def is_published(self, build: Any) -> bool:
        """Whether it was marked."""
        return build.published_at is not None

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Ask the server, with the rights of the URL's user, in a transaction that can't write. Raises WarehouseError."""
        with self.reader() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            try:
                cursor = driver.execute(sql.encode(), binary=True)  # of several statements in one text the first could end the transaction
                return [column.name for column in cursor.description or []], cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                raise WarehouseError(f"the query could not run: {str(error).strip()}") from None

    def export_parquet(self, connection: Connection, statement: Select[Any], path: Path) -> None:
        """Write the rows of a query to a Parquet file, batch by batch."""
        export_parquet(connection, statement, path)

    def frames(self, connection: Connection, statement: Select[Any]) -> Iterator[pl.DataFrame]:
        """The rows of a query, batch by batch."""
        return frames(connection, statement)

    def rekey_openings(self, connection: Connection, pairs: str) -> None:
        """The diary of openings names records by their pseudonyms."""
        access.rekey_openings(connection, pairs)

    def compact(self) -> None:
        """VACUUM FULL of our tables, the diary of openings first without what went; who reads one waits for it.

        What went stays in the WAL until the server has recycled it.
        """
        with self.writer() as connection:
            access.forget_gone(connection)
        with self.writer(), self._connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            found = connection.exec_driver_sql(
                "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
            )
            relations: Sequence[str] = found.scalars().all()
            for relation in relations:
                if relation != WRITERS:
                    connection.exec_driver_sql(f"vacuum (full, analyze) {relation}")

    def dump(self, write: Callable[[IO[bytes]], object]) -> None:
        """pg_dump: one snapshot of the whole database; nobody waits."""
        postgres_dump.dump(_libpq(self.url), write)

    def restore(self, read: Callable[[IO[bytes]], object]) -> None:
        """pg_restore, in one transaction; the roles first, which a dump of one database does not hold. Raises WarehouseError."""
        with self._connect() as connection, connection.begin():
            _check(connection)
            access.make_roles(connection)
        postgres_dump.restore(_libpq(self.url), read)
        with self.writer() as connection:
            access.establish(connection)

    def is_empty(self) -> bool:
        """Whether the database has no ledger yet."""
        with self.reader() as connection:
            return connection.exec_driver_sql("select to_regclass('ops.submission') is null").scalar_one() is True

    def take_place(self, other: DuckDBWarehouse, is_right: Callable[[Connection], bool]) -> bool:
        """Copy raw and ops of the other one here, in one transaction: tables stay, and the rights on them. The next build makes the rest."""
        with self.writer() as connection:
            if not is_right(connection):
                return False
            with tempfile.TemporaryDirectory() as folder, other.writer() as source:
                for table in (*raw_tables().tables.values(), *ledger.metadata.tables.values()):
                    if table.name == ledger.build.name:
                        continue  # of this database: what it shows is of before
                    other.export_parquet(source, select(table), path := Path(folder) / "rows.parquet")
                    connection.execute(delete(table))
                    copy_parquet(connection, f'"{table.schema}"."{table.name}"', path)
            builds: int = connection.execute(select(func.coalesce(func.max(ledger.build.c.load_number), 0))).scalar_one()
            table = ledger.submission
            connection.execute(update(table).values(load_number=builds + 1, replaced_row_count=table.c.loaded_row_count))
        return True


def _become(connection: Connection, role: str) -> None:
    try:
        connection.exec_driver_sql(f"set local role {access.role_name(role)}")
    except ProgrammingError:
        raise WarehouseError(
            f"The user of SAMEPICTURE_WAREHOUSE may not take on the role {access.role_name(role)}: the database's roles are of an earlier "
            "version; `samepicture status` brings them up to date."
        ) from None


def _queue(connection: Connection) -> None:
    """Wait for the writers' lock; what waits for a table inside waits no longer either."""
    connection.exec_driver_sql(f"set lock_timeout = '{WAIT_SECONDS:.0f}s'")
    try:
        if connection.exec_driver_sql(f"select to_regclass('{WRITERS}')").scalar_one() is None:
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({FIRST_WRITER})")
            connection.exec_driver_sql("create schema if not exists access")
            connection.exec_driver_sql(f"create table if not exists {WRITERS} ()")
        connection.exec_driver_sql(f"lock table {WRITERS} in exclusive mode")
    except OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        raise WarehouseError(
            f"Another process has been writing to the warehouse for {WAIT_SECONDS:.0f} s: look for a build or load that hangs "
            f"(pg_locks names the process that has {WRITERS}), then do the same again; it is safe to repeat."
        ) from None


def _check(connection: Connection) -> None:
    """Refuse a server or a database on which the marts would differ from those of other engines."""
    version: int = connection.exec_driver_sql("select cast(current_setting('server_version_num') as integer)").scalar_one()
    if version < OLDEST:
        raise SettingError(f"SAMEPICTURE_WAREHOUSE is a PostgreSQL {version // 10000} server: 16 is the oldest that will do.")
    # Which of two names is the first, and which are the same but for their case, must not hang on a country.
    is_plain: bool = connection.exec_driver_sql("select 'B' < 'a' and 'z' < 'é' and lower('É') = 'é'").scalar_one()
    if not is_plain:
        raise SettingError(
            "SAMEPICTURE_WAREHOUSE is a database that does not order texts by their code points in UTF-8: make one with "
            "`create database samepicture template template0 encoding 'UTF8' locale 'C.UTF-8'`."
        )
    access.check_owner(connection)


def _libpq(url: URL) -> dict[str, str]:
    """The URL as the environment variables of libpq, which psql and dbt's profile read too."""
    given = Conninfo.parse(url.set(drivername="postgresql").render_as_string(hide_password=False).encode())
    found = {option.envvar.decode(): option.val.decode() for option in given if option.envvar and option.val is not None}
    return {**found, "PGOPTIONS": OPTIONS}
