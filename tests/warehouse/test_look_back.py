"""Models that count over everything there is wait for a build that makes them, and miss nothing meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from samepicture import delta
from samepicture.build import build
from samepicture.compiled import BY_RECORD, Compiled
from samepicture.dbt_project import project_sha256
from samepicture.process import Pipeline
from samepicture.publish import publish, unpublished_since
from samepicture.warehouse import open_warehouse
from tests.warehouse.test_delta import cases, copied, fill, load, made, made_whole, tables

FEED = "complaint_northmoor"
BRIDGE, COUNTS, JOURNEY = "conformed.bridge_feedback_people_group", "conformed.agg_theme_mention", "marts.journey"
STATE = "select load_number, look_back_load_number from ops.build order by load_number desc, finished_at desc limit 1"


def asked(pipeline: Pipeline, sql: str) -> Any:
    with open_warehouse(pipeline.settings).writer() as connection:
        return tuple(connection.exec_driver_sql(sql).one())


def test_they_wait_for_a_build_that_makes_them_and_miss_nothing(on_each_made: Pipeline) -> None:
    pipeline = on_each_made
    for number in (1, 2):
        load(pipeline, FEED, f"{number}.csv", cases(range(30 * number, 30 * number + 30)))
        assert build(pipeline.settings, look_back=False) is not None
        assert asked(pipeline, STATE) == (number, 0)
    assert asked(pipeline, "select count(*) from conformed.fct_complaint") == (60,)
    assert asked(pipeline, "select count(*) from marts.known_already") == (0,)
    assert build(pipeline.settings, look_back=False) is None
    publish(pipeline.settings)
    assert build(pipeline.settings) is not None
    assert asked(pipeline, STATE) == (2, None)
    assert "marts.known_already" in made(pipeline)
    assert not {"staging.stg_complaint", "marts.complaint_timeliness"} & set(made(pipeline)), "they were made before"
    assert unpublished_since(pipeline.settings) is not None
    assert build(pipeline.settings) is None
    assert tables(pipeline) == made_whole(pipeline)


def test_nothing_else_is_made_of_a_model_that_looks_back(on_made_duckdb: Pipeline) -> None:
    compiled = Compiled.read(on_made_duckdb.settings.compiled, project_sha256())
    assert compiled is not None
    look_back = {unique_id for unique_id, node in compiled.nodes.items() if node.looks_back}
    assert len(look_back) > 20
    assert [node.name for node in compiled.nodes.values() if not node.looks_back and look_back.intersection(node.parents)] == []


def test_none_looks_back_on_a_model_that_the_day_changes(on_made_duckdb: Pipeline) -> None:
    """They are made again from the records that changed since: of others, that changed because a day went by, nobody would know."""
    compiled = Compiled.read(on_made_duckdb.settings.compiled, project_sha256())
    assert compiled is not None
    compared = [node.name for node in compiled.nodes.values() if node.compared]
    assert compared == ["complaint_waiting"]
    below = compiled.downstream(["complaint_waiting"])
    assert "complaint_timeliness_quarter" in {node.name for node in below}
    assert [node.name for node in below if node.looks_back and node.keyed_by] == []


def test_a_first_build_makes_them_too(pipeline: Pipeline) -> None:
    load(pipeline, FEED, "1.csv", cases(range(30)))
    build(pipeline.settings, look_back=False)
    assert asked(pipeline, STATE) == (1, None)
    assert asked(pipeline, "select count(*) > 0 from marts.known_already") == (True,)


def changes(number: int) -> bytes:
    """Some newer versions, and some cases that are new."""
    newer = {"Last updated": f"0{number + 1}/10/2024 10:00", "Subject 1 (code)": "WAI"}
    return cases(range(number, number + 3), **newer) + b"".join(cases(range(900 + 9 * number, 903 + 9 * number)).splitlines(True)[1:])


def test_what_waited_is_made_record_by_record(on_each_made: Pipeline) -> None:
    pipeline = fill(on_each_made)
    for number in (1, 2):
        load(pipeline, FEED, f"{number}.csv", changes(number))
        build(pipeline.settings, look_back=False)
        assert not {BRIDGE, BRIDGE + BY_RECORD} & set(made(pipeline))
    load(pipeline, FEED, "3.csv", changes(3))
    build(pipeline.settings)
    assert {name + BY_RECORD for name in (BRIDGE, COUNTS, JOURNEY)} <= set(made(pipeline))
    assert tables(pipeline) == made_whole(pipeline)
    publish(pipeline.settings)
    if pipeline.settings.warehouse.startswith("duckdb"):
        copy = copied(pipeline)
        pipeline.settings.picture.unlink()
        publish(pipeline.settings)
        assert copy == copied(pipeline)


def test_a_second_look_back_counts_nothing_twice(on_made_duckdb: Pipeline) -> None:
    pipeline = fill(on_made_duckdb)
    for number in (1, 2):
        load(pipeline, FEED, f"{number}.csv", changes(number))
        build(pipeline.settings, look_back=False)
        build(pipeline.settings)
        assert COUNTS + BY_RECORD in made(pipeline)
    assert tables(pipeline) == made_whole(pipeline)


def test_little_each_time_and_much_together_is_made_whole(on_made_duckdb: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "FEW", 0)
    pipeline = fill(on_made_duckdb)
    for number in range(3):
        load(pipeline, FEED, f"{number}.csv", cases(range(1000 + 10 * number, 1010 + 10 * number)))
        build(pipeline.settings, look_back=False)
        assert f"conformed.fct_feedback{BY_RECORD}" in made(pipeline)
    build(pipeline.settings)
    assert {BRIDGE, COUNTS} <= set(made(pipeline))
    assert tables(pipeline) == made_whole(pipeline)


def test_what_another_build_made_whole_is_looked_back_at_whole(on_made_duckdb: Pipeline) -> None:
    """A replay may have taken rows away, and nobody knows any longer which."""
    pipeline = fill(on_made_duckdb)
    submission_id = load(pipeline, FEED, "1.csv", changes(1))
    build(pipeline.settings)
    pipeline.judge(submission_id)
    pipeline.load(submission_id)
    build(pipeline.settings, look_back=False)
    load(pipeline, FEED, "2.csv", changes(2))
    build(pipeline.settings, look_back=False)
    assert f"conformed.fct_feedback{BY_RECORD}" in made(pipeline)
    build(pipeline.settings)
    assert {BRIDGE, COUNTS} <= set(made(pipeline))
    assert tables(pipeline) == made_whole(pipeline)
