"""Lets tasks fail as libraries do, quoting what they were given: once each, where a file of the step's name lies in FAILING.

First on the path of the scheduler that tests/security/test_words.py starts. The errors are
the libraries' own, about the very records of the submission.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

real = importlib.util.spec_from_file_location("real_settings", Path(__file__).parents[3] / "plugins" / "airflow_local_settings.py")
assert real is not None
assert real.loader is not None
real.loader.exec_module(importlib.util.module_from_spec(real))


def first(owner: Any, name: str, step: str, applies: Callable[..., bool], fail: Callable[..., None]) -> None:
    function: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        order = Path(os.environ["FAILING"]) / step
        if order.exists() and applies(*args):
            order.unlink()
            fail(*args)
        return function(*args, **kwargs)

    setattr(owner, name, wrapper)


def is_of_complaints(pipeline: Any, submission_id: str, *_: object) -> bool:
    with pipeline.landing.open(pipeline.landing.receipt(submission_id)) as stream:
        return b"Trust code" in stream.read()


def has_complaints(settings: Any, *_: object) -> bool:
    from samepicture.warehouse import open_warehouse

    with open_warehouse(settings).writer() as connection:
        count = "select count(*) from information_schema.tables where table_schema = 'raw' and table_name = 'complaint'"
        return bool(
            connection.exec_driver_sql(count).scalar_one() and connection.exec_driver_sql("select count(*) from raw.complaint").scalar_one()
        )


def cast_by_polars(pipeline: Any, submission_id: str, *_: object) -> None:
    import polars as pl

    with pipeline.landing.open(pipeline.landing.receipt(submission_id)) as stream:
        pl.read_csv(io.BytesIO(stream.read()))["Description"].cast(pl.Int64)


def cast_by_the_engine(pipeline: Any, submission_id: str, *_: object) -> None:
    from samepicture.judge import work_folder
    from samepicture.warehouse import open_warehouse

    rows = work_folder(pipeline.settings, submission_id) / "accepted.parquet"
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.exec_driver_sql(f"select narrative::integer from read_parquet('{rows}')").all()


def ours_because_of_the_engines(settings: Any, *_: object) -> None:
    import duckdb

    from samepicture.compiled import BuildFailed
    from samepicture.warehouse import open_warehouse

    with open_warehouse(settings).writer() as connection:
        words = connection.exec_driver_sql("select narrative from raw.complaint where narrative is not null limit 1").scalar_one()
    try:
        duckdb.sql("select $1::integer", params=[words]).fetchall()
    except duckdb.Error as error:
        raise BuildFailed("The marts keep their last state.") from error


if "scheduler" in sys.argv[1:2]:
    from samepicture import build
    from samepicture.process import Pipeline

    first(Pipeline, "judge", "judging", is_of_complaints, cast_by_polars)
    first(Pipeline, "load", "loading", is_of_complaints, cast_by_the_engine)
    first(build, "build", "building", has_complaints, ours_because_of_the_engines)
