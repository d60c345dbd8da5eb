"""What the page reads, beside what the models declare: columns that are there, of that kind, that comms may read."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
import yaml

from samepicture.dbt_project import DBT
from samepicture.page.reading import COLUMNS, schema

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
    return models.get(f"published_{table}") or models[table]


@pytest.mark.parametrize("table", COLUMNS)
def test_each_column_is_of_the_kind_that_its_model_declares(models: dict[str, Any], table: str) -> None:
    kinds = {column["name"]: KINDS[column["data_type"]] for column in declared(models, table)["columns"]}
    assert schema(table) == {column: kinds[column] for column in COLUMNS[table]}


@pytest.mark.parametrize("table", COLUMNS)
def test_comms_may_read_it(models: dict[str, Any], table: str) -> None:
    assert "samepicture_comms" in declared(models, table)["config"]["grants"]["select"]
