"""Backups of the shared warehouse: PostgreSQL's own programs, as streams."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from typing import IO

from samepicture.warehouse.base import WarehouseError


def dump(connection: Mapping[str, str], write: Callable[[IO[bytes]], object]) -> None:
    """Hand a dump of the database to `write`; `connection` are libpq's environment variables. Raises WarehouseError."""
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            # Policies are forced on the owner too, who sees every row.
            [_program("pg_dump"), "--format=custom", "--no-owner", "--enable-row-security"],
            env={**os.environ, **connection},
            stdout=subprocess.PIPE,
            stderr=said,
        ) as running:
            assert running.stdout is not None
            try:
                write(running.stdout)
            except BaseException:
                running.kill()
                raise
        _check("pg_dump", running.returncode, said)


def restore(connection: Mapping[str, str], read: Callable[[IO[bytes]], object]) -> None:
    """Restore what `read` writes, in one transaction. Raises WarehouseError; then nothing was restored."""
    command = [
        _program("pg_restore"),
        "--no-owner",
        "--enable-row-security",
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={connection['PGDATABASE']}",
    ]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, env={**os.environ, **connection}, stdin=subprocess.PIPE, stdout=said, stderr=said) as running:
            assert running.stdin is not None
            try:
                read(running.stdin)
                running.stdin.close()
            except BrokenPipeError:
                pass  # it ended by itself, and has said why
            except BaseException:
                running.kill()
                raise
        _check("pg_restore", running.returncode, said)


def _check(name: str, code: int, said: IO[bytes]) -> None:
    if code:
        said.seek(0)
        words = " ".join(said.read().decode(errors="replace").split())[-500:]
        raise WarehouseError(f"{name} ended with code {code}: {words}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise WarehouseError(
            f"{name} is not on the PATH: it comes with PostgreSQL (Debian: postgresql-client), as old as the server or newer."
        )
    return found
