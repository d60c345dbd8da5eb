"""Models that count over everything there is wait for a build that makes them, and miss nothing meanwhile."""

from __future__ import annotations

from typing import Any

from samepicture.build import build
from samepicture.compiled import Compiled
from samepicture.dbt_project import project_sha256
from samepicture.process import Pipeline
from samepicture.publish import publish, unpublished_since
from samepicture.warehouse import open_warehouse
from tests.warehouse.test_delta import cases, load, made, made_whole, tables

FEED = "complaint_northmoor"
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


def test_a_first_build_makes_them_too(pipeline: Pipeline) -> None:
    load(pipeline, FEED, "1.csv", cases(range(30)))
    build(pipeline.settings, look_back=False)
    assert asked(pipeline, STATE) == (1, None)
    assert asked(pipeline, "select count(*) > 0 from marts.known_already") == (True,)
