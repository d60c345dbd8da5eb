"""Two who ask one source at once: a person at the command line while the feed's DAG runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from samepicture.connectors.base import Cursors, collect
from samepicture.feed import load_feed
from samepicture.landing import Landing
from samepicture.settings import PROJECT, Settings

SOURCE = """
import io, threading
from samepicture.connectors.base import Delivery

began, go_on = threading.Event(), threading.Event()


def fetch(feed, cursor, context):
    number = cursor.get("number", 0) + 1
    began.set()
    assert go_on.wait(20)
    yield Delivery(f"{number}.csv", io.BytesIO(b"poll %d" % number), {"number": number})
"""


def test_the_second_waits_and_goes_on_from_the_first_one_s_cursor(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "feeds" / "complaint_slow"
    folder.mkdir(parents=True)
    model = yaml.safe_load((PROJECT / "dags/feeds/complaint_northmoor/feed.yml").read_text())
    (folder / "feed.yml").write_text(yaml.safe_dump({**model, "id": folder.name, "connector": {"kind": "own", "schedule": "0 5 * * *"}}))
    (folder / "connector.py").write_text(SOURCE)
    feed, landing = load_feed(folder), Landing.of(settings)
    from samepicture.connectors import base

    source = base.load_connector(feed)
    monkeypatch.setattr(base, "load_connector", lambda _: source)
    with ThreadPoolExecutor(2) as pool:
        polls = [pool.submit(lambda: list(collect(feed, settings, landing)))]
        assert source.began.wait(20)  # type: ignore[attr-defined]
        source.began.clear()  # type: ignore[attr-defined]
        polls.append(pool.submit(lambda: list(collect(feed, settings, landing))))
        assert not source.began.wait(0.5), "the second must not ask yet"  # type: ignore[attr-defined]
        source.go_on.set()  # type: ignore[attr-defined]
        receipts = [receipt for poll in polls for receipt in poll.result(20)]
    assert [receipt.file_name for receipt in receipts] == ["1.csv", "2.csv"]
    assert Cursors(settings.home / "cursors").read(feed.id) == {"number": 2}
