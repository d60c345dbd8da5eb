"""Each metric is asked by two routes: what the marts say, and its own definition, compiled by MetricFlow. One number comes of both."""

from __future__ import annotations

import csv
import json
from typing import Any, cast

import pytest
from dbt.contracts.graph.semantic_manifest import SemanticManifest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlClient, SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from samepicture.settings import PROJECT
from tests.warehouse.invented_rows import Warehouse, fill, project
from tests.warehouse.test_funnel import friends_and_family

with (PROJECT / "dbt" / "seeds" / "metric.csv").open() as _file:
    METRICS = {row["metric_code"]: row for row in csv.DictReader(_file)}
PARTS = {"numerator_of_metric", "denominator_of_metric"}
SERIES = ["metric_point__organisation_ods_code", "metric_point__setting_code"]
Figures = dict[tuple[Any, ...], float]


class Renderer:
    """What MetricFlow asks of a client to write SQL for DuckDB; we run it ourselves."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("metrics"))
    fill(warehouse)
    warehouse.insert("raw.survey_result", friends_and_family())
    statuses = warehouse.dbt("build", "--exclude-resource-type", "unit_test", "test", "--select", "+spc", "metrics_by_quarter")
    assert set(statuses.values()) == {"success"}
    return warehouse


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> str:
    written = tmp_path_factory.mktemp("manifest") / "semantic_manifest.json"
    SemanticManifest(project()).write_json_to_file(str(written))
    return written.read_text()


def defined(marts: Warehouse, manifest: str, metric: str, period: str, *series: str) -> Figures:
    """By the metric's own definition."""
    lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(manifest_json_string=manifest))
    request = MetricFlowQueryRequest.create(metric_names=[metric], group_by_names=[f"metric_time__{period}", *series])
    sql = MetricFlowEngine(lookup, cast(SqlClient, Renderer())).explain(request).sql_statement.sql
    return {(row[0].date(), *row[1:-1]): row[-1] for row in marts.query(sql)}


@pytest.mark.parametrize("metric", METRICS)
def test_the_chart_and_the_definition_say_the_same(marts: Warehouse, manifest: str, metric: str) -> None:
    rows = marts.query(f"select month_start_date, organisation_ods_code, setting_code, value from marts.spc where metric_code = '{metric}'")
    assert rows, "nothing is compared"
    assert defined(marts, manifest, metric, "month", *SERIES) == pytest.approx({tuple(row[:-1]): row[-1] for row in rows})


@pytest.mark.parametrize("metric", METRICS)
def test_a_year_is_made_of_counts_and_never_of_shares(marts: Warehouse, manifest: str, metric: str) -> None:
    """Of two months with 1 of 1 and 0 of 9 the year has 1 of 10, and the mean of both would say a half."""
    rows = marts.query(
        "select cast(date_trunc('year', month_start_date) as date), organisation_ods_code, setting_code, "
        "sum(numerator_count) / coalesce(sum(denominator_count), 1), avg(value) "
        f"from marts.metric_month where metric_code = '{metric}' group by all"
    )
    year = defined(marts, manifest, metric, "year", *SERIES)
    assert year == pytest.approx({tuple(row[:3]): row[3] for row in rows})


def test_a_share_of_all_differs_from_the_mean_of_shares_somewhere(marts: Warehouse) -> None:
    """Else the test above could not tell one from the other."""
    query = (
        "select sum(numerator_count) / sum(denominator_count), avg(value) from marts.metric_month where metric_code = 'complaints_acknowledged_in_time' "
        "and organisation_ods_code = 'RZN'"
    )
    share, average = marts.query(query)[0]
    assert share != pytest.approx(average)


def test_what_is_charted_is_what_is_defined(manifest: str) -> None:
    """The seed and the definitions name the same metrics by the same names; a count is a sum, a proportion a ratio."""
    metrics = {metric["name"]: metric for metric in json.loads(manifest)["metrics"] if metric["name"] not in PARTS}
    assert {name: metric["label"] for name, metric in metrics.items()} == {name: row["metric_name"] for name, row in METRICS.items()}
    kinds = {"simple": "count", "ratio": "proportion"}
    assert {name: kinds[metric["type"]] for name, metric in metrics.items()} == {name: row["unit_code"] for name, row in METRICS.items()}


def test_the_saved_query_asks_for_every_metric(manifest: str) -> None:
    (saved,) = json.loads(manifest)["saved_queries"]
    assert set(saved["query_params"]["metrics"]) == set(METRICS)


def test_every_share_is_worked_out_in_one_place(manifest: str) -> None:
    """All metrics stand on one table of counts, so that no second one can count otherwise."""
    (model,) = json.loads(manifest)["semantic_models"]
    assert model["node_relation"]["alias"] == "metric_month"
