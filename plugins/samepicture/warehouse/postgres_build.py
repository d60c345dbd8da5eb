"""A build's SQL in PostgreSQL, and how what dbt has made comes to show.

Rights and policies lie on tables, and people are in the middle of queries: so a table
stays, and its rows are replaced. Who reads it sees the rows of before until the commit.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from samepicture.warehouse.base import WarehouseError, append
from samepicture.warehouse.tables import key_hash

NEXT = "next_"
"""Prefix of the schemas that dbt makes: nobody sees them before they are whole."""
SCHEMAS = ("staging", "conformed", "marts", "published")
MOVE_WAIT = "10s"
"""How long a table that has changed its shape waits for those who are reading it, and lets others wait."""

SHAPES = """
    select
        namespaces.nspname,
        tables.relname,
        concat_ws(
            E'\\n',
            (
                select string_agg(concat_ws(' ', attname, atttypid::regtype, attnotnull, attacl, attstattarget), E'\\n' order by attnum)
                from pg_attribute
                where attrelid = tables.oid and attnum > 0 and not attisdropped
            ),
            (
                select string_agg(replace(pg_get_indexdef(indexrelid), 'next_', ''), E'\\n' order by indexrelid)
                from pg_index
                where indrelid = tables.oid
            ),
            (
                select string_agg(concat_ws(' ', policyname, permissive, roles, cmd, qual, with_check), E'\\n' order by policyname)
                from pg_policies
                where schemaname = namespaces.nspname and tablename = tables.relname
            ),
            tables.relacl,
            tables.relrowsecurity,
            tables.relforcerowsecurity,
            obj_description(tables.oid)
        ) as shape
    from pg_class as tables
    inner join pg_namespace as namespaces on tables.relnamespace = namespaces.oid
    where tables.relkind = 'r' and namespaces.nspname = any(%(schemas)s)
"""
"""Everything about a table but its rows."""


class PostgresBuild:
    """A build's SQL in PostgreSQL."""

    def temporary(self, connection: Connection, name: str, sql: str) -> str:
        """Make a temporary table of a query, with statistics; its quoted name."""
        relation = f'pg_temp."{name}"'
        connection.exec_driver_sql(f"drop table if exists {relation}")
        connection.exec_driver_sql(f'create temp table "{name}" on commit drop as {sql}')
        connection.exec_driver_sql(f"analyze {relation}")
        return relation

    def refill(self, connection: Connection, relation: str, sql: str) -> None:
        """Replace the rows: the table, and who is reading it, stays."""
        connection.exec_driver_sql(f"delete from {relation}")  # noqa: S608 - dbt's own name
        append(connection, relation, sql)

    def is_same(self, left: str, right: str, columns: Sequence[str]) -> str:
        """The condition that two rows have these columns the same.

        PostgreSQL looks up no index for `is not distinct from`, nor joins by a hash of it; of the hash of a row it does both.
        """
        same = (f"{left}.{column} is not distinct from {right}.{column}" for column in columns)
        return " and ".join([f"{key_hash(columns, left)} = {key_hash(columns, right)}", *same])

    def note_changes(self, connection: Connection, relation: str, model: str, keys: str, rows: str, build_id: str) -> None:
        """Nothing is to be copied: what is committed shows."""


def drop_unseen(connection: Connection) -> None:
    """Drop what a dbt run has left that did not end."""
    for name in SCHEMAS:
        connection.exec_driver_sql(f"drop schema if exists {NEXT}{name} cascade")


def take_over(connection: Connection) -> None:
    """Let what dbt has made show, as part of the caller's transaction.

    A table that would differ in nothing but its rows gets the new rows. One of another
    shape, or with other rights, takes the place of the old, after everything else: those
    who ask for it then wait for the rest of the transaction, and for those who are reading.
    Raises WarehouseError where these read on.
    """
    shapes = {
        (row[0], row[1]): row[2]
        for row in connection.exec_driver_sql(SHAPES, {"schemas": [prefix + name for prefix in ("", NEXT) for name in SCHEMAS]})
    }
    made = [(schema, table) for schema, table in shapes if schema.startswith(NEXT)]
    moved = [(schema, table) for schema, table in made if shapes.get((schema.removeprefix(NEXT), table)) != shapes[schema, table]]
    for schema in {schema for schema, _ in made}:
        connection.exec_driver_sql(f"create schema if not exists {schema.removeprefix(NEXT)}")
    for schema, table in made:
        if (schema, table) not in moved:
            shown = f'"{schema.removeprefix(NEXT)}"."{table}"'
            connection.exec_driver_sql(f"delete from {shown}")  # noqa: S608 - names out of our own catalogue
            append(connection, shown, f'select * from "{schema}"."{table}"')  # noqa: S608
    connection.exec_driver_sql(f"set local lock_timeout = '{MOVE_WAIT}'")
    for schema, table in moved:
        shown = schema.removeprefix(NEXT)
        try:
            connection.exec_driver_sql(f'drop table if exists "{shown}"."{table}" cascade')
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
            raise WarehouseError(
                f"The project gives {shown}.{table} another shape, and somebody has been reading it for {MOVE_WAIT}: nothing was changed. "
                "Build again when that query has ended (pg_stat_activity shows it)."
            ) from None
        connection.exec_driver_sql(f'alter table "{schema}"."{table}" set schema "{shown}"')
    drop_unseen(connection)
