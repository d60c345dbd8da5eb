"""What a task's step raises unforeseen reaches the log without the words that a library quoted."""

from __future__ import annotations

import inspect
import traceback
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from airflow.sdk.exceptions import AirflowSkipException

from samepicture.airflow.wordless import TaskFailed, wordless
from samepicture.compiled import BuildFailed
from samepicture.messages import SubmissionRejected

WORDS = "my mother was left alone"


def told(raised: BaseException) -> str:
    return "".join(traceback.format_exception(raised))


def cast(*_: Any) -> None:
    pl.Series([WORDS]).cast(pl.Int64)


def refuse() -> None:
    try:
        cast()
    except pl.exceptions.PolarsError as error:
        raise BuildFailed("The marts keep their last state.") from error


def test_a_librarys_error_is_told_by_kind_and_place() -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError, match=WORDS):
        cast()  # else there would be nothing to keep
    with pytest.raises(TaskFailed) as raised:
        wordless(cast)()
    assert WORDS not in told(raised.value)
    assert "polars.exceptions.InvalidOperationError, in " in str(raised.value)
    assert "test_wordless.py" in str(raised.value)


def test_the_cause_of_an_error_of_ours_is_cut_off() -> None:
    with pytest.raises(BuildFailed, match=r"keep their last state\.$") as raised:
        wordless(refuse)()
    assert WORDS not in told(raised.value)


@pytest.mark.parametrize("error", [SubmissionRejected("empty_file", "The file is empty."), AirflowSkipException("nothing new")])
def test_errors_that_are_written_for_people_pass(error: Exception) -> None:
    def step() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        wordless(step)()
    assert raised.value is error


def test_the_systems_reason_is_told_and_no_path() -> None:
    def step() -> None:
        raise OSError(28, "No space left on device", f"/landing/{WORDS}.csv")

    with pytest.raises(TaskFailed, match="OSError \\(No space left on device\\), in ") as raised:
        wordless(step)()
    assert WORDS not in told(raised.value)


def test_airflow_still_sees_what_a_step_asks_for() -> None:
    def step(dag_run: Any = None, ti: Any = None) -> str:
        return f"{dag_run} {ti}"

    assert list(inspect.signature(wordless(step)).parameters) == ["dag_run", "ti"]
    assert wordless(step)(1, ti=2) == "1 2"


def test_every_task_is_wordless() -> None:
    """Each @task of our DAGs has it below; a new one without is found here."""
    from samepicture.settings import PROJECT

    for path in (PROJECT / "plugins" / "samepicture" / "airflow").glob("*.py"):
        lines = [line.strip() for line in path.read_text().splitlines()]
        for line, below in pairwise(lines):
            if line.startswith("@task"):
                assert below == "@wordless", f"{path.name}: {line}"
