"""Faults in a real Airflow on a real PostgreSQL: nothing lost, nothing doubled, nothing half-loaded. `make faults`.

After each: every submission is in the ledger exactly once, its rows are the golden ones,
and nothing is in raw without a ledger entry.
"""

from __future__ import annotations

import csv
import io
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
import yaml
from sqlalchemy import text

from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse
from tests.keys import LANDING_KEY, PSEUDONYM_KEY
from tests.stack import SECRET_VARIABLE, Stack, signed, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
FEED = "complaint_webby"
SAMPLE = PROJECT / "dags" / "feeds" / "complaint_northmoor"
ROWS = 4
LONG = 240.0


def cases(number: int) -> bytes:
    """An export of ROWS cases that no other submission holds."""
    header, row = list(csv.reader(io.StringIO((SAMPLE / "sample.csv").read_text())))[:2]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for place in range(ROWS):
        writer.writerow([f"T{number:05}{place}", *row[1:]])
    return text.getvalue().encode()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    document = yaml.safe_load((SAMPLE / "feed.yml").read_text())
    document |= {"id": FEED, "title": "Complaints by webhook", "connector": {"webhook": {"secret_from": SECRET_VARIABLE}}}
    (folder / "feeds" / FEED).mkdir(parents=True)
    (folder / "feeds" / FEED / "feed.yml").write_text(yaml.safe_dump(document))
    (folder / "sabotage").mkdir()
    home = folder / "home"
    settings = Settings(
        home,
        f"duckdb:///{home / 'warehouse.duckdb'}",
        str(home / "landing"),
        (PROJECT / "dags/feeds", folder / "feeds"),
        PSEUDONYM_KEY,
        LANDING_KEY,
    )
    further = {"SABOTAGE": str(folder / "sabotage"), "PYTHONPATH": str(Path(__file__).parent / "sabotage")}
    with Stack(settings, folder / "airflow", further) as stack:
        stack.start("scheduler", "dag-processor", "api-server")
        wait_for(lambda: stack.api("assets", name_pattern=f"submission.{FEED}")["total_entries"], 120, "the feed's DAG")
        stack.warm()
        sent(stack, 0)  # the first build makes every model
        yield stack


def sent(stack: Stack, number: int) -> str:
    """Send a submission and wait until analysts see it; its id."""
    answer = stack.post(FEED, cases(number))
    assert answer.status_code == 202, answer.text
    submission_id = str(answer.json()["submission_id"])
    wait_for(lambda: is_shown(stack, submission_id), LONG, f"{submission_id} in the analysts' copy", pause=0.5)
    return submission_id


def is_shown(stack: Stack, submission_id: str) -> bool:
    if not stack.settings.picture.exists():
        return False
    with duckdb.connect(str(stack.settings.picture), read_only=True) as copy:
        found = copy.execute("select count(*) from conformed.fct_complaint where submission_id = ?", [submission_id]).fetchone()
    return bool(found and found[0])


def assert_whole(stack: Stack) -> None:
    """Each landed submission is in the ledger once, with its golden rows, and raw holds nothing else."""
    landed = {path.stem for path in (Path(stack.settings.landing) / "receipts").glob("*.json")}
    with open_warehouse(stack.settings).writer() as connection:
        rows = connection.execute(text("select submission_id, outcome_code, loaded_row_count from ops.submission")).all()
        raw = connection.execute(text("select submission_id, count(*) from raw.complaint group by submission_id")).all()
    ledger = [row.submission_id for row in rows]
    assert sorted(ledger) == sorted(landed)
    assert all((row.outcome_code, row.loaded_row_count) == ("loaded", ROWS) for row in rows)
    assert {tuple(row) for row in raw} == {(submission_id, ROWS) for submission_id in landed}
    with duckdb.connect(str(stack.settings.picture), read_only=True) as copy:
        assert (
            copy.execute("select count(*), count(distinct feedback_id) from conformed.fct_complaint").fetchone()
            == (len(landed) * ROWS,) * 2
        )


@pytest.mark.parametrize(("number", "point"), enumerate(["judging", "loading", "loaded", "building", "publishing"]))
def test_a_task_is_killed(stack: Stack, number: int, point: str) -> None:
    order = Path(stack.environment["SABOTAGE"]) / point
    order.write_text("task")
    sent(stack, 100 + number)
    assert not order.exists(), "nothing was killed"
    assert_whole(stack)


