"""The chain of DAGs through Airflow's own scheduler: events, order, what is rebuilt, and what is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from samepicture.demo.reference import reference_files
from samepicture.settings import PROJECT
from tests.keys import KEYS

DRIVER = """
import json, sys
from pathlib import Path
from typing import Any
from samepicture.airflow.environment import airflow_environment, apply
from samepicture.process import Pipeline
from samepicture.settings import Settings

settings = Settings.from_environment()
apply({**airflow_environment(settings), "AIRFLOW__CORE__EXECUTOR": "samepicture.airflow.embedded.EmbeddedExecutor",
       "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"})
from samepicture.airflow import embedded
from airflow.models.asset import AssetEvent, AssetModel
from airflow.utils.session import create_session
from sqlalchemy import select

pipeline = Pipeline(settings)
embedded.set_up()
rounds = []
for batch in json.loads(sys.argv[1]):
    for feed, path in batch:
        pipeline.land_file(feed, Path(path))
    steps = []
    embedded.run_until_idle(["intake"], lambda *step: steps.append(step))
    rounds.append(steps)
with create_session() as session:
    events = [[name, event.partition_key, event.extra] for event, name in session.execute(
        select(AssetEvent, AssetModel.name).join(AssetModel, AssetModel.id == AssetEvent.asset_id))]
Path(sys.argv[2]).write_text(json.dumps({"rounds": rounds, "failed": embedded.failed_runs(), "events": events}))
"""


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Two feeds' samples in a first round, a third in a second; what the scheduler did."""
    folder = tmp_path_factory.mktemp("chain")
    feeds = PROJECT / "dags" / "feeds"
    returns = feeds / "complaint_return"
    trusts = folder / "etr.csv"
    trusts.write_bytes(next(content for feed, _, content in reference_files() if feed == "ods_trust"))
    kept = folder / "practices.csv"
    kept.write_text("".join((returns / "sample_ko41b_practice.csv").read_text().splitlines(keepends=True)[:9]))
    rounds = [
        [("complaint_return", str(kept)), ("complaint_return", str(returns / "sample_ko41a_organisation.csv"))],
        [("ods_trust", str(trusts))],
    ]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SAMEPICTURE_", "AIRFLOW_"))},
        "SAMEPICTURE_HOME": str(folder / "home"),
        **KEYS,
    }
    outcome = folder / "outcome.json"
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(rounds), str(outcome)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert outcome.exists(), done.stderr[-3000:]
    return {**json.loads(outcome.read_text()), "home": str(folder / "home"), "output": done.stdout + done.stderr}


def test_each_submission_is_one_keyed_event_without_words(chain: dict[str, list[list[object]]]) -> None:
    submissions = [event for event in chain["events"] if str(event[0]).startswith("submission.")]
    assert len(submissions) == 3
    assert {key for _, key, _ in submissions} == {key for _, key, _ in submissions if key}
    assert all(extra in ({}, None) or set(extra) <= {"from_rest_api"} for _, _, extra in submissions)


def test_every_submission_is_judged_then_loaded(chain: dict[str, list[list[list[str]]]]) -> None:
    first = [(dag, key, task, state) for dag, key, task, state in chain["rounds"][0] if dag == "feed_complaint_return"]
    for key in {key for _, key, _, _ in first}:
        assert [task for _, k, task, state in first if k == key and state == "done"] == ["judge", "load"]


def test_nothing_fails_and_nobody_is_asked_unbidden(chain: dict[str, list[list[str]]]) -> None:
    assert chain["failed"] == []
    assert not [step for steps in chain["rounds"] for step in steps if step[0].startswith("collect_")]


def test_a_burst_is_one_build(chain: dict[str, list[list[list[str]]]]) -> None:
    assert len([step for step in chain["rounds"][0] if step[2] == "build"]) == 1


def test_only_what_depends_on_the_change_is_rebuilt(chain: dict[str, str]) -> None:
    import duckdb

    with duckdb.connect(str(Path(chain["home"]) / "picture.duckdb"), read_only=True) as connection:
        builds = connection.execute("select record_types, model_count from ops.build order by load_number").fetchall()
    assert [record_types for record_types, _ in builds] == ["complaint_return", "organisation"]
    assert builds[1][1] < builds[0][1], "the second build should leave out what does not depend on organisations"


def test_a_refused_submission_is_told_and_loads_nothing(chain: dict[str, str]) -> None:
    import duckdb

    with duckdb.connect(str(Path(chain["home"]) / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select file_name, outcome_code, rejection_code, loaded_row_count from ops.submission order by file_name"
        ).fetchall()
    assert ("sample_ko41a_organisation.csv", "rejected", "too_many_rejected", 0) in rows
    assert ("practices.csv", "loaded", None, 56) in rows


def test_the_page_is_made_after_a_publish(chain: dict[str, Any]) -> None:
    done = [(dag, task) for dag, _, task, state in chain["rounds"][0] if state == "done"]
    assert done.index(("page", "make")) > done.index(("publish", "publish"))
    assert len([step for step in done if step[0] == "page"]) <= len([step for step in done if step[0] == "publish"])
    assert "The whole system" in (Path(chain["home"]) / "page" / "current" / "index.html").read_text()
