"""The shape of raw and ops on a PostgreSQL server: Alembic's migrations, which lead to what contracts and ledger say.

A changed contract or ledger needs a migration (`alembic revision --autogenerate` writes
the draft); a test fails without it. DuckDB's tables gain their columns by themselves.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.schema import SetColumnComment, SetTableComment

from samepicture import ledger
from samepicture.warehouse.tables import raw_tables

METADATA = (raw_tables(), ledger.metadata)


def _ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether Alembic looks at a schema: what dbt makes is no matter of migrations."""
    return kind != "schema" or name in ("raw", "ops")


COMPARED: dict[str, Any] = {
    "target_metadata": METADATA,
    "version_table_schema": "ops",
    "include_schemas": True,
    "include_name": _ours,
}
"""How Alembic sees this database."""
WITH_PARAMETERS = {"no_parameters": False}
"""SQLAlchemy doubles the per cent signs of a comment, as statements with parameters need it."""


def is_present(connection: Connection) -> bool:
    """Whether all migrations were made."""
    return MigrationContext.configure(connection, opts={"version_table_schema": "ops"}).get_current_revision() == _head()


def migrate(connection: Connection, to: str = "head") -> None:
    """Make those that are missing, on whatever rows there are, and say of each table and column what it means."""
    connection.exec_driver_sql("create schema if not exists ops")  # Alembic's own table is there
    configuration = _configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, to)
    if to != "head":
        return
    for metadata in METADATA:
        for table in metadata.tables.values():
            connection.execute(SetTableComment(table), execution_options=WITH_PARAMETERS)
            for column in table.columns:
                if column.comment:
                    connection.execute(SetColumnComment(column), execution_options=WITH_PARAMETERS)


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return configuration


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(_configuration()).get_current_head()
