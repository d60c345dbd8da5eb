"""The monthly extract for a board: what changed, what is late, what was done, on one page a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from samepicture.export import CannotExport, Extract, Published
from samepicture.settings import Settings

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Page:
    """A published table, and which of its rows are of a month. {month}, {next} and {quarter} are first days."""

    title: str
    table: str
    where: str


PAGES = (
    Page("What changed this month", "spc", "month_start_date = '{month}' and variation_code <> 'common_cause'"),
    Page("Complaints of the quarter: were they answered in time?", "complaint_timeliness", "quarter_start_date = '{quarter}'"),
    Page("Complaints of the quarter: how did they end?", "complaint_outcome", "quarter_start_date = '{quarter}' and subject_code = 'all'"),
    Page("What people spoke of in the quarter, in both directorates", "theme_evidence", "quarter_start_date = '{quarter}'"),
    Page("Recommendations that wait for an answer", "recommendations", "status_code in ('late', 'due')"),
    Page(
        "You said, we did: done or told back this month, or late",
        "loop_closure",
        "(done_date >= '{month}' and done_date < '{next}') or (told_back_date >= '{month}' and told_back_date < '{next}') "
        "or status_code = 'late'",
    ),
    Page("Feeds that are late or were refused: what is missing in all this", "feed_health", "is_late or last_outcome_code = 'rejected'"),
)


def board(settings: Settings, month: str) -> list[Extract]:
    """The extracts of a month, given as 2026-10. Raises CannotExport."""
    said = MONTH.fullmatch(month)
    if not said:
        raise CannotExport(f"{month!r} is no month: write it as year and month, 2026-10.")
    first = date(int(said[1]), int(said[2]), 1)
    days = {
        "month": first,
        "next": date(first.year + first.month // 12, first.month % 12 + 1, 1),
        "quarter": first.replace(month=first.month - (first.month - 1) % 3),
    }
    published = Published(settings)
    return [published.extract(page.table, page.where.format(**days), page.title) for page in PAGES]
