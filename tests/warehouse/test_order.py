"""In whatever order submissions are judged and loaded, the marts show the latest version; and what a wrong clock of ours does."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from samepicture.process import Pipeline
from samepicture.warehouse import open_warehouse
from tests.landed import landed_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEED = "complaint_northmoor"


@pytest.fixture
def pipeline(on_each_made: Pipeline) -> Pipeline:
    return on_each_made


def landed(pipeline: Pipeline, at: datetime, outcome: str, updated: str = "") -> str:
    """A file with one case, landed at that moment by our clock; its submission."""
    feed = pipeline.feed(FEED)
    row = next(csv.DictReader(io.StringIO(feed.samples[0].read_text(encoding="utf-8-sig"))))
    target = io.StringIO()
    writer = csv.DictWriter(target, row.keys())
    writer.writeheader()
    writer.writerow({**row, "ID": "C1", "Last updated": updated, "Specialty (description)": outcome})
    receipt, _ = pipeline.land(FEED, "cases.csv", io.BytesIO(target.getvalue().encode()))
    landed_at(pipeline, receipt, at)
    return receipt.submission_id


def processed(pipeline: Pipeline, submission_id: str) -> None:
    pipeline.judge(submission_id)
    assert pipeline.load(submission_id).loaded


def shown(pipeline: Pipeline) -> tuple[list[str], int]:
    """What the picture shows of the case, and how many versions of it are kept."""
    pipeline.build_and_publish()
    with open_warehouse(pipeline.settings).writer() as connection:
        return (
            list(connection.execute(text("select specialty_name from staging.stg_complaint")).scalars()),
            connection.execute(text("select count(*) from raw.complaint")).scalar_one(),
        )


@pytest.mark.parametrize("source_says", [True, False], ids=["by the source's time of change", "by when it landed"])
def test_an_older_submission_that_is_processed_later_overwrites_nothing(pipeline: Pipeline, source_says: bool) -> None:
    names = ["first", "second", "third"]
    ids = {
        name: landed(pipeline, NOON + timedelta(hours=n), name, f"0{n + 1}/02/2026 09:00" if source_says else "")
        for n, name in enumerate(names)
    }
    for order in (("third", "first", "second"), ("second", "third", "first")):  # the second loads all again, as replays do
        for name in order:
            processed(pipeline, ids[name])
        assert shown(pipeline) == (["third"], 3), order


def test_what_an_hour_of_our_clock_does(pipeline: Pipeline) -> None:
    """Nothing is lost: what landed while it was an hour ahead stays current until the hour is over, or the source says when it changed."""
    processed(pipeline, landed(pipeline, NOON + timedelta(hours=1), "clock ahead"))
    processed(pipeline, landed(pipeline, NOON + timedelta(minutes=10), "clock right, within the hour"))
    assert shown(pipeline) == (["clock ahead"], 2)
    processed(pipeline, landed(pipeline, NOON + timedelta(minutes=70), "clock right, after it"))
    processed(pipeline, landed(pipeline, NOON + timedelta(minutes=20), "clock behind"))  # truly an hour later
    assert shown(pipeline) == (["clock right, after it"], 4)
    processed(pipeline, landed(pipeline, NOON + timedelta(minutes=80), "clock right again"))
    assert shown(pipeline) == (["clock right again"], 5)
