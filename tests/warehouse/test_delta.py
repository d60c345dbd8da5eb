"""Rows of changed records alone: after each build the tables are what a whole build gives, in the warehouse and in the copy."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from sqlalchemy import text

from samepicture import delta
from samepicture.build import build
from samepicture.compiled import BY_RECORD, Compiled
from samepicture.dbt_project import project_sha256
from samepicture.process import Pipeline
from samepicture.publish import publish
from samepicture.settings import PROJECT
from samepicture.warehouse import open_warehouse
from samepicture.warehouse.picture import COPIED_SCHEMAS

HEADER, *ROWS = csv.reader(io.StringIO((PROJECT / "dags/feeds/complaint_northmoor/sample.csv").read_text()))
GOOD = [row for row in ROWS if len(row) == len(HEADER) and row[HEADER.index("Stage (code)")] == "CLO"][:1]


OTHERS = (
    "engagement_activity",
    "experience_story_care_opinion",
    "experience_story_nhsuk",
    "healthwatch_report_local",
    "ombudsman_decision_phso",
    "survey_response_surveymonkey",
)


def cases(numbers: range, **changes: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for number in numbers:
        record = dict(zip(HEADER, GOOD[0], strict=True)) | {"ID": f"D{number}"} | changes
        writer.writerow(record.values())
    return text.getvalue().encode()


def load(pipeline: Pipeline, feed_id: str, file_name: str, content: bytes) -> str:
    receipt, _ = pipeline.land(feed_id, file_name, io.BytesIO(content))
    pipeline.judge(receipt.submission_id)
    assert pipeline.load(receipt.submission_id, accept=["unusual_size"]).loaded
    return receipt.submission_id


def rounded(rows: Any) -> list[Any]:
    """Sums of fractions differ in their last digits with the order of the rows."""
    return sorted(
        (tuple(round(cell, 9) if isinstance(cell, float) else cell for cell in row) for row in rows),
        key=lambda row: [str(cell) for cell in row],
    )


def tables(pipeline: Pipeline) -> dict[str, Any]:
    """All that dbt makes, cell by cell."""
    compiled = Compiled.read(pipeline.settings.compiled, project_sha256())
    assert compiled is not None
    with open_warehouse(pipeline.settings).writer() as connection:
        return {
            node.name: rounded(connection.exec_driver_sql(f"select * from {node.relation}").fetchall())
            for node in compiled.nodes.values()
            if node.relation
        }


def made_whole(pipeline: Pipeline) -> dict[str, Any]:
    """The same after every model was made whole."""
    compiled = Compiled.read(pipeline.settings.compiled, project_sha256())
    assert compiled is not None
    with open_warehouse(pipeline.settings).writer() as connection:
        nodes = compiled.downstream([f"raw.{name}" for name in ("complaint", "experience_story", "engagement_activity")], ["feed_health"])
        compiled.run(connection, nodes)
    return tables(pipeline)


def made(pipeline: Pipeline) -> list[str]:
    """What the last build says that it made."""
    with open_warehouse(pipeline.settings).writer() as connection:
        names = connection.execute(
            text("select model_names from ops.build order by load_number desc, finished_at desc limit 1")
        ).scalar_one()
    return str(names).split(",")


def keys_kept(pipeline: Pipeline) -> int:
    """Keys of changed records that the copy has not taken over; of a table that it does not hold there are none."""
    with open_warehouse(pipeline.settings).writer() as connection:
        tables = [
            row[0] for row in connection.execute(text("select table_name from information_schema.tables where table_schema = 'changes'"))
        ]
        assert not [table for table in tables if table.startswith("staging.") or table == "published.narrative"]
        return sum(connection.exec_driver_sql(f'select count(*) from changes."{table}"').scalar_one() for table in tables)


def copied(pipeline: Pipeline) -> dict[str, Any]:
    with duckdb.connect(str(pipeline.settings.picture), read_only=True) as copy:
        found = copy.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return {
            f"{schema}.{table}": rounded(copy.execute(f'select * from "{schema}"."{table}"').fetchall())
            for schema, table in found
            if schema in COPIED_SCHEMAS and schema != "ops"
        }


def fill(pipeline: Pipeline) -> Pipeline:
    """A warehouse with complaints, stories and activities."""
    load(pipeline, "complaint_northmoor", "first.csv", cases(range(200)))
    for feed_id in OTHERS:
        feed = pipeline.feeds[feed_id]
        pipeline.feeds[feed_id] = replace(feed, bounds=replace(feed.bounds, rejected_share=1.0))
        load(pipeline, feed_id, feed.samples[0].name, feed.samples[0].read_bytes())
    build(pipeline.settings)
    publish(pipeline.settings)
    return pipeline


@pytest.fixture
def filled(on_each_made: Pipeline) -> Pipeline:
    return fill(on_each_made)


@pytest.fixture
def embedded(on_made_duckdb: Pipeline) -> Pipeline:
    return fill(on_made_duckdb)


ON_POSTGRESQL = pytest.mark.quick_on("postgresql")


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([cases(range(1000, 1005))], id="new records", marks=ON_POSTGRESQL),
        pytest.param(
            [cases(range(5), **{"Outcome (code)": "NUP", "Last updated": "01/10/2024 10:00"})], id="newer versions", marks=ON_POSTGRESQL
        ),
        pytest.param(
            [cases(range(5), **{"Last updated": "01/01/2024 10:00", "Subject 1 (code)": "ZZZ"})], id="older versions", marks=ON_POSTGRESQL
        ),
        pytest.param(
            [
                cases(range(3), **{"Subject 1 (code)": "WAI", "Last updated": "02/10/2024 10:00"}),
                cases(range(1, 6), **{"Subject 1 (code)": "", "Subject 2 (code)": "", "Last updated": "03/10/2024 10:00"}),
                cases(range(900, 903), Type="PALS"),
            ],
            id="one after another",
        ),
    ],
)
def test_a_small_change_gives_what_a_whole_build_gives(filled: Pipeline, steps: list[bytes]) -> None:
    for number, content in enumerate(steps):
        load(filled, "complaint_northmoor", f"change{number}.csv", content)
        before = tables(filled)
        build(filled.settings)
        names = made(filled)
        assert {
            f"{name}{BY_RECORD}" for name in ("staging.stg_complaint", "conformed.fct_complaint", "conformed.bridge_feedback_theme")
        } <= set(names)
        assert "conformed.feed_as_of" in names or f"marts.complaint_timeliness{BY_RECORD}" in names
        by_record = tables(filled)
        assert by_record["stg_complaint"] != before["stg_complaint"] or "01/01/2024" in content.decode()
        assert by_record == made_whole(filled)
        if number % 2 == 0:  # also what two builds changed is taken over at once
            publish(filled.settings)
    publish(filled.settings)
    assert not keys_kept(filled), "the copy has taken them over"
    if filled.settings.warehouse.startswith("postgresql"):
        return
    by_record_copy = copied(filled)
    filled.settings.picture.unlink()
    publish(filled.settings)
    assert by_record_copy == copied(filled)


def test_a_day_that_goes_by_changes_only_what_waits(filled: Pipeline) -> None:
    """What is said of an unanswered case depends on the day up to which its feed speaks; of every other it does not."""
    open_case = {"Stage (code)": "ACK", "Date due": "05/10/2024", "Date replied": "", "Date closed": "", "Last updated": "20/09/2024 10:00"}
    load(filled, "complaint_northmoor", "open.csv", cases(range(500, 503), **open_case))
    build(filled.settings)
    of_days = {"conformed.feed_as_of", f"conformed.complaint_waiting{BY_RECORD}", f"marts.complaint_timeliness{BY_RECORD}"}
    names, in_time = [], []
    for number, day in enumerate(("05/10/2024", "05/10/2024", "06/10/2024")):
        load(filled, "complaint_northmoor", f"{number}.csv", cases(range(10 * number, 10 * number + 5), **{"Last updated": f"{day} 10:00"}))
        build(filled.settings)
        assert "marts.complaint_timeliness" not in made(filled)
        names.append(set(made(filled)) & of_days)
        with open_warehouse(filled.settings).writer() as connection:
            asked = "select distinct is_answered_by_agreed_date from marts.complaint_timeliness where is_open and response_due_date = '2024-10-05'"
            in_time.append(connection.exec_driver_sql(asked).scalar_one())
    assert names == [of_days, of_days - {"conformed.feed_as_of"}, of_days]
    assert in_time == [None, None, False], "the agreed day has to be over"
    assert tables(filled) == made_whole(filled)
    publish(filled.settings)
    assert not keys_kept(filled)


def test_what_is_replayed_or_large_is_made_whole(filled: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "FEW", 0)
    submission_id = load(filled, "complaint_northmoor", "small.csv", cases(range(2000, 2003)))
    build(filled.settings)
    filled.judge(submission_id)
    filled.load(submission_id)
    build(filled.settings)
    assert f"staging.stg_complaint{BY_RECORD}" not in made(filled), "a replay may have taken rows away"
    load(filled, "complaint_northmoor", "large.csv", cases(range(3000, 3100)))
    build(filled.settings)
    assert "staging.stg_complaint" in made(filled)
    load(filled, "complaint_northmoor", "again.csv", cases(range(4000, 4003)))
    build(filled.settings)
    assert f"staging.stg_complaint{BY_RECORD}" in made(filled)
    assert tables(filled) == made_whole(filled)


def test_a_short_log_is_little_whatever_its_share(embedded: Pipeline) -> None:
    """It stands in the same models as all complaints: made whole for its sake, they would take minutes."""
    activities = embedded.feeds["engagement_activity"]
    lines = activities.samples[0].read_text().splitlines(keepends=True)
    load(embedded, "engagement_activity", "log.csv", "".join([lines[0], *(line.replace(",", "X,", 1) for line in lines[1:])]).encode())
    build(embedded.settings)
    assert {f"conformed.fct_feedback{BY_RECORD}", f"conformed.agg_people_group{BY_RECORD}"} <= set(made(embedded))
    by_record = tables(embedded)
    assert by_record == made_whole(embedded)


def test_keys_stay_until_the_copy_has_them_and_go_when_dbt_makes_everything(embedded: Pipeline) -> None:
    load(embedded, "complaint_northmoor", "small.csv", cases(range(2000, 2003)))
    build(embedded.settings)
    assert keys_kept(embedded)
    embedded.settings.compiled.unlink()
    load(embedded, "complaint_northmoor", "more.csv", cases(range(2003, 2005)))
    build(embedded.settings)
    assert not keys_kept(embedded), "they may be of other columns than the models have now"
    publish(embedded.settings)
    copy = copied(embedded)
    embedded.settings.picture.unlink()
    publish(embedded.settings)
    assert copy == copied(embedded)
