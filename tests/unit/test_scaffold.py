"""A scaffolded feed passes the feed test as it is, whatever its record type."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from samepicture.feed import FeedError, load_feed
from samepicture.process import Pipeline
from samepicture.records import CONTRACTS
from samepicture.scaffold import scaffold
from tests.feeds.test_feeds import result_of


@pytest.mark.parametrize("record_type", CONTRACTS)
def test_scaffold_passes_its_own_test(record_type: str, tmp_path: Path, pipeline: Pipeline) -> None:
    folder = scaffold(f"new_{record_type}", record_type, tmp_path / "feeds")
    feed = load_feed(folder)
    pipeline.feeds[feed.id] = feed
    assert result_of(pipeline, feed, folder / "sample.csv") == yaml.safe_load((folder / "expected.yml").read_text())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    scaffold("new_feed", "complaint", tmp_path)
    with pytest.raises(FeedError, match="exists"):
        scaffold("new_feed", "complaint", tmp_path)


def test_unknown_record_type_lists_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="complaint_return"):
        scaffold("new_feed", "complaints", tmp_path)
