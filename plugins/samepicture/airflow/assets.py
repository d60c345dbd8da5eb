"""The assets that carry events between DAGs."""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher

from samepicture.feed import Feed


def submission_asset(feed: Feed) -> Asset:
    """Submissions of one feed; the partition key of an event is the submission's id."""
    return Asset(name=f"submission.{feed.id}", uri=f"samepicture://submission/{feed.id}", group="submission")


def arrival_asset(feed: Feed, watchers: list[AssetWatcher] | None = None) -> Asset:
    """Something waits at a feed's source. Its events only wake: what waits is looked up when the source is asked."""
    return Asset(name=f"arrival.{feed.id}", uri=f"samepicture://arrival/{feed.id}", group="arrival", watchers=watchers or [])


def raw_asset(record_type: str) -> Asset:
    """The raw table of one record type; the partition key of an event is the submission that was loaded."""
    return Asset(name=f"raw.{record_type}", uri=f"samepicture://raw/{record_type}", group="raw")


def marts_asset() -> Asset:
    """The marts, after a build."""
    return Asset(name="marts", uri="samepicture://marts", group="marts")


def published_asset() -> Asset:
    """What analysts see, after a publish."""
    return Asset(name="published", uri="samepicture://published", group="published")
