"""Rows of the ledger, as loads and builds would have written them, at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert

from samepicture import ledger
from samepicture.process import Pipeline
from samepicture.warehouse import open_warehouse

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
WORDS = "mrs_smith_was_rude"
"""What must be on no page: a sender called a file so, or wrote it into a record."""


def put(pipeline: Pipeline, table: Table, *rows: dict[str, Any]) -> None:
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.execute(insert(table), list(rows))


def feed(pipeline: Pipeline, feed_id: str, **changes: Any) -> None:
    row = {
        "feed_id": feed_id,
        "feed_name": f"<{feed_id.title()}>",
        "record_type": "complaint",
        "publisher_name": "Northmoor & Sons",
        "owner_directorate_code": "nursing",
        "source_family_code": "complaints",
        "expected_every_days": None,
        "is_active": True,
    }
    put(pipeline, ledger.feed, {**row, **changes})


def submission(
    pipeline: Pipeline, number: int, *, feed_id: str = "a", landed: datetime = NOON, steps: tuple[float, ...] = (2, 5, 6, 8), **changes: Any
) -> str:
    """Landed at a moment; judged from the first to the second of the seconds after it, loaded from the third to the fourth."""
    submission_id = f"{feed_id}.{number:016x}"
    row = {
        "submission_id": submission_id,
        "feed_id": feed_id,
        "record_type": "complaint",
        "file_name": f"{WORDS}.csv",
        "sha256": "0" * 64,
        "bytes": 1,
        "landed_at": landed,
        "outcome_code": "loaded",
        "received_count": 100,
        "accepted_count": 98,
        "rejected_count": 2,
        "loaded_row_count": 98,
        "replaced_row_count": 0,
        "load_number": number,
    }
    put(pipeline, ledger.submission, {**row, **changes})
    moments = [landed + timedelta(seconds=step) for step in steps]
    stages = [("landed", landed, landed), ("judged", *moments[:2]), ("loaded", *moments[2:])]
    put(
        pipeline,
        ledger.stage,
        *(
            {
                "submission_id": submission_id,
                "stage_code": code,
                "outcome_code": "done",
                "record_count": 100,
                "started_at": start,
                "finished_at": end,
                "duration_seconds": (end - start).total_seconds(),
            }
            for code, start, end in stages
        ),
    )
    return submission_id


def build(pipeline: Pipeline, load_number: int, began: datetime, seconds: float = 3, published: float | None = 1) -> None:
    """A build that took so long, and was published so long after it ended."""
    ended = began + timedelta(seconds=seconds)
    put(
        pipeline,
        ledger.build,
        {
            "build_id": f"{load_number}-{began:%H%M%S}",
            "record_types": "complaint",
            "load_number": load_number,
            "models_sha256": "x",
            "model_count": 1,
            "started_at": began,
            "finished_at": ended,
            "published_at": None if published is None else ended + timedelta(seconds=published),
        },
    )


def rejection(pipeline: Pipeline, submission_id: str, line: int, code: str = "date_missing", part: str = WORDS) -> None:
    row = {
        "submission_id": submission_id,
        "feed_id": submission_id.split(".")[0],
        "part_name": f"{part}.csv",
        "line_number": line,
        "code": code,
        "column_name": "received_date",
        "sentence": "Give the day on which it was received.",
        "record": f'{{"narrative": "{WORDS}"}}',
    }
    put(pipeline, ledger.quarantine, row)


def warning(pipeline: Pipeline, submission_id: str, value: str, code: str = "unknown_code") -> None:
    row = {
        "submission_id": submission_id,
        "feed_id": submission_id.split(".")[0],
        "code": code,
        "column_name": "outcome_code",
        "value": value,
        "row_count": 3,
        "sentence": "Name it in feed.yml.",
    }
    put(pipeline, ledger.warning, row)
