"""What benchmarks found: printed by each as a table, and kept for `benchmarks/everything.py` where it asked for that."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT_IN = "SAMEPICTURE_BENCHMARKS"
"""Variable with the file that lines and points are added to, as JSON lines."""


@dataclass(frozen=True)
class Line:
    """One figure with what stands beside it."""

    number: int
    """Of the goal that it belongs to."""
    what: str
    figure: str
    """With its unit."""
    beside: str
    """What was measured in the same run, with its figure."""
    ratio: float
    """The figure over what stands beside it."""
    goal: str
    """In words: 'at most 4.5'."""
    is_met: bool
    peak_mb: float = 0
    """Of a process of its own; 0 where that was not measured."""


@dataclass(frozen=True)
class Point:
    """How long so much work took: a point of a drawing."""

    drawing: str
    """Its title; its axis says what the work is."""
    way: str
    work: float
    unit: str
    """What is counted: rows, feeds."""
    seconds: float


def keep(found: Line | Point) -> None:
    """Add it to the file, if there is one."""
    if path := os.environ.get(KEPT_IN):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": type(found).__name__, **asdict(found)}) + "\n")


def at_most(number: int, what: str, ours: float, beside: str, theirs: float, most: float, peak_mb: float = 0) -> Line:
    """A line of seconds that should be at most so many times what stands beside it; printed and kept."""
    ratio = ours / theirs
    line = Line(number, what, f"{ours:,.2f} s", f"{beside}, {theirs:,.2f} s", ratio, f"at most {most:g}", ratio <= most, peak_mb)
    tell(line)
    return line


def tell(line: Line) -> None:
    """Print it and keep it."""
    verdict = "met" if line.is_met else "NOT met"
    print(f"{line.number}. {line.what}: {line.figure}, {line.ratio:.2f} times {line.beside}; goal: {line.goal}: {verdict}", flush=True)
    keep(line)
