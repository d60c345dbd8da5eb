"""Keeps the words of patients out of task logs when something fails that nobody foresaw.

Libraries quote values in their errors: a cell that is no number, the parameters of an
insert. Airflow logs what a task raises. So what is not an error of ours is told by its
kind and by where it happened, which is what a developer needs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from samepicture.errors import kind_and_place

P = ParamSpec("P")
T = TypeVar("T")
OURS = ("samepicture.", "airflow.")
"""Modules whose errors are written for people, and hold ids and codes alone."""


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
            raise TaskFailed(kind_and_place(error)) from None

    return quiet
