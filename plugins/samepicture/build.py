"""Rebuilds the models that depend on what changed.

Stateless: what is pending is the difference between the loads in the ledger and the
last finished build, so a build that was lost is made up for by the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from samepicture import asked, ledger
from samepicture.compiled import Compiled, Done
from samepicture.dbt_project import make_everything, project_sha256
from samepicture.delta import Source, is_small
from samepicture.feed import load_feeds
from samepicture.load import register_feeds
from samepicture.pending import Pending, find
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

ALWAYS = ("feed_health",)
"""Says how each feed does: every load changes it."""
CLOCKED = ("feed_health", "recommendations")
"""Models that compare with today; nothing depends on them."""
CLOCKED_WITH_DESCENDANTS = ("dim_organisation",)
"""The same, and others depend on it."""


@dataclass(frozen=True)
class Built:
    """A finished build."""

    record_types: tuple[str, ...]
    models: int
    tests: int
    warnings: tuple[str, ...]
    seconds: float


def build(settings: Settings, clocks: bool = False) -> Built | None:
    """Build everything pending, and what depends on it, until nothing is. Returns None where nothing was.

    The first build, and the first of a changed dbt project, makes every model, with dbt.
    With `clocks`, what says 'late' or 'due' is built too, for time passes without anything
    arriving. Raises BuildFailed; then nothing is marked as built.
    """
    open_warehouse(settings).create()
    done: list[Built] = []
    while built := _build_once(settings, clocks and not done):
        done.append(built)
    return _together(done) if done else None


def _build_once(settings: Settings, clocks: bool) -> Built | None:
    warehouse = open_warehouse(settings)
    project = project_sha256()
    started = datetime.now(UTC)
    with warehouse.writer() as connection:
        work, last = find(connection), _last_build(connection)
        if work is None and not (clocks and last is not None):
            return None
        owners = _owners(connection)
        register_feeds(connection, load_feeds(settings.feeds).values(), asked.read(settings))
        compiled = Compiled.read(settings.compiled, project) if last is not None and last.models_sha256 == project else None
        if compiled is not None:
            changed = [f"raw.{name}" for name in work.record_types] if work is not None else []
            nodes = compiled.downstream([*changed, *(CLOCKED_WITH_DESCENDANTS if clocks else ())], CLOCKED if clocks else ALWAYS)
            build_id = uuid.uuid4().hex
            done = compiled.run(connection, nodes, {} if _owners(connection) != owners else _small(connection, work), build_id)
            return _record(connection, build_id, project, work, last, done, started, names_models=True)
    done, compiled = make_everything(settings)
    with warehouse.writer() as connection:
        warehouse.take_over(connection)
        built = _record(connection, uuid.uuid4().hex, project, work, last, done, started, names_models=False)
    compiled.write(settings.compiled, project)
    return built


def _record(
    connection: Connection,
    build_id: str,
    project: str,
    work: Pending | None,
    last: Any,
    done: Done,
    started: datetime,
    *,
    names_models: bool,
) -> Built:
    """Enter the build into the ledger."""
    finished = datetime.now(UTC)
    changed = work.record_types if work is not None else ()
    connection.execute(
        insert(ledger.build),
        {
            "build_id": build_id,
            "record_types": ",".join(changed),
            "load_number": work.load_number if work is not None else last.load_number,
            "models_sha256": project,
            "model_count": len(done.models),
            "model_names": ",".join(done.models) if names_models else None,
            "started_at": started,
            "finished_at": finished,
        },
    )
    return Built(changed, len(done.models), done.tests, done.warnings, (finished - started).total_seconds())


def _owners(connection: Connection) -> set[tuple[str, str, str]]:
    """What facts take over of feeds that have sent something."""
    feed = ledger.feed
    known = select(ledger.submission.c.feed_id)
    rows = connection.execute(
        select(feed.c.feed_id, feed.c.owner_directorate_code, feed.c.source_family_code).where(feed.c.feed_id.in_(known))
    )
    return {(row[0], row[1], row[2]) for row in rows}


def _small(connection: Connection, work: Pending | None) -> dict[str, Source]:
    """Raw tables to which little was added, and nothing else done."""
    if work is None:
        return {}
    database: str = connection.exec_driver_sql("select current_catalog").scalar_one()
    sources = {f"raw.{name}": Source(f'"{database}"."raw"."{name}"', ids) for name, ids in work.added.items()}
    return {name: source for name, source in sources.items() if is_small(connection, source)}


def _last_build(connection: Connection) -> Any:
    """The row of the latest build, or None. A build of the clock has the load number of the one before it."""
    return connection.execute(select(ledger.build).order_by(ledger.build.c.load_number.desc(), ledger.build.c.finished_at.desc())).first()


def _together(builds: Sequence[Built]) -> Built:
    return Built(
        tuple(sorted({name for built in builds for name in built.record_types})),
        sum(built.models for built in builds),
        sum(built.tests for built in builds),
        tuple(warning for built in builds for warning in built.warnings),
        sum(built.seconds for built in builds),
    )
