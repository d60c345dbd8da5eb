"""What the demo may ask: its own counterparts on this machine, and nobody else's site."""

from __future__ import annotations

import pytest

from samepicture.demo.run import is_invented
from samepicture.feed import load_feeds
from samepicture.settings import PROJECT

FEEDS = load_feeds((PROJECT / "dags" / "feeds",))


def test_a_feed_is_asked_where_the_demo_says_not_where_the_person_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEPICTURE_ODS_URL", "https://directory.example")
    monkeypatch.setenv("SAMEPICTURE_NHSUK_URL", "https://reviews.example")
    own = {
        "SAMEPICTURE_CARE_OPINION_URL": "http://127.0.0.1:1",
        "SAMEPICTURE_CARE_OPINION_KEY": "x",
        "SAMEPICTURE_EASTVALE_FOLDER": "/demo",
    }
    assert {feed.id for feed in FEEDS.values() if is_invented(feed, own)} == {"complaint_eastvale", "experience_story_care_opinion"}
    assert not any(is_invented(feed, {}) for feed in FEEDS.values())
