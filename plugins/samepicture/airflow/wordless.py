"""Keeps the words of patients out of task logs when something fails that nobody foresaw.

Libraries quote values in their errors: a cell that is no number, the parameters of an
insert. Airflow logs what a task raises. So what is not an error of ours is told by its
kind and by where it happened, which is what a developer needs.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
OURS = ("samepicture.", "airflow.")
"""Modules whose errors are written for people, and hold ids and codes alone."""
FRAMES = 6


class TaskFailed(Exception):
    """Something failed that nobody foresaw; the message says what kind of error it was and where."""


def wordless(step: Callable[P, T]) -> Callable[P, T]:
    """The step of a task; what it raises holds no word of a record. Goes below `@task`."""

    @functools.wraps(step)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return step(*args, **kwargs)
        except Exception as error:
            if type(error).__module__.startswith(OURS):
                raise error from None  # not with what it came from, which may be a library's
            raise TaskFailed(_told(error)) from None

    return quiet


def _told(error: Exception) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    reason = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    *frames, last = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames[1:] if "site-packages" not in frame.filename][-FRAMES:]
    return f"{kind}{reason}, in {' > '.join(f'{Path(frame.filename).name}:{frame.lineno} {frame.name}' for frame in (*ours, last))}"
