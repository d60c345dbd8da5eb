"""DAG files parse quickly, without the network and without heavy modules."""

from __future__ import annotations

import subprocess
import sys

from samepicture.settings import PROJECT

HEAVY = ("pandas", "great_expectations", "dbt", "polars", "pyarrow", "duckdb", "requests.adapters", "sklearn", "scipy")
PARSE = """
import sys
import airflow.sdk
before = set(sys.modules)
for name in ("feed_dags", "warehouse_dag", "publish_dag", "page_dag", "notices_dag", "digest_dag", "metrics_dag", "upkeep_dag", "labels_dag"):
    __import__(name)
from airflow.sdk import DAG
dags = [value for module in ("feed_dags", "warehouse_dag", "publish_dag", "page_dag", "notices_dag", "digest_dag", "metrics_dag", "upkeep_dag", "labels_dag") for value in vars(sys.modules[module]).values() if isinstance(value, DAG)]
print(",".join({dag.dag_id for dag in dags}))
print(",".join(sorted(set(sys.modules) - before)))
"""


def parsed(**environment: str) -> tuple[set[str], set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PARSE],
        cwd=PROJECT / "dags",
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PYTHONPATH": str(PROJECT / "dags"), "PATH": "", **environment},
    )
    dag_ids, modules = done.stdout.strip().splitlines()
    return set(dag_ids.split(",")), set(modules.split(","))


def test_nothing_heavy_is_imported_while_dag_files_are_parsed() -> None:
    dag_ids, modules = parsed(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")
    assert len(dag_ids) > 3
    assert {"metrics", "label"} <= dag_ids
    assert not [name for name in HEAVY if name in modules]


def test_nothing_is_measured_where_no_collector_is_named() -> None:
    assert "metrics" not in parsed()[0]
