"""Measures several ways to do one thing in turn, each run in a process of its own, and tells medians and peak memory."""

from __future__ import annotations

import multiprocessing
import re
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

Answer = TypeVar("Answer")
Way = Callable[[], float]
"""Does the work once, and returns the seconds of what counts: reading what it needs does not. A function of a module, or a partial of one."""
RUNS = 5
PEERS = Path(__file__).resolve().parents[1] / ".peers" / "bin" / "python"
"""What others would use instead, in an environment of its own: `make peers`."""


@dataclass(frozen=True)
class Figure:
    """Of one way."""

    name: str
    seconds: float
    """Median over the runs."""
    slowest: float
    peak_mb: float
    """Highest of the runs, of the whole process."""


def in_turn(ways: Mapping[str, Way], runs: int = RUNS) -> list[Figure]:
    """Each way once, then each again: what else the machine does falls on all of them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    peaks: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            took, peak = alone(way)
            seconds[name].append(took)
            peaks[name].append(peak)
    return [Figure(name, statistics.median(seconds[name]), max(seconds[name]), max(peaks[name])) for name in ways]


def alone(work: Callable[[], Answer]) -> tuple[Answer, float]:
    """Do it once in a fresh process: what it returned, and the peak memory in MB. Raises RuntimeError where the process died.

    Fresh, not forked: the threads of polars and DuckDB do not come along into a fork.
    """
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_run, args=(work, sender))
    process.start()
    sender.close()  # so that a child that died is an end of the pipe, not silence
    try:
        answer, peak = receiver.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"the process that measured ended with {process.exitcode}") from None
    process.join()
    return answer, peak


def _run(work: Callable[[], Any], sender: Connection) -> None:
    sender.send((work(), peak_mb()))


def peak_mb() -> float:
    """The most memory that this process has had, or any process that it waited for."""
    status = Path("/proc/self/status").read_text()  # getrusage counts what the parent had when this process began
    own = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])  # type: ignore[index]
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def clocked(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def show(title: str, figures: list[Figure], beside: str) -> None:
    """Print them as a table, with the ratio to one of them."""
    base = next(figure.seconds for figure in figures if figure.name == beside)
    table = Table("", "seconds", "slowest", f"times {beside}", "peak MB", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for figure in figures:
        table.add_row(
            figure.name, f"{figure.seconds:.2f}", f"{figure.slowest:.2f}", f"{figure.seconds / base:.2f}", f"{figure.peak_mb:,.0f}"
        )
    Console(width=120).print(table)
