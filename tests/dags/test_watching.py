"""A watched folder through Airflow's real processes: a file wakes its DAG, also after the triggerer was killed."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from samepicture.airflow.environment import airflow_environment
from samepicture.airflow.local import PARTS
from samepicture.settings import PROJECT, Settings

FEED = "complaint_watched"
MODEL = PROJECT / "dags" / "feeds" / "complaint_northmoor"
DAG_FILE = """
from samepicture.airflow.factory import collect_dag, feed_dag
from samepicture.feed import load_feeds
from samepicture.settings import Settings

feed = load_feeds(Settings.from_environment().feeds)["complaint_watched"]
collect, load = collect_dag(feed), feed_dag(feed)
"""
"""No sweep and no warehouse: what is loaded here came by the watcher alone."""


@dataclass
class Airflow:
    """Its processes, each in a group of its own, and its database."""

    folder: Path
    environment: dict[str, str]
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "airflow", *arguments],
            env=self.environment,
            check=True,
            capture_output=True,
            timeout=90,
            cwd=self.folder,
        )

    def start(self, part: str) -> None:
        with (self.folder / f"{part}.log").open("ab") as log:
            command = [sys.executable, "-m", "airflow", *PARTS[part]]
            self.parts[part] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, process_group=0, cwd=self.folder)

    def kill(self, part: str) -> None:
        """As a machine's end would: the whole group, without a word."""
        process = self.parts.pop(part)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.folder / 'home' / 'airflow' / 'airflow.db'}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(sql, values).fetchall()

    def until(self, what: str, sql: str, count: int, seconds: float = 60) -> None:
        """Wait until a count is reached. Fails with the logs' ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.query(sql)[0][0] == count:
                return
            time.sleep(0.5)
        logs = "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in self.folder.glob("*.log"))
        pytest.fail(f"{what}: not within {seconds} s; {self.query(sql)[0][0]} instead of {count}\n{logs}")


@pytest.fixture
def airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Airflow]:
    feeds, dags, arrivals = tmp_path / "feeds", tmp_path / "dags", tmp_path / "arrivals"
    for folder in (feeds / FEED, dags, arrivals):
        folder.mkdir(parents=True)
    document = yaml.safe_load((MODEL / "feed.yml").read_text())
    document |= {
        "id": FEED,
        "connector": {"kind": "folder", "schedule": "0 0 1 1 *", "options": {"path_from": "WATCHED_FOLDER", "settle_seconds": 1}},
    }
    (feeds / FEED / "feed.yml").write_text(yaml.safe_dump(document))
    (dags / "watched.py").write_text(DAG_FILE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in [name for name in os.environ if name.startswith(("SAMEPICTURE_", "AIRFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SAMEPICTURE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SAMEPICTURE_FEEDS", str(feeds))
    monkeypatch.setenv("SAMEPICTURE_PSEUDONYM_KEY", "a key for tests alone, never for people")
    environment = {
        **os.environ,
        **airflow_environment(Settings.from_environment()),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "2",
        # A DAG that was just switched on is watched once its file is parsed again; 30 s by default.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        # A dead triggerer's watchers are taken over after so long; 30 s by default.
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
        "WATCHED_FOLDER": str(arrivals),
    }
    running = Airflow(tmp_path, environment)
    try:
        running.run("db", "migrate")
        running.run("pools", "set", "warehouse_writer", "1", "One writer.")
        for part in PARTS:
            running.start(part)
        running.until("the DAGs are parsed", "select count(*) from dag", 2)
        running.run("dags", "unpause", "--yes", f"collect_{FEED}")
        yield running
    finally:
        for process in running.parts.values():
            process.terminate()
        for process in list(running.parts.values()):
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
        for part in list(running.parts):
            running.kill(part)


LOADED = f"select count(*) from dag_run where dag_id = 'feed_{FEED}' and state = 'success'"
POLLED = f"select count(*) from dag_run where dag_id = 'collect_{FEED}' and run_type = 'scheduled' and state = 'success'"
LANDED = "select source_run_id from asset_event where source_dag_id like 'collect_%' order by id"
WATCHING = "select count(*) from trigger where triggerer_id is not null"


def drop(folder: Path, name: str, lines: int) -> None:
    """As a supplier does: under a temporary name first."""
    content = "".join((MODEL / "sample.csv").read_text().splitlines(keepends=True)[:lines])
    (folder / f"{name}.part").write_text(content)
    (folder / f"{name}.part").rename(folder / name)


def ledger(folder: Path) -> list[tuple[str, str]]:
    import duckdb

    with duckdb.connect(str(folder / "home" / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute("select file_name, outcome_code from ops.submission order by landed_at").fetchall()


@pytest.mark.slow
def test_a_file_wakes_its_dag_and_a_killed_triggerer_loses_none(airflow: Airflow) -> None:
    arrivals = airflow.folder / "arrivals"
    airflow.until("the poll that the schedule owes has found nothing", POLLED, 1)
    airflow.until("the folder is watched", WATCHING, 1)
    drop(arrivals, "first.csv", 4)
    airflow.until("the first file is loaded", LOADED, 1)
    assert {name for name, _ in ledger(airflow.folder)} == {"first.csv"}

    airflow.kill("triggerer")
    drop(arrivals, "second.csv", 5)
    time.sleep(5)
    assert (arrivals / "second.csv").exists(), "without a triggerer nobody should have fetched it"
    airflow.start("triggerer")
    airflow.until("the second file is loaded", LOADED, 2)
    time.sleep(5)  # for a second event to do harm, were there one
    assert [name for name, _ in ledger(airflow.folder)] == ["first.csv", "second.csv"]
    assert airflow.query(LOADED)[0][0] == 2
    assert [str(run_id).split("__")[0] for (run_id,) in airflow.query(LANDED)] == ["asset_triggered"] * 2, "something else asked the source"
    assert airflow.query(POLLED)[0][0] == 1
    assert sorted(path.name for path in (arrivals / "done").iterdir()) == ["first.csv", "second.csv"]
    assert not [path for path in arrivals.iterdir() if path.is_file()]
