"""Remakes only the rows whose records changed, in models that are made record by record.

Such a model says so in its yml: `meta: {keyed_by: [...]}`. Each of its rows, known by these
columns, comes from one record of a changed table, whatever else is in it, and from tables
that did not change. Its SQL, run on the changed records alone, then gives just the rows
that are new; run on the same records as they were, it gives those that go.

A model that counts records by what they say may be kept by differences (`summed: true`
beside it): what the changed records counted for is taken away, what they count for now is
added. One that something else changes too, such as the day (`compared: true`), is made
whole then and compared with what it was, so that what depends on it is still made record
by record. Any other (a mart, as a rule) is made whole. So is everything where this would not
be right: a submission that replaced an earlier load, many records at once, other
dimensions, other feeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from samepicture.warehouse import build_sql
from samepicture.warehouse.base import append

BY_RECORD = "~"
"""After the name of a table in the ledger: only rows of changed records were made."""
COMPARED_MAX = 10_000
"""Rows of a model that is compared with what it was."""
SHARE_MAX = 0.1
"""Of a raw table: with more changed rows than this it is quicker to make the models whole."""
FEW = 1_000
"""So many are little, whatever the share: a log of fifty activities stands in the same models as a million complaints."""


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
    """Whether what was added is little, by itself or beside what is there."""
    added: int = connection.exec_driver_sql(f"select count(*) from {source.relation} where {_is_of(source)}").scalar_one()  # noqa: S608 - our own names
    total: int = connection.exec_driver_sql(f"select count(*) from {source.relation}").scalar_one()  # noqa: S608
    return added <= max(FEW, SHARE_MAX * total)


def of_source(connection: Connection, source: Source, keyed_by: Sequence[str], name: str) -> Changed:
    """All versions of the records that the submissions touched: without these submissions, and with them."""
    engine = build_sql(connection)
    columns = ", ".join(keyed_by)
    touched = engine.temporary(connection, f"touched {name}", f"select distinct {columns} from {source.relation} where {_is_of(source)}")  # noqa: S608
    after = engine.temporary(
        connection,
        f"after {name}",
        f"""select records.* from {touched} as touched
        inner join {source.relation} as records on {engine.is_same("records", "touched", keyed_by)}""",  # noqa: S608
    )
    return Changed(engine.temporary(connection, f"before {name}", f"select * from {after} where not {_is_of(source)}"), after)  # noqa: S608


def nothing_of(connection: Connection, relation: str, name: str) -> Changed:
    """Of a relation of which nothing changed."""
    nothing = build_sql(connection).temporary(connection, f"nothing of {name}", f"select * from {relation} where false")  # noqa: S608 - dbt's own name
    return Changed(nothing, nothing)


def rerun(connection: Connection, name: str, sql: str, parents: Mapping[str, Changed]) -> Changed:
    """What a model gives of the changed records, as they were and as they are; its own table is left alone.

    `parents` are the relations that its SQL reads and that hold records, with what changed in
    them. What else it reads is read as it is.
    """
    engine = build_sql(connection)
    earlier = {parent: changed.before for parent, changed in parents.items()}
    now = {parent: changed.after for parent, changed in parents.items()}
    before = engine.temporary(connection, f"before {name}", reading(sql, earlier))
    return Changed(before, engine.temporary(connection, f"after {name}", reading(sql, now)))


def apply(connection: Connection, relation: str, name: str, changed: Changed, keyed_by: Sequence[str], build_id: str) -> Changed:
    """Replace the rows of a model whose records changed by what it gives of them now; notes their keys for publishing."""
    columns = ", ".join(keyed_by)
    distinct = " union ".join(f"select {columns} from {rows}" for rows in (changed.before, changed.after))  # noqa: S608 - our own names
    keys = build_sql(connection).temporary(connection, f"keys {name}", distinct)
    _replace(connection, relation, name, keys, changed.after, keyed_by, build_id)
    return changed


def add_up(connection: Connection, relation: str, name: str, changed: Changed, keyed_by: Sequence[str], build_id: str) -> Changed:
    """The same for a model that counts: take away what the records counted for, add what they count for now.

    All its columns but `keyed_by` are sums of whole numbers, one of them of its rows; a row of which nothing is left goes.
    """
    engine = build_sql(connection)
    columns = ", ".join(keyed_by)
    sums = [column for column in _columns(connection, relation) if column not in keyed_by]
    totals = ", ".join(f"cast(sum({column}) as bigint) as {column}" for column in sums)
    is_something = " or ".join(f"sum({column}) <> 0" for column in sums)

    def added_up(name: str, rows: str) -> str:
        return engine.temporary(
            connection,
            name,
            f"select {columns}, {totals} from ({rows}) as rows group by {columns} having {is_something}",  # noqa: S608 - our own names
        )

    taken = ", ".join(f"-{column} as {column}" for column in sums)
    difference = added_up(
        f"difference {name}",
        f"select {columns}, {', '.join(sums)} from {changed.after} union all select {columns}, {taken} from {changed.before}",  # noqa: S608
    )
    before = engine.temporary(
        connection,
        f"before {name}",
        f"select counted.* from {difference} as difference inner join {relation} as counted on {engine.is_same('counted', 'difference', keyed_by)}",  # noqa: S608
    )
    all_columns = f"{columns}, {', '.join(sums)}"
    after = added_up(f"after {name}", f"select {all_columns} from {before} union all select {all_columns} from {difference}")  # noqa: S608
    keys = engine.temporary(connection, f"keys {name}", f"select {columns} from {difference}")  # noqa: S608
    _replace(connection, relation, name, keys, after, keyed_by, build_id)
    return Changed(before, after)


def compare(connection: Connection, relation: str, name: str, sql: str, keyed_by: Sequence[str], build_id: str) -> Changed | None:
    """Make a model whole, and tell which of its records are not what they were; None where all are.

    Its SQL gives its columns in the order in which its table has them, as that of every model does.
    """
    engine = build_sql(connection)
    fresh = engine.temporary(connection, f"fresh {name}", sql)
    columns = ", ".join(keyed_by)

    def differing(these: str, those: str) -> str:
        return f"select {columns} from (select * from {these} except select * from {those}) as differing"  # noqa: S608 - dbt's own name

    keys = engine.temporary(connection, f"keys {name}", f"{differing(relation, fresh)} union {differing(fresh, relation)}")
    if connection.exec_driver_sql(f"select 1 from {keys} limit 1").first() is None:  # noqa: S608
        return None

    def of_keys(version: str, rows: str) -> str:
        joined = f"select records.* from {keys} as keys inner join {rows} as records on {engine.is_same('records', 'keys', keyed_by)}"  # noqa: S608
        return engine.temporary(connection, f"{version} {name}", joined)

    changed = Changed(of_keys("before", relation), of_keys("after", fresh))
    _replace(connection, relation, name, keys, changed.after, keyed_by, build_id)
    return changed


def _replace(connection: Connection, relation: str, name: str, keys: str, rows: str, keyed_by: Sequence[str], build_id: str) -> None:
    """Put the rows in the place of those that have the keys."""
    engine = build_sql(connection)
    table = relation.rsplit(".", 1)[-1]
    connection.exec_driver_sql(f"delete from {relation} using {keys} as keys where {engine.is_same(table, 'keys', keyed_by)}")  # noqa: S608 - dbt's own name
    append(connection, relation, f"select * from {rows}")  # noqa: S608
    engine.note_changes(connection, relation, name, keys, rows, build_id)


def refill(connection: Connection, relation: str, name: str, sql: str) -> bool:
    """Make a model whole; whether that changed it. One of many rows is taken to have changed: comparing costs as much as making it."""
    engine = build_sql(connection)
    rows: int = connection.exec_driver_sql(f"select count(*) from {relation}").scalar_one()  # noqa: S608 - dbt's own name
    if rows > COMPARED_MAX:
        engine.refill(connection, relation, sql)
        return True
    fresh = engine.temporary(connection, f"fresh {name}", sql)
    # As exact as `except all` both ways, which takes DuckDB several times as long to plan.
    columns = ", ".join(f'"{column}"' for column in _columns(connection, relation))
    both = f"select {columns}, 1 as balance from {relation} union all select {columns}, -1 from {fresh}"  # noqa: S608
    differing = f"select 1 from ({both}) as both_states group by {columns} having sum(balance) <> 0 limit 1"  # noqa: S608
    if connection.exec_driver_sql(differing).first() is None:
        return False
    engine.refill(connection, relation, f"select * from {fresh}")  # noqa: S608
    return True


def has_lost(connection: Connection, changed: Changed, keyed_by: Sequence[str]) -> bool:
    """Whether a key that was in the changed rows is no longer there."""
    columns = ", ".join(keyed_by)
    lost = f"select {columns} from {changed.before} except select {columns} from {changed.after}"  # noqa: S608 - our own names
    return connection.exec_driver_sql(f"{lost} limit 1").first() is not None


def new_references(connection: Connection, changed: Changed, referring: str, referred: Changed | None, column: str) -> str:
    """The changed rows that refer to what none referred to before and what did not come with them: the name of a temporary table.

    The column `referring` refers to `column` of another model, of which `referred` has changed.
    """
    known = f"select {referring} as reference from {changed.before}"  # noqa: S608 - our own names
    if referred is not None:
        known += f" union all select {column} from {referred.after}"  # noqa: S608
    new = f"select * from {changed.after} as rows where not exists (select 1 from ({known}) as known where known.reference = rows.{referring})"  # noqa: S608
    return build_sql(connection).temporary(connection, "new references", new)


def reading(sql: str, relations: Mapping[str, str]) -> str:
    """dbt's SQL with other tables in the place of some; it quotes every part of their names."""
    for relation, other in relations.items():
        sql = sql.replace(relation, other)
    return sql


def _columns(connection: Connection, relation: str) -> list[str]:
    return list(connection.exec_driver_sql(f"select * from {relation} limit 0").keys())  # noqa: S608 - dbt's own name


def _is_of(source: Source) -> str:
    """The condition that a row came in one of these submissions."""
    ids = ", ".join("'{}'".format(submission_id.replace("'", "''")) for submission_id in source.submission_ids)
    return f"submission_id in ({ids})"
