"""Words of patients stay in the landing store and the warehouse: a real Airflow is searched for them, metrics too.

Every cell that may hold words or an identifier is marked, in good rows and in bad ones, and
so are the names of files. The submissions go through the real chain; tasks fail on the way
with the libraries' own errors, which quote the cells.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from psycopg2 import sql
from sqlalchemy import inspect

from samepicture.data_docs import COUNTS
from samepicture.landing import Landing
from samepicture.publish import unpublished_since
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse
from tests.collector import Collector, collector
from tests.keys import LANDING_KEY, PSEUDONYM_KEY
from tests.stack import SECRET, SECRET_VARIABLE, Stack, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
FEEDS = PROJECT / "dags" / "feeds"
CSV_FEED, JSON_FEED, FOLDER_FEED = "complaint_webby", "story_webby", "complaint_folder"
HELD_BY_AIRFLOW = "SAMEPICTURE_WORDS_SECRET", "SAMEPICTURE_WORDS_FOLDER"
"""The webhook's secret and the folder's path: Airflow's variables, in no environment."""
MARK = "Zqxw"
"""Begins every marked word; no word of ours does."""
FREE = ("Description", "Lessons learned", "Site (description)", "Specialty (description)", "Theatre list", "Next of kin")
"""Columns that hold what people write."""
WRONG = ("Date received", "Stage (code)", "Outcome (code)", "Ethnicity (code)", "Times re-opened", "Trust code")
"""Columns into which words stray in a bad row."""
STEPS = ("judging", "loading", "building")


@dataclass
class Searched:
    """What ran, and where."""

    stack: Stack
    failing: Path
    collected: Collector


def marked_csv() -> bytes:
    """The sample: every free or identifying cell has a mark of its own; a further row a stray one. No record is quoted whole."""
    header, *rows = list(csv.reader(io.StringIO((FEEDS / "complaint_northmoor" / "sample.csv").read_text())))
    identifying = yaml.safe_load((FEEDS / "complaint_northmoor" / "feed.yml").read_text())["layouts"][0]["drop"][:7]
    good = rows[:12]
    for number, row in enumerate(good):
        for name in (*FREE, *identifying):
            place = header.index(name)
            row[place] = f"{row[place]} {MARK}{number}c{place} and {MARK}a{number}".strip()
        row[header.index("ID")] = f"{MARK}ID{number}"
    stray = []
    for number, name in enumerate(WRONG):
        row = list(good[0])
        row[header.index("ID")] = f"{MARK}S{number}"
        row[header.index(name)] = f"{MARK}stray{number} was told by {MARK}b{number} that"
        stray.append(row)
    target = io.StringIO()
    csv.writer(target).writerows([header, *good, *good, *good, *good, *good, *stray])  # few enough bad ones to be taken
    return target.getvalue().encode()


