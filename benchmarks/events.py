"""From an event to rows that analysts can query: a webhook's POST, through a real Airflow on a real PostgreSQL.

    make bench-events     or   python benchmarks/events.py [rows of history] [events] [burst]

Everything warm, one event after another, then a burst. Beside it, in the same run, the same steps by hand in one warm
process: what they cost without events, schedulers and processes. Says nothing about absolute speed: compare the ratio.
"""

from __future__ import annotations

import concurrent.futures
import itertools
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.installation import FEED, cases, installation, shown, with_history  # noqa: E402
from tests.stack import Stack, wait_for  # noqa: E402

from samepicture.process import Pipeline  # noqa: E402

STEPS = ("judge", "load", "build", "publish")


def by_hand(pipeline: Pipeline, number: int) -> dict[str, float]:
    """The same steps in this process."""
    import io

    from samepicture.build import build
    from samepicture.publish import publish

    marks = [time.perf_counter()]
    receipt, _ = pipeline.land(FEED, "cases.csv", io.BytesIO(cases(number)))
    marks.append(time.perf_counter())
    for step in (
        lambda: pipeline.judge(receipt.submission_id),
        lambda: pipeline.load(receipt.submission_id),
        lambda: build(pipeline.settings, look_back=False),
        lambda: publish(pipeline.settings),
    ):
        step()
        marks.append(time.perf_counter())
    parts = [later - earlier for earlier, later in itertools.pairwise(marks)]
    return dict(zip(("accept", *STEPS), parts, strict=True)) | {"total": marks[-1] - marks[0]}


def by_event(stack: Stack, number: int) -> dict[str, float]:
    """One event: what the sender waited for, what each task took, and what lay between."""
    began = time.time()
    answer = stack.post(FEED, cases(number))
    answer.raise_for_status()
    accepted = time.time()
    submission_id = answer.json()["submission_id"]
    wait_for(lambda: submission_id in shown(stack.settings), 300, "the rows", pause=0.05)
    visible = time.time()
    parts = {"accept": accepted - began, "total": visible - began}
    wait_for(lambda: steps(stack, began).keys() >= set(STEPS), 60, "the tasks' own times")
    found = steps(stack, began)
    parts |= {step: found[step][1] - found[step][0] for step in STEPS}
    parts["schedule"] = parts["total"] - parts["accept"] - sum(parts[step] for step in STEPS)
    return parts


def steps(stack: Stack, since: float) -> dict[str, tuple[float, float]]:
    """Start and end of the latest finished task of each kind."""
    instances: list[dict[str, Any]] = stack.api("dags/~/dagRuns/~/taskInstances", order_by="-start_date", limit=30)["task_instances"]
    found = {}
    for instance in reversed(instances):
        if instance["task_id"] in STEPS and instance["state"] == "success" and instance["end_date"]:
            start, end = (datetime.fromisoformat(instance[key]).timestamp() for key in ("start_date", "end_date"))
            if start > since:
                found[instance["task_id"]] = (start, end)
    return found


def burst(stack: Stack, count: int) -> tuple[float, float, int]:
    """Seconds to accept them all and to show them all, and how many were lost."""
    began = time.time()
    with concurrent.futures.ThreadPoolExecutor(4) as posters:
        ids = set(posters.map(lambda number: stack.post(FEED, cases(10_000 + number)).json()["submission_id"], range(count)))
    accepted = time.time() - began
    deadline = time.time() + max(count * 3, 300)
    while not ids <= shown(stack.settings) and time.time() < deadline:
        time.sleep(1)
    return accepted, time.time() - began, len(ids - shown(stack.settings))


def main() -> None:
    rows, events, many = (int(value) for value in (sys.argv[1:] + ["1000000", "30", "500"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = installation(folder)
        with_history(settings, rows)
        print("history is loaded", flush=True)
        pipeline = Pipeline(settings)
        by_hand(pipeline, 0)
        hand = [by_hand(pipeline, number) for number in range(1, 6)]
        with Stack(settings, folder / "airflow") as stack:
            stack.start("scheduler", "dag-processor", "api-server")
            wait_for(lambda: stack.api("assets", name_pattern=f"submission.{FEED}")["total_entries"], 120, "the feed's DAG")
            stack.warm()
            for number in range(100, 103):
                by_event(stack, number)
            found = [by_event(stack, 200 + number) for number in range(events)]
            print(f"{rows:,} complaints of history, {events} events of 20 rows one after another; seconds")
            print(f"{'':<12}{'p50':>8}{'p95':>8}{'by hand':>10}")
            for part in ("accept", "schedule", *STEPS, "total"):
                values = sorted(parts[part] for parts in found)
                p95 = values[min(round(0.95 * len(values)), len(values) - 1)]
                alone = f"{statistics.median(parts[part] for parts in hand):>10.2f}" if part in hand[0] else f"{'':>10}"
                print(f"{part:<12}{statistics.median(values):>8.2f}{p95:>8.2f}{alone}", flush=True)
            ratio = statistics.median(parts["total"] for parts in found) / statistics.median(parts["total"] for parts in hand)
            print(f"{'event / by hand':<28}{ratio:>10.2f}")
            if many:
                accepted, drained, lost = burst(stack, many)
                print(f"burst of {many}: accepted in {accepted:.1f} s ({many / accepted:.0f}/s), queryable in {drained:.0f} s")
                print(f"drained at {many / drained:.2f} submissions a second; lost: {lost}")


if __name__ == "__main__":
    main()
