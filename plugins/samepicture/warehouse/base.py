"""What every engine of the warehouse does. The rest of the code knows no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Select

from samepicture.errors import Explained

if TYPE_CHECKING:
    import polars as pl

    from samepicture.warehouse.duckdb import DuckDBWarehouse

WAIT_SECONDS = 600.0
"""How long a writer queues for its turn before it gives up."""
NOTHING_LOADED = "nothing was loaded yet: `samepicture submit FEED FILE --now`, or run the scheduler"


class WarehouseError(Explained):
    """The warehouse can't be reached, or is busy, or a person's query is none; the message says what to do."""


@dataclass(frozen=True)
class DbtTarget:
    """How dbt reaches a warehouse."""

    name: str
    """Of the target in profiles.yml."""
    environment: Mapping[str, str] = field(repr=False)
    """What profiles.yml and the macros read."""
    load_number: int
    """Up to this load it finds what was loaded: nobody else loads while it works."""
    prefix: str = ""
    """Of the schemas that dbt makes, where they do not show at once."""

    def shown(self, sql: str) -> str:
        """The same SQL, or name of a table, once it shows; dbt quotes every part of a name."""
        return sql.replace(f'."{self.prefix}', '."') if self.prefix else sql


class Warehouse(Protocol):
    """The tables of one installation. Whoever writes is alone, on every engine: loads count, and builds see what they count."""

    def create(self) -> None:
        """Make what is missing of raw and ops, or bring it into its present shape. Safe to repeat."""

    def writer(self) -> AbstractContextManager[Connection]:
        """One transaction, committed at the end of the block and rolled back on any error.

        Waits for other writers, at most WAIT_SECONDS.
        """

    def reader(self) -> AbstractContextManager[Connection]:
        """One transaction that sees one state of the tables, and changes nothing."""

    def as_role(self, role: str) -> AbstractContextManager[tuple[Any, Connection]]:
        """The last build, a row of ops.build (None before the first), and a transaction that sees what a role may, as of then."""

    def operations(self) -> AbstractContextManager[tuple[datetime | None, Connection]]:
        """A transaction that sees ops as engineers may, for who can't wait for a writer; and as of when, where that is not now.

        What was last published has no quarantine, file names or sentences of refused submissions. Raises WarehouseError.
        """

    def insert_parquet(self, connection: Connection, table: str, path: Path) -> int:
        """Append a Parquet file to a table by column name; the number of rows. Part of the caller's transaction."""

    def dbt(self) -> AbstractContextManager[DbtTarget]:
        """The writers' turn for dbt, which connects by itself; what it makes is shown by `take_over` alone."""

    def take_over(self, connection: Connection) -> None:
        """Let what dbt has made show, as part of the caller's transaction."""

    def publish(self, *, afresh: bool = False) -> None:
        """Let analysts see all builds that are committed; with `afresh`, nothing is left in what they read of rows that went."""

    def is_published(self, build: Any) -> bool:
        """Whether analysts see a build: a row of ops.build."""

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Ask as an analyst: the names of the columns, and the rows. It changes nothing. Raises WarehouseError."""

    def export_parquet(self, connection: Connection, statement: Select[Any], path: Path) -> None:
        """Write the rows of a query to a Parquet file, as the caller's transaction sees them."""

    def frames(self, connection: Connection, statement: Select[Any]) -> Iterator[pl.DataFrame]:
        """The rows of a query, batch by batch, as the caller's transaction sees them; columns have the types that the statement says."""

    def rekey_openings(self, connection: Connection, pairs: str) -> None:
        """Where it is written down who opened which narrative: name these by new pseudonyms, out of a table of `before` and `after`."""

    def compact(self) -> None:
        """Write the tables anew from what is in them, so that no byte is left of what was deleted."""

    def dump(self, write: Callable[[IO[bytes]], object]) -> None:
        """Hand the whole warehouse, as one moment saw it, to `write`, as a stream of bytes. Raises WarehouseError."""

    def restore(self, read: Callable[[IO[bytes]], object]) -> None:
        """Fill an empty warehouse with what `dump` gave: `read` writes it to the stream that it is given. All or nothing."""

    def is_empty(self) -> bool:
        """Whether there is nothing in it that could be lost."""

    def take_place(self, other: DuckDBWarehouse, is_right: Callable[[Connection], bool]) -> bool:
        """Have what is in another, embedded warehouse in place of one's own, if that is right now that nobody writes; whether it was.

        All or nothing. What is built of it may have to be built again.
        """


class BuildSQL(Protocol):
    """What a build says differently on each engine."""

    def temporary(self, connection: Connection, name: str, sql: str) -> str:
        """Make a temporary table of a query, in place of an earlier one; its quoted name."""

    def refill(self, connection: Connection, relation: str, sql: str) -> None:
        """Make all rows of a model's table anew, from a query."""

    def is_same(self, left: str, right: str, columns: Sequence[str]) -> str:
        """The condition that two rows have these columns the same: NULL is the same as NULL."""

    def note_changes(self, connection: Connection, relation: str, model: str, keys: str, rows: str, build_id: str) -> None:
        """Keep the keys of a relation's changed rows, and `rows`, which are what they are now, where an analysts' copy is to take them over."""


def append(connection: Connection, relation: str, sql: str) -> None:
    """Add the rows of a query to a table, each column to that of its name."""
    names = connection.exec_driver_sql(f"select * from ({sql}) as of_no_rows limit 0").keys()  # noqa: S608 - dbt's SQL, or our own
    columns = ", ".join(f'"{name}"' for name in names)
    connection.exec_driver_sql(f"insert into {relation} ({columns}) select {columns} from ({sql}) as added")  # noqa: S608
