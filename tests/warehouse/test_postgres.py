"""What only a shared server has: readers in the middle of a query, rights and policies on tables, sessions that are killed."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader

from samepicture.build import build
from samepicture.compiled import BuildFailed
from samepicture.mapping import Mapping
from samepicture.process import Pipeline
from samepicture.readers import LINE
from samepicture.records import CONTRACTS, PROVENANCE
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import WarehouseError, base, build_sql, open_warehouse, postgres, postgres_build
from tests.keys import LANDING_KEY, PSEUDONYM_KEY
from tests.made import Made
from tests.postgres import Server
from tests.warehouse.test_delta import cases, load

COUNT = "select count(*) from conformed.fct_complaint"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, postgres_server: Server, made_shared: Made) -> Iterator[Pipeline]:
    """A warehouse with 200 complaints, built."""
    home = tmp_path_factory.mktemp("shared")
    empty = Settings(home, "", str(home / "landing"), Settings.from_environment().feeds[:1], PSEUDONYM_KEY, LANDING_KEY)
    with made_shared.shared(empty, postgres_server) as settings:
        pipeline = Pipeline(settings)
        load(pipeline, "complaint_northmoor", "first.csv", cases(range(200)))
        build(settings)
        yield pipeline


def asked(pipeline: Pipeline, sql: str = COUNT, **parameters: Any) -> Any:
    """One value, asked as an analyst's own tool does, who waits no longer than a second."""
    with psycopg.connect(pipeline.settings.warehouse, options="-c statement_timeout=1s") as connection:
        row = connection.execute(sql.encode(), parameters or None).fetchone()
        return row[0] if row else None


def changed(pipeline: Pipeline, sql: str) -> None:
    with psycopg.connect(pipeline.settings.warehouse, autocommit=True) as connection:
        connection.execute(sql.encode())


def rights(pipeline: Pipeline) -> Any:
    """Whatever is kept of a table but its rows: which one it is, rights, policies, indexes."""
    return asked(
        pipeline,
        "select row(oid, relacl, relrowsecurity, (select count(*) from pg_policies where tablename = relname),"
        " (select count(*) from pg_index where indrelid = pg_class.oid))::text from pg_class where oid = 'conformed.fct_complaint'::regclass",
    )


def test_readers_wait_for_no_build_and_see_all_of_it_or_nothing(shared: Pipeline) -> None:
    before = asked(shared)
    load(shared, "complaint_northmoor", "while.csv", cases(range(500, 505)))
    with psycopg.connect(shared.settings.warehouse) as analyst:
        analyst.execute("set transaction isolation level repeatable read")
        assert analyst.execute(COUNT.encode()).fetchone() == (before,)
        with open_warehouse(shared.settings).writer() as connection:
            build_sql(connection).refill(connection, "conformed.fct_complaint", "select * from conformed.fct_complaint limit 1")
            assert asked(shared) == before, "half of it shows, or it made others wait"
            connection.rollback()
        assert build(shared.settings) is not None
        assert asked(shared) == before + 5
        assert analyst.execute(COUNT.encode()).fetchone() == (before,), "what a query began with it ends with"


def test_rights_and_policies_stay_when_rows_are_replaced(shared: Pipeline) -> None:
    changed(shared, "do $$ begin create role analyst; exception when duplicate_object then null; end $$")
    changed(shared, "grant select on conformed.fct_complaint to analyst; alter table conformed.fct_complaint enable row level security")
    changed(shared, "create policy one_trust on conformed.fct_complaint for select to analyst using (organisation_ods_code = 'RZN')")
    before = rights(shared)
    submission_id = load(shared, "complaint_northmoor", "few.csv", cases(range(600, 603)))
    build(shared.settings)  # rows of changed records
    shared.judge(submission_id)
    shared.load(submission_id)
    build(shared.settings)  # whole
    assert rights(shared) == before
    assert "one_trust" not in before


