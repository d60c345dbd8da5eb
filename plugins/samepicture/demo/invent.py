"""Every file that Northshire's organisations submit over 24 months; the APIs and sites are served beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import get_args

from samepicture.demo.actions import actions_csv
from samepicture.demo.cases import eastvale_xlsx, northmoor_csv
from samepicture.demo.engagement import engagement_csv
from samepicture.demo.gpps import gpps_csv, gpps_file_name
from samepicture.demo.ombudsman import decisions_jsonl
from samepicture.demo.reference import reference_files
from samepicture.demo.returns import ko41a_zip, ko41b_practice_csv
from samepicture.demo.staff import staff_survey_file_name, staff_survey_workbook
from samepicture.demo.surveys import Setting, fft_file_name, fft_workbook

LAST_DAY = date(2026, 6, 30)
MONTHS = 24
SIGNED_OUT = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Your session has ended.</body></html>"
"""What a portal saves under the name of a workbook when its user is signed out."""
FOLLOWED = ("inpatient", "ae")
"""Friends and Family settings invented for all months: enough for control charts, which need 13."""
RECENT_MONTHS = 3
"""Of the other settings."""


@dataclass(frozen=True)
class Submission:
    """One file for one feed."""

    feed_id: str
    file_name: str
    content: bytes


def submissions(seed: int = 1) -> Iterator[Submission]:
    """All files, reference data first; the same seed gives the same bytes, but for the clock inside workbooks."""
    for feed_id, name, content in reference_files(seed):
        yield Submission(feed_id, name, content)
    yield Submission("complaint_northmoor", "northmoor_cases.csv", northmoor_csv(MONTHS, seed))
    yield Submission("complaint_eastvale", "eastvale_cases.xlsx", eastvale_xlsx(MONTHS, seed))
    yield Submission("complaint_eastvale", "eastvale_cases_again.xlsx", SIGNED_OUT)
    for year in (2024, 2025):
        label = f"{year}-{(year + 1) % 100:02d}"
        yield Submission("complaint_return", f"written_complaints_{label}.zip", ko41a_zip(year, seed))
        yield Submission("complaint_return", f"KO41b practice level {label}.csv", ko41b_practice_csv(year, seed))
        for level in ("national", "ics", "pcn", "practice"):
            yield Submission("survey_result_gpps", gpps_file_name(level, year), gpps_csv(level, year, seed))
    for setting in get_args(Setting):
        for month in months_until(LAST_DAY, MONTHS if setting in FOLLOWED else RECENT_MONTHS):
            yield Submission("survey_result_fft", fft_file_name(setting, month), fft_workbook(setting, month, seed))
    yield Submission("engagement_activity", "engagement_log.csv", engagement_csv(MONTHS, seed))
    yield Submission("improvement_action", "action_log.csv", actions_csv(seed))
    yield Submission("survey_result_nss", staff_survey_file_name(2025), staff_survey_workbook(2025, seed))
    yield Submission("ombudsman_decision_phso", "decisions.jsonl", decisions_jsonl(seed))


def months_until(last_day: date, count: int) -> list[date]:
    """First days of the last `count` months, oldest first."""
    last = last_day.year * 12 + last_day.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]
