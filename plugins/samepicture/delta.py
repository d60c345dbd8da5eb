"""Remakes only the rows whose records changed, in models that are made record by record.

Such a model says so in its yml: `meta: {keyed_by: [...]}`. Each of its rows, known by these
columns, comes from one record of a changed table, whatever else is in it, and from tables
that did not change. Its SQL, run on the changed records alone, then gives just the rows
that are new; run on the same records as they were, it gives those that go.

A model that sums over records (a mart, as a rule) is made whole. So is everything where
this would not be right: a submission that replaced an earlier load, many records at once,
other dimensions, other feeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, MetaData, String, Table, TextClause, bindparam, delete, inspect, text

CHANGES = "changes"
"""Schema of the keys that each build touched, a table a model, until the analysts' copy has taken them over."""
SHARE_MAX = 0.1
"""Of a raw table: with more changed rows than this it is quicker to make the models whole."""


@dataclass(frozen=True)
class Changed:
    """The rows of one relation that changed, before and after, as the names of two temporary tables."""

    before: str
    after: str


@dataclass(frozen=True)
class Source:
    """A raw table that submissions have added to."""

    relation: str
    submission_ids: tuple[str, ...]


def is_small(connection: Connection, source: Source) -> bool:
    """Whether what was added is little, beside what is there."""
    added: int = connection.execute(
        _of(source, f"select count(*) from {source.relation} where submission_id in :ids")  # noqa: S608 - our own names
    ).scalar_one()
    total: int = connection.exec_driver_sql(f"select count(*) from {source.relation}").scalar_one()  # noqa: S608
    return added <= SHARE_MAX * total


def of_source(connection: Connection, source: Source, keyed_by: Sequence[str], name: str) -> Changed:
    """All versions of the records that the submissions touched: without these submissions, and with them."""
    before, after = f"before {name}", f"after {name}"
    columns = ", ".join(keyed_by)
    connection.execute(
        _of(
            source,
            f"""create or replace temp table "{after}" as
            with touched as (select distinct {columns} from {source.relation} where submission_id in :ids)
            select * from {source.relation} as records
            where exists (select 1 from touched where {_same("records", "touched", keyed_by)})""",  # noqa: S608
        )
    )
    connection.execute(_of(source, f'create or replace temp table "{before}" as select * from "{after}" where submission_id not in :ids'))  # noqa: S608
    return Changed(_temporary(before), _temporary(after))


def apply(
    connection: Connection,
    relation: str,
    name: str,
    sql: str,
    keyed_by: Sequence[str],
    parents: Mapping[str, Changed | None],
    build_id: str,
) -> Changed:
    """Replace the rows of a model whose records changed; notes their keys for publishing.

    `parents` are the relations that its SQL reads and that hold records: with what changed
    in them, or None where nothing did. What else it reads is read as it is.
    """
    columns = ", ".join(keyed_by)
    before, after, keys = f"before {name}", f"after {name}", f"keys {name}"
    earlier = {parent: changed.before if changed else _none_of(connection, parent) for parent, changed in parents.items()}
    now = {parent: changed.after if changed else _none_of(connection, parent) for parent, changed in parents.items()}
    connection.exec_driver_sql(f'create or replace temp table "{after}" as {reading(sql, now)}')
    connection.exec_driver_sql(
        f"""create or replace temp table "{keys}" as
        select distinct {columns} from ({reading(sql, earlier)}) union select distinct {columns} from "{after}" """  # noqa: S608
    )
    connection.exec_driver_sql(
        f"""create or replace temp table "{before}" as select * from {relation} as earlier
        where exists (select 1 from "{keys}" as keys where {_same("earlier", "keys", keyed_by)})"""  # noqa: S608
    )
    _replace(connection, relation, f'"{keys}"', f'"{after}"', keyed_by)
    connection.exec_driver_sql(f"create schema if not exists {CHANGES}")
    connection.exec_driver_sql(f"create table if not exists {CHANGES}.{name} as select '' as build_id, * from \"{keys}\" where false")  # noqa: S608
    connection.exec_driver_sql(f"insert into {CHANGES}.{name} select '{build_id}', * from \"{keys}\"")  # noqa: S608 - a hexadecimal number of ours
    return Changed(_temporary(before), _temporary(after))


def has_lost(connection: Connection, changed: Changed, keyed_by: Sequence[str]) -> bool:
    """Whether a key that was in the changed rows is no longer there."""
    columns = ", ".join(keyed_by)
    lost = f"select {columns} from {changed.before} except select {columns} from {changed.after}"  # noqa: S608 - our own names
    return connection.exec_driver_sql(f"{lost} limit 1").first() is not None


def reading(sql: str, relations: Mapping[str, str]) -> str:
    """dbt's SQL with other tables in the place of some; it quotes every part of their names."""
    for relation, other in relations.items():
        sql = sql.replace(relation, other)
    return sql


def forget(connection: Connection, build_ids: Sequence[str]) -> None:
    """Drop the keys that these builds touched: the analysts' copy has taken them over. Those of a build that came meanwhile stay."""
    for table in inspect(connection).get_table_names(schema=CHANGES):
        keys = Table(table, MetaData(schema=CHANGES), Column("build_id", String))
        connection.execute(delete(keys).where(keys.c.build_id.in_(build_ids)))


def forget_all(connection: Connection) -> None:
    """Drop all keys: every model was made whole, by SQL that may know its rows by other columns now."""
    connection.exec_driver_sql(f"drop schema if exists {CHANGES} cascade")


def _replace(connection: Connection, relation: str, keys: str, rows: str, keyed_by: Sequence[str]) -> None:
    """Take the rows of these keys away, and put others in."""
    table = relation.rsplit(".", 1)[-1]
    connection.exec_driver_sql(
        f"delete from {relation} where exists (select 1 from {keys} as keys where {_same(table, 'keys', keyed_by)})"  # noqa: S608
    )
    connection.exec_driver_sql(f"insert into {relation} by name select * from {rows}")  # noqa: S608


def _of(source: Source, sql: str) -> TextClause:
    return text(sql).bindparams(bindparam("ids", list(source.submission_ids), expanding=True))


def _none_of(connection: Connection, relation: str) -> str:
    name = "none of " + relation.rsplit(".", 1)[-1].strip('"')
    connection.exec_driver_sql(f'create or replace temp table "{name}" as select * from {relation} where false')  # noqa: S608
    return _temporary(name)


def _same(left: str, right: str, columns: Sequence[str]) -> str:
    return " and ".join(f"{left}.{column} is not distinct from {right}.{column}" for column in columns)


def _temporary(name: str) -> str:
    return f'temp."{name}"'
