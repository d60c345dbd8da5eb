"""Funnels in a built warehouse, beside a second computation with numpy; and the Friends and Family Test, which must stay out."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.warehouse.invented_rows import Row, Warehouse, provenance, submission

PRACTICES = 30
COLUMNS = (
    "numerator_count, denominator_count, value, centre_value, phi, tau2, z_score, adjusted_z_score, "
    "low_95, high_95, low_998, high_998, simple_low_95, simple_high_998, funnel_code"
)
Columns = dict[str, np.ndarray]


def practices() -> tuple[list[Row], list[Row], list[Row]]:
    """Survey results, returns and lists of 30 practices that differ by more than chance."""
    rng = np.random.default_rng(2026)
    surveys, returns, people = [], [], []
    for n in range(PRACTICES):
        code = f"Z81{n:03}"
        base = int(rng.integers(60, 400))
        figures = {"percent_good": float(rng.beta(6, 3)), "base_eval_unweighted": float(base)}
        surveys += [
            {
                "survey_code": "gpps", "setting_code": "gp", "level_code": "practice", "organisation_ods_code": code, "question_code": "gpcontactoverall",
                "period_start_date": date(2025, 1, 1), "period_end_date": date(2025, 12, 31), "measure_code": measure, "value": value,
                "is_suppressed": False, "is_not_computable": False, **provenance("g-1", "gpps", "2025-07-10"),
            }
            for measure, value in figures.items()
        ]  # fmt: skip
        registered = int(rng.integers(1500, 20000))
        returns.append({
            "collection_code": "KO41b", "level_code": "practice", "return_code": "gp", "year_name": "2024-25", "organisation_ods_code": code,
            "period_start_date": date(2024, 4, 1), "period_end_date": date(2025, 3, 31), "measure_group_code": "complaints",
            "measure_code": "complaints_total_new", "is_total": True, "complaints_count": int(rng.poisson(registered * rng.gamma(4, 0.0006))),
            "is_suppressed": False, **provenance("k-1", "returns", "2025-10-01"),
        })  # fmt: skip
        people.append({
            "denominator_code": "registered", "area_code": code, "area_type_code": "practice", "as_of_date": date(2025, 1, 1), "group_scheme_code": "all",
            "group_code": "all", "is_total": True, "sex_code": "all", "age_code": "all", "people_count": registered,
            **provenance("p-1", "lists", "2025-01-01"),
        })  # fmt: skip
    return surveys, returns, people


def friends_and_family() -> list[Row]:
    """Thirty providers with all six answers: enough for a funnel, if anybody took them for one."""
    answers = {"very_good": 60, "good": 20, "neither": 5, "poor": 5, "very_poor": 5, "dont_know": 5}
    return [
        {
            "survey_code": "fft", "setting_code": "gp", "level_code": level, "organisation_ods_code": f"RF{n:02}", "question_code": "overall_experience",
            "period_start_date": date(2025, 1, 1), "period_end_date": date(2025, 1, 31), "measure_code": "answer", "answer_code": answer,
            "value": float(count + n), "is_suppressed": False, "is_not_computable": False, **provenance("f-1", "fft", "2025-02-10"),
        }
        for n in range(30)
        for level in ("organisation", "practice")
        for answer, count in answers.items()
    ]  # fmt: skip


@pytest.fixture(scope="module")
def funnels(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("funnels"))
    surveys, returns, people = practices()
    warehouse.insert("raw.survey_result", surveys + friends_and_family())
    warehouse.insert("raw.complaint_return", returns)
    warehouse.insert("raw.population", people)
    kinds = {
        "g-1": ("gpps", "survey_result"),
        "f-1": ("fft", "survey_result"),
        "k-1": ("returns", "complaint_return"),
        "p-1": ("lists", "population"),
    }
    warehouse.insert("ops.submission", [submission(name, *kind, "2025-10-02", n) for n, (name, kind) in enumerate(kinds.items())])
    statuses = warehouse.dbt(
        "build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select", "+funnel", "+metric_month"
    )
    assert set(statuses.values()) == {"success", "pass"}
    return warehouse


def columns(funnels: Warehouse, metric: str) -> Columns:
    rows = funnels.query(f"select {COLUMNS} from marts.funnel where metric_code = '{metric}' order by organisation_ods_code")
    assert len(rows) == PRACTICES
    return {name: np.array(cells) for name, cells in zip(COLUMNS.split(", "), zip(*rows, strict=True), strict=True)}


def funnel_plot_r(numerator: np.ndarray, denominator: np.ndarray, proportion: bool) -> Columns:
    """Read from Spiegelhalter (2005) and FunnelPlotR, on the scale of the value."""
    centre = numerator.sum() / denominator.sum()
    if proportion:
        y, target, s = np.arcsin(np.sqrt(numerator / denominator)), np.arcsin(np.sqrt(centre)), 0.5 / np.sqrt(denominator)
    else:
        expected = denominator * centre
        y, target, s = np.sqrt(numerator / expected), 1.0, 0.5 / np.sqrt(expected)
    scores = (y - target) / s
    winsorised = np.clip(scores, *np.quantile(scores, [0.1, 0.9]))
    n, phi, weights = len(scores), float(np.mean(winsorised**2)), s**-2
    tau2 = 0.0 if n * phi < n - 1 else (n * phi - (n - 1)) / (weights.sum() - (weights**2).sum() / weights.sum())
    wide = np.sqrt(s**2 + tau2)
    back = (lambda t: np.sin(np.clip(t, 0, np.pi / 2)) ** 2) if proportion else (lambda t: centre * np.maximum(0, t) ** 2)
    chance = np.sqrt(centre * (1 - centre) / denominator) if proportion else np.sqrt(centre / denominator)
    return {
        "value": numerator / denominator, "centre_value": np.full(n, centre), "phi": np.full(n, phi), "tau2": np.full(n, tau2), "z_score": scores,
        "adjusted_z_score": (y - target) / wide, "low_95": back(target - 1.959964 * wide), "high_95": back(target + 1.959964 * wide),
        "low_998": back(target - 3.090232 * wide), "high_998": back(target + 3.090232 * wide),
        "simple_low_95": centre - 1.959964 * chance, "simple_high_998": centre + 3.090232 * chance,
    }  # fmt: skip


@pytest.mark.parametrize(("metric", "multiplier"), [("gp_contact_good", 1), ("gp_complaint_rate", 1000)])
def test_limits_agree_with_a_second_computation(funnels: Warehouse, metric: str, multiplier: int) -> None:
    ours = columns(funnels, metric)
    theirs = funnel_plot_r(ours["numerator_count"], ours["denominator_count"], proportion=multiplier == 1)
    assert theirs["tau2"][0] > 0, "these practices differ by more than chance, else little is compared"
    for name, cells in theirs.items():
        scale = 1 if name in ("phi", "tau2", "z_score", "adjusted_z_score") else multiplier
        assert ours[name].tolist() == pytest.approx((scale * cells).tolist()), name


@pytest.mark.parametrize("metric", ["gp_contact_good", "gp_complaint_rate"])
def test_the_verdict_is_where_the_value_lies_in_the_limits(funnels: Warehouse, metric: str) -> None:
    ours = columns(funnels, metric)
    for value, l95, h95, l998, h998, verdict in zip(
        *(ours[name] for name in ("value", "low_95", "high_95", "low_998", "high_998", "funnel_code")), strict=True
    ):
        expected = (
            "above_998"
            if value > h998
            else "above_95"
            if value > h95
            else "below_998"
            if value < l998
            else "below_95"
            if value < l95
            else "within"
        )
        assert verdict == expected
    chance_alone = (ours["value"] > ours["simple_high_998"]).sum()
    assert (ours["value"] > ours["high_998"]).sum() <= chance_alone


def test_the_friends_and_family_test_never_gets_in(funnels: Warehouse) -> None:
    """It is in the warehouse and charted over time, and no funnel has any of its providers or measures."""
    assert funnels.query("select count(*) from conformed.fct_survey_result where survey_code = 'fft'") == [(360,)]
    assert funnels.query("select count(*) from marts.metric_month where metric_code = 'fft_positive'") == [(30,)]
    for table in ("funnel", "funnel_unit"):
        assert funnels.query(f"select count(*) from marts.{table} where starts_with(organisation_ods_code, 'RF')") == [(0,)]
        assert funnels.query(f"select distinct metric_code from marts.{table} order by all") == [
            ("gp_complaint_rate",),
            ("gp_contact_good",),
        ]
