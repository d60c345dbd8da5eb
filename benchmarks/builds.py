"""What a build costs after a small submission: ours, which runs what dbt compiled, and dbt's command line for the same models.

    make bench-builds    or   python benchmarks/builds.py [rows of history] [runs]

Both on one warehouse, in turn, each after a submission of 20 complaints. dbt is asked for what depends on complaints, with
its parsed project kept from run to run; models that look back over everything are left out of both, as with each event.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.installation import FEED, cases, installation, with_history  # noqa: E402
from benchmarks.measure import clocked  # noqa: E402
from benchmarks.report import Point, at_most, keep  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from samepicture.build import build  # noqa: E402
from samepicture.dbt_project import DBT  # noqa: E402
from samepicture.process import Pipeline  # noqa: E402


def by_dbt(pipeline: Pipeline) -> None:
    """dbt's command line, in a process of its own as a scheduler would start it."""
    home = pipeline.settings.home
    environment = {
        **os.environ,
        "SAMEPICTURE_DUCKDB": str(home / "warehouse.duckdb"),
        "DBT_TARGET_PATH": str(home / "by_dbt"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--project-dir", str(DBT), "--profiles-dir", str(DBT), "--quiet"]
    command += ["--select", "source:raw.complaint+", "--exclude", "config.meta.looks_back:true", "--exclude-resource-type", "unit_test"]
    command += ["--log-path", str(home / "by_dbt"), "--target", "embedded"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def by_us(pipeline: Pipeline) -> None:
    """As the DAG `warehouse` does."""
    assert build(pipeline.settings, look_back=False) is not None


def load(pipeline: Pipeline, number: int) -> None:
    receipt, _ = pipeline.land(FEED, "cases.csv", io.BytesIO(cases(number)))
    pipeline.judge(receipt.submission_id)
    pipeline.load(receipt.submission_id)


def main(rows: int, runs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="samepicture_") as folder:
        settings = installation(Path(folder))
        with_history(settings, rows)
        pipeline = Pipeline(settings)
        by_dbt(pipeline)  # the first parses the project
        times: dict[str, list[float]] = {"ours": [], "dbt build": []}
        for run in range(runs):
            load(pipeline, run)
            times["dbt build"].append(clocked(lambda: by_dbt(pipeline)))
            times["ours"].append(clocked(lambda: by_us(pipeline)))  # of the same submission, which dbt has not entered into the ledger
    table = Table("", "seconds", "slowest", "of dbt", title=f"{rows:,} complaints of history, 20 more")
    for name, seconds in times.items():
        ratio = statistics.median(seconds) / statistics.median(times["dbt build"])
        table.add_row(name, f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}", f"{ratio:.2f}")
        keep(Point("A build after 20 complaints", name, rows, "complaints of history", statistics.median(seconds)))
    Console(width=120).print(table)
    ours, theirs = (statistics.median(seconds) for seconds in times.values())
    at_most(8, f"a warm build, {rows:,} complaints of history", ours, "dbt's command line", theirs, 0.25)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
