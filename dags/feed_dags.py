"""Every feeds/*/feed.yml becomes a DAG; a feed that is asked for its news gets a second one that asks."""

from __future__ import annotations

from samepicture.airflow.factory import collect_dag, feed_dag, intake_dag
from samepicture.feed import load_feeds
from samepicture.settings import Settings

feeds = load_feeds(Settings.from_environment().feeds).values()

for feed in feeds:
    globals()[f"feed_{feed.id}"] = feed_dag(feed)
    if feed.is_collected:
        globals()[f"collect_{feed.id}"] = collect_dag(feed)

intake = intake_dag(feeds)
