"""The upkeep through Airflow's own scheduler: it does what it says, and Airflow learns nothing of the record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from samepicture.process import Pipeline
from samepicture.settings import Settings
from samepicture.upkeep import requests
from samepicture.upkeep.backup import MANIFEST
from samepicture.upkeep.erase import record_key
from tests.keys import KEYS
from tests.text_comments import trained
from tests.upkeep.cases import ORGANISATION, export, loaded, others, places, pseudonym, rows

REFERENCE = "ZQX77/0815"
DRIVER = """
import json, sys
from pathlib import Path
from samepicture.airflow.environment import airflow_environment, apply
from samepicture.settings import Settings

settings = Settings.from_environment()
apply({**airflow_environment(settings), "AIRFLOW__CORE__EXECUTOR": "samepicture.airflow.embedded.EmbeddedExecutor",
       "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO"})
from samepicture.airflow import embedded
from airflow.api.common.trigger_dag import trigger_dag
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType

embedded.set_up()
steps = []
for dag_id, conf in json.loads(sys.argv[2]):
    with create_session() as session:
        trigger_dag(dag_id=dag_id, triggered_by=DagRunTriggeredByType.CLI, session=session, logical_date=None, conf=conf)
    embedded.run_until_idle([], lambda *step: steps.append(step))
Path(sys.argv[1]).write_text(json.dumps({"failed": embedded.failed_runs(), "steps": steps}))
"""


@pytest.mark.faults
def test_replay_erase_retention_and_backup_run_and_airflow_learns_nothing(tmp_path: Path, settings: Settings) -> None:
    pipeline = Pipeline(replace(settings, home=tmp_path / "home"))
    outcome = loaded(pipeline, export({"ID": REFERENCE, "Description": "Quillfeather"}, *others(10)))
    pipeline.build_and_publish()
    trained(pipeline.settings)
    contract, key = record_key(pipeline.settings, "complaint", ORGANISATION, REFERENCE)
    request = requests.leave(pipeline.landing, requests.Request(contract.record_type, tuple(key), "request 31"))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SAMEPICTURE_", "AIRFLOW_"))},
        "SAMEPICTURE_HOME": str(tmp_path / "home"),
        "SAMEPICTURE_BACKUPS": str(tmp_path / "backups"),
        **KEYS,
    }
    told = tmp_path / "outcome.json"
    runs = [
        ["label", {}],
        ["replay", {"submission_id": outcome.submission_id}],
        ["erase", {"request": request}],
        ["retention", {}],
        ["backup", {}],
        ["redact_again", {}],
    ]
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(told), json.dumps(runs)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert told.exists(), done.stderr[-3000:]
    result = json.loads(told.read_text())
    assert result["failed"] == []
    assert {step[0] for step in result["steps"] if step[3] == "done"} >= {"label", "replay", "erase", "retention", "backup", "redact_again"}
    assert requests.waiting(pipeline.landing) == []
    needles = (REFERENCE, "Quillfeather", pseudonym(pipeline.settings, REFERENCE))
    assert places(pipeline, *needles) == [], "Airflow's database and logs are in the home too"
    assert not [needle for needle in needles if needle in done.stdout + done.stderr]
    assert rows(pipeline.settings, "select count(*) from raw.complaint") == [(10,)]
    assert rows(pipeline.settings, "select count(distinct feedback_id) from ops.text_label") == [(10,)]
    assert list((tmp_path / "backups").glob(f"*/{MANIFEST}"))
