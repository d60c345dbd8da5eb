"""How far long work is: what is done, how fast, and how long it may still take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

SURE_FROM = 0.02
"""Of a file: before so much of it is read, nobody can say how long the rest takes."""


@dataclass
class Seldom:
    """Passes on what it is told at most every so many seconds, and nothing in the first: a log is read afterwards."""

    tell: Callable[[str], object]
    every_seconds: float
    _told: float = field(default_factory=lambda: time.monotonic())

    def __call__(self, words: str) -> None:
        """Pass it on, or not."""
        if time.monotonic() - self._told >= self.every_seconds:
            self._told = time.monotonic()
            self.tell(words)


@dataclass
class Pace:
    """Tells of records as they are done: 'judging, 300,000 records, 6,200 a second, about 2 min left'."""

    what: str
    tell: Callable[[str], object]
    _began: float = field(default_factory=lambda: time.monotonic())

    def __call__(self, records: int, share: float) -> None:
        """`share` is how much of the file is read, from 0 to 1; at 1 the reader had taken all of it in before the first record."""
        seconds = time.monotonic() - self._began
        words = f"{self.what}, {records:,} records"
        if seconds > 0:
            words += f", {records / seconds:,.0f} a second"
        if SURE_FROM < share < 1:
            words += f", {_about(seconds * (1 - share) / share)} left"
        self.tell(words)


def _about(seconds: float) -> str:
    return (
        f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
    )
