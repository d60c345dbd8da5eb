"""Lets one process at a time do what two must not do at once. A process that dies lets go."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from samepicture.settings import Settings


@contextmanager
def alone(settings: Settings, name: str) -> Iterator[None]:
    """Wait until no other process of this installation holds this name, and hold it."""
    settings.work.mkdir(parents=True, exist_ok=True)
    with (settings.work / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
