"""What the pages are made of that a browser looks at: much, hardly anything, and texts that are far too long."""

from __future__ import annotations

from datetime import date

from samepicture.page.reading import Material
from tests.page.material import LONG_NAME, NASTY, everything, material, series

THEMES = {"T01": "Access and waiting", "T02": "Communication and information", "T08": "Coordination, discharge and transitions"}
QUARTERS = [date(2026, 4, 1), date(2026, 1, 1), date(2025, 10, 1)]
EASTVALE = {"organisation_ods_code": "RZE", "organisation_name": "EASTVALE HOSPITALS NHS TRUST", "current_ods_code": "RZE"}


def busy() -> Material:
    """Two organisations, three quarters, three themes, every kind of verdict."""
    evidence = [
        {
            **organisation,
            "theme_code": code,
            "theme_name": name,
            "quarter_start_date": quarter,
            "owner_directorate_code": function,
            "source_family_code": family,
        }
        for organisation in ({}, EASTVALE)
        for code, name in THEMES.items()
        for quarter in QUARTERS
        for function, family in (("nursing", "complaints"), ("comms", "stories"))
    ]
    verdicts = ("concern", "improvement", "neutral_high", "neutral_low", "common_cause")
    target = {"special_cause_code": "trend", "target_value": 0.9, "assurance_code": "fail"}
    points = [row for code in verdicts for row in series(15, setting_code=code, variation_code=code, **target)]
    return everything(
        theme_evidence=[{**row, "feedback_count": None if place % 4 == 3 else 5 + place} for place, row in enumerate(evidence)],
        spc=[*points, *series(3, setting_code="outpatient", variation_code=None), *series(15, value=None, is_suppressed=True, setting_code="gp")],
        complaint_timeliness=[{"quarter_start_date": quarter} for quarter in QUARTERS],
        complaint_outcome=[{"quarter_start_date": quarter} for quarter in QUARTERS],
        consented_story=[
            {"feedback_id": f"story:{place}", "published_date": quarter, "body": "I waited for hours. " * (30 * place + 1)}
            for place, quarter in enumerate(quarter for quarter in QUARTERS for _ in range(2))
        ],
        text_theme=[{"theme_code": code, "theme_name": name, "quarter_start_date": quarter} for code, name in THEMES.items() for quarter in QUARTERS],
        known_already=[{"theme_code": code, "theme_name": name} for code, name in THEMES.items()],
        loop_closure=[{"action_key": code, "theme_codes": code, "status_code": status} for code, status in zip(THEMES, ("late", "done", "stopped"), strict=True)],
        recommendations=[{"recommendation_id": status, "status_code": status} for status in ("late", "due", "answered", "no_clock")],
        engagement_outcome=[{"feedback_id": code, "theme_codes": code, "activity_date": quarter} for code, quarter in zip(THEMES, QUARTERS, strict=True)],
        representativeness=[
            {},
            {"group_code": "ethnic_r", "group_name": "Chinese", "is_heard_anywhere": False},
            {"group_code": "ethnic_p", "group_name": "Caribbean", "representation_code": None, "feedback_share": None, "is_suppressed": True},
            {"dimension_code": "age", "group_code": "a", "representation_code": None, "gap_code": "too_few"},
        ],
        feed_health=[{}, {"feed_id": "late", "feed_name": "Stories", "record_type": "experience_story", "is_late": True}, {"feed_id": "idle", "is_active": False}],
    )  # fmt: skip


def empty() -> Material:
    """One feed, of which hardly anything came."""
    return material(
        complaint_timeliness=[{"complaint_count": None}], feed_health=[{}], answer_coverage=[{"status_code": "not_answered"}],
        known_already=None, representativeness=None, engagement_outcome=None,
    )  # fmt: skip


def overlong() -> Material:
    """Names and texts without a space to break at."""
    text = " ".join(NASTY)
    return everything(
        theme_evidence=[{"organisation_name": LONG_NAME, "theme_name": "w" * 300}],
        complaint_timeliness=[{"organisation_name": LONG_NAME}],
        consented_story=[{"title": text, "body": text}],
        recommendations=[{"recommendation_text": text, "report_title": text, "addressee_name": text, "local_healthwatch_name": text}],
        loop_closure=[{"title": text, "owner_role": text, "theme_names": text}],
        known_already=[{"theme_name": text}],
        text_theme=[{"theme_name": text}],
        engagement_outcome=[{"activity_name": text, "place_name": text, "people_group_names": text}],
        feed_health=[{"feed_name": text, "publisher_name": text, "is_late": True}],
        representativeness=[{"group_name": text, "place_code": "p", "place_name": text}],
        answer_coverage=[{"question": text, "missing_source_names": text}],
        ombudsman_findings=[{"decision_id": text}],
    )
