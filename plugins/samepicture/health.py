"""Whether this installation works, a line a part: for containers and monitoring systems.

Fast, and in nobody's way: it asks Airflow's API server what it says of its own parts, and
waits SECONDS at most for anything. While a writer has the warehouse, it says what the
analysts' copy shows.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import duckdb
import fsspec
import requests
from sqlalchemy import func, inspect, select

from samepicture import ledger
from samepicture.announced import WAITING_TOO_LONG
from samepicture.landing import Landing
from samepicture.pending import find
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

T = TypeVar("T")
SECONDS = 5.0
PARTS = ("api-server", "metadata", "scheduler", "dag-processor", "triggerer", "landing", "warehouse", "build", "publish", "waiting")
"""What is looked at, in this order; docs/operating.md has a section for each."""


@dataclass(frozen=True)
class Line:
    """How one part does."""

    part: str
    is_well: bool
    sentence: str


@dataclass(frozen=True)
class _Ledger:
    """What the warehouse says of itself."""

    submission_ids: set[str]
    built_at: datetime | None
    unbuilt_since: datetime | None
    unpublished_since: datetime | None


class Busy(Exception):
    """A writer has the warehouse, and may have it for long: that is no fault."""


def check(settings: Settings, now: datetime) -> list[Line]:
    """A line for each of PARTS. Whatever is wrong is in a line, never an exception."""
    return [*_airflow(now), _landing(settings), *_warehouse(settings, now)]


def _airflow(now: datetime) -> Iterator[Line]:
    """The API server knows when each part last showed a sign of life."""
    url = _api_url()
    try:
        answer = requests.get(f"{url}/api/v2/monitor/health", timeout=SECONDS)
        answer.raise_for_status()
        health: dict[str, dict[str, str | None]] = answer.json()
    except (requests.RequestException, ValueError) as error:
        yield Line("api-server", False, f"does not answer at {url} ({type(error).__name__})")
        for part in ("metadata", "scheduler", "dag-processor", "triggerer"):
            yield Line(part, False, "not known: the API server does not answer")
        return
    yield Line("api-server", True, url)
    yield Line("metadata", health["metadatabase"]["status"] == "healthy", f"Airflow's database is {health['metadatabase']['status']}")
    for part in ("scheduler", "dag-processor", "triggerer"):
        name = part.replace("-", "_")
        beat = health.get(name, {}).get(f"latest_{name}_heartbeat")
        is_well = health.get(name, {}).get("status") == "healthy"
        yield Line(part, is_well, f"last heartbeat {_ago(datetime.fromisoformat(beat), now)}" if beat else "has never run")


def _api_url() -> str:
    """Where tasks report too: that address is known in every container and on every machine."""
    host, port = os.environ.get("AIRFLOW__API__HOST") or "127.0.0.1", os.environ.get("AIRFLOW__API__PORT") or "8080"
    return os.environ.get("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", f"http://{host}:{port}").removesuffix("/").removesuffix("/execution")


def _landing(settings: Settings) -> Line:
    """Writes a few bytes, as an arriving submission would, and takes them away."""

    def write() -> None:
        store, root = fsspec.core.url_to_fs(settings.landing)
        probe = f"{root}/incoming/health-{uuid.uuid4().hex}"  # what is left here is swept up after a day
        store.makedirs(f"{root}/incoming", exist_ok=True)
        store.pipe_file(probe, b"health")
        store.rm(probe)

    try:
        _within(SECONDS, write)
    except Busy:
        return Line("landing", False, f"nothing could be written within {SECONDS:.0f} s")
    except Exception as error:  # noqa: BLE001 - each kind of store fails in its own way, and its words may hold a key
        return Line("landing", False, f"can't be written to ({_reason(error)})")
    return Line("landing", True, "can be written to")


def _warehouse(settings: Settings, now: datetime) -> Iterator[Line]:
    try:
        try:
            known = _within(SECONDS, lambda: _ledger(settings))
            yield Line("warehouse", True, "answers")
        except Busy:
            known = _copied(settings)
            yield Line("warehouse", True, f"a writer has it for more than {SECONDS:.0f} s; what follows is what was last published")
    except Exception as error:  # noqa: BLE001 - each engine fails in its own way, and its words may hold a password
        yield Line("warehouse", False, f"does not answer ({_reason(error)})")
        for part in ("build", "publish", "waiting"):
            yield Line(part, False, "not known: the warehouse does not answer")
        return
    built = f"last build {_ago(known.built_at, now)}" if known.built_at else "nothing was built yet"
    yield _overdue("build", known.unbuilt_since, f"{built}; loaded and not built since", f"{built}; nothing waits for it", now)
    yield _overdue("publish", known.unpublished_since, "built and not published since", "the copy shows the last build", now)
    yield _waiting(settings, known, now)


def _ledger(settings: Settings) -> _Ledger:
    from samepicture.publish import unpublished_since

    with open_warehouse(settings).reader() as connection:
        if not inspect(connection).has_table("submission", schema="ops"):
            return _Ledger(set(), None, None, None)  # nothing was ever loaded
        ids: set[str] = set(connection.execute(select(ledger.submission.c.submission_id)).scalars())
        built_at: datetime | None = connection.execute(select(func.max(ledger.build.c.finished_at))).scalar_one()
        work = find(connection)
    return _Ledger(ids, built_at, work.since if work else None, unpublished_since(settings))


def _copied(settings: Settings) -> _Ledger:
    if not settings.picture.exists():
        return _Ledger(set(), None, None, None)
    with duckdb.connect(str(settings.picture), read_only=True) as copy:
        ids = {row[0] for row in copy.execute("select submission_id from ops.submission").fetchall()}
        built = copy.execute("select max(finished_at) from ops.build").fetchone()
    return _Ledger(ids, built[0] if built else None, None, None)


def _waiting(settings: Settings, known: _Ledger, now: datetime) -> Line:
    """Landed and in no ledger: late where the oldest waits for longer than the retries and the sweep take."""
    landing = Landing(settings.landing, settings.landing_key)
    waiting = landing.submission_ids() - known.submission_ids
    if not waiting:
        return Line("waiting", True, "no submission waits")
    oldest = min(landing.receipt(submission_id).landed_datetime for submission_id in waiting)
    return Line("waiting", now - oldest <= WAITING_TOO_LONG, f"{len(waiting)} submissions wait, the oldest since {_minute(oldest)}")


def _overdue(part: str, since: datetime | None, late: str, fine: str, now: datetime) -> Line:
    if since is None:
        return Line(part, True, fine)
    return Line(part, now - since <= WAITING_TOO_LONG, f"{late} {_minute(since)}")


def _within(seconds: float, work: Callable[[], T]) -> T:
    """What the work gives. Raises Busy where it takes longer; what it raises is raised here."""
    result: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:  # noqa: BLE001 - raised where it was asked for
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not result:
        raise Busy
    return result[0]


def _reason(error: Exception) -> str:
    """What kind of fault it is, without the words of a library: a URL in them may hold a password."""
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__


def _ago(moment: datetime, now: datetime) -> str:
    seconds = max((now - moment).total_seconds(), 0)
    return f"{seconds:.0f} s ago" if seconds < 120 else f"at {_minute(moment)}"


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
