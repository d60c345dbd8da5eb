"""Engines: one SQLAlchemy URL chooses the warehouse; what differs between engines is here."""

from __future__ import annotations

from samepicture.settings import SettingError, Settings
from samepicture.warehouse.duckdb import DuckDBWarehouse

Warehouse = DuckDBWarehouse


def open_warehouse(settings: Settings) -> DuckDBWarehouse:
    """The warehouse at SAMEPICTURE_WAREHOUSE. Raises SettingError for an engine that we don't have."""
    if settings.warehouse.startswith("duckdb:///"):
        return DuckDBWarehouse(settings.warehouse)
    raise SettingError(f"SAMEPICTURE_WAREHOUSE is {settings.warehouse.split(':')[0]}:..., which no engine serves: use duckdb:///<file>.")
