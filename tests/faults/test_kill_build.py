"""A process may die while the marts are rebuilt or published: the old picture stays whole, and the next build makes up for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from samepicture.pending import pending
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse
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
    from dbt.adapters.postgres.connections import PostgresConnectionManager
    manager = DuckDBConnectionManager if pipeline.settings.warehouse.startswith("duckdb") else PostgresConnectionManager
    execute, count = manager.execute, [0]
    def counted(self, *arguments, **named):
        count[0] += 1
        if count[0] == 100: die()
        return execute(self, *arguments, **named)
    manager.execute = counted
elif stage == "taking over":
    pipeline.settings.compiled.unlink()
    from samepicture.warehouse import postgres
    take_over = postgres.take_over
    postgres.take_over = lambda connection: (take_over(connection), die())
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
ASKED = "select measure_code, sum(complaints_count) from conformed.fct_complaint_return group by measure_code order by measure_code"
EVERYWHERE = ("dbt making everything", "building", "before the build is marked")


def run(stage: str, settings: Settings, path: Path) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAMEPICTURE_")}
    environment |= {"SAMEPICTURE_HOME": str(settings.home), "SAMEPICTURE_WAREHOUSE": settings.warehouse, **KEYS}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, stage, str(path)], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    return done.returncode


def asked(settings: Settings) -> dict[str, int]:
    """What analysts see."""
    return dict(open_warehouse(settings).query(ASKED)[1])


QUICK = {("duckdb", "building"), ("postgresql", "taking over")}
"""What `make test` runs; `make faults` runs all."""
KILLED = [*(("duckdb", stage) for stage in (*EVERYWHERE, "publishing")), *(("postgresql", stage) for stage in (*EVERYWHERE, "taking over"))]


@pytest.mark.parametrize(("engine", "stage"), [pytest.param(*each, marks=[] if each in QUICK else [pytest.mark.faults]) for each in KILLED])
def test_the_old_picture_stays_and_the_next_build_catches_up(
    engine: str, stage: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings: Settings = request.getfixturevalue(f"on_made_{engine}").settings
    lines = (SAMPLES / "sample_ko41b_practice.csv").read_text().splitlines(keepends=True)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("".join(lines[:5]))
    second.write_text("".join([lines[0], *lines[5:9]]))
    assert run("never", settings, first) == 0
    before = asked(settings)
    assert run(stage, settings, second) == -signal.SIGKILL
    assert asked(settings) == before, "the picture changed although its build did not end"
    pipeline = Pipeline(settings)
    if stage == "publishing":
        assert pending(settings) is None
    pipeline.build_and_publish()
    after = asked(settings)
    assert pending(settings) is None
    assert after["complaints_total_new"] > before["complaints_total_new"]
    assert after["complaints_total_new"] == sum(int(line.split(",")[12]) for line in lines[1:9])
