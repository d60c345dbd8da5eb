"""The raw tables, made from the contracts: the same on every engine."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Column, MetaData, Table, types

from samepicture.records import CONTRACTS, PROVENANCE, Kind

SQL_TYPES: dict[Kind, types.TypeEngine[Any]] = {
    Kind.INTEGER: types.BigInteger(),
    Kind.DECIMAL: types.Double(),
    Kind.DATE: types.Date(),
    Kind.TIMESTAMP: types.DateTime(timezone=True),
    Kind.BOOLEAN: types.Boolean(),
}


@cache
def raw_tables() -> MetaData:
    """One table a record type: its contract's columns, then provenance. No keys: history stays."""
    metadata = MetaData(schema="raw")
    for contract in CONTRACTS.values():
        columns = [
            Column(column.name, SQL_TYPES.get(column.kind, types.String()), comment=column.description)
            for column in (*contract.columns, *PROVENANCE)
        ]
        Table(contract.record_type, metadata, *columns, comment=f"{contract.title}: {contract.grain}.")
    return metadata


def raw_table(record_type: str) -> Table:
    """The raw table of one record type."""
    return raw_tables().tables[f"raw.{record_type}"]