def test_dbt_replaces_rows_where_nothing_else_is_new_and_tables_where_it_is(shared: Pipeline) -> None:
    oid = "select oid from pg_class where oid = %(name)s::regclass"
    same, other = asked(shared, oid, name="conformed.fct_survey_return"), asked(shared, oid, name="staging.stg_complaint")
    changed(shared, "alter table staging.stg_complaint add column left_over varchar")
    load(shared, "complaint_northmoor", "dbt.csv", cases(range(700, 702)))
    shared.settings.compiled.unlink()
    assert build(shared.settings) is not None
    assert asked(shared, oid, name="conformed.fct_survey_return") == same
    assert asked(shared, oid, name="staging.stg_complaint") != other
    assert not asked(shared, "select count(*) from information_schema.columns where column_name = 'left_over'")
    assert asked(shared, "select count(*) from pg_indexes where schemaname = 'staging' and tablename = 'stg_complaint'") == 1
    assert not asked(shared, "select count(*) from pg_namespace where nspname like 'next%%'", nothing=0)


def test_what_dbt_makes_of_broken_rows_does_not_show(shared: Pipeline) -> None:
    before = asked(shared)
    changed(shared, "insert into raw.complaint (organisation_ods_code, case_pseudonym, submission_id) values ('RZN', 'p', 'of nobody')")
    load(shared, "complaint_northmoor", "broken.csv", cases(range(800, 802)))
    shared.settings.compiled.unlink()
    with pytest.raises(BuildFailed, match="every_raw_row_has_a_submission"):
        build(shared.settings)
    assert asked(shared) == before
    changed(shared, "delete from raw.complaint where submission_id = 'of nobody'")
    assert build(shared.settings) is not None
    assert asked(shared) == before + 2


@pytest.mark.parametrize(
    "sql", ["delete from ops.build", "commit; delete from ops.build", "set transaction read write; delete from ops.build"]
)
def test_a_query_changes_nothing(shared: Pipeline, sql: str) -> None:
    builds = asked(shared, "select count(*) from ops.build")
    with pytest.raises(WarehouseError, match="the query could not run"):
        open_warehouse(shared.settings).query(sql)
    assert asked(shared, "select count(*) from ops.build") == builds > 0


def test_a_query_has_names_and_rows(shared: Pipeline) -> None:
    sql = "select feed_id, 100 % 7 as rest from ops.feed where feed_id like 'complaint_north%'"
    assert open_warehouse(shared.settings).query(sql) == (["feed_id", "rest"], [("complaint_northmoor", 2)])


