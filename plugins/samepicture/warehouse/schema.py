"""raw and ops on a PostgreSQL server."""

from __future__ import annotations

from sqlalchemy import Connection, inspect

from samepicture import ledger
from samepicture.warehouse.tables import raw_tables


def is_present(connection: Connection) -> bool:
    """Whether the tables have their present shape."""
    return inspect(connection).has_table("submission", "ops")


def migrate(connection: Connection) -> None:
    """Bring them into it."""
    for schema in ("raw", "ops"):
        connection.exec_driver_sql(f"create schema if not exists {schema}")
    for tables in (raw_tables(), ledger.metadata):
        tables.create_all(connection)
