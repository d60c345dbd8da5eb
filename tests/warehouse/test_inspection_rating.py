"""CQC ratings in the warehouse: the latest record of a location replaces all that an earlier one said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from tests.warehouse.invented_rows import Row, Warehouse, submission


def rating(number: int, scope: str, code: str, report_date: date | None, **fields: object) -> Row:
    return {
        "level_code": "location",
        "cqc_id": "1-1",
        "rated_cqc_id": "1-1",
        "service_name": "Overall",
        "scope_code": scope,
        "rating_code": code,
        "report_date": report_date,
        "is_current": True,
        "is_inherited": False,
        "is_removed": False,
        "submission_id": f"cqc-{number}",
        "feed_id": "inspection_rating_cqc",
        "line_number": 1,
        "version_at": datetime(2026, number, 1, tzinfo=UTC),
        **fields,
    }


def test_the_latest_record_of_a_location_is_the_whole_of_it(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.insert(
        "raw.inspection_rating",
        [
            rating(1, "overall", "not_rated", None),
            rating(2, "overall", "good", date(2026, 1, 9)),
            rating(2, "safe", "good", date(2026, 1, 9)),
            rating(3, "overall", "good", date(2026, 1, 9), is_current=False),  # its key questions are listed no more
            rating(3, "overall", "inadequate", date(2026, 2, 9)),
            rating(1, "overall", "good", date(2025, 1, 1), cqc_id="1-2", line_number=2),
        ],
    )
    warehouse.insert(
        "ops.submission", [submission(f"cqc-{n}", "inspection_rating_cqc", "inspection_rating", f"2026-0{n}-01", 1) for n in (1, 2, 3)]
    )
    statuses = warehouse.dbt("build", "--select", "stg_inspection_rating")
    assert {name: status for name, status in statuses.items() if status not in ("success", "pass")} == {}
    assert warehouse.query(
        "select cqc_id, scope_code, rating_code, report_date, is_current from staging.stg_inspection_rating order by cqc_id, report_date"
    ) == [
        ("1-1", "overall", "good", date(2026, 1, 9), False),
        ("1-1", "overall", "inadequate", date(2026, 2, 9), True),
        ("1-2", "overall", "good", date(2025, 1, 1), True),
    ]
