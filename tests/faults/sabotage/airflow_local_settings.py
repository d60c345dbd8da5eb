"""Kills a task's process at one point of its way, once: where a file of the point's name lies in SABOTAGE.

First on the path of the scheduler that tests/faults/test_airflow.py starts, so that the
processes forked from it inherit this. What the file says is whom to kill: the task, or
the worker above it too.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

real = importlib.util.spec_from_file_location("real_settings", Path(__file__).parents[3] / "plugins" / "airflow_local_settings.py")
assert real is not None
assert real.loader is not None
real.loader.exec_module(importlib.util.module_from_spec(real))


def at(owner: Any, name: str, point: str, after: bool) -> None:
    function: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs) if after else None
        order = Path(os.environ["SABOTAGE"]) / point
        if order.exists():
            whom = order.read_text()
            order.rename(order.with_name(f"done {point}"))
            if whom == "worker":
                os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return result if after else function(*args, **kwargs)

    setattr(owner, name, wrapper)


if "scheduler" in sys.argv[1:2]:
    from samepicture import build, judge, load, publish
    from samepicture.process import Pipeline

    at(Pipeline, "collect", "collecting", after=False)
    at(judge, "keep_results", "judging", after=False)
    at(load, "_record", "loading", after=True)
    at(load, "Outcome", "loaded", after=False)  # after the commit
    at(build.Compiled, "run", "building", after=True)
    at(publish.shutil, "copyfile", "publishing", after=True)
