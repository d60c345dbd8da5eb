"""DAG files parse quickly, without the network and without heavy modules."""

from __future__ import annotations

import subprocess
import sys

from samepicture.settings import PROJECT

HEAVY = ("pandas", "great_expectations", "dbt", "polars", "pyarrow", "duckdb", "requests.adapters")
PARSE = """
import sys
import airflow.sdk
before = set(sys.modules)
for name in ("feed_dags", "warehouse_dag", "publish_dag", "notices_dag", "upkeep_dag"):
    __import__(name)
from airflow.sdk import DAG
dags = [value for module in ("feed_dags", "warehouse_dag", "publish_dag", "notices_dag", "upkeep_dag") for value in vars(sys.modules[module]).values() if isinstance(value, DAG)]
print(len({dag.dag_id for dag in dags}))
print(",".join(sorted(set(sys.modules) - before)))
"""


def parsed() -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PARSE],
        cwd=PROJECT / "dags",
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PYTHONPATH": str(PROJECT / "dags"), "PATH": ""},
    )
    count, modules = done.stdout.strip().splitlines()
    return int(count), set(modules.split(","))


def test_nothing_heavy_is_imported_while_dag_files_are_parsed() -> None:
    count, modules = parsed()
    assert count > 3
    assert not [name for name in HEAVY if name in modules]
