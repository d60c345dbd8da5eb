"""Rebuilds the models that depend on what changed.

Stateless: what is pending is the difference between the loads in the ledger and the
last finished build, so a build that was lost is made up for by the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from sqlalchemy import Connection, insert, select

from samepicture import asked, ledger
from samepicture.compiled import Compiled, Done, Node, Since
from samepicture.dbt_project import make_everything, project_sha256
from samepicture.delta import BY_RECORD, Source, is_small
from samepicture.feed import load_feeds
from samepicture.load import register_feeds
from samepicture.locks import alone
from samepicture.pending import Pending, find
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

ALWAYS = ("feed_health",)
"""Says how each feed does: every load changes it."""
CLOCKED = ("feed_health", "recommendations")
"""Models that compare with today; nothing depends on them."""
CLOCKED_WITH_DESCENDANTS = ("bridge_organisation_successor", "dim_organisation")
"""The same, and others depend on it."""
OWNED = "ops.feed"
"""What feed.yml says of each feed; facts take over whose it is."""


@dataclass(frozen=True)
class Built:
    """A finished build."""

    record_types: tuple[str, ...]
    models: int
    tests: int
    warnings: tuple[str, ...]
    seconds: float


def build(
    settings: Settings, clocks: bool = False, look_back: bool = True, progress: Callable[[str], None] = lambda _: None
) -> Built | None:
    """Build everything pending, and what depends on it, until nothing is. Returns None where nothing was.

    The first build, and the first of a changed dbt project, makes every model, with dbt.
    With `clocks`, what says 'late' or 'due' is built too, for time passes without anything
    arriving. Without `look_back`, models that count over everything there is wait for a build
    that makes them. `progress` is told which model or test is next; of the first build dbt tells
    itself. Raises BuildFailed; then nothing is marked as built.
    """
    open_warehouse(settings).create()
    done: list[Built] = []
    # One at a time: of two that dbt makes, the one that is entered last may be the older.
    with alone(settings, "build"):
        while built := _build_once(settings, clocks and not done, look_back, progress):
            done.append(built)
    return _together(done) if done else None


def _build_once(settings: Settings, clocks: bool, look_back: bool, progress: Callable[[str], None]) -> Built | None:
    warehouse = open_warehouse(settings)
    project = project_sha256()
    started = datetime.now(UTC)
    with warehouse.writer() as connection:
        work, last = find(connection, labels=look_back), ledger.last_build(connection)
        looked_back = last.look_back_load_number if last is not None else None
        waiting = (work if looked_back is None else find(connection, looked_back, labels=True)) if look_back else None
        if work is None and waiting is None and not (clocks and last is not None):
            return None
        owners = _owners(connection)
        register_feeds(connection, load_feeds(settings.feeds).values(), asked.read(settings))
        compiled = Compiled.read(settings.compiled, project) if last is not None and last.models_sha256 == project else None
        if compiled is not None:
            build_id = uuid.uuid4().hex
            changed = [*_tables(work), *(CLOCKED_WITH_DESCENDANTS if clocks else ())]
            sources = _small(connection, work)
            if _owners(connection) != owners:
                changed, sources = [*changed, OWNED], {}
            done = compiled.run(connection, _nodes(compiled, changed, clocks), sources, build_id, progress)
            if look_back:
                done += _look_back(connection, compiled, waiting, done, clocks, build_id, progress)
            kept = None if look_back else last.load_number if looked_back is None else looked_back
            up_to = work.load_number if work is not None else last.load_number
            return _record(connection, build_id, project, work, up_to, done, started, names_models=True, looked_back=kept)
    # dbt may not come to its end, or to an end that is good: what was compiled before fits nothing then.
    settings.compiled.unlink(missing_ok=True)
    done, compiled, up_to = make_everything(settings)
    with warehouse.writer() as connection:
        warehouse.take_over(connection)
        built = _record(connection, uuid.uuid4().hex, project, work, up_to, done, started, names_models=False)
    compiled.write(settings.compiled, project)
    return built


def _nodes(compiled: Compiled, changed: Sequence[str], clocks: bool) -> list[Node]:
    """What depends on what changed, but for the models that look back."""
    return [node for node in compiled.downstream(changed, CLOCKED if clocks else ALWAYS) if not node.looks_back]


def _look_back(
    connection: Connection,
    compiled: Compiled,
    waiting: Pending | None,
    done: Done,
    clocks: bool,
    build_id: str,
    progress: Callable[[str], None],
) -> Done:
    """Make the models that look back, of all that has waited for them; `done` is what this build has made of the others."""
    sources = _small(connection, waiting)
    made = [*_made_since_looked_back(connection), *done.models]
    whole = [node.name for table, node in compiled.tables().items() if table in made]
    changed = [*_tables(waiting), *(CLOCKED_WITH_DESCENDANTS if clocks else ()), *whole]
    nodes = [node for node in compiled.downstream(changed) if node.looks_back]
    # What was little each time may be much together; of that, and of what replaced something, nobody knows which records.
    much = [name for name in _tables(waiting) if name.startswith("raw.") and name not in sources]
    of_much = {node.table for node in compiled.downstream(much) if node.relation is not None}
    since = Since.of(name.removesuffix(BY_RECORD) if name.removesuffix(BY_RECORD) in of_much else name for name in made)
    return compiled.run(connection, nodes, sources, build_id, lambda text: progress(f"looking back, {text}"), since)


def _made_since_looked_back(connection: Connection) -> list[str]:
    """What builds have made of the other models since one made those that look back too."""
    rows = connection.execute(
        select(ledger.build.c.model_names, ledger.build.c.look_back_load_number).order_by(
            ledger.build.c.load_number.desc(), ledger.build.c.finished_at.desc()
        )
    )
    without = takewhile(lambda row: row.look_back_load_number is not None, rows)
    return [name for row in without for name in row.model_names.split(",") if name]


def _tables(work: Pending | None) -> list[str]:
    return work.tables if work is not None else []


def _record(
    connection: Connection,
    build_id: str,
    project: str,
    work: Pending | None,
    up_to: int,
    done: Done,
    started: datetime,
    *,
    names_models: bool,
    looked_back: int | None = None,
) -> Built:
    """Enter the build into the ledger."""
    finished = datetime.now(UTC)
    changed = work.record_types if work is not None else ()
    connection.execute(
        insert(ledger.build),
        {
            "build_id": build_id,
            "record_types": ",".join(changed),
            "load_number": up_to,
            "models_sha256": project,
            "model_count": len(done.models),
            "model_names": ",".join(done.models) if names_models else None,
            "started_at": started,
            "finished_at": finished,
            "look_back_load_number": looked_back,
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


def _together(builds: Sequence[Built]) -> Built:
    return Built(
        tuple(sorted({name for built in builds for name in built.record_types})),
        sum(built.models for built in builds),
        sum(built.tests for built in builds),
        tuple(warning for built in builds for warning in built.warnings),
        sum(built.seconds for built in builds),
    )
