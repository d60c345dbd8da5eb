"""What the page reads, on each engine: with the rights of comms, and every column that it counts on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import ProgrammingError

from samepicture import ledger
from samepicture.page.reading import COLUMNS, STORIES_OF_A_QUARTER, last_build_id, read
from samepicture.process import Pipeline
from samepicture.warehouse import open_warehouse


def test_every_table_is_there_with_the_columns_that_the_page_counts_on(on_each_made: Pipeline) -> None:
    found = read(open_warehouse(on_each_made.settings))
    assert [name for name in COLUMNS if found[name] is None] == []


def test_a_table_that_lacks_a_column_is_as_if_it_were_not_there(on_made_duckdb: Pipeline) -> None:
    warehouse = open_warehouse(on_made_duckdb.settings)
    with warehouse.writer() as connection:
        connection.exec_driver_sql("alter table published.loop_closure drop column owner_role")
    found = read(warehouse)
    assert found["loop_closure"] is None
    assert found["theme_evidence"] is not None


def test_what_comms_may_not_read_is_out_of_reach(on_made_postgresql: Pipeline) -> None:
    for table in ("published.narrative", "marts.theme_evidence", "conformed.fct_feedback", "raw.complaint", "ops.build"):
        with (
            open_warehouse(on_made_postgresql.settings).as_role("comms") as (_, connection),
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            connection.exec_driver_sql(f"select * from {table}")


def test_nothing_can_be_written_in_the_name_of_comms(on_made_postgresql: Pipeline) -> None:
    with (
        open_warehouse(on_made_postgresql.settings).as_role("comms") as (_, connection),
        pytest.raises(Exception, match=r"read-only|permission denied"),
    ):
        connection.exec_driver_sql("delete from published.theme_evidence")


def test_the_pipeline_keeps_its_own_rights(on_made_postgresql: Pipeline) -> None:
    """It may take on the role of comms, and does not have its policies or rights otherwise."""
    warehouse = open_warehouse(on_made_postgresql.settings)
    with warehouse.reader() as connection:
        inherits = "select bool_or(inherit_option) from pg_auth_members where roleid = 'samepicture_comms'::regrole and member = current_user::regrole"
        assert connection.exec_driver_sql(inherits).scalar_one() is False
        assert connection.execute(select(ledger.build)).all()


def test_the_newest_build_is_the_one_that_is_noted(on_each_made: Pipeline) -> None:
    warehouse = open_warehouse(on_each_made.settings)
    with warehouse.writer() as connection:
        row = dict(connection.execute(select(ledger.build)).mappings().one())
        connection.execute(insert(ledger.build), {**row, "build_id": "1" * 32, "load_number": 7})
    assert last_build_id(warehouse) == "1" * 32


def test_stories_are_the_newest_of_each_quarter_and_organisation(on_each_made: Pipeline) -> None:
    warehouse = open_warehouse(on_each_made.settings)
    with warehouse.writer() as connection:
        connection.exec_driver_sql("drop table published.consented_story")
        connection.exec_driver_sql(
            """
            create table published.consented_story as
            select
                'story:' || cast(n as varchar) as feedback_id, 'nhsuk' as publisher_code, cast(null as varchar) as story_url,
                cast('2026-04-01' as date) + cast(n as integer) as published_date, 'Title' as title, 'Body' as body,
                'positive' as direction_code, '["R' || cast(n % 2 as varchar) || '"]' as organisation_ods_codes,
                cast(null as varchar) as progress_code
            from generate_series(1, 40) as numbers (n)
            """
        )
        if on_each_made.settings.warehouse.startswith("postgresql"):
            connection.exec_driver_sql("grant select on published.consented_story to samepicture_comms")
    stories = read(warehouse)["consented_story"]
    assert stories is not None
    assert stories.height == 2 * STORIES_OF_A_QUARTER
    assert stories["published_date"].to_list() == [date(2026, 5, 11) - timedelta(days) for days in range(2 * STORIES_OF_A_QUARTER)]
