"""Great Expectations' suites as column expressions: which rows fail an expectation.

`expectations/<record_type>.json` are suites as Great Expectations reads them, and the only place where rules stand. Its own
engine takes half a second for twenty rows and holds every failing row as a dictionary; the expressions take
milliseconds and find the same rows, as tests/unit/test_expectations.py holds against Great Expectations itself (decision 32).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from samepicture.errors import Explained
from samepicture.settings import PROJECT

SUITES = PROJECT / "expectations"


class UnknownExpectation(Explained):
    """A suite asks for what is not translated here; the message names the suite and what can be asked."""


@dataclass(frozen=True)
class Expectation:
    """One expectation of a suite."""

    type: str
    kwargs: Mapping[str, Any]
    meta: Mapping[str, str]
    """`code`, `sentence` for the submitting organisation, and `level`: rejection or warning."""
    columns: tuple[str, ...]
    """That it looks at, but for those of its condition."""
    asked: pl.Expr
    """Of which rows it asks anything."""
    missing: pl.Expr
    """Which of these have no value, and so fail only what asks for one."""
    failing: pl.Expr
    """Which rows fail."""


@cache
def suite_document(record_type: str) -> dict[str, Any]:
    """The parsed suite of a record type."""
    document: dict[str, Any] = json.loads((SUITES / f"{record_type}.json").read_text(encoding="utf-8"))
    return document


@cache
def suite(record_type: str) -> tuple[Expectation, ...]:
    """The expectations of a record type. Raises UnknownExpectation."""
    return tuple(_translated(record_type, one["type"], one["kwargs"], one["meta"]) for one in suite_document(record_type)["expectations"])


def without_nan(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as expectations see it: what is not a number is no value."""
    return frame.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))


def _translated(suite_name: str, kind: str, kwargs: dict[str, Any], meta: dict[str, str]) -> Expectation:
    checked = dict(kwargs)
    asked = _condition(suite_name, checked.pop("row_condition", None))
    try:
        columns, is_missing, is_wrong = _KINDS[kind](**checked)
    except (KeyError, TypeError):
        raise UnknownExpectation(
            f"expectations/{suite_name}.json: {kind} with {', '.join(checked)} is not one that judging translates "
            f"({', '.join(_KINDS)}): use one of these, or add it to plugins/samepicture/expectations.py."
        ) from None
    missing = asked & is_missing
    failing = asked & is_wrong.fill_null(False)
    return Expectation(kind, kwargs, meta, columns, asked, missing, failing)


Translated = tuple[tuple[str, ...], pl.Expr, pl.Expr]
"""The columns, where they have no value, and where they fail; NULL is no failure."""


def _not_be_null(column: str) -> Translated:
    return (column,), pl.lit(False), pl.col(column).is_null()


def _be_null(column: str) -> Translated:
    return (column,), pl.lit(False), pl.col(column).is_not_null()


def _match_regex(column: str, regex: str) -> Translated:
    return (column,), pl.col(column).is_null(), ~pl.col(column).str.contains(regex)


def _not_match_regex(column: str, regex: str) -> Translated:
    return (column,), pl.col(column).is_null(), pl.col(column).str.contains(regex)


def _be_in_set(column: str, value_set: list[Any]) -> Translated:
    return (column,), pl.col(column).is_null(), ~pl.col(column).is_in(value_set)


def _be_between(column: str, min_value: float | None = None, max_value: float | None = None) -> Translated:
    return (column,), pl.col(column).is_null(), _outside(pl.col(column), min_value, max_value)


def _lengths_between(column: str, min_value: int | None = None, max_value: int | None = None) -> Translated:
    return (column,), pl.col(column).is_null(), _outside(pl.col(column).str.len_chars(), min_value, max_value)


def _pair_greater(column_A: str, column_B: str, or_equal: bool, ignore_row_if: str) -> Translated:  # noqa: N803 - Great Expectations' names
    if ignore_row_if != "either_value_is_missing":
        raise TypeError(ignore_row_if)
    first, second = pl.col(column_A), pl.col(column_B)
    return (column_A, column_B), first.is_null() | second.is_null(), first < second if or_equal else first <= second


def _outside(value: pl.Expr, lowest: float | None, highest: float | None) -> pl.Expr:
    below = pl.lit(False) if lowest is None else value < lowest
    above = pl.lit(False) if highest is None else value > highest
    return below | above


_KINDS: Mapping[str, Callable[..., Translated]] = {
    "expect_column_values_to_not_be_null": _not_be_null,
    "expect_column_values_to_be_null": _be_null,
    "expect_column_values_to_match_regex": _match_regex,
    "expect_column_values_to_not_match_regex": _not_match_regex,
    "expect_column_values_to_be_in_set": _be_in_set,
    "expect_column_values_to_be_between": _be_between,
    "expect_column_value_lengths_to_be_between": _lengths_between,
    "expect_column_pair_values_a_to_be_greater_than_b": _pair_greater,
}


def _condition(suite_name: str, condition: dict[str, Any] | None) -> pl.Expr:
    """Great Expectations' row conditions: a column's value, whether it has one, and several of these."""
    match condition:
        case None:
            return pl.repeat(True, pl.len())
        case {"type": "nullity", "column": {"name": str(name)}, "is_null": bool(is_null)}:
            return pl.col(name).is_null() if is_null else pl.col(name).is_not_null()
        case {"type": "comparison", "column": {"name": str(name)}, "operator": "==", "parameter": value}:
            return pl.col(name).eq(value).fill_null(False)
        case {"type": "comparison", "column": {"name": str(name)}, "operator": "IN", "parameter": list(values)}:
            return pl.col(name).is_in(values).fill_null(False)
        case {"type": "or", "conditions": list(parts)}:
            return pl.any_horizontal([_condition(suite_name, part) for part in parts])
        case {"type": "and", "conditions": list(parts)}:
            return pl.all_horizontal([_condition(suite_name, part) for part in parts])
    raise UnknownExpectation(
        f"expectations/{suite_name}.json: the row_condition {json.dumps(condition)} is not one that judging translates: "
        "compare a column by == or IN, or ask whether it is null, joined by and, or."
    )