def marked_json() -> bytes:
    """A page of stories, every text of which is marked."""

    def mark(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: mark(each) for key, each in value.items()}
        if isinstance(value, list):
            return [mark(each) for each in value]
        return f"{value} {MARK}1j said so" if isinstance(value, str) and (" " in value and len(value) > 15) else value

    return json.dumps(mark(json.loads((FEEDS / "experience_story_care_opinion" / "sample_page.json").read_text()))).encode()


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    folder = tmp_path_factory.mktemp("words")
    signed, watched = HELD_BY_AIRFLOW
    connectors = {
        CSV_FEED: {"webhook": {"secret_from": signed}},
        JSON_FEED: {"webhook": {"secret_from": SECRET_VARIABLE}},
        FOLDER_FEED: {"kind": "folder", "schedule": "0 0 1 1 *", "options": {"path_from": watched, "settle_seconds": 1}},
    }
    for feed_id, connector in connectors.items():
        model = "experience_story_care_opinion" if feed_id == JSON_FEED else "complaint_northmoor"
        document = yaml.safe_load((FEEDS / model / "feed.yml").read_text())
        document |= {"id": feed_id, "connector": connector, "bounds": {"rejected_share": 0.9}}
        (folder / "feeds" / feed_id).mkdir(parents=True)
        (folder / "feeds" / feed_id / "feed.yml").write_text(yaml.safe_dump(document))
        if (reader := FEEDS / model / "reader.py").exists():
            (folder / "feeds" / feed_id / "reader.py").write_text(reader.read_text())
    failing = folder / "failing"
    failing.mkdir()
    for step in STEPS:
        (failing / step).touch()
    home = folder / "home"
    settings = Settings(
        home, f"duckdb:///{home / 'warehouse.duckdb'}", str(home / "landing"), (FEEDS, folder / "feeds"), PSEUDONYM_KEY, LANDING_KEY
    )
    with collector() as collected:
        further = {
            "FAILING": str(failing),
            "PYTHONPATH": str(Path(__file__).parent / "failing"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collected.url,
            "OTEL_METRIC_EXPORT_INTERVAL": "5000",
            # A DAG that was just switched on is watched once its file is parsed again; 30 s by default.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        }
        with Stack(settings, folder / "airflow", further) as stack:
            stack.airflow("variables", "set", signed, SECRET)
            stack.airflow("variables", "set", watched, str(folder / "arrivals"))
            (folder / "arrivals").mkdir()
            stack.start("scheduler", "dag-processor", "triggerer", "api-server")
            wait_for(lambda: stack.api("assets", name_pattern=f"submission.{CSV_FEED}")["total_entries"], 120, "the feed's DAG")
            stack.airflow("dags", "unpause", "--yes", f"collect_{FOLDER_FEED}")
            refused = stack.post(CSV_FEED, marked_csv(), f"{MARK}refused.csv", **{"webhook-signature": "v1,bm8="})
            assert refused.status_code == 401
            assert stack.post(CSV_FEED, marked_csv(), f"{MARK}name" * 50).status_code == 422
            for feed_id, body, name in (
                (CSV_FEED, marked_csv(), f"{MARK} complaint.csv"),
                (JSON_FEED, marked_json(), f"{MARK}.json"),
                (CSV_FEED, f"{MARK} is no table\nat all {MARK}".encode(), f"{MARK}.csv"),
            ):
                assert stack.post(feed_id, body, name).status_code == 202
            wait_for(lambda: finished(stack), 240, "the poll that the schedule owes has found nothing", pause=1)
            wait_for(lambda: watching(stack), 120, "the folder is watched", pause=1)
            (folder / "arrivals" / f"{MARK}.csv").write_bytes(marked_csv() + b"\n")
            wait_for(lambda: len(landed(stack)) == 4, 240, "the watched file", pause=1)
            wait_for(
                lambda: not waiting(stack) and not list(failing.iterdir()), 400, "everything to go through, and each step to fail", pause=1
            )
            wait_for(lambda: unpublished_since(settings) is None, 240, "everything in the analysts' copy", pause=1)
            done = time.time_ns()
            wait_for(lambda: collected.last_ns("samepicture.submissions") > done, 150, "a measurement of all this", pause=1)
            yield Searched(stack, failing, collected)


def finished(stack: Stack) -> list[str]:
    """Runs of the DAG that fetches from the folder: their ids."""
    runs = stack.api(f"dags/collect_{FOLDER_FEED}/dagRuns", order_by="-start_date")["dag_runs"]
    return [run["dag_run_id"] for run in runs if run["state"] == "success"]


def watching(stack: Stack) -> bool:
    with closing(psycopg2.connect(stack.postgres_uri)) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from trigger where triggerer_id is not null and classpath like '%SourceWatcher'")
        return bool(cursor.fetchone()[0])


def landed(stack: Stack) -> set[str]:
    return {path.stem for path in (Path(stack.settings.landing) / "receipts").glob("*.json")}


def waiting(stack: Stack) -> set[str]:
    with open_warehouse(stack.settings).writer() as connection:
        if not inspect(connection).has_table("submission", schema="ops"):
            return landed(stack)
        return landed(stack) - {row[0] for row in connection.exec_driver_sql("select submission_id from ops.submission")}


def files_with_marks(*folders: Path) -> list[str]:
    return [str(path) for folder in folders for path in folder.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]


def test_the_marks_went_through(searched: Searched) -> None:
    """Else nothing would be found for want of anything to find."""
    settings = searched.stack.settings
    landing = Landing.of(settings)
    originals = []
    for receipt in landing.receipts():
        with landing.open(receipt) as stream:
            originals.append(MARK.encode() in stream.read())
    assert originals.count(True) == 4
    with open_warehouse(settings).writer() as connection:
        narratives = connection.exec_driver_sql(f"select count(*) from raw.complaint where narrative like '%{MARK}%'").scalar_one()
        stories = connection.exec_driver_sql(f"select count(*) from raw.experience_story where body like '%{MARK}%'").scalar_one()
        outcomes = connection.exec_driver_sql("select outcome_code, sum(rejected_count) from ops.submission group by 1 order by 1").all()
    assert narratives >= 12
    assert stories >= 1
    assert [row[0] for row in outcomes] == ["loaded", "rejected"]
    assert outcomes[0][1] >= len(WRONG) - 1


def test_tasks_failed_on_the_way_and_said_why_without_words(searched: Searched) -> None:
    assert not list(searched.failing.iterdir()), "a step did not fail"
    logs = "\n".join(path.read_text() for path in (searched.stack.settings.home / "airflow" / "logs").rglob("*.log"))
    assert "polars.exceptions.InvalidOperationError, in " in logs
    assert re.search(r"TaskFailed.{1,40}sqlalchemy\.exc\.\w+, in process\.py|sqlalchemy\.exc\.\w+, in .*load", logs)
    assert "The marts keep their last state." in logs


def test_no_log_holds_a_word(searched: Searched) -> None:
    logs = (searched.stack.settings.home / "airflow", searched.stack.folder)
    assert sum(1 for folder in logs for path in folder.rglob("*.log")) > 8
    assert files_with_marks(*logs) == []


def test_airflows_database_holds_no_word(searched: Searched) -> None:
    """XComs, rendered fields, asset events, logs of who did what: every column of every table."""
    found, rows = [], 0
    with closing(psycopg2.connect(searched.stack.postgres_uri)) as connection, connection.cursor() as cursor:
        cursor.execute("set bytea_output = 'escape'")
        cursor.execute("select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'")
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(sql.SQL("select each::text from {} as each").format(sql.Identifier(table)))
            texts = [row[0] for row in cursor.fetchall()]
            rows += len(texts)
            found += [(table, text[:200]) for text in texts if MARK in text]
    assert {"xcom", "rendered_task_instance_fields", "asset_event", "log", "dag_run"} <= set(tables)
    assert rows > 100
    assert found == []


def test_data_docs_and_marks_of_failures_hold_no_word(searched: Searched) -> None:
    home = searched.stack.settings.home
    assert (home / "data_docs" / "index.html").exists()
    assert files_with_marks(home / "data_docs", home / COUNTS, home / "announced") == []


def test_what_feed_yml_names_may_be_held_by_airflow(searched: Searched) -> None:
    """The webhook took a signature by a secret, and a watcher and a task found a folder, that no environment has; no log has either."""
    assert not set(HELD_BY_AIRFLOW) & set(searched.stack.environment)
    runs = finished(searched.stack)
    assert [run_id for run_id in runs if run_id.startswith("asset_triggered")], "the watcher has not woken it"
    for folder in (searched.stack.settings.home / "airflow", searched.stack.folder):
        assert [path for path in folder.rglob("*.log") if SECRET in path.read_text()] == []


def test_the_collector_got_airflows_metrics_and_ours_without_words(searched: Searched) -> None:
    values = searched.collected.values()
    ours = values["samepicture.submissions"]
    assert ours[frozenset({("feed", CSV_FEED), ("outcome", "loaded")})] == 1
    assert ours[frozenset({("feed", CSV_FEED), ("outcome", "rejected")})] == 1
    deadline = time.monotonic() + 30
    while not {"airflow.scheduler_heartbeat", "airflow.ti.start"} <= set(values) and time.monotonic() < deadline:
        time.sleep(1)
        values = searched.collected.values()
    assert {"airflow.scheduler_heartbeat", "airflow.ti.start"} <= set(values), sorted(values)
    assert not [body for body in searched.collected.bodies if MARK.encode() in body]
