"""Judging finds the rows that Great Expectations finds, for every suite; Data Docs show the counts."""

from __future__ import annotations

import random
import string
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from samepicture.expectations import UnknownExpectation, _translated, suite, suite_document, without_nan
from samepicture.records import CONTRACTS, Column, Kind
from samepicture.validation import LANDED_DATE, Validator
from tests.oracle import failing_rows

ROWS = 150


@pytest.mark.parametrize("record_type", sorted(CONTRACTS))
@pytest.mark.parametrize("seed", range(2))
def test_the_same_rows_fail_as_in_great_expectations_own_run(record_type: str, seed: int) -> None:
    document, chance = suite_document(record_type), random.Random(seed)
    columns = [*CONTRACTS[record_type].columns, Column(LANDED_DATE, Kind.DATE, "")]
    frame = pl.DataFrame(
        {column.name: _values(column, document["expectations"], chance) for column in columns},
        schema={column.name: column.polars_type for column in columns},
    )
    numbered = without_nan(frame).with_row_index("row")
    found = [numbered.filter(expectation.failing).get_column("row").to_list() for expectation in suite(record_type)]
    assert any(found)
    assert found == failing_rows(document, frame)


def _values(column: Column, expectations: list[dict[str, Any]], chance: random.Random) -> list[Any]:
    """What may stand in a column: nothing, what its rules name, their bounds and beyond, and chance."""
    ours = [one["kwargs"] for one in expectations if column.name in (one["kwargs"].get("column"), _condition_column(one["kwargs"]))]
    named = [value for kwargs in ours for value in [*kwargs.get("value_set", ()), *_condition_values(kwargs)]]
    bounds = [kwargs[name] for kwargs in ours for name in ("min_value", "max_value") if kwargs.get(name) is not None]
    match column.kind:
        case Kind.INTEGER:
            choices = [chance.randint(-5, 200_000), *(int(bound) + step for bound in bounds for step in (-1, 0, 1))]
        case Kind.DECIMAL:
            choices = [chance.uniform(-5, 200), float("nan"), *(float(bound) + step for bound in bounds for step in (-0.001, 0, 0.001))]
        case Kind.DATE:
            choices = [date(2026, 1, 1) + timedelta(days=chance.randint(-3, 3)) for _ in range(5)]
        case Kind.TIMESTAMP:
            choices = []
        case Kind.BOOLEAN:
            choices = [True, False]
        case _:
            choices = [
                *named,
                *(["long " * 6500, "x" * 32000] if bounds else []),
                "RZ1",
                "E54000040",
                "A1B2C",
                "Q72",
                "U12345",
                "Dr. Hall",
                "",
            ]
            choices += ["".join(chance.choices(string.ascii_letters + string.digits + " é", k=chance.randint(1, 6))) for _ in range(3)]
    return [chance.choice([None, *choices]) for _ in range(ROWS)]


def _condition_column(kwargs: dict[str, Any]) -> str | None:
    name = kwargs.get("row_condition", {}).get("column", {}).get("name")
    return name if name is None or isinstance(name, str) else None


def _condition_values(kwargs: dict[str, Any]) -> list[Any]:
    value = kwargs.get("row_condition", {}).get("parameter")
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_column_values_to_be_unique", {"column": "a"}),
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": [1], "mostly": 0.9}),
        ("expect_column_values_to_not_be_null", {"column": "a", "row_condition": "b == 1"}),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "a", "column_B": "b", "or_equal": True, "ignore_row_if": "never"},
        ),
    ],
)
def test_what_is_not_translated_is_refused_with_what_can_be_asked(kind: str, kwargs: dict[str, Any]) -> None:
    with pytest.raises(UnknownExpectation, match=r"expectations/complaint\.json"):
        _translated("complaint", kind, kwargs, {})


def test_counts_add_up_over_batches() -> None:
    validator = Validator("complaint")
    assert validator.results["outcomes"] == []
    columns = [*CONTRACTS["complaint"].columns, Column(LANDED_DATE, Kind.DATE, ""), Column("line_number", Kind.INTEGER, "")]
    for codes in ([None, "no code at all"], ["RZ1"]):
        rows = [{"organisation_ods_code": code, "line_number": number} for number, code in enumerate(codes)]
        validator.judge(pl.DataFrame(rows, schema={column.name: column.polars_type for column in columns}))
    missing, malformed = validator.results["outcomes"][:2]
    assert (missing["element_count"], missing["missing_count"], missing["unexpected_count"]) == (3, 0, 1)
    assert (malformed["element_count"], malformed["missing_count"], malformed["unexpected_count"]) == (3, 1, 1)
