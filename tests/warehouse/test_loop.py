"""What became of what people said, in a built warehouse: actions, recommendations, ombudsmen, staff beside patients."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from samepicture import ledger
from tests.warehouse.invented_rows import Row, Takes, Warehouse, case, day, feed, provenance, submission

MARTS = ("loop_closure", "recommendations", "ombudsman_findings", "staff_patient", "theme_evidence", "metric_month")
REPORT = "hw.example/report/2025-01-15/going-home"
FEEDS = {
    "actions": ("improvement_action", "engagement", "comms"),
    "reports": ("healthwatch_report", "healthwatch", "comms"),
    "engagement": ("engagement_activity", "engagement", "comms"),
    "decisions": ("ombudsman_decision", "complaints", "nursing"),
    "complaints": ("complaint", "complaints", "nursing"),
    "surveys": ("survey_result", "surveys", "nursing"),
    "ods": ("organisation", "reference", "nursing"),
}


def action(number: str, source: Row, **more: Any) -> Row:
    row: Row = {"organisation_ods_code": "RZN", "action_id": number, "title": number, "agreed_date": day("2025-03-01")}
    for name, value in more.items():
        row[name] = day(value) if name.endswith("_date") else json.dumps(value) if isinstance(value, list) else value
    return row | source


def fill(warehouse: Takes) -> None:
    first, second = provenance("a-1", "actions", "2025-06-01"), provenance("a-2", "actions", "2025-07-01")
    channel = {"told_back_channel_code": "letter"}
    warehouse.insert("raw.improvement_action", [
        action("A1", first, status_code="planned", recommendation_ids=[f"https://{REPORT}/#1"]),
        action("A1", second, status_code="done", done_date="2025-05-10", told_back_date="2025-05-20", due_date="2025-05-31", **channel,
               recommendation_ids=[f"https://{REPORT}/#1"], theme_codes=["T08", None, "T77"], source_families=["complaints"]),
        action("A2", second, status_code="planned", recommendation_ids=[f"{REPORT}#2"], activity_ids=["e1"], theme_codes=["T01"]),
        action("A3", first, status_code="done", done_date="2025-05-10", recommendation_ids=[f"{REPORT}#3"], theme_codes=["T08"]),
        action("A3", second | {"is_removed": True}),
        action("A4", second, status_code="done", done_date="2025-05-10", told_back_date="2025-05-01", recommendation_ids=["no.example/report#1"], **channel),
    ])  # fmt: skip
    warehouse.insert("raw.healthwatch_report", [{
        "report_id": REPORT,
        "library_code": "local",
        "published_date": day("2025-01-15"),
        "recommendations": json.dumps([{"number": n, "text": f"Ask {n}"} for n in range(1, 5)]),
        **provenance("h-1", "reports", "2025-06-03"),
    }])  # fmt: skip
    warehouse.insert("raw.engagement_activity", [{
        "organisation_ods_code": "RZN", "activity_id": "E1", "activity_date": day("2025-01-05"), **provenance("e-1", "engagement", "2025-06-30"),
    }])  # fmt: skip
    decision = {"publisher_code": "phso", "decision_date": day("2025-05-06"), **provenance("d-1", "decisions", "2025-06-01")}
    warehouse.insert("raw.ombudsman_decision", [
        decision | {"decision_id": "P-1", "organisation_names": '["Northmoor hospitals "]', "outcome_codes": '["upheld","not_upheld"]', "subject_names": '["Discharge"]'},
        decision | {"decision_id": "P-2", "organisation_names": '["An independent provider"]', "outcome_codes": '["closed"]'},
        decision | {"decision_id": "P-3", "organisation_names": '["Northmoor Hospitals"]', "outcome_codes": '["upheld"]'},
        decision | provenance("d-2", "decisions", "2025-06-02") | {"decision_id": "P-3", "is_removed": True},
    ])  # fmt: skip
    warehouse.insert(
        "raw.complaint", [case(f"c{n}", "2025-05-08", provenance("c-1", "complaints", "2025-07-02"), ["communications"]) for n in range(3)]
    )
    organisation = {
        "ods_code": "RZN",
        "opened_date": day("2001-04-01"),
        "organisation_name": "NORTHMOOR HOSPITALS",
        "role_code": "nhs_trust",
    }
    warehouse.insert("raw.organisation", [organisation | provenance("o-1", "ods", "2025-01-01")])
    warehouse.insert("raw.survey_result", surveys(provenance("s-1", "surveys", "2026-03-01")))
    warehouse.insert(f"ops.{ledger.feed.name}", [feed(name, *facts) for name, facts in FEEDS.items()])
    landed = {"a-1": "actions", "a-2": "actions", "h-1": "reports", "e-1": "engagement", "d-1": "decisions", "d-2": "decisions", "c-1": "complaints", "o-1": "ods", "s-1": "surveys"}  # fmt: skip
    warehouse.insert(
        f"ops.{ledger.submission.name}",
        [submission(name, feed_id, FEEDS[feed_id][0], "2025-07-02", number) for number, (name, feed_id) in enumerate(landed.items())],
    )


ENGAGEMENT = {
    f"RS{n}": (6.0 + n / 10, 6.0 + n / 10 + change) for n, change in enumerate([0.3, -0.2, 0.1, 0.1, 0.5, -0.4, 0.0, 0.2, -0.1, 0.4])
}
POSITIVE = {f"RS{n}": (800, 800 + change) for n, change in enumerate([40, -10, 30, 5, 20, -60, 0, 0, 10, 50])}
"""Engagement and positive answers of a thousand a month, of two years, for ten trusts; with ties."""


def surveys(source: Row) -> list[Row]:
    rows: list[Row] = []
    for trust in ENGAGEMENT:
        for place, year in enumerate((2024, 2025)):
            unit = {
                "organisation_ods_code": trust,
                "level_code": "organisation",
                "is_suppressed": False,
                "is_not_computable": False,
                **source,
            }
            rows.append(unit | {
                "survey_code": "nss", "setting_code": "all", "period_start_date": date(year, 1, 1), "period_end_date": date(year, 12, 31),
                "question_code": "theme_engagement", "measure_code": "score", "unit_code": "score_0_10", "value": ENGAGEMENT[trust][place],
            })  # fmt: skip
            answers = {
                "very_good": POSITIVE[trust][place],
                "good": 0,
                "neither": 0,
                "poor": 1000 - POSITIVE[trust][place],
                "very_poor": 0,
                "dont_know": 0,
            }
            rows += [
                unit | {
                    "survey_code": "fft", "setting_code": "inpatient", "period_start_date": date(year, month, 1), "period_end_date": date(year, month, 28),
                    "question_code": "overall_experience", "measure_code": "answer", "answer_code": answer, "unit_code": "count", "value": float(count),
                }
                for month in range(1, 13)
                for answer, count in answers.items()
            ]  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("loop"))
    fill(warehouse)
    statuses = warehouse.dbt("build", "--select", *(f"+{name}" for name in MARTS), "--exclude-resource-types", "test", "unit_test")
    assert set(statuses.values()) == {"success"}
    return warehouse


def test_the_newest_version_of_an_action_counts_and_a_removed_one_is_nowhere(marts: Warehouse) -> None:
    assert marts.query("select action_key, status_code, is_loop_closed from published.loop_closure order by all") == [
        ("action:RZN:A1", "done", True),
        ("action:RZN:A2", "no_clock", False),
        ("action:RZN:A4", "done", False),
    ]
    for table in ("fct_improvement_action", "bridge_action_theme", "bridge_action_source"):
        assert marts.query(f"select count(*) from conformed.{table} where action_key = 'action:RZN:A3'") == [(0,)]
    assert marts.query("select count(*) from staging.stg_improvement_action where is_removed") == [(1,)]


def test_days_run_from_the_first_thing_said_to_the_telling(marts: Warehouse) -> None:
    columns = "said_date, said_to_agreed_days, agreed_to_done_days, done_to_told_days, said_to_told_days, theme_codes, source_count, organisation_name"
    assert marts.query(f"select {columns} from published.loop_closure where action_key = 'action:RZN:A1'") == [
        (date(2025, 1, 15), 45, 70, 10, 125, "T08, T99", 2, "NORTHMOOR HOSPITALS")
    ]
    assert marts.query("select said_date from published.loop_closure where action_key = 'action:RZN:A2'") == [(date(2025, 1, 5),)]


def test_a_recommendation_is_acted_on_when_a_living_action_that_names_it_is_done(marts: Warehouse) -> None:
    query = "select recommendation_number, action_count, acted_on_date, is_acted_on from published.recommendations order by all"
    assert marts.query(query) == [
        (1, 1, date(2025, 5, 10), True),
        (2, 1, None, False),
        (3, 0, None, None),  # its action was taken away
        (4, 0, None, None),
    ]
    assert marts.query("select source_code from conformed.bridge_action_source where not is_matched") == [("no.example/report#1",)]


def test_actions_are_no_evidence(marts: Warehouse) -> None:
    assert marts.query("select count(*) from conformed.fct_feedback where feedback_id like 'action:%'") == [(0,)]
    assert marts.query("select count(*) from marts.theme_evidence where theme_code = 'T01'") == [(0,)]


def test_a_decision_stands_with_the_complaints_and_never_among_them(marts: Warehouse) -> None:
    query = "select feedback_id, source_family_code, method_code, direction_code from conformed.fct_feedback where record_type = 'ombudsman_decision' order by 1"
    assert marts.query(query) == [
        ("decision:phso:P-1", "complaints", "case", "negative"),
        ("decision:phso:P-2", "complaints", "case", "negative"),
    ]
    query = "select feedback_count, complaint_count, source_family_code from marts.theme_evidence where theme_code = 'T99' and organisation_ods_code = 'RZN'"
    assert marts.query(query) == [(1, 0, "complaints")]
    assert marts.query(
        "select numerator_count from marts.metric_month where metric_code = 'complaints_new' and month_start_date = date '2025-05-01'"
    ) == [(3,)]


def test_a_decision_is_found_by_its_organisations_name_and_a_removed_one_is_nowhere(marts: Warehouse) -> None:
    query = "select decision_id, organisation_ods_code, organisation_name, outcome_code, is_upheld from published.ombudsman_findings order by all"
    assert marts.query(query) == [
        ("P-1", "RZN", "NORTHMOOR HOSPITALS", "partly_upheld", True),
        ("P-2", "unmatched", None, "closed", None),
    ]


def test_the_association_is_spearmans_of_changes_within_trusts(marts: Warehouse) -> None:
    changes = pl.DataFrame({
        "staff": [later - earlier for earlier, later in ENGAGEMENT.values()],
        "patients": [(later - earlier) / 1000 for earlier, later in POSITIVE.values()],
    }).select(pl.all().round(6).rank())  # fmt: skip
    expected = np.corrcoef(changes["staff"], changes["patients"])[0, 1]
    [(pairs, found, rows)] = marts.query("select min(pair_count), min(rank_correlation), count(*) from published.staff_patient")
    assert (pairs, rows) == (10, 20)
    assert found == pytest.approx(expected)
    assert 0 < expected < 1