def test_the_worker_is_killed(stack: Stack) -> None:
    order = Path(stack.environment["SABOTAGE"]) / "loading"
    order.write_text("worker")
    sent(stack, 200)
    assert not order.exists(), "nothing was killed"
    assert_whole(stack)


def test_the_scheduler_is_killed_with_its_workers(stack: Stack) -> None:
    answer = stack.post(FEED, cases(300))
    wait_for(lambda: running(stack), 30, "a running task", pause=0.02)
    stack.kill("scheduler")
    stack.start("scheduler")
    submission_id = answer.json()["submission_id"]
    wait_for(lambda: is_shown(stack, submission_id), LONG, "the submission", pause=0.5)
    assert_whole(stack)


def running(stack: Stack) -> Any:
    return stack.api("dags/~/dagRuns/~/taskInstances", state="running")["task_instances"]


def test_the_database_is_down_for_20_seconds(stack: Stack) -> None:
    before = stack.post(FEED, cases(400))
    stack.stop_database()
    answers = [stack.post(FEED, cases(401))]
    time.sleep(20)
    answers.append(stack.post(FEED, cases(402)))
    stack.start_database()
    stack.revive()
    for answer in (before, *answers):
        assert answer.status_code == 202, answer.text
        wait_for(lambda answer=answer: is_shown(stack, answer.json()["submission_id"]), LONG, "what was sent meanwhile", pause=0.5)
    assert_whole(stack)


def test_the_same_event_three_times(stack: Stack) -> None:
    submission_id = sent(stack, 500)
    asset = stack.api("assets", name_pattern=f"submission.{FEED}")["assets"][0]["id"]
    for _ in range(3):
        requests.post(
            f"{stack.url}/api/v2/assets/events",
            json={"asset_id": asset, "partition_key": submission_id, "extra": {}},
            headers={"Authorization": f"Bearer {stack.token()}"},
            timeout=30,
        ).raise_for_status()
    wait_for(lambda: not running(stack), 60, "silence", pause=3)
    sent(stack, 501)
    assert_whole(stack)


def test_two_posters_with_the_same_bytes(stack: Stack) -> None:
    answers: list[requests.Response] = []
    posters = [threading.Thread(target=lambda: answers.append(stack.post(FEED, cases(600)))) for _ in range(2)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len({answer.json()["submission_id"] for answer in answers}) == 1
    assert sorted(answer.json()["is_new"] for answer in answers) == [False, True]
    wait_for(lambda: is_shown(stack, answers[0].json()["submission_id"]), LONG, "the submission", pause=0.5)
    assert_whole(stack)


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_senders_clock_is_an_hour_off(stack: Stack, hours: int) -> None:
    body = cases(700)
    answer = requests.post(f"{stack.url}/intake/{FEED}", data=body, headers=signed(body, at=time.time() + hours * 3600), timeout=30)
    assert answer.status_code == 401
    assert "check your clock" in answer.json()["detail"]
    assert_whole(stack)


def test_the_airflow_token_does_as_well(stack: Stack) -> None:
    body = cases(800)
    url = f"{stack.url}/intake/{FEED}"
    assert requests.post(url, data=body, timeout=30).status_code == 401
    assert requests.post(url, data=body, headers={"Authorization": "Bearer nonsense"}, timeout=30).status_code in (401, 403)
    answer = requests.post(url, data=body, headers={"Authorization": f"Bearer {stack.token()}"}, timeout=30)
    assert answer.status_code == 202, answer.text
    wait_for(lambda: is_shown(stack, answer.json()["submission_id"]), LONG, "the submission", pause=0.5)
    assert_whole(stack)


def test_a_burst(stack: Stack) -> None:
    """Forty at once, of the 500 of `make bench-events`."""
    answers = [stack.post(FEED, cases(900 + number)) for number in range(40)]
    assert {answer.status_code for answer in answers} == {202}
    for answer in answers:
        wait_for(lambda answer=answer: is_shown(stack, answer.json()["submission_id"]), 600, "all of them", pause=1)
    assert_whole(stack)


def test_nothing_is_left_to_retry(stack: Stack) -> None:
    """The last: what was killed was repaired by retries, not left failed."""
    stack.kill("scheduler", signal.SIGTERM)
    failed = [run["dag_id"] for run in stack.api("dags/~/dagRuns", state="failed", limit=100)["dag_runs"]]
    assert failed == []
