"""A process may die at any point, the disk may fill, two may come at once: the result is that of a run where nothing happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import inspect, text

from samepicture.inbox import waiting
from samepicture.process import Pipeline
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse
from tests.faults.killed import FEED, STAGES, database_of
from tests.feeds.test_bad_input import table, written
from tests.keys import KEYS

DIFFERS = {"landed_at", "started_at", "finished_at", "duration_seconds", "load_number", "replaced_row_count"}
"""Columns that say when, not what. Versions come from the file."""
NOT_LANDED = ("while landing", "between bytes and receipt")


Remains = tuple[Path, dict[str, list[int]], str]


@pytest.fixture(scope="session", params=["duckdb", "postgresql"])
def remains(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Remains:
    """The homes that killed processes left, how each ended, and the URL of their server, if they have one."""
    server = ""
    if request.param == "postgresql":
        given = request.getfixturevalue("postgres_server")
        if given.is_given:
            pytest.skip("databases can't be made on the given server")
        server = given.url
    folder = tmp_path_factory.mktemp("killed")
    return folder, json.loads(_kill_at_every_stage(folder, server)), server


def _kill_at_every_stage(folder: Path, server: str) -> str:
    (folder / "earlier.csv").write_text(written(table(5)))
    rows = [*table(12, first=4), *table(1, first=90, changes={"Date received": "01/01/2999"})[1:]]
    (folder / "cases.csv").write_text(written(rows))
    environment = {**os.environ, **KEYS}
    for name in ("SAMEPICTURE_WAREHOUSE", "SAMEPICTURE_LANDING", "SAMEPICTURE_FEEDS"):
        environment.pop(name, None)
    driver = [
        sys.executable,
        str(Path(__file__).with_name("killed.py")),
        str(folder),
        str(folder / "earlier.csv"),
        str(folder / "cases.csv"),
        *([server] if server else []),
    ]
    run = subprocess.run(driver, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1]


@pytest.fixture
def home(remains: Remains, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens what is left of a stage as a pipeline."""
    folder, _, server = remains
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    for name in ("SAMEPICTURE_WAREHOUSE", "SAMEPICTURE_LANDING", "SAMEPICTURE_FEEDS"):
        monkeypatch.delenv(name, raising=False)

    def opened(stage: str) -> Pipeline:
        monkeypatch.setenv("SAMEPICTURE_HOME", str(folder / stage))
        if server:
            monkeypatch.setenv("SAMEPICTURE_WAREHOUSE", database_of(server, folder / stage))
        return Pipeline(Settings.from_environment())

    return opened


def contents(pipeline: Pipeline) -> dict[str, list[str]]:
    """Every table of raw and ops without its times, as sorted text."""
    found = {}
    with open_warehouse(pipeline.settings).writer() as connection:
        inspector = inspect(connection)
        for schema in ("raw", "ops"):
            for name in sorted(inspector.get_table_names(schema)):
                rows = connection.execute(text(f"select * from {schema}.{name}")).mappings()
                found[f"{schema}.{name}"] = sorted(str({k: v for k, v in row.items() if k not in DIFFERS}) for row in rows)
    return found


def orphans(pipeline: Pipeline) -> list[Any]:
    """Rows of raw without a ledger entry, and ledger entries without all their rows."""
    with open_warehouse(pipeline.settings).writer() as connection:
        return [
            *connection.execute(
                text("select submission_id from raw.complaint where submission_id not in (select submission_id from ops.submission)")
            ),
            *connection.execute(
                text(
                    "select s.submission_id from ops.submission s where s.loaded_row_count <> "
                    "(select count(*) from raw.complaint r where r.submission_id = s.submission_id)"
                )
            ),
        ]


@pytest.mark.parametrize("stage", STAGES)
def test_killed(remains: Remains, home: Any, stage: str) -> None:
    folder, ended, _ = remains
    assert ended[stage] == [-signal.SIGKILL], "the process was to be killed"
    pipeline = home(stage)
    assert not orphans(pipeline)
    submission_ids = [name for names in waiting(pipeline).values() for name in names]
    assert len(submission_ids) == (0 if stage in NOT_LANDED or stage == "after the commit" else 1)
    if stage in NOT_LANDED:  # nobody was told that it arrived: it is sent again
        receipt, new = pipeline.land_file(FEED, folder / "cases.csv")
        assert new
        submission_ids = [receipt.submission_id]
    for submission_id in submission_ids:
        pipeline.judge(submission_id)
        assert pipeline.load(submission_id).rows == 12
    assert contents(pipeline) == contents(home("never killed"))
    assert len(contents(pipeline)["ops.submission"]) == 2
    assert not list(pipeline.settings.work.glob("*.part"))
    assert not orphans(pipeline)


def test_a_load_that_was_done_says_so_again(home: Any) -> None:
    """Its process died after the commit, or another was faster: the retry has nothing to load, and is right."""
    pipeline = home("never killed")
    (first, second) = sorted(pipeline.landing.submission_ids(), key=lambda name: pipeline.landing.receipt(name).file_name)
    assert (pipeline.load(first).rows, pipeline.load(second).rows, pipeline.load(first).rejected) == (12, 5, 1)
    assert pipeline.load(first).first_pending, "whoever loaded it may not have told the warehouse"


def test_all_at_once(remains: Remains, home: Any) -> None:
    """Three processes with the same bytes and one with others: each submission once, none fails, one writer after the other."""
    assert remains[1]["together"] == [0, 0, 0, 0]
    assert contents(home("together")) == contents(home("never killed"))


def test_a_judged_submission_of_which_files_are_gone_is_not_loaded(settings: Settings, pipeline: Pipeline, tmp_path: Path) -> None:
    """Counts that do not add up commit nothing: neither rows nor quarantine may go missing without a word."""
    path = tmp_path / "cases.csv"
    path.write_text(written([*table(12), *table(1, first=90, changes={"Date received": "01/01/2999"})[1:]]))
    receipt, _ = pipeline.land_file(FEED, path)
    for missing in ("accepted.parquet", "quarantine.parquet"):
        pipeline.judge(receipt.submission_id)
        assert pl.read_parquet(settings.work / receipt.submission_id / missing).height
        (settings.work / receipt.submission_id / missing).unlink()
        with pytest.raises(RuntimeError, match="do not add up, so nothing was loaded"):
            pipeline.load(receipt.submission_id)
    assert contents(pipeline)["ops.submission"] == []
    assert contents(pipeline)["raw.complaint"] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk can't be mounted here: that takes root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_in_a_sentence_and_leaves_nothing(settings: Settings, small_disk: Path, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(written(table(2000)))
    command = [sys.executable, "-c", "from samepicture.cli import main; main()", "submit", FEED, str(path)]
    environment = {**os.environ, "SAMEPICTURE_LANDING": str(small_disk / "landing")}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "No space left on device" in run.stderr
    assert "make room" in run.stderr
    assert "Traceback" not in run.stderr
    assert not run.stdout
    assert not [file for file in small_disk.rglob("*") if file.is_file()]
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, "landed" in run.stdout) == (0, True)
