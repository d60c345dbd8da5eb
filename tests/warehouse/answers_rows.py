"""Invented rows beside those of invented_rows, so that every saved question of dbt/analyses has an answer."""

from __future__ import annotations

import json
from datetime import date

from samepicture import ledger
from tests.warehouse import invented_rows
from tests.warehouse.invented_rows import Row, Warehouse, case, day, feed, provenance, story, submission, text_label, text_model
from tests.warehouse.test_loop import ENGAGEMENT, action, surveys

ELEVEN = [
    *(f"RZN0{site}_{service}" for site in (1, 2) for service in (110, 300, 430)),
    *(f"RZH01_{service}" for service in (110, 502, 650)),
    "RZE99_100",
    "1-10166-SOCIAL",
]
"""Eleven services that one person needed in one week: of three trusts, and social care."""
FEEDS = {
    "actions": ("improvement_action", "engagement", "comms"),
    "surveys": ("survey_result", "surveys", "nursing"),
    "ods": ("organisation", "reference", "nursing"),
}
PRACTICES = {"P10001": (0.9, 120), "P10002": (0.55, 80)}
"""Share with a good experience of contacting the practice, and how many answered."""
BEFORE, AFTER = (30, 60), (6, 60)
"""Complaints of RZE about discharge, of all, before and after its leaflet."""


def fill(warehouse: Warehouse) -> None:
    invented_rows.fill(warehouse)
    stories = provenance("s-9", "stories", "2025-09-28", redaction_version="r1")
    warehouse.insert("raw.experience_story", [
        story("11", "2025-05-26", stories, ["RZN01", "RZN02", "RZH01", "RZE99"], [("discharge", -1), ("staff", 1)],
              service_ods_codes=json.dumps(ELEVEN), title="Eleven services in a week", body="Each of the eleven asked me the same."),
        story("10", "2024-07-05", stories, ["RZN"], [("discharge", -1)]),
        story("12", "2024-10-05", stories, ["RZN"], [("discharge", -1)], body="Told at noon, gone by two."),
        story("13", "2025-01-05", stories, ["RZN"], [("discharge", -1)]),
        *[story(f"k{n}", "2025-05-30", stories, ["RZN"], [("kindness", 1)]) for n in range(5)],
        story("n1", "2025-05-30", stories, ["RZN"], [], publisher_code="nhsuk", body="Nobody answers the telephone."),
    ])  # fmt: skip
    warehouse.insert("ops.text_label", [
        text_label("story:nhsuk:n1", "body", "T01", "s-9", "strong"), text_label("story:care_opinion:12", "body", "T08", "s-9", None),
        text_label("story:care_opinion:11", "body", None, "s-9"),
    ])  # fmt: skip
    warehouse.insert("ops.text_model", [text_model()])
    cases = provenance("c-9", "complaint_rzn", "2025-09-28")
    rude = [case(f"r{n}", "2025-06-02", cases, ["values_and_behaviours"]) for n in range(4)]
    warehouse.insert("raw.complaint", [*rude, *discharges(cases)])
    done = provenance("a-1", "actions", "2025-09-28")
    warehouse.insert("raw.improvement_action", [
        action("A1", done | {"organisation_ods_code": "RZE"}, change_type_code="physical", agreed_date="2024-07-01", done_date="2024-07-10",
               status_code="done", theme_codes=["T08"], told_back_date="2024-08-01", told_back_channel_code="letter"),
        action("A2", done, change_type_code="relational", status_code="in_progress", theme_codes=["T08"], activity_ids=["7"]),
        action("A3", done, change_type_code="relational", status_code="planned"),
    ])  # fmt: skip
    told = {"told_back_date": day("2025-07-01"), "told_back_channel_code": "event", "outcome_code": "changed"}
    warehouse.insert("raw.engagement_activity", [{
        "organisation_ods_code": "RZN", "activity_id": "8", "activity_date": day("2025-06-06"), "activity_kind_code": "set_piece",
        "reached_count": 80, "contributed_count": 20, "people_groups": json.dumps(["homeless", None]), "theme_codes": json.dumps(["T02", "T01"]),
        **told, **provenance("e-9", "engagement", "2025-09-28"),
    }])  # fmt: skip
    found = provenance("g-1", "surveys", "2025-07-10")
    warehouse.insert("raw.survey_result", [*surveys(found), *staff_answering(found), *practice_survey(found)])
    trust = {"opened_date": day("2001-04-01"), "role_code": "nhs_trust", **provenance("o-1", "ods", "2025-01-01")}
    practice = trust | {"role_code": "gp_practice"}
    warehouse.insert("raw.organisation", [
        *(trust | {"ods_code": code, "organisation_name": name} for code, name in (("RZN", "NORTHMOOR"), ("RZH", "HARBOUR"), ("RZE", "EASTVALE"))),
        *(practice | {"ods_code": code, "organisation_name": f"PRACTICE {code}", "icb_code": "QZN"} for code in PRACTICES),
    ])  # fmt: skip
    warehouse.insert(f"ops.{ledger.feed.name}", [feed(name, *facts) for name, facts in FEEDS.items()])
    known = {"s-9": ("stories", "experience_story"), "c-9": ("complaint_rzn", "complaint")}
    known["e-9"] = ("engagement", "engagement_activity")
    known |= {name: (feed_id, FEEDS[feed_id][0]) for name, feed_id in (("a-1", "actions"), ("g-1", "surveys"), ("o-1", "ods"))}
    warehouse.insert(
        f"ops.{ledger.submission.name}",
        [submission(name, *facts, "2025-09-29", 60 + number) for number, (name, facts) in enumerate(known.items())],
    )


def discharges(source: Row) -> list[Row]:
    """Ten complaints of RZE a month: five about discharge up to June 2024, one from August on."""
    rows: list[Row] = []
    for number in range(14):
        month = date(2024 + number // 12, number % 12 + 1, 15)
        about = 5 if number < 6 else 1
        rows += [
            case(
                f"e{number}-{n}", month.isoformat(), source, ["admissions_discharge_and_transfers" if n < about else "waiting_times"],
                narrative="We waited for the letter.", redaction_version="r1",
            ) | {"organisation_ods_code": "RZE"}
            for n in range(10)
        ]  # fmt: skip
    return rows


def staff_answering(source: Row) -> list[Row]:
    unit = {
        "survey_code": "nss", "setting_code": "all", "level_code": "organisation", "period_start_date": day("2025-01-01"),
        "period_end_date": day("2025-12-31"), "question_code": "theme_engagement", "measure_code": "base_unweighted", "unit_code": "count",
        "is_suppressed": False, "is_not_computable": False, **source,
    }  # fmt: skip
    return [unit | {"organisation_ods_code": trust, "value": 1500.0} for trust in ENGAGEMENT]


def practice_survey(source: Row) -> list[Row]:
    unit = {
        "survey_code": "gpps", "setting_code": "gp", "level_code": "practice", "icb_code": "QZN", "question_code": "gpcontactoverall",
        "period_start_date": day("2025-01-01"), "period_end_date": day("2025-12-31"), "is_suppressed": False, "is_not_computable": False, **source,
    }  # fmt: skip
    return [
        unit | {"organisation_ods_code": code, "measure_code": measure, "unit_code": kind, "value": float(value)}
        for code, (share, answers) in PRACTICES.items()
        for measure, kind, value in (("percent_good", "proportion", share), ("base_eval_unweighted", "count", answers))
    ]
