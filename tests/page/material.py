"""Invented material of the page: what would have been read, table by table, without a warehouse."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from samepicture.page.reading import COLUMNS, Material, schema

Row = dict[str, Any]
TRUST, NAME = "RZN", "NORTHMOOR HOSPITALS NHS FOUNDATION TRUST"
QUARTER, EARLIER = date(2026, 4, 1), date(2026, 1, 1)
BUILT_AT = datetime(2026, 7, 10, 6, 30, tzinfo=UTC)
OF_TRUST = {"organisation_ods_code": TRUST, "organisation_name": NAME, "current_ods_code": TRUST}

DEFAULTS: dict[str, Row] = {
    "theme_evidence": {
        **OF_TRUST, "theme_code": "T08", "theme_name": "Coordination, discharge and transitions", "quarter_start_date": QUARTER,
        "source_family_code": "complaints", "owner_directorate_code": "nursing", "feedback_count": 12, "negative_count": 12,
        "positive_count": 0,
    },
    "complaint_timeliness": {
        **OF_TRUST, "quarter_start_date": QUARTER, "complaint_count": 40, "acknowledged_in_time_share": 0.9,
        "acknowledged_in_time_decided_count": 40, "answered_by_agreed_date_share": 0.5, "answered_by_agreed_date_decided_count": 30,
        "beyond_six_months_share": 0.0, "beyond_six_months_decided_count": 30, "median_response_working_days": 24.0,
    },
    "complaint_outcome": {
        **OF_TRUST, "subject_code": "all", "quarter_start_date": QUARTER, "resolved_count": 30, "upheld_share": 0.6,
        "upheld_share_low": 0.42, "upheld_share_high": 0.75,
    },
    "spc": {
        **OF_TRUST, "metric_code": "fft_positive", "metric_name": "FFT", "unit_code": "proportion", "improvement_direction_code": "up",
        "owner_directorate_code": "nursing", "setting_code": "ae", "month_start_date": QUARTER, "point_count": 15, "phase_start_date": None,
        "phase_reason": None, "value": 0.8, "target_value": None, "assurance_code": None,
        "mean_value": 0.8, "lower_limit": 0.7, "upper_limit": 1.1, "special_cause_code": None, "variation_code": "common_cause",
        "is_latest": False, "is_suppressed": False,
    },
    "consented_story": {
        "feedback_id": "story:nhsuk:1", "publisher_code": "nhsuk", "story_url": "https://www.nhs.uk/1", "published_date": date(2026, 5, 3),
        "title": "The new form", "body": "It works.", "direction_code": "positive", "organisation_ods_codes": f'["{TRUST}"]',
        "progress_code": "response",
    },
    "recommendations": {
        "recommendation_id": "r#1", "report_url": "https://healthwatch.example/r", "report_title": "Leaving hospital",
        "local_healthwatch_name": "Healthwatch Northmoor", "published_date": date(2026, 2, 1), "recommendation_number": 1,
        "recommendation_text": "Give everybody a written plan.", "addressee_name": "Northmoor Hospitals NHS Foundation Trust",
        "due_date": date(2026, 3, 1), "response_date": None, "status_code": "late", "is_acted_on": None,
    },
    "loop_closure": {
        **OF_TRUST, "action_key": "action:RZN:1", "title": "Hot meal after six", "theme_codes": "T06, T08", "theme_names": "Comfort, Discharge",
        "owner_role": "Catering", "said_date": date(2026, 1, 9), "agreed_date": date(2026, 2, 1), "due_date": date(2026, 5, 17),
        "done_date": None, "told_back_date": None, "told_back_channel_code": None, "status_code": "late", "is_loop_closed": False,
        "remeasured_outcome_code": None,
    },
    "ombudsman_findings": {
        **OF_TRUST, "feedback_id": "decision:phso:1", "publisher_code": "phso", "decision_id": "P-1", "decision_date": date(2025, 11, 5),
        "outcome_code": "upheld", "decision_url": "https://decisions.ombudsman.example/1",
    },
    "feed_health": {
        "feed_id": "complaint_northmoor", "feed_name": "Complaints, Northmoor", "record_type": "complaint",
        "publisher_name": "Northmoor Hospitals NHS Foundation Trust", "owner_directorate_code": "nursing", "is_active": True,
        "expected_every_days": 8, "last_loaded_at": datetime(2026, 7, 9, 5, 0, tzinfo=UTC), "is_late": False, "rejected_share": 0.0,
        "is_reconciled": None, "last_outcome_code": "loaded",
    },
    "answer_coverage": {
        "question_number": 1, "question": "What does each say?", "status_code": "in_part", "missing_source_names": "Healthwatch reports",
    },
    "known_already": {
        "theme_code": "T08", "theme_name": "Coordination, discharge and transitions", "organisation_ods_code": TRUST,
        "organisation_name": NAME, "first_quarter_start_date": date(2023, 1, 1), "last_quarter_start_date": date(2026, 4, 1),
        "feedback_count": 175, "source_families": "complaints, stories", "owner_directorates": "comms, nursing", "action_count": 3,
        "open_action_count": 1, "done_action_count": 2, "told_back_action_count": 1, "last_told_back_date": date(2026, 2, 9),
        "is_suppressed": False,
    },
    "text_theme": {
        **OF_TRUST, "theme_code": "T08", "theme_name": "Coordination, discharge and transitions", "quarter_start_date": QUARTER,
        "read_count": 120, "comment_count": 31, "uncoded_count": 12, "strong_count": 7,
    },
    "representativeness": {
        "place_code": "all", "place_name": None, "year_name": "2026-27", "period_end_date": date(2027, 3, 31), "source_code": "complaint",
        "source_name": "Complaints", "denominator_code": "resident", "dimension_code": "ethnic_2001", "group_level_code": "own",
        "group_code": "ethnic_n", "group_name": "Black or Black British: African", "coverage_tenths": 0.7, "feedback_share": 0.01,
        "population_share": 0.05, "representation_index": 0.2, "representation_code": "under", "is_heard_anywhere": True,
        "gap_code": None, "is_suppressed": False,
    },
    "engagement_outcome": {
        **OF_TRUST, "feedback_id": "activity:RZN:1", "activity_name": "People's forum", "activity_date": date(2026, 5, 14),
        "channel_code": "forum", "place_name": "Moor End Hall", "reached_count": 33, "contributed_count": 8,
        "people_group_names": "Veterans", "theme_codes": "T08", "result_code": "planned", "first_done_date": None, "told_back_date": None,
        "is_suppressed": False,
    },
}  # fmt: skip
"""One row of each table."""


def material(**tables: list[Row] | None) -> Material:
    """Rows that name what differs from the defaults; None for a table that is not there; no row for the others."""
    return Material("0" * 32, BUILT_AT, {name: frame(name, tables.get(name, [])) for name in COLUMNS})


def everything(**tables: list[Row] | None) -> Material:
    """The same, with at least one row of each table that is not named."""
    rows: dict[str, list[Row] | None] = {name: series(15) if name == "spc" else [{}] for name in COLUMNS}
    return material(**{**rows, **tables})


def series(months: int, **others: Any) -> list[Row]:
    """Points of one series, from April 2025 on."""
    return [
        {
            "month_start_date": date(2025 + (3 + place) // 12, (3 + place) % 12 + 1, 1),
            "point_count": months,
            "value": 0.8 + 0.01 * (place % 3),
            "is_latest": place == months - 1,
            **others,
        }
        for place in range(months)
    ]


def frame(table: str, rows: list[Row] | None) -> pl.DataFrame | None:
    if rows is None:
        return None
    full = [{**DEFAULTS[table], **row} for row in rows]
    assert all(set(row) == set(COLUMNS[table]) for row in (DEFAULTS[table], *full)), table
    return pl.DataFrame(full, schema=schema(table))


LONG_NAME = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch" * 3 + " NHS Trust"
NASTY = (
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "{{ 7 * 7 }}{% include 'base.jinja' %}",
    "javascript:alert(1)",
    "\u202etxet desrever\u202c \u2066x\u2069 \u200f",
    "x" * 3000,
    "&lt;b&gt; &amp; ]]> <!-- -->",
    "e\u0301" * 50 + "\u0000\ufffe",
)
"""Texts that break pages."""
