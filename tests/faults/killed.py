"""Runs a submission in processes of its own and kills each, with SIGKILL, at one point of the way.

    python killed.py <folder> <earlier file> <file> [<URL of a PostgreSQL server>]

The earlier file is loaded before. For each stage a home <folder>/<stage> is left as the killed process left it, on a server
with a database of its own. Heavy modules are imported once, before the processes are forked; none has threads yet.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from samepicture import judge, landing, load, store
from samepicture.process import Pipeline
from samepicture.settings import Settings

FEED = "complaint_northmoor"
SERVER = sys.argv[4] if len(sys.argv) > 4 and __name__ == "__main__" else ""


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, and death after it."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        die()

    return wrapper


STAGES: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "while landing": (store, "_sync", lambda _: die),
    "between bytes and receipt": (landing.Landing, "_write_receipt", lambda _: die),
    "after landing": (Pipeline, "land_file", then_die),
    "while judging": (judge._Parquet, "write", then_die),
    "before the verdict": (judge, "keep_results", lambda _: die),
    "after judging": (Pipeline, "judge", then_die),
    "while forgetting the earlier load": (load, "_forget", then_die),
    "between rows and ledger": (load, "_record", lambda _: die),
    "before the commit": (load, "_record", then_die),
    "after the commit": (load, "Outcome", lambda _: die),
}


def process(pipeline: Pipeline, path: Path) -> None:
    receipt, _ = pipeline.land_file(FEED, path)
    pipeline.judge(receipt.submission_id)
    pipeline.load(receipt.submission_id)


def database_of(server: str, home: Path) -> str:
    """The URL of a home's own database."""
    name = "killed_" + home.name.replace(" ", "_")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def copied(seed: Path, home: Path) -> None:
    """The same installation again, with its warehouse."""
    shutil.copytree(seed, home)
    make_database(home, seed)


def make_database(home: Path, seed: Path | None = None) -> None:
    if not SERVER:
        return
    template = make_url(database_of(SERVER, seed)).database if seed else "template0 encoding 'UTF8' locale 'C.UTF-8'"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f"create database {make_url(database_of(SERVER, home)).database} template {template}")


def forked(home: Path, work: Callable[[Pipeline], None]) -> int:
    """Start a process on a home; its id."""
    child = os.fork()
    if child:
        return child
    os.environ["SAMEPICTURE_HOME"] = str(home)
    if SERVER:
        os.environ["SAMEPICTURE_WAREHOUSE"] = database_of(SERVER, home)
    code = 1
    try:
        work(Pipeline(Settings.from_environment()))
        code = 0
    finally:
        os._exit(code)


def main(folder: Path, earlier: Path, path: Path) -> None:
    result: dict[str, list[int]] = {}
    seed = folder / "earlier"
    make_database(seed)
    os.waitpid(forked(seed, lambda pipeline: process(pipeline, earlier)), 0)
    for stage, (owner, name, change) in STAGES.items():

        def work(pipeline: Pipeline, owner: Any = owner, name: str = name, change: Callable[[Any], Any] = change) -> None:
            setattr(owner, name, change(getattr(owner, name)))
            process(pipeline, path)

        copied(seed, folder / stage)
        result[stage] = [os.waitstatus_to_exitcode(os.waitpid(forked(folder / stage, work), 0)[1])]
    # Not killed: one alone, then four at once of which three bring the same bytes.
    copied(seed, folder / "never killed")
    alone = forked(folder / "never killed", lambda pipeline: process(pipeline, path))
    result["never killed"] = [os.waitstatus_to_exitcode(os.waitpid(alone, 0)[1])]
    make_database(folder / "together")
    at = time.time() + 1.0

    def together(each: Path) -> Callable[[Pipeline], None]:
        def work(pipeline: Pipeline) -> None:
            time.sleep(max(at - time.time(), 0))
            process(pipeline, each)

        return work

    running = [forked(folder / "together", together(each)) for each in (path, path, earlier, path)]
    result["together"] = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in running]
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
