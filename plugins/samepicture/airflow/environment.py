"""Airflow's settings for the embedded default, derived from ours. Imports nothing of Airflow."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping

from samepicture.settings import PROJECT, Settings

WRITER_POOL = "warehouse_writer"
"""One slot: whoever writes to the warehouse queues here."""


def airflow_environment(settings: Settings) -> dict[str, str]:
    """Environment variables for Airflow: loopback only, SQLite, no examples. What is set already wins."""
    home = settings.home / "airflow"
    defaults = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # The default of 32 starts 32 workers; one writer needs few.
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # SQLite lets one process write: wait for it instead of failing.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        # A task whose process or scheduler died is tried again after a minute, not after five.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # The API server listens on every address by default.
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": "8080",
        # Without one, each process makes its own, and they do not trust each other.
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    chosen = {name: os.environ.get(name, value) for name, value in defaults.items()}
    # Tasks report here; Airflow's own default is port 8080, whatever the API server's is.
    url = f"http://{chosen['AIRFLOW__API__HOST']}:{chosen['AIRFLOW__API__PORT']}/execution/"
    chosen["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = os.environ.get("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", url)
    return {**chosen, "SAMEPICTURE_HOME": str(settings.home)}  # parsing DAG files and tasks see the same installation


def apply(environment: Mapping[str, str]) -> None:
    """Set it, before Airflow is imported anywhere in this process."""
    os.environ.update(environment)
