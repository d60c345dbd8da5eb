"""Every feed's folder tells its whole story: feed.yml, an invented sample with bad rows, a golden result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from samepicture.feed import Feed, load_feeds
from samepicture.process import Pipeline
from samepicture.progress import Pace
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

FEEDS = load_feeds(Settings.from_environment().feeds)
"""Those of SAMEPICTURE_FEEDS too: an ICS tests its own feeds with the same test."""


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_folder_is_complete(feed: Feed) -> None:
    assert feed.samples, f"{feed.folder} has no sample: add an invented submission in the supplier's own layout"
    assert (feed.folder / "expected.yml").is_file(), f"{feed.folder} has no expected.yml: add the golden result of its samples"


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_samples_give_the_golden_result(feed: Feed, pipeline: Pipeline) -> None:
    golden: dict[str, Any] = yaml.safe_load((feed.folder / "expected.yml").read_text())
    files = golden.get("files") or {feed.samples[0].name: golden}
    assert set(files) == {sample.name for sample in feed.samples}, "expected.yml and the samples name different files"
    for name, expected in files.items():
        assert result_of(pipeline, feed, feed.folder / name) == expected


def test_most_samples_hold_bad_rows() -> None:
    """A sample without a bad row proves little; only feeds whose source can't send one may have none."""
    without = [feed.id for feed in FEEDS.values() if "rejections: {}" in (feed.folder / "expected.yml").read_text()]
    assert len(without) <= len(FEEDS) // 4, without


def result_of(pipeline: Pipeline, feed: Feed, sample: Path) -> dict[str, Any]:
    """What became of a sample, in the shape of expected.yml. A sample is bad on purpose: its bound is lifted."""
    pipeline.feeds[feed.id] = replace(feed, bounds=replace(feed.bounds, rejected_share=1.0))
    receipt, _ = pipeline.land_file(feed.id, sample)
    told: list[str] = []
    pipeline.judge(receipt.submission_id, Pace("judging", told.append))  # as a DAG has it judged
    outcome = pipeline.load(receipt.submission_id)
    with open_warehouse(pipeline.settings).writer() as connection:

        def rows(sql: str) -> list[Any]:
            return list(connection.execute(text(sql), {"id": receipt.submission_id}).all())

        quarantine = rows(
            "select code, part_name, line_number from ops.quarantine where submission_id = :id order by code, part_name, line_number"
        )
        warnings = rows("select code, sum(row_count) from ops.submission_warning where submission_id = :id group by code order by code")
        loaded = rows(f"select count(*) from raw.{feed.record_type} where submission_id = :id")[0][0]
        golden = yaml.safe_load((feed.folder / "expected.yml").read_text())
        totals = (golden.get("files") or {sample.name: golden})[sample.name].get("totals", {})
        sums = {name: rows(f"select {name} from raw.{feed.record_type} where submission_id = :id")[0][0] for name in totals}
    if outcome.rejection_code:
        print(f"{sample.name} was refused: {outcome.rejection_code}: {outcome.rejection_sentence}")  # shown where the test fails
    assert loaded == outcome.rows
    assert bool(told) == bool(outcome.received), "whoever waits is told how far it is"
    rejections: dict[str, list[Any]] = {}
    for code, part, line in quarantine:
        rejections.setdefault(code, []).append(f"{part}:{line}" if part else line)
    result: dict[str, Any] = {
        "received": outcome.received,
        "accepted": outcome.accepted,
        "rejected": outcome.rejected,
        "loaded_rows": outcome.rows,
        "rejections": rejections,
        "warnings": {code: int(count) for code, count in warnings},
    }
    if totals:
        result["totals"] = {name: value if isinstance(value, (int, str)) or value is None else float(value) for name, value in sums.items()}
    return result
