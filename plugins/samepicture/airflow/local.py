"""Airflow on this machine: its parts as child processes, on loopback, until they are stopped.

`airflow standalone` would do, but its log servers listen on every address and can't be
told otherwise; the parts are started here without them. Imports nothing of Airflow.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from samepicture.airflow.environment import WRITER_POOL, airflow_environment, apply
from samepicture.sealing import Seal
from samepicture.settings import Settings

PARTS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "api-server": ["api-server"],
}
STOP_SECONDS = 30


def run_command(settings: Settings, arguments: Sequence[str]) -> int:
    """Run one Airflow command on this installation; its exit code."""
    _prepare(settings)
    return subprocess.run(_airflow(arguments), check=False).returncode


def serve(settings: Settings) -> int:
    """Run all parts until Ctrl-C or a part ends by itself; 0 where they were stopped, else 1."""
    _prepare(settings)
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    stopped: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    parts: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, arguments in PARTS.items():
            with (logs / f"airflow-{name}.log").open("ab") as log:
                # A group of its own: Ctrl-C reaches us alone, and we stop them in order.
                parts[name] = subprocess.Popen(_airflow(arguments), stdout=log, stderr=log, process_group=0)
        host, port = os.environ["AIRFLOW__API__HOST"], os.environ["AIRFLOW__API__PORT"]
        password = Path(os.environ["AIRFLOW_HOME"]) / "simple_auth_manager_passwords.json.generated"
        print(
            f"Airflow is starting at http://{host}:{port}; the password of admin is in {password}. Logs: {logs}. Ctrl-C stops it.",
            flush=True,
        )
        while not stopped:
            ended = [name for name, part in parts.items() if part.poll() is not None]
            if ended:
                print(f"The {ended[0]} has ended by itself: see {logs / f'airflow-{ended[0]}.log'}", file=sys.stderr)
                return 1
            time.sleep(0.5)
    finally:
        _stop(list(parts.values()))
    return 0


def _stop(parts: list[subprocess.Popen[bytes]]) -> None:
    for part in parts:
        part.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for part in parts:
        try:
            part.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(part.pid, signal.SIGKILL)


def _prepare(settings: Settings) -> None:
    """Airflow's environment, database and the writer's pool. Raises SettingError without keys."""
    settings.require_pseudonym_key()
    Seal(settings.landing_key)
    apply(airflow_environment(settings))
    for preparation in (["db", "migrate"], ["pools", "set", WRITER_POOL, "1", "The warehouse has one writer."]):
        subprocess.run(_airflow(preparation), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _airflow(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]