def test_a_writer_waits_for_another_and_says_so_when_it_gives_up(shared: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = open_warehouse(shared.settings)
    seen: list[str] = []

    def second() -> None:
        with open_warehouse(shared.settings).writer():
            seen.append("second")

    with warehouse.writer():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        with warehouse.reader() as reader:
            assert reader.exec_driver_sql("select 1").scalar_one() == 1
        monkeypatch.setattr(postgres, "WAIT_SECONDS", 1.0)
        with pytest.raises(WarehouseError, match="has been writing to the warehouse for 1 s"), warehouse.writer():
            pass
        seen.append("first")
    thread.join(10)
    assert seen == ["first", "second"]
    assert base.WAIT_SECONDS > 60


def test_the_lock_of_a_writer_that_was_killed_is_free(shared: Pipeline) -> None:
    program = (
        "import sys; from samepicture.warehouse.postgres import PostgresWarehouse\n"
        "with PostgresWarehouse(sys.argv[1]).writer() as c: print('in', flush=True); c.exec_driver_sql('select pg_sleep(60)')"
    )
    process = subprocess.Popen([sys.executable, "-c", program, shared.settings.warehouse], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"in\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    began = datetime.now(UTC)
    with open_warehouse(shared.settings).writer():
        assert (datetime.now(UTC) - began).total_seconds() < 20, "the statement of a dead process went on to its end"


def test_a_table_of_another_shape_waits_for_those_who_read_it_but_not_for_ever(empty: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_build, "MOVE_WAIT", "1s")
    with psycopg.connect(empty.warehouse, autocommit=True) as connection:
        for schema, columns in (("marts", "a int"), ("next_marts", "a int, b int")):
            connection.execute(f"create schema if not exists {schema}; create table {schema}.t ({columns})".encode())
        connection.execute("create table marts.same (a int); create table next_marts.same (a int); insert into next_marts.same values (1)")

    def take_over() -> None:
        warehouse = open_warehouse(empty)
        with warehouse.writer() as connection:
            warehouse.take_over(connection)

    with psycopg.connect(empty.warehouse) as analyst:
        analyst.execute("select * from marts.t")
        analyst.execute("select * from marts.same")
        with pytest.raises(WarehouseError, match=r"marts.t another shape, and somebody has been reading it for 1s: nothing was changed"):
            take_over()
        assert analyst.execute("select count(*) from marts.same").fetchone() == (0,)
    take_over()
    assert open_warehouse(empty).query("select * from marts.t, marts.same")[0] == ["a", "b", "a"]
    assert open_warehouse(empty).query("select a from marts.same")[1] == [(1,)]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.sampled_from(
    ["", " ", "\\.", "\n\\.\n", '"', "NULL", "\\N", ","]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "case_pseudonym": st.none() | TEXTS,
            "received_date": st.none() | st.dates(date(1, 1, 1)),
            "reopened_count": st.none() | st.integers(-(2**63), 2**63 - 1),
            "has_learning_disability": st.none() | st.booleans(),
            "narrative": st.none() | TEXTS,
            "version_at": st.none()
            | st.datetimes(timezones=st.just(UTC), allow_imaginary=False).map(lambda moment: moment.replace(fold=0)),
        }
    ),
    min_size=1,
    max_size=20,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, postgres_server: Server) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("empty")
    if postgres_server.is_given:
        pytest.skip("another database can't be made on the given server")
    with postgres_server.database() as url:
        settings = Settings(home, url, str(home / "landing"), (), None)
        open_warehouse(settings).create()
        yield settings


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=ROWS)
def test_rows_arrive_as_they_were(empty: Settings, rows: list[dict[str, Any]]) -> None:
    path = Path(empty.home) / "rows.parquet"
    types = {column.name: column.polars_type for column in (*CONTRACTS["complaint"].columns, *PROVENANCE)}
    pl.DataFrame(rows, schema=types).write_parquet(path)
    names = sorted(rows[0])
    with open_warehouse(empty).writer() as connection:
        assert open_warehouse(empty).insert_parquet(connection, "raw.complaint", path) == len(rows)
        found = connection.exec_driver_sql(f"select {', '.join(names)} from raw.complaint").all()
        connection.rollback()
    assert sorted(str([*row]) for row in found) == sorted(str([row[name] for name in names]) for row in rows)


def test_a_nul_in_a_text_is_left_out(empty: Settings) -> None:
    """PostgreSQL can't hold one; JSON of a platform may."""
    feed = Pipeline(replace(empty, feeds=Settings.from_environment().feeds[:1])).feeds["complaint_northmoor"]
    header, row, *_ = csv.reader(io.StringIO(feed.samples[0].read_text(encoding="utf-8-sig")))
    spoilt = {name: "Car\0dio" if name.startswith("Specialty") else cell for name, cell in zip(header, row, strict=True)}
    mapped = Mapping(feed, header).apply(pl.DataFrame([{**spoilt, LINE: 2}]))
    assert mapped.frame.get_column("specialty_name").to_list() == ["Cardio"]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (r'["a\u0000b"]', ["ab"]),
        (r'["\u0000\u0000"]', [""]),
        (r'["a\\u0000b"]', [r"a\u0000b"]),
        (r'["a\\\u0000b"]', [r"a\b"]),
        (r'["\ud800x"]', ["x"]),
        (r'["\ud83d\ude00", null]', ["\U0001f600", None]),
    ],
)
def test_what_json_may_escape_and_postgresql_can_not_hold_is_left_out(empty: Settings, text: str, items: list[str | None]) -> None:
    templates = Environment(loader=FileSystemLoader(PROJECT / "dbt" / "macros"))
    json = templates.get_template("json_rows.sql").module.postgres_json("given")  # type: ignore[attr-defined]
    with psycopg.connect(empty.warehouse) as connection:
        rows = connection.execute(f"select item from (select %s::varchar as given) as a, json_array_elements_text({json}) as item", [text])
        assert [row[0] for row in rows] == items
