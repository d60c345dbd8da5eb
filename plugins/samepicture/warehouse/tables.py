"""The raw tables, made from the contracts: the same on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Index, MetaData, Table, text, types

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
    """One table a record type: its contract's columns, then provenance. No keys: history stays.

    PostgreSQL looks up submissions and records by index; DuckDB reads columns faster than it would keep one.
    """
    metadata = MetaData(schema="raw")
    for contract in CONTRACTS.values():
        columns = [
            Column(column.name, SQL_TYPES.get(column.kind, types.String()), comment=column.description)
            for column in (*contract.columns, *PROVENANCE)
        ]
        indexes = (
            Index(f"{contract.record_type}_submission", "submission_id").ddl_if(dialect="postgresql"),
            Index(f"{contract.record_type}_record", text(key_hash(contract.record_key))).ddl_if(dialect="postgresql"),
        )
        Table(contract.record_type, metadata, *columns, *indexes, comment=f"{contract.title}: {contract.grain}.")
    return metadata


def key_hash(columns: Sequence[str], table: str = "") -> str:
    """One number for a key of several columns, NULLs among them, in PostgreSQL: what indexes of keys hold.

    Of a key of long texts an index could not hold the texts; and `is not distinct from` looks up no index.
    """
    prefix = f"{table}." if table else ""
    return f"hash_record_extended(row({', '.join(prefix + column for column in columns)}), 0)"


def raw_table(record_type: str) -> Table:
    """The raw table of one record type."""
    return raw_tables().tables[f"raw.{record_type}"]


def words_of(record_type: str) -> tuple[str, ...]:
    """The columns of a raw table that hold people's words, or may: narratives, and what the contract has no column for."""
    return (*CONTRACTS[record_type].of_kind(Kind.NARRATIVE), "unmapped")
