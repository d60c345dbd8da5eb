"""Judges records by their suite: real Great Expectations, one JSON a record type.

`expectations/<record_type>.json` holds the expectations; each carries in `meta` the
`code`, the `sentence` for the submitting organisation and the `level` (rejection or
warning). Failing rows are found by their position in the batch, which is their
(submission_id, part_name, line_number).
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from samepicture.messages import PROBLEMS, SubmissionWarning, as_shown
from samepicture.readers import LINE
from samepicture.settings import PROJECT

SUITES = PROJECT / "expectations"
LANDED_DATE = "landed_date"
"""A column of the judged frame only: lets a suite say that nothing may be dated after it landed."""
SHOWN_VALUES = 20
"""How many different values of an unknown code are told."""


@dataclass
class Judgement:
    """What the suite found in one batch."""

    problems: pl.DataFrame
    """line_number, code, column_name, sentence: record rejections."""
    warnings: list[SubmissionWarning]


@cache
def suite_document(record_type: str) -> dict[str, Any]:
    """The parsed suite of a record type."""
    document: dict[str, Any] = json.loads((SUITES / f"{record_type}.json").read_text())
    return document


class Validator:
    """Great Expectations, set up once a submission; `judge` runs the checkpoint on a batch."""

    def __init__(self, record_type: str, run_name: str) -> None:
        os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # it would call its makers
        import great_expectations as gx

        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        document = suite_document(record_type)
        self._run_name = run_name
        self._columns = sorted(_columns_used(document))
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        self.results: list[dict[str, Any]] = []
        """One a batch, as Great Expectations writes them, without keys and values of rows: Data Docs are rendered from these."""
        suite = context.suites.add(
            gx.ExpectationSuite(name=document["name"], expectations=document["expectations"], notes=document.get("notes"))
        )
        batch = context.data_sources.add_pandas("submission").add_dataframe_asset(record_type).add_batch_definition_whole_dataframe("batch")
        definition = context.validation_definitions.add(gx.ValidationDefinition(name=record_type, data=batch, suite=suite))
        self._checkpoint = context.checkpoints.add(
            gx.Checkpoint(
                name=record_type,
                validation_definitions=[definition],
                result_format={"result_format": "COMPLETE", "include_unexpected_rows": False, "partial_unexpected_count": 0},
            )
        )

    def judge(self, frame: pl.DataFrame) -> Judgement:
        """Run the suite on a batch of mapped records; columns that no rule names are not even converted."""
        from great_expectations.core.run_identifier import RunIdentifier

        pandas_frame = frame.select(self._columns).to_pandas(date_as_object=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = self._checkpoint.run(batch_parameters={"dataframe": pandas_frame}, run_id=RunIdentifier(run_name=self._run_name))
        problems: list[pl.DataFrame] = []
        found: list[SubmissionWarning] = []
        for run in result.run_results.values():
            self.results.append(_without_rows(run.to_json_dict()))
            for outcome in run.results:
                self._raise_if_broken(outcome)
                if outcome.success and not outcome.result.get("unexpected_count"):
                    continue
                self._collect(outcome, frame, problems, found)
        return Judgement(pl.concat(problems) if problems else pl.DataFrame(schema=PROBLEMS), found)

    def _collect(self, outcome: Any, frame: pl.DataFrame, problems: list[pl.DataFrame], found: list[SubmissionWarning]) -> None:
        config = outcome.expectation_config
        meta = config.meta or {}
        column = _told_column(config.kwargs)
        rows = pl.Series(list(_positions(outcome.result.get("unexpected_index_list") or [])), dtype=pl.UInt32)
        failing = frame[rows]
        if meta["level"] == "rejection":
            problems.append(
                failing.select(
                    LINE,
                    pl.lit(meta["code"]).alias("code"),
                    pl.lit(column).alias("column_name"),
                    pl.lit(meta["sentence"]).alias("sentence"),
                )
            )
            return
        counts = as_shown(failing.get_column(column).cast(pl.String)).value_counts(sort=True).head(SHOWN_VALUES)
        found += [SubmissionWarning(meta["code"], meta["sentence"], column, value, count) for value, count in counts.iter_rows()]

    @staticmethod
    def _raise_if_broken(outcome: Any) -> None:
        """An expectation that could not run is our fault, never the submitter's: stop."""
        info = outcome.exception_info or {}
        details = [info] if "raised_exception" in info else list(info.values())
        for detail in details:
            if isinstance(detail, dict) and detail.get("raised_exception"):
                raise RuntimeError(f"expectation {outcome.expectation_config.type} could not run: {detail.get('exception_message')}")


def _positions(index_list: list[Any]) -> Iterator[int]:
    """Row positions from an unexpected index list: plain numbers, or one dict a row."""
    for item in index_list:
        yield int(item["index"] if isinstance(item, dict) else item)


def _told_column(kwargs: dict[str, Any]) -> str:
    """The column that a person must look at: of a pair the first, but never the day of landing, which is ours."""
    names: list[str] = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs] or list(kwargs["column_list"])
    return next((name for name in names if name != LANDED_DATE), names[0])


def _columns_used(document: dict[str, Any]) -> set[str]:
    used: set[str] = set()
    for expectation in document["expectations"]:
        kwargs = expectation["kwargs"]
        used.update(kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs)
        used.update(kwargs.get("column_list", ()))
    return used


def _without_rows(result: dict[str, Any]) -> dict[str, Any]:
    for outcome in result["results"]:
        for detail in [
            name for name in outcome["result"] if name.startswith(("unexpected_index", "unexpected_list", "partial_unexpected"))
        ]:
            del outcome["result"][detail]
    return result
