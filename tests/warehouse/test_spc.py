"""Control charts beside abspc, a package of the NHS that draws them: the same series, computed twice.

Where abspc differs from Making Data Count, we keep to Making Data Count (domain: D):

- it screens no outliers: every moving range makes its limits, ours leaves out those of 3.267 times the average or more;
- its limits are 3 / 1.128 = 2.6596 average ranges from the mean, Making Data Count rounds to 2.66;
- its shift is 8 points, ours 7; its trend is 6 points, ours 7. Both of its rules take the length, so they are asked for 7;
- it rebases by itself when it finds a shift; ours waits for a person with a reason;
- a target that lies on a limit is passed or failed there, and inconsistent here.
"""

from __future__ import annotations

import csv
from itertools import pairwise
from statistics import mean

import pandas as pd
import pytest
from abspc import calculate_control_limits, detect_special_causes, determine_assurance_type
from abspc.spc import _rule2_shift, _rule3_trend

from samepicture.settings import PROJECT
from tests.warehouse.invented_rows import SERIES, Warehouse, fill

ROUNDING = 2.66 / (3 / 1.128)
COLUMNS = "value, mean_value, average_moving_range, lower_limit, upper_limit, lower_near_limit, upper_near_limit, is_outside_limits, is_in_trend, is_two_of_three, is_on_one_side"


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    warehouse = Warehouse(tmp_path_factory.mktemp("charts"))
    fill(warehouse)
    statuses = warehouse.dbt("build", "--exclude-resource-type", "unit_test", "test", "--select", "+spc")
    assert set(statuses.values()) == {"success"}
    query = f"select {COLUMNS} from marts.spc where metric_code = 'complaints_new' and organisation_ods_code = '{{}}' order by point_number"
    return {name: pd.DataFrame(warehouse.query(query.format(name)), columns=COLUMNS.split(", ")) for name in SERIES}


def is_screened(values: list[int]) -> bool:
    ranges = [abs(b - a) for a, b in pairwise(values)]
    return any(r >= 3.267 * mean(ranges) > 0 for r in ranges)


@pytest.mark.parametrize("name", SERIES)
def test_mean_and_limits(charts: dict[str, pd.DataFrame], name: str) -> None:
    ours = charts[name]
    theirs = calculate_control_limits(pd.DataFrame({"value": SERIES[name]}), "XmR")
    assert ours["value"].tolist() == SERIES[name]
    assert ours["mean_value"].tolist() == pytest.approx(theirs["mean"].tolist())
    reach = (theirs["ucl"] - theirs["mean"]) * ROUNDING
    near = (theirs["uwl"] - theirs["mean"]) * ROUNDING
    if is_screened(SERIES[name]):
        assert (ours["upper_limit"] - ours["mean_value"] < reach).all(), "outliers must not widen the limits that they are judged by"
        return
    assert (ours["upper_limit"] - ours["mean_value"]).tolist() == pytest.approx(reach.tolist())
    assert (ours["mean_value"] - ours["lower_limit"]).tolist() == pytest.approx(reach.tolist())
    assert (ours["upper_near_limit"] - ours["mean_value"]).tolist() == pytest.approx(near.tolist())
    assert (ours["mean_value"] - ours["lower_near_limit"]).tolist() == pytest.approx(near.tolist())


def test_both_kinds_of_series_are_compared() -> None:
    assert {is_screened(values) for values in SERIES.values()} == {True, False}


@pytest.mark.parametrize("name", SERIES)
def test_special_causes_within_the_same_limits(charts: dict[str, pd.DataFrame], name: str) -> None:
    ours = charts[name]
    limits = {"mean_value": "mean", "upper_limit": "ucl", "lower_limit": "lcl", "upper_near_limit": "uwl", "lower_near_limit": "lwl"}
    theirs = detect_special_causes(ours.rename(columns=limits))
    values, centre = ours["value"].to_numpy(), ours["mean_value"].to_numpy()
    assert ours["is_outside_limits"].tolist() == theirs["rule1"].tolist()
    assert ours["is_two_of_three"].tolist() == theirs["rule4"].tolist()
    assert ours["is_on_one_side"].tolist() == _rule2_shift(values, centre, run_length=7).tolist()
    assert ours["is_in_trend"].tolist() == _rule3_trend(values, run_length=7).tolist()
    assert (theirs["rule2"] <= ours["is_on_one_side"]).all(), "whoever is in a run of 8 is in one of 7"
    assert (theirs["rule3"] >= ours["is_in_trend"]).all(), "whoever is in a trend of 7 is in one of 6"


def test_every_rule_is_compared_where_it_holds_and_where_not(charts: dict[str, pd.DataFrame]) -> None:
    together = pd.concat(charts.values())
    for rule in ("is_outside_limits", "is_two_of_three", "is_on_one_side", "is_in_trend"):
        assert set(together[rule]) == {True, False}, rule


def assurances() -> list[tuple[str, float, str]]:
    """Of the fixture of the unit test: which way is better, target, verdict; one row a series."""
    with (PROJECT / "dbt" / "tests" / "fixtures" / "spc_assurance.csv").open() as file:
        rows = {
            (row["metric_code"].split("_")[0], float(row["target_value"]), row["assurance_code"])
            for row in csv.DictReader(file)
            if row["assurance_code"]
        }
    return sorted(rows)


@pytest.mark.parametrize(("better", "target", "expected"), assurances())
def test_assurance_against_a_target(better: str, target: float, expected: str) -> None:
    chart = calculate_control_limits(pd.DataFrame({"value": [5 + 2 * (n % 2) for n in range(1, 14)]}), "XmR")
    verdict = determine_assurance_type(chart, target, "high" if better == "up" else "low")
    assert {"hit_or_miss": "inconsistent"}.get(verdict, verdict) == expected
