"""Airflow's settings, derived from ours and explained in docs/operating.md. Imports nothing of Airflow.

Two of Airflow's own variables choose how it runs; nothing else has to be set for it:

    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN   metadata on PostgreSQL; without it SQLite, for trying out
    AIRFLOW__CELERY__BROKER_URL           CeleryExecutor, its workers on any machine; without it LocalExecutor
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping

from samepicture.settings import PROJECT, SettingError, Settings

WRITER_POOL = "warehouse_writer"
"""One slot: whoever writes to the warehouse queues here."""
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
BROKER = "AIRFLOW__CELERY__BROKER_URL"
AUTH_MANAGER = "AIRFLOW__CORE__AUTH_MANAGER"
SIMPLE_AUTH_MANAGER = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""OpenTelemetry's own variable: where metrics go. Without it none are made."""

QUICK = {
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # A task whose process or scheduler died is tried again after a minute, not after five.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
}
"""What makes an event reach running code soon; what each costs: docs/operating.md."""

ONE_MACHINE = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    # The default of 32 starts 32 workers; one writer needs few.
    "AIRFLOW__CORE__PARALLELISM": "4",
}
SEVERAL_MACHINES = {
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
    # No more than two workers have room for: what waits in the broker has left the order of Airflow's priorities.
    "AIRFLOW__CORE__PARALLELISM": "8",
    # A worker takes no message that it can't begin at once, so one that dies takes running tasks with it alone.
    "AIRFLOW__CELERY__TASK_ACKS_LATE": "True",
    "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
    # Redis hands a message out again after so long, finished or not: longer than any task. Dead tasks are found by their heartbeat.
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "21600",
    # A message that died between broker and task has no heartbeat: its task is queued again after this.
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "300",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "30",
    # Sending a task takes milliseconds; processes started to do it side by side take seconds.
    "AIRFLOW__CELERY__SYNC_PARALLELISM": "1",
}


def airflow_environment(settings: Settings) -> dict[str, str]:
    """Environment variables for Airflow. What is set already wins.

    Raises SettingError where two of them can't work together.
    """
    home = settings.home / "airflow"
    defaults = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        AUTH_MANAGER: SIMPLE_AUTH_MANAGER,
        # SQLite lets one process write: wait for it instead of failing.
        DATABASE: f"sqlite:///{home}/airflow.db?timeout=60",
        **QUICK,
        **(SEVERAL_MACHINES if is_set(BROKER) else ONE_MACHINE),
        # The API server listens on every address by default.
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": "8080",
        # Without one, each process makes its own, and they do not trust each other.
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        **({"AIRFLOW__METRICS__OTEL_ON": "True"} if os.environ.get(COLLECTOR) else {}),
    }
    chosen = {name: os.environ.get(name) or value for name, value in defaults.items() if os.environ.get(name) or not is_set(name)}
    # Tasks report here; Airflow's own default is port 8080, whatever the API server's is.
    url = f"http://{chosen['AIRFLOW__API__HOST']}:{chosen['AIRFLOW__API__PORT']}/execution/"
    chosen["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = os.environ.get("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", url)
    _check_together(chosen)
    return {**chosen, "SAMEPICTURE_HOME": str(settings.home)}  # parsing DAG files and tasks see the same installation


def is_set(name: str) -> bool:
    """Whether one of Airflow's variables is set: itself, or the command or secret that gives it."""
    return any(os.environ.get(name + form) for form in ("", "_CMD", "_SECRET"))


def apply(environment: Mapping[str, str]) -> None:
    """Set it, before Airflow is imported anywhere in this process."""
    os.environ.update(environment)


def _check_together(chosen: Mapping[str, str]) -> None:
    is_celery = "CeleryExecutor" in chosen["AIRFLOW__CORE__EXECUTOR"]
    if is_celery and chosen.get(DATABASE, "").startswith("sqlite"):
        raise SettingError(
            f"{BROKER} asks for workers on several machines, and SQLite is a file of one: set {DATABASE} to a PostgreSQL database, "
            "postgresql+psycopg2://USER:PASSWORD@HOST/DATABASE."
        )
    if is_celery and not is_set(BROKER):
        raise SettingError(f"AIRFLOW__CORE__EXECUTOR is CeleryExecutor: set {BROKER} to its Redis, redis://:PASSWORD@HOST:6379/0.")
