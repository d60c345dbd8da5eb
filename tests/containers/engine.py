"""A Docker engine for the tests: the one that is there, or one of our own that leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 60


class NoEngine(Exception):
    """No container engine can run here; the message says why."""


@contextmanager
def engine() -> Iterator[dict[str, str]]:
    """The environment in which `docker` works. Raises NoEngine."""
    if shutil.which("docker") is None:
        raise NoEngine("there is no docker command: install a container engine (Debian: apt-get install docker.io debootstrap)")
    if _answers(dict(os.environ)):
        yield dict(os.environ)
    elif os.geteuid() != 0 or shutil.which("dockerd") is None:
        raise NoEngine("no Docker engine answers, and only root can start one of its own (dockerd): start it, or be one who may use it")
    else:
        with _own() as environment:
            yield environment


def _answers(environment: dict[str, str]) -> bool:
    return subprocess.run(["docker", "info"], env=environment, capture_output=True, check=False, timeout=30).returncode == 0


@contextmanager
def _own() -> Iterator[dict[str, str]]:
    """An engine on a socket and in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="samepicture_docker_"))
    socket = f"unix://{folder}/docker.sock"
    command = [
        "dockerd",
        "--host",
        socket,
        "--data-root",
        folder / "data",
        "--exec-root",
        folder / "exec",
        "--pidfile",
        folder / "docker.pid",
    ]
    with (folder / "dockerd.log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    environment = {**os.environ, "DOCKER_HOST": socket}
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(environment):
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise NoEngine(f"dockerd could not start here: {(folder / 'dockerd.log').read_text()[-2000:]}")
            time.sleep(0.5)
        yield environment
    finally:
        daemon.terminate()
        try:
            daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
        for mounted in _mounted_below(folder):
            subprocess.run(["umount", "--lazy", mounted], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _mounted_below(folder: Path) -> list[str]:
    """The deepest first."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return sorted((mount for mount in mounts if mount.startswith(f"{folder}/")), reverse=True)
