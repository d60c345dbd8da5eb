"""Working days in England: Monday to Friday without bank holidays (dbt/seeds/bank_holiday.csv)."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache

import numpy as np

from samepicture.settings import PROJECT

CALENDAR = PROJECT / "dbt" / "seeds" / "bank_holiday.csv"
"""The same list as the warehouse counts by."""


def add_working_days(day: date, count: int) -> date | None:
    """The day that is `count` working days after `day`, which itself doesn't count.

    NULL where the list of bank holidays doesn't reach: a day that ignores them would be wrong.
    """
    calendar = _calendar()
    due: date = np.busday_offset(day, count, roll="backward", busdaycal=calendar).astype(object)
    known = {holiday.astype(object).year for holiday in calendar.holidays}
    return due if {day.year, due.year} <= known else None


@cache
def _calendar() -> np.busdaycalendar:
    with CALENDAR.open(newline="", encoding="utf-8") as lines:
        return np.busdaycalendar(holidays=[np.datetime64(row["holiday_date"], "D") for row in csv.DictReader(lines)])
