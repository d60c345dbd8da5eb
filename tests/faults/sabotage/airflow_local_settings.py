"""Kills a task's process at one point of its way, once: where a file of the point's name lies in SABOTAGE.

First on the path of the scheduler and the Celery workers that tests/faults start, so that
the processes forked from them inherit this. What the file says is whom to kill: the task
and its supervisor's process too (`worker`), the whole Celery worker (`celery`), or the
worker's main process alone while the task goes on (`main`). Each time that a task comes
to a point it leaves a line in the file `passed <point>`.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

real = importlib.util.spec_from_file_location("real_settings", Path(__file__).parents[3] / "plugins" / "airflow_local_settings.py")
assert real is not None
assert real.loader is not None
real.loader.exec_module(importlib.util.module_from_spec(real))


MAIN = os.getpid()
"""Of the part that imports this; its children inherit the number."""


def kill(whom: str) -> None:
    if whom == "main":
        os.kill(MAIN, signal.SIGKILL)
        time.sleep(1)  # long enough for whatever notices it
        return
    if whom == "celery":
        main = psutil.Process(MAIN)
        for process in (main, *main.children(recursive=True)):
            if process.pid != os.getpid():
                process.kill()
    if whom == "worker":
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def at(owner: Any, name: str, point: str, after: bool) -> None:
    function: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs) if after else None
        order = Path(os.environ["SABOTAGE"]) / point
        with order.with_name(f"passed {point}").open("a") as passed:
            passed.write(f"{os.getpid()}\n")
        if order.exists():
            whom = order.read_text()
            order.rename(order.with_name(f"done {point}"))
            kill(whom)
        return result if after else function(*args, **kwargs)

    setattr(owner, name, wrapper)


if {"scheduler", "worker"}.intersection(sys.argv[1:3]):
    from samepicture import build, judge, load
    from samepicture.process import Pipeline
    from samepicture.warehouse import picture

    at(Pipeline, "collect", "collecting", after=False)
    at(judge, "keep_results", "judging", after=False)
    at(load, "_record", "loading", after=True)
    at(load, "Outcome", "loaded", after=False)  # after the commit
    at(build.Compiled, "run", "building", after=True)
    at(picture.shutil, "copyfile", "publishing", after=True)
