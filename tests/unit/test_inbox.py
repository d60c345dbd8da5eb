"""What is announced, when, and how often."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from samepicture import inbox, ledger
from samepicture.process import Pipeline
from samepicture.settings import PROJECT
from samepicture.warehouse import open_warehouse

SAMPLE = PROJECT / "dags" / "feeds" / "complaint_return" / "sample_ko41b_practice.csv"


def test_a_submission_is_announced_once_and_again_when_nothing_came_of_it(pipeline: Pipeline) -> None:
    receipt, _ = pipeline.land_file("complaint_return", SAMPLE)
    assert inbox.waiting(pipeline) == {"complaint_return": [receipt.submission_id]}
    assert inbox.waiting(pipeline) == {}
    mark = pipeline.settings.home / "announced" / receipt.submission_id
    long_ago = time.time() - inbox.RETRY_SECONDS - 1
    os.utime(mark, (long_ago, long_ago))
    assert inbox.waiting(pipeline) == {"complaint_return": [receipt.submission_id]}


def test_what_is_in_the_ledger_is_not_announced(pipeline: Pipeline) -> None:
    receipt, _ = pipeline.land_file("complaint_return", SAMPLE)
    pipeline.judge(receipt.submission_id)
    pipeline.load(receipt.submission_id)
    assert inbox.waiting(pipeline) == {}


@pytest.mark.parametrize(("minutes", "forgotten"), [(1, False), (60, True)])
def test_loads_that_no_build_took_are_remembered(minutes: int, forgotten: bool, pipeline: Pipeline, tmp_path: Path) -> None:
    good = tmp_path / "practices.csv"
    good.write_text("".join(SAMPLE.read_text().splitlines(keepends=True)[:9]))
    receipt, _ = pipeline.land_file("complaint_return", good)
    pipeline.judge(receipt.submission_id)
    assert pipeline.load(receipt.submission_id).first_pending
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.execute(update(ledger.stage).values(finished_at=datetime.now(UTC) - timedelta(minutes=minutes)))
    assert inbox.is_forgotten(pipeline.settings) is forgotten


def test_nothing_is_forgotten_in_an_empty_warehouse(pipeline: Pipeline) -> None:
    pipeline.build_and_publish()
    assert not inbox.is_forgotten(pipeline.settings)
