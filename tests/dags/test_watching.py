"""A watched folder through Airflow's real processes: a file wakes its DAG, also after the triggerer was killed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import duckdb
import psycopg2
import pytest
import yaml

from samepicture.settings import PROJECT, Settings
from tests.stack import Stack, wait_for

FEED = "complaint_watched"
MODEL = PROJECT / "dags" / "feeds" / "complaint_northmoor"
DAG_FILE = f"""
from samepicture.airflow.factory import collect_dag, feed_dag
from samepicture.feed import load_feeds
from samepicture.settings import Settings

feed = load_feeds(Settings.from_environment().feeds)["{FEED}"]
collect, load = collect_dag(feed), feed_dag(feed)
"""
"""No sweep and no warehouse: what is loaded here came by the watcher alone."""

PARSED = "select count(*) from dag"
POLLED = f"select count(*) from dag_run where dag_id = 'collect_{FEED}' and run_type = 'scheduled' and state = 'success'"
WATCHING = "select count(*) from trigger where triggerer_id is not null"
LOADED = f"select count(*) from dag_run where dag_id = 'feed_{FEED}' and state = 'success'"
LANDED = f"select source_run_id from asset_event where source_dag_id = 'collect_{FEED}' order by id"


@dataclass
class Watched:
    """Airflow with one watched feed."""

    stack: Stack
    arrivals: Path

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with closing(psycopg2.connect(self.stack.postgres_uri)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def until(self, sql: str, count: int, what: str) -> None:
        wait_for(lambda: self.query(sql)[0][0] == count, 120, what, pause=0.5)

    def drop(self, name: str, lines: int) -> None:
        """As a supplier does: under a temporary name first."""
        content = "".join((MODEL / "sample.csv").read_text().splitlines(keepends=True)[:lines])
        (self.arrivals / f"{name}.part").write_text(content)
        (self.arrivals / f"{name}.part").rename(self.arrivals / name)

    def ledger(self) -> list[str]:
        with duckdb.connect(str(self.stack.settings.home / "warehouse.duckdb"), read_only=True) as connection:
            return [row[0] for row in connection.execute("select file_name from ops.submission order by landed_at").fetchall()]


@pytest.fixture
def watched(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    feeds, dags, arrivals = tmp_path / "feeds", tmp_path / "dags", tmp_path / "arrivals"
    for folder in (feeds / FEED, dags, arrivals):
        folder.mkdir(parents=True)
    options = {"path_from": "WATCHED_FOLDER", "settle_seconds": 1}
    document = yaml.safe_load((MODEL / "feed.yml").read_text())
    document |= {"id": FEED, "connector": {"kind": "folder", "schedule": "0 0 1 1 *", "options": options}}
    (feeds / FEED / "feed.yml").write_text(yaml.safe_dump(document))
    (dags / "watched.py").write_text(DAG_FILE)
    monkeypatch.setenv("SAMEPICTURE_FEEDS", str(feeds))
    further = {
        "WATCHED_FOLDER": str(arrivals),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        # A DAG that was just switched on is watched once its file is parsed again; 30 s by default.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        # A dead triggerer's watchers are taken over after so long; 30 s by default.
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    }
    with Stack(Settings.from_environment(), tmp_path / "airflow", further) as stack:
        stack.start("dag-processor", "triggerer", "scheduler", "api-server")
        found = Watched(stack, arrivals)
        found.until(PARSED, 2, "the DAGs are parsed")
        stack.airflow("dags", "unpause", "--yes", f"collect_{FEED}")
        found.until(POLLED, 1, "the poll that the schedule owes has found nothing")
        found.until(WATCHING, 1, "the folder is watched")
        yield found


def test_a_watcher_waits_for_a_source_that_is_down_and_tells_again_what_stays(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samepicture.airflow import watching

    monkeypatch.setenv("SAMEPICTURE_EASTVALE_FOLDER", str(tmp_path / "share"))
    monkeypatch.setattr(watching, "PAUSE_SECONDS", (0.1, 0.2))
    monkeypatch.setattr(watching, "REPEAT_SECONDS", (1.0, 10.0))

    async def told() -> list[tuple[dict[str, int], float]]:
        found = []
        async with asyncio.timeout(20), aclosing(watching.SourceWatcher("complaint_eastvale").run()) as events:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0.5)
            assert not waiting.done(), "there is no folder yet"
            (tmp_path / "share").mkdir()
            (tmp_path / "share" / "cases.xlsx").touch()
            found.append(((await waiting).payload, time.monotonic()))
            while len(found) < 3:
                found.append(((await anext(events)).payload, time.monotonic()))
        return found

    found = asyncio.run(told())
    assert [payload for payload, _ in found] == [{"waiting": 1}] * 3, "events say how many wait, not what"
    first, second = (later[1] - earlier[1] for earlier, later in pairwise(found))
    assert first > 1
    assert second > 2, "what goes on waiting is told more and more rarely"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_file_wakes_its_dag_and_a_killed_triggerer_loses_none(watched: Watched) -> None:
    watched.drop("first.csv", 4)
    watched.until(LOADED, 1, "the first file is loaded")
    assert watched.ledger() == ["first.csv"]

    watched.stack.kill("triggerer")
    watched.drop("second.csv", 5)
    time.sleep(5)
    assert (watched.arrivals / "second.csv").exists(), "without a triggerer nobody should have fetched it"
    watched.stack.start("triggerer")
    watched.until(LOADED, 2, "the second file is loaded")
    time.sleep(5)  # for a second event to do harm, were there one

    assert watched.ledger() == ["first.csv", "second.csv"]
    assert watched.query(LOADED)[0][0] == 2
    assert [str(run_id).split("__")[0] for (run_id,) in watched.query(LANDED)] == ["asset_triggered"] * 2, "something else asked the source"
    assert watched.query(POLLED)[0][0] == 1
    assert sorted(path.name for path in watched.arrivals.iterdir()) == ["done"]
    assert sorted(path.name for path in (watched.arrivals / "done").iterdir()) == ["first.csv", "second.csv"]
