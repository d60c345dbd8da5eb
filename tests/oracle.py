"""Great Expectations' own run of a suite: what judging is held to, in tests and benchmarks."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping
from typing import Any

import polars as pl

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # it would call its makers


def failing_rows(document: Mapping[str, Any], frame: pl.DataFrame) -> list[list[int]]:
    """Positions of the rows that fail each expectation of a suite, in the suite's order, as a checkpoint reports them."""
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    numbered = [{**one, "meta": {"number": number}} for number, one in enumerate(document["expectations"])]
    suite = context.suites.add(gx.ExpectationSuite(name=document["name"], expectations=numbered))
    batch = context.data_sources.add_pandas("frame").add_dataframe_asset("frame").add_batch_definition_whole_dataframe("batch")
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="frame", data=batch, suite=suite))
    form = {"result_format": "COMPLETE", "include_unexpected_rows": False, "partial_unexpected_count": 0}
    checkpoint = context.checkpoints.add(gx.Checkpoint(name="frame", validation_definitions=[definition], result_format=form))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ran = checkpoint.run(batch_parameters={"dataframe": frame.to_pandas(date_as_object=False)})
    (run,) = ran.run_results.values()
    found = {result.expectation_config.meta["number"]: _rows(result) for result in run.results}  # they come in an order of their own
    return [found[number] for number in range(len(numbered))]


def _rows(result: Any) -> list[int]:
    info = result.exception_info or {}
    assert not any(isinstance(detail, dict) and detail.get("raised_exception") for detail in (info, *info.values())), info
    listed = result.result.get("unexpected_index_list") or []
    return sorted(int(item["index"] if isinstance(item, dict) else item) for item in listed)
