"""Every feeds/*/feed.yml becomes a DAG; a feed that has a source to ask gets a second one that asks."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from samepicture.airflow.factory import collect_dag, feed_dag, intake_dag
from samepicture.feed import load_feeds
from samepicture.settings import Settings

# A task's process needs its own DAG alone, and must not wait for hundreds of others.
wanted = get_parsing_context().dag_id or ""
feeds = load_feeds(Settings.from_environment().feeds, only=wanted.partition("_")[2] if wanted.startswith(("feed_", "collect_")) else None)

for feed in feeds.values():
    globals()[f"feed_{feed.id}"] = feed_dag(feed)
    if feed.is_collected:
        globals()[f"collect_{feed.id}"] = collect_dag(feed)

if wanted in ("", "intake"):
    intake = intake_dag(feeds.values())
