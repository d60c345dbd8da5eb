"""A process may die while the marts are rebuilt or published: the old picture stays whole, and the next build makes up for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from samepicture.pending import pending
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from tests.keys import KEYS

SAMPLES = PROJECT / "dags" / "feeds" / "complaint_return"
DRIVER = """
import os, signal, sys, threading, time
from pathlib import Path
from samepicture import build
from samepicture.process import Pipeline
from samepicture.settings import Settings

def die(*_): os.kill(os.getpid(), signal.SIGKILL)

stage, path = sys.argv[1:]
pipeline = Pipeline(Settings.from_environment())
receipt, _ = pipeline.land_file("complaint_return", Path(path))
pipeline.judge(receipt.submission_id)
pipeline.load(receipt.submission_id)
if stage == "dbt making everything":
    pipeline.settings.compiled.unlink()
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    execute, count = DuckDBConnectionManager.execute, [0]
    def counted(self, *arguments, **named):
        count[0] += 1
        if count[0] == 10: die()
        return execute(self, *arguments, **named)
    DuckDBConnectionManager.execute = counted
elif stage == "building":
    run = build.Compiled.run
    build.Compiled.run = lambda self, connection, nodes, *rest: (run(self, connection, nodes[:5], *rest), die())
elif stage == "before the build is marked":
    insert = build.insert
    build.insert = lambda table: die() if table.name == "build" else insert(table)
elif stage == "publishing":
    replace = Path.replace
    Path.replace = lambda self, target: die() if str(target).endswith("picture.duckdb") else replace(self, target)
pipeline.build_and_publish()
"""
ASKED = "select measure_code, sum(complaints_count) from conformed.fct_complaint_return group by all order by all"


def run(stage: str, home: Path, path: Path) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAMEPICTURE_")}
    environment |= {"SAMEPICTURE_HOME": str(home), **KEYS}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, stage, str(path)], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    return done.returncode


def asked(home: Path) -> list[tuple[str, int]]:
    with duckdb.connect(str(home / "picture.duckdb"), read_only=True) as connection:
        return connection.execute(ASKED).fetchall()


@pytest.mark.parametrize("stage", ["dbt making everything", "building", "before the build is marked", "publishing"])
def test_the_old_picture_stays_and_the_next_build_catches_up(stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (SAMPLES / "sample_ko41b_practice.csv").read_text().splitlines(keepends=True)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("".join(lines[:5]))
    second.write_text("".join([lines[0], *lines[5:9]]))
    home = tmp_path / "home"
    assert run("never", home, first) == 0
    before = asked(home)
    assert run(stage, home, second) == -signal.SIGKILL
    assert asked(home) == before, "the picture changed although its build did not end"
    monkeypatch.setenv("SAMEPICTURE_HOME", str(home))
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    pipeline = Pipeline(Settings.from_environment())
    if stage == "publishing":
        assert pending(pipeline.settings) is None
    pipeline.build_and_publish()
    after = dict(asked(home))
    assert pending(pipeline.settings) is None
    assert after["complaints_total_new"] > dict(before)["complaints_total_new"]
    assert after["complaints_total_new"] == sum(int(line.split(",")[12]) for line in lines[1:9])
