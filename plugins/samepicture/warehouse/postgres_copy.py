"""Rows into PostgreSQL: Parquet, batch by batch, as CSV that COPY reads."""

from __future__ import annotations

from pathlib import Path

import psycopg
from sqlalchemy import Connection

BATCH_ROWS = 50_000


def copy_parquet(connection: Connection, table: str, path: Path) -> int:
    """Append a Parquet file to a table by column name, in the connection's transaction; the number of rows."""
    import polars as pl
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    columns = ", ".join(f'"{name}"' for name in file.schema_arrow.names)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor:
        with cursor.copy(f"copy {table} ({columns}) from stdin (format csv)".encode()) as copy:
            for batch in file.iter_batches(BATCH_ROWS):
                # An empty text is "", and NULL is nothing: polars and PostgreSQL agree.
                copy.write(pl.DataFrame(batch).write_csv(include_header=False).encode())
        rows: int = cursor.rowcount
    return rows
