"""A real Redis on loopback, with a password, for the length of a test."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stack import free_port, wait_for


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Its URL. Skips the test where Redis is not installed: `make faults` installs it."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server, as `make faults` does where it may")
    port, password = free_port(), secrets.token_hex(32)
    options = folder / "redis.conf"
    options.write_text(f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\ndir {folder}\n')
    options.chmod(0o600)
    server = subprocess.Popen([program, str(options)], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: _answers(port), 10, "Redis")
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
