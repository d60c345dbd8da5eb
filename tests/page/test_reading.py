"""What the page reads, beside what the models declare: columns that are there, of that kind, that comms may read."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
import yaml

from samepicture.dbt_project import DBT
from samepicture.page.reading import COLUMNS, NOT_EVERYWHERE, schema

COMING = ("known_already", "representativeness", "engagement_outcome")
"""Tables that are read where they are published."""
KINDS = {
    "varchar": pl.String,
    "bigint": pl.Int64,
    "integer": pl.Int64,
    "date": pl.Date,
    "boolean": pl.Boolean,
    "double precision": pl.Float64,
    "timestamp with time zone": pl.Datetime(time_zone="UTC"),
}


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    found = [model for path in (DBT / "models").glob("*/*.yml") for model in yaml.safe_load(path.read_text()).get("models", [])]
    return {model["name"]: model for model in found}


def declared(models: dict[str, Any], table: str) -> Any:
    found = models.get(f"published_{table}")
    if found is None and table in COMING:
        pytest.skip(f"published.{table} is not there yet")
    return found or models[table]


@pytest.mark.parametrize("table", COLUMNS)
def test_each_column_is_of_the_kind_that_its_model_declares(models: dict[str, Any], table: str) -> None:
    kinds = {column["name"]: KINDS[column["data_type"]] for column in declared(models, table)["columns"]}
    found = {column: kind for column, kind in schema(table).items() if column in kinds or column not in NOT_EVERYWHERE}
    assert found == {column: kinds[column] for column in found}


@pytest.mark.parametrize("table", COLUMNS)
def test_comms_may_read_it(models: dict[str, Any], table: str) -> None:
    assert "samepicture_comms" in declared(models, table)["config"]["grants"]["select"]
