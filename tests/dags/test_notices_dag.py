"""The notices DAG through Airflow's own scheduler: a sender is answered and the data team is told, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from samepicture.settings import PROJECT
from tests.keys import KEYS
from tests.mesh_sandbox import OPTIONS, SENDER, Sandbox, running
from tests.told import Chat, Mails, chat_server, mail_server

MODEL = PROJECT / "dags" / "feeds" / "complaint_northmoor"
DRIVER = """
import json, sys
from pathlib import Path
from samepicture.airflow.environment import airflow_environment, apply
from samepicture.load import register_feeds
from samepicture.process import Pipeline
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

settings = Settings.from_environment()
apply({**airflow_environment(settings), "AIRFLOW__CORE__EXECUTOR": "samepicture.airflow.embedded.EmbeddedExecutor",
       "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"})
from samepicture.airflow import embedded

pipeline = Pipeline(settings)
(receipt,) = pipeline.collect("complaint_by_mesh")
pipeline.judge(receipt.submission_id)
pipeline.load(receipt.submission_id)
with open_warehouse(settings).writer() as connection:
    register_feeds(connection, [pipeline.feed("complaint_by_mesh")])  # as each build does
embedded.set_up()
steps = []
for _ in range(2):
    embedded.run_until_idle(["notices"], lambda *step: steps.append(step))
Path(sys.argv[1]).write_text(json.dumps({"failed": embedded.failed_runs(), "steps": steps, "submission": receipt.submission_id}))
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Mails, Chat]]:
    with running(tmp_path_factory.mktemp("mesh")) as sandbox, mail_server() as mails, chat_server() as room:
        yield sandbox, mails, room


@pytest.mark.faults
def test_a_sender_is_answered_and_the_data_team_told_once(servers: tuple[Sandbox, Mails, Chat], tmp_path: Path) -> None:
    sandbox, mails, room = servers
    folder = tmp_path / "feeds" / "complaint_by_mesh"
    folder.mkdir(parents=True)
    declared = (MODEL / "feed.yml").read_text().replace("id: complaint_northmoor", "id: complaint_by_mesh")
    without = declared.split("\nconnector:")[0] if "\nconnector:" in declared else declared
    rest = declared.removeprefix(without).lstrip("\n").split("\n")[1:]
    kept = next((n for n, line in enumerate(rest) if line and not line[0].isspace()), len(rest))
    options = json.dumps({**OPTIONS, "feedback_workflow": "COMPLAINTS_BACK"})
    connector = f"\nconnector: {{kind: mesh, options: {options}}}\n"
    (folder / "feed.yml").write_text(without + connector + "\n".join(rest[kept:]) + "\n")
    sandbox.send(next(MODEL.glob("sample*")).read_bytes(), filename="june.csv")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SAMEPICTURE_", "AIRFLOW_"))},
        "SAMEPICTURE_HOME": str(tmp_path / "home"),
        "SAMEPICTURE_FEEDS": str(tmp_path / "feeds"),
        **KEYS,
        "SAMEPICTURE_SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
        "SAMEPICTURE_MAIL_FROM": "samepicture@ics.example",
        "SAMEPICTURE_NOTICES_TO": "data@ics.example",
        "SAMEPICTURE_NOTICES_WEBHOOK": room.url,
        **sandbox.environment,
    }
    outcome = tmp_path / "outcome.json"
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(outcome)], env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert outcome.exists(), done.stderr[-3000:]
    result = json.loads(outcome.read_text())
    assert result["failed"] == []
    assert len([step for step in result["steps"] if step[0] == "notices"]) >= 4, "two looks, two tasks each"
    with sandbox.mailbox(SENDER) as client:
        (message,) = client.iterate_all_messages()
        assert (message.local_id, message.workflow_id) == (result["submission"], "COMPLAINTS_BACK")
    (mail,) = mails.received
    assert "refused: " in mail.get_content()
    assert "complaint_by_mesh" in mail.get_content()
    assert len(room.texts) == 1
