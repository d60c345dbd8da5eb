"""Histories after which a build by differences was once not what a build of everything is: found at random, kept as they are short."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from samepicture.build import CLOCKED, CLOCKED_WITH_DESCENDANTS, build
from samepicture.cli import app
from samepicture.compiled import Compiled
from samepicture.dbt_project import DBT, project_sha256
from samepicture.process import Pipeline
from samepicture.settings import PROJECT
from samepicture.warehouse import WarehouseError, open_warehouse
from tests.upkeep.cases import export, loaded

SAMPLE = PROJECT / "dags" / "feeds" / "complaint_return" / "sample_ko41b_practice.csv"
RETURN = "".join(SAMPLE.read_text().splitlines(keepends=True)[:2]).encode()


@pytest.fixture
def pipeline(on_made_duckdb: Pipeline) -> Pipeline:
    """What is tested here is not the first build."""
    return on_made_duckdb


def test_a_story_that_was_shown_is_gone_from_the_marts_once_its_source_takes_it_down(pipeline: Pipeline) -> None:
    for number, address in enumerate(("status=published", "status=removed")):
        comment = {"commentId": "5100001", "odsCode": "RZN", "commentText": "These words must not stay.", "dateSubmitted": "2026-02-10T18:20:00",
                   "lastUpdated": "2026-02-12T09:00:00", "screenName": "x", "commentTitle": "Gone"}  # fmt: skip
        line = {
            "request": f"comments/Comments?orgType=TRU&{address}&offset=0",
            "status": 200,
            "answer": json.dumps({"comments": [{"comment": comment}]}),
        }
        receipt, _ = pipeline.land("experience_story_nhsuk", f"{number}.jsonl", io.BytesIO(json.dumps(line).encode() + b"\n"))
        pipeline.judge(receipt.submission_id)
        assert pipeline.load(receipt.submission_id).loaded
        build(pipeline.settings)
        with open_warehouse(pipeline.settings).writer() as connection:
            shown = connection.execute(text("select count(*) from published.narrative")).scalar_one()
            counts = "select replaced_row_count, emptied_row_count from ops.submission where submission_id = :name"
            found = connection.execute(text(counts), {"name": receipt.submission_id}).one()
        assert bool(shown) is (number == 0)
        assert tuple(found) == (0, number), "it is no replay, and its time is counted from its landing"


def test_what_was_replayed_twice_before_a_build_is_made_anew(pipeline: Pipeline) -> None:
    outcome = loaded(pipeline, export(*({"ID": f"C{number}"} for number in range(10))))
    build(pipeline.settings)
    feed = pipeline.feeds["complaint_northmoor"]
    pipeline.feeds["complaint_northmoor"] = replace(feed, bounds=replace(feed.bounds, rows_min=1000))
    for _ in range(2):
        pipeline.judge(outcome.submission_id)
        assert not pipeline.load(outcome.submission_id).loaded
    build(pipeline.settings)
    with open_warehouse(pipeline.settings).writer() as connection:
        assert connection.execute(text("select count(*) from conformed.fct_complaint")).scalar_one() == 0
    pipeline.feeds["complaint_northmoor"] = feed
    for _ in range(2):
        pipeline.judge(outcome.submission_id)
        assert pipeline.load(outcome.submission_id).loaded
    build(pipeline.settings)
    with open_warehouse(pipeline.settings).writer() as connection:
        assert connection.execute(text("select cast(sum(case_count) as bigint) from conformed.agg_complaint_version")).scalar_one() == 10


def test_what_somebody_has_accepted_stays_accepted(pipeline: Pipeline) -> None:
    for first in (0, 10, 20):
        loaded(pipeline, export(*({"ID": f"C{first + number}"} for number in range(2))))
    large = loaded(pipeline, export(*({"ID": f"L{number}"} for number in range(60))))
    assert large.rejection_code == "unusual_size"
    for accept, accepted in ((["unusual_size"], True), ([], True)):
        pipeline.judge(large.submission_id)
        assert pipeline.load(large.submission_id, accept).loaded is accepted


@pytest.mark.parametrize("clocks", [True, False])
def test_whose_a_feed_is_reaches_the_facts_whatever_is_built_next(pipeline: Pipeline, clocks: bool) -> None:
    loaded(pipeline, export(*({"ID": f"C{number}"} for number in range(3))))
    build(pipeline.settings)
    owner = "select distinct owner_directorate_code from conformed.fct_feedback"
    with open_warehouse(pipeline.settings).writer() as connection:  # as an earlier feed.yml said
        for table in ("ops.feed", "conformed.fct_feedback"):
            connection.execute(text(f"update {table} set owner_directorate_code = 'comms'"))
    if not clocks:
        receipt, _ = pipeline.land("complaint_return", "return.csv", io.BytesIO(RETURN))
        pipeline.judge(receipt.submission_id)
        assert pipeline.load(receipt.submission_id).loaded
    build(pipeline.settings, clocks=clocks)
    with open_warehouse(pipeline.settings).writer() as connection:
        assert connection.execute(text(owner)).all() == [("nursing",)]
        themes = connection.execute(text("select distinct owner_directorate_code from conformed.fct_theme_mention")).all()
    assert themes in ([], [("nursing",)])


def test_every_model_that_compares_with_today_is_made_when_a_day_has_gone_by(pipeline: Pipeline) -> None:
    compiled = Compiled.read(pipeline.settings.compiled, project_sha256())
    assert compiled is not None
    with_today = {path.stem for path in (DBT / "models").rglob("*.sql") if "today()" in path.read_text()}
    assert len(with_today) > 5
    assert with_today <= {node.name for node in compiled.downstream(CLOCKED_WITH_DESCENDANTS, CLOCKED)}


def test_a_damaged_copy_is_made_afresh(pipeline: Pipeline) -> None:
    loaded(pipeline, export({"ID": "C1"}))
    pipeline.build_and_publish()
    with pipeline.settings.picture.open("r+b") as copy:
        copy.write(b"x" * 20_000)
    warehouse = open_warehouse(pipeline.settings)
    with pytest.raises(WarehouseError, match="could not run"):
        warehouse.query("select * from conformed.fct_complaint")
    loaded(pipeline, export({"ID": "C2"}))
    pipeline.build_and_publish()
    assert warehouse.query("select count(*) from conformed.fct_complaint")[1] == [(2,)]


def test_what_is_restored_is_whole_again(pipeline: Pipeline) -> None:
    loaded(pipeline, export({"ID": "C1"}))
    pipeline.build_and_publish()
    warehouse, kept = open_warehouse(pipeline.settings), io.BytesIO()
    warehouse.dump(lambda stream: kept.write(stream.read()))
    with warehouse.dbt(), pytest.raises(WarehouseError, match="did not end well"):
        raise WarehouseError("dbt did not end well")
    with pytest.raises(WarehouseError, match="analysts keep the copy"):
        warehouse.publish()
    warehouse.restore(lambda stream: stream.write(kept.getvalue()))
    warehouse.publish()


def test_of_a_damaged_warehouse_it_is_said_what_to_do(pipeline: Pipeline) -> None:
    warehouse = open_warehouse(pipeline.settings)
    with Path(pipeline.settings.warehouse.removeprefix("duckdb:///")).open("r+b") as file:
        file.write(b"x" * 20_000)
    with pytest.raises(WarehouseError, match=r"warehouse\.duckdb is damaged: .*samepicture restore"):
        warehouse.create()


def test_nothing_is_overruled_that_can_not_be() -> None:
    done = CliRunner().invoke(app, ["replay", "complaint_northmoor.0a1b2c3d4e5f6071", "--accept", "nonsense"])
    assert done.exit_code == 2
    assert "nonsense can't be overruled" in done.output
