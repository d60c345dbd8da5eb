"""The NHS's own MESH server (mesh-sandbox) on loopback, in a virtual environment of its own: `make test` makes it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from mesh_client import Endpoint, MeshClient

from samepicture.settings import PROJECT

PYTHON = PROJECT / ".mesh" / "bin" / "python"
SHARED_KEY, PASSWORD = "a shared key for tests", "password"
SENDER, OURS = "X26ABC1", "X26ABC2"
"""Mailboxes that the sandbox has from the start."""
ENVIRONMENT = {"MESH_MAILBOX": OURS, "MESH_PASSWORD": PASSWORD, "MESH_SHARED_KEY": SHARED_KEY}
OPTIONS = {
    "endpoint_from": "MESH_ENDPOINT",
    "mailbox_from": "MESH_MAILBOX",
    "password_from": "MESH_PASSWORD",
    "shared_key_from": "MESH_SHARED_KEY",
    "workflows": ["COMPLAINTS"],
}


@dataclass(frozen=True)
class Sandbox:
    """A running server."""

    url: str
    log: Path
    """What it says, one line a request among others."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the options name."""
        return {"MESH_ENDPOINT": self.url, **ENVIRONMENT}

    @contextmanager
    def mailbox(self, mailbox: str) -> Iterator[MeshClient]:
        """Somebody's mailbox."""
        with MeshClient(Endpoint(self.url, None, None, None, False), mailbox, PASSWORD, SHARED_KEY.encode()) as client:
            yield client

    def send(self, content: bytes, workflow: str = "COMPLAINTS", **options: Any) -> str:
        """A message to us; its id."""
        with self.mailbox(SENDER) as client:
            return client.send_message(OURS, content, workflow_id=workflow, **options)

    def inbox(self, mailbox: str = OURS) -> list[str]:
        """Ids of what waits there."""
        with self.mailbox(mailbox) as client:
            return client.list_messages()

    def report(self, workflow: str, **details: str) -> None:
        """MESH itself reports to us that a message of ours was not delivered."""
        body = {"mailbox_id": OURS, "code": "14", "description": "Not collected", "workflow_id": workflow, **details}
        requests.post(f"{self.url}/messageexchange/admin/report", json=body, timeout=10).raise_for_status()

    def reset(self) -> None:
        """Empty all mailboxes."""
        requests.delete(f"{self.url}/admin/reset", timeout=10).raise_for_status()


@contextmanager
def running(folder: Path, tls: Mapping[str, Path] | None = None) -> Iterator[Sandbox]:
    """Start it on a free port, and stop it. `tls`: files `cert`, `key` and `clients`, the authority of the clients' certificates."""
    if not PYTHON.exists():
        pytest.skip("the MESH sandbox is not here: `make test` installs it (.mesh)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(PYTHON), "-m", "uvicorn", "mesh_sandbox.api:app", "--host", "127.0.0.1", "--port", str(port)]
    if tls:
        command += ["--ssl-certfile", str(tls["cert"]), "--ssl-keyfile", str(tls["key"])]
        command += ["--ssl-ca-certs", str(tls["clients"]), "--ssl-cert-reqs", "2"]
    settings = {"SHARED_KEY": SHARED_KEY, "AUTH_MODE": "full", "STORE_MODE": "memory", "MAILBOXES_DATA_DIR": str(folder)}
    log = folder / "sandbox.log"
    with log.open("w") as said, subprocess.Popen(command, env={**os.environ, **settings}, stdout=said, stderr=said) as server:
        try:
            _await(port, server, log)
            yield Sandbox(f"{'https' if tls else 'http'}://127.0.0.1:{port}", log)
        finally:
            server.terminate()
            server.wait(timeout=20)


def _await(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the MESH sandbox did not start: {log.read_text()[-2000:]}")
