"""The shape of raw and ops in PostgreSQL: migrations lead to what contracts and ledger say, on a filled warehouse too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, String, inspect

from samepicture import ledger
from samepicture.publish import publish, unpublished_since
from samepicture.settings import SettingError, Settings
from samepicture.warehouse import WarehouseError, open_warehouse, schema
from samepicture.warehouse.tables import raw_tables
from tests.postgres import Server


def differences(connection: Connection) -> list[Any]:
    options = {key: value for key, value in schema.COMPARED.items() if key != "target_metadata"}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), schema.COMPARED["target_metadata"]))


@pytest.fixture
def shared(settings: Settings, postgres_url: str) -> Settings:
    return replace(settings, warehouse=postgres_url)


def test_the_migrations_end_where_contracts_and_ledger_are(shared: Settings) -> None:
    open_warehouse(shared).create()
    with open_warehouse(shared).reader() as connection:
        assert differences(connection) == []


@contextmanager
def another_column() -> Iterator[None]:
    """A contract that has gained a column, and no migration for it."""
    table = raw_tables().tables["raw.complaint"]
    column: Column[str] = Column("colour_code", String)
    table.append_column(column)
    yield
    table._columns.remove(column)  # type: ignore[attr-defined]


def test_a_column_without_a_migration_is_found(shared: Settings) -> None:
    open_warehouse(shared).create()
    with another_column(), open_warehouse(shared).reader() as connection:
        assert [(kind, table, column.name) for kind, _, table, column in differences(connection)] == [
            ("add_column", "complaint", "colour_code")
        ]


def test_an_older_warehouse_that_is_filled_is_migrated(shared: Settings) -> None:
    warehouse = open_warehouse(shared)
    with warehouse.writer() as connection:
        schema.migrate(connection, "0001")
        connection.exec_driver_sql(
            "insert into ops.build (build_id, record_types, load_number, models_sha256, model_count, started_at, finished_at) "
            "values ('old', 'complaint', 7, 'of an older project', 1, now(), now())"
        )
        connection.exec_driver_sql("insert into raw.complaint (case_pseudonym, submission_id) values ('p', 's')")
        assert differences(connection), "it is older"
    warehouse.create()
    with warehouse.reader() as connection:
        assert differences(connection) == []
        assert connection.exec_driver_sql("select case_pseudonym from raw.complaint").scalars().all() == ["p"]
    assert unpublished_since(shared) is not None
    publish(shared)
    assert unpublished_since(shared) is None


def test_tables_and_columns_say_what_they_mean(shared: Settings) -> None:
    open_warehouse(shared).create()
    with open_warehouse(shared).reader() as connection:
        inspector = inspect(connection)
        for metadata in schema.METADATA:
            for table in metadata.tables.values():
                assert inspector.get_table_comment(table.name, table.schema)["text"] == table.comment
                found = {column["name"]: column["comment"] for column in inspector.get_columns(table.name, table.schema)}
                assert found == {column.name: column.comment for column in table.columns}


def test_records_are_found_by_index(shared: Settings) -> None:
    """Of a hundred thousand rows those of one submission, and all versions of their records, without reading the table."""
    warehouse = open_warehouse(shared)
    warehouse.create()
    with warehouse.writer() as connection:
        connection.exec_driver_sql(
            "insert into raw.complaint (organisation_ods_code, case_pseudonym, submission_id) "
            "select 'RZN', cast(n as varchar), cast(n / 10 as varchar) from generate_series(1, 100000) as n"
        )
        connection.exec_driver_sql("analyze raw.complaint")
        from samepicture.warehouse import build_sql

        sql = build_sql(connection)
        touched = sql.temporary(
            connection, "touched", "select distinct organisation_ods_code, case_pseudonym from raw.complaint where submission_id in ('7')"
        )
        same = sql.is_same("records", "touched", ["organisation_ods_code", "case_pseudonym"])
        for query in (
            "select * from raw.complaint where submission_id in ('7')",
            f"select records.* from {touched} as touched inner join raw.complaint as records on {same}",
        ):
            plan = "\n".join(connection.exec_driver_sql(f"explain {query}").scalars())
            assert "Seq Scan on complaint" not in plan, plan
            assert "Index Scan" in plan


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("owner pipeline template template0 encoding 'UTF8' locale 'C'", r"create database .* locale 'C.UTF-8'"),
        ("template template0 encoding 'UTF8' locale 'C.UTF-8'", r"`alter database of_another owner to pipeline`"),
    ],
    ids=["it orders texts by a country", "it is somebody else's"],
)
def test_a_database_that_will_not_do_is_refused(
    settings: Settings, postgres_server: Server, postgres_url: str, made: str, told: str
) -> None:
    if postgres_server.is_given:
        pytest.skip("another database can't be made on the given server")
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute("drop database if exists of_another")
        connection.execute(f"create database of_another {made}".encode())
    url = postgres_url.replace(postgres_url.rsplit("/", 1)[1].split("?")[0], "of_another")
    with pytest.raises(SettingError, match=told):
        open_warehouse(replace(settings, warehouse=url)).create()


def test_a_server_that_is_not_there_is_said_without_the_password(settings: Settings) -> None:
    away = replace(settings, warehouse="postgresql://somebody:secret@127.0.0.1:1/nowhere")
    with pytest.raises(WarehouseError, match=r"127.0.0.1 can't be reached as user 'somebody'") as caught:
        open_warehouse(away).create()
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(away)


def test_every_table_of_the_ledger_is_migrated() -> None:
    assert set(schema.METADATA) == {raw_tables(), ledger.metadata}
