"""Rows into and out of PostgreSQL: Parquet, batch by batch; in as CSV that COPY reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Connection, Select

from samepicture.ahead import ahead

if TYPE_CHECKING:
    import polars as pl

BATCH_ROWS = 20_000


def copy_parquet(connection: Connection, table: str, path: Path) -> int:
    """Append a Parquet file to a table by column name, in the connection's transaction; the number of rows.

    A batch is made while the server takes in the one before.
    """
    import polars as pl
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)

    def texts() -> Iterator[memoryview]:
        for batch in file.iter_batches(BATCH_ROWS):
            text = BytesIO()
            pl.DataFrame(batch).write_csv(text, include_header=False)  # as PostgreSQL reads it: an empty text is "", NULL is nothing
            yield text.getbuffer()

    columns = ", ".join(f'"{name}"' for name in file.schema_arrow.names)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor:
        with cursor.copy(f"copy {table} ({columns}) from stdin (format csv)".encode()) as copy, ahead(texts()) as made:
            for text in made:
                copy.write(text)
        rows: int = cursor.rowcount
    return rows


def frames(connection: Connection, statement: Select[Any]) -> Iterator[pl.DataFrame]:
    """The rows of a query, batch by batch, as the connection's transaction sees them; no batch where there are none."""
    import polars as pl

    types = _types(statement)
    for rows in connection.execute(statement, execution_options={"yield_per": BATCH_ROWS}).partitions():
        yield pl.DataFrame([tuple(row) for row in rows], schema=types, orient="row")


def export_parquet(connection: Connection, statement: Select[Any], path: Path) -> None:
    """Write the rows of a query to a Parquet file, as the connection's transaction sees them."""
    import polars as pl
    import pyarrow.parquet as pq

    level = pl.CompatLevel.oldest()
    with pq.ParquetWriter(path, pl.DataFrame(schema=_types(statement)).to_arrow(compat_level=level).schema, compression="lz4") as target:
        for frame in frames(connection, statement):
            target.write_table(frame.to_arrow(compat_level=level))


def _types(statement: Select[Any]) -> dict[str, Any]:
    import polars as pl

    kinds = {int: pl.Int64, float: pl.Float64, bool: pl.Boolean, date: pl.Date, datetime: pl.Datetime("us", "UTC")}
    return {column.name: kinds.get(column.type.python_type, pl.String) for column in statement.selected_columns}
