"""What the operator pays: memory of a scheduler with five hundred feeds, and the demo from nothing.

    make bench-scheduler  or   python benchmarks/scheduler.py [feeds] [seconds of watching]

A real Airflow on a real PostgreSQL parses the feeds and then has nothing to do; each process's own share of memory is told.
Beside it, as many feeds as the project has. Then `samepicture demo` in an empty home, with what is installed already.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from benchmarks.installation import installation  # noqa: E402
from benchmarks.measure import clocked  # noqa: E402
from benchmarks.parsing import copies  # noqa: E402
from benchmarks.report import Line, tell  # noqa: E402
from tests.stack import Stack, wait_for  # noqa: E402

PARTS = ("scheduler", "dag-processor")


def memory_mb(pid: int) -> float:
    """Of a process and its children, each page counted once among those that share it."""
    process = psutil.Process(pid)
    found = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            found += each.memory_full_info().pss
        except psutil.NoSuchProcess:  # it has ended meanwhile
            continue
    return found / 2**20


def watched(feeds: int, seconds: float) -> dict[str, float]:
    """The most memory of each part in so many seconds after all DAGs are known."""
    with tempfile.TemporaryDirectory(prefix="samepicture_") as name:
        folder = Path(name)
        settings = installation(folder)
        if feeds:
            (folder / "many").mkdir()
            copies(folder / "many", feeds)
            settings = replace(settings, feeds=(*settings.feeds, folder / "many"))
        with Stack(settings, folder / "airflow") as stack:
            stack.start("api-server", *PARTS)
            wait_for(lambda: stack.api("dags", limit=1)["total_entries"] > feeds, 300, "all DAGs", pause=2)
            most = dict.fromkeys(PARTS, 0.0)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                most = {part: max(most[part], memory_mb(stack.parts[part].pid)) for part in PARTS}
                time.sleep(2)
    return most


def demo() -> None:
    """In an empty home."""
    with tempfile.TemporaryDirectory(prefix="samepicture_") as home:
        command = [str(Path(sys.executable).with_name("samepicture")), "demo"]
        subprocess.run(command, env={**os.environ, "SAMEPICTURE_HOME": home}, check=True, stdout=subprocess.DEVNULL)


def main(feeds: int, seconds: float) -> None:
    few, many = watched(0, seconds), watched(feeds, seconds)
    for part in PARTS:
        ratio = many[part] / few[part]
        what, beside = f"memory of Airflow's {part}, {feeds} feeds more", f"with ours alone, {few[part]:,.0f} MB"
        tell(Line(11, what, f"{many[part]:,.0f} MB", beside, ratio, "shown", True, many[part]))
    took = clocked(demo)
    tell(Line(11, "samepicture demo in an empty home", f"{took:,.0f} s", "a minute", took / 60, "shown", True))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500, float(sys.argv[2]) if len(sys.argv) > 2 else 60)
