"""Engines: one SQLAlchemy URL chooses the warehouse; what differs between engines is here."""

from __future__ import annotations

from sqlalchemy import Connection

from samepicture.settings import SettingError, Settings
from samepicture.warehouse.base import BuildSQL, DbtTarget, Warehouse, WarehouseError


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse at SAMEPICTURE_WAREHOUSE. Raises SettingError for an engine that we don't have."""
    engine = settings.warehouse.split(":", 1)[0]
    if settings.warehouse.startswith("duckdb:///"):
        from samepicture.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(settings.warehouse, settings.picture, settings.memory)
    if engine in ("postgresql", "postgresql+psycopg"):
        from samepicture.warehouse.postgres import PostgresWarehouse

        return PostgresWarehouse(settings.warehouse)
    raise SettingError(
        f"SAMEPICTURE_WAREHOUSE is {engine}:..., which no engine serves: use duckdb:///<file> or postgresql://<user>:<password>@<host>/<database>."
    )


def build_sql(connection: Connection) -> BuildSQL:
    """What a build says on the engine of this connection."""
    if connection.dialect.name == "duckdb":
        from samepicture.warehouse.duckdb import DuckDBBuild

        return DuckDBBuild()
    from samepicture.warehouse.postgres_build import PostgresBuild

    return PostgresBuild()


__all__ = ["BuildSQL", "DbtTarget", "Warehouse", "WarehouseError", "build_sql", "open_warehouse"]
