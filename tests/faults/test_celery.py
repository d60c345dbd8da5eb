"""Two Celery workers and a real Redis, killed in the middle of their work: nothing lost, nothing doubled. `make faults`.

The whole worker dies with its machine. Its main process alone dies when the system is short
of memory, and is worse: the task that it started goes on, and is tried again as well.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installation import assert_whole, begin, installation, sent
from tests.redis_server import redis_server
from tests.stack import Stack, wait_for

pytest.importorskip("celery", reason="Celery is not installed: `make celery`")
pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
WORKERS = ("worker-1", "worker-2")
POINTS = {"judging": "judge", "loading": "load", "building": "build"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("celery")
    settings, further = installation(folder)
    with redis_server(folder) as broker, Stack(settings, folder / "airflow", {**further, "AIRFLOW__CELERY__BROKER_URL": broker}) as stack:
        begin(stack, "scheduler", "dag-processor", "api-server", *WORKERS)
        yield stack


def passed(stack: Stack, point: str) -> int:
    """How often a task has come to a point."""
    noted = Path(stack.environment["SABOTAGE"]) / f"passed {point}"
    return len(noted.read_text().splitlines()) if noted.exists() else 0


@pytest.mark.parametrize(("number", "point"), enumerate(POINTS))
@pytest.mark.parametrize("whom", ["celery", "main"])
def test_a_worker_is_killed(stack: Stack, number: int, point: str, whom: str) -> None:
    order, before, started = Path(stack.environment["SABOTAGE"]) / point, passed(stack, point), time.monotonic()
    order.write_text(whom)
    submission_id = sent(stack, 100 * (1 + (whom == "main")) + number)
    seen = time.monotonic() - started
    assert not order.exists(), "nothing was killed"
    assert_whole(stack)
    # The survivor has done it, or the orphan; the retry of what an orphan has done finds it done.
    wait_for(lambda: tries(stack, point, submission_id)[1] == "success", 240, "the end of the task's retries", pause=1)
    assert tries(stack, point, submission_id)[0] == 2
    if whom == "main" and point != "judging":
        assert passed(stack, point) - before == 1, "the orphan had finished it: the retry should have found it done"
    (dead,) = [name for name in WORKERS if stack.parts[name].poll() is not None]
    print(f"{whom}, {point}: seen after {seen:.0f} s")
    stack.kill(dead)
    stack.start(dead)
    assert_whole(stack)


def tries(stack: Stack, point: str, submission_id: str) -> tuple[int, str]:
    """How often the task at that point was begun, and how it ended."""
    dag = "warehouse" if point == "building" else f"feed_{submission_id.rpartition('.')[0]}"
    found = stack.api(f"dags/{dag}/dagRuns/~/taskInstances", order_by="-start_date", limit=50)["task_instances"]
    task = max((each for each in found if each["task_id"] == POINTS[point]), key=lambda each: each["queued_when"] or "")
    return task["try_number"], task["state"]


def test_nothing_is_left_to_retry(stack: Stack) -> None:
    """The last: what was killed was repaired by retries, not left failed."""
    assert stack.api("dags/~/dagRuns", state="failed", limit=100)["dag_runs"] == []
