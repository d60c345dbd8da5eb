"""Healthwatch reports, collected from a counterpart of the sites on this machine (domain: A9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries, load_connector
from samepicture.connectors.stock import healthwatch as connector
from samepicture.demo.healthwatch import DemoHealthwatch, reports
from samepicture.demo.healthwatch_pdf import report_pdf
from samepicture.feed import Feed
from samepicture.landing import Landing
from samepicture.readers.report_page import fingerprint
from tests.keys import LANDING_KEY
from tests.unit.healthwatch_files import LOCAL, NATIONAL, UTF8, page, record


@pytest.fixture
def demo() -> Iterator[DemoHealthwatch]:
    with DemoHealthwatch(each=4) as running:
        yield running


def context(demo: DemoHealthwatch) -> FetchContext:
    return FetchContext(demo.environment(), datetime(2026, 7, 1, tzinfo=UTC))


def collect(feed: Feed, demo: DemoHealthwatch, cursor: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Records by title, and the last cursor."""
    found: dict[str, dict[str, Any]] = {}
    for delivery in load_connector(feed).fetch(feed, cursor, context(demo)):
        row, _ = record(delivery.content.read(), delivery.file_name, feed)
        found[row["title"]], cursor = row, delivery.cursor
    return found, cursor


@pytest.mark.parametrize("feed", [NATIONAL, LOCAL], ids=lambda feed: feed.id)
def test_what_the_sites_say_comes_out(feed: Feed, demo: DemoHealthwatch) -> None:
    found, cursor = collect(feed, demo, {})
    expected = {report.title: report for report in demo.reports if feed is LOCAL or report.number % 4 in (1, 2)}
    assert found.keys() == expected.keys()
    for title, report in expected.items():
        row = found[title]
        assert row["published_date"] == report.published
        assert row["people_reached_count"] == report.people
        assert row["local_healthwatch_name"] == report.healthwatch
        assert row["recommendations_stated_count"] == len(report.topic.asks)
        items = json.loads(row["recommendations"])
        assert [(item["text"].rstrip("."), item["addressee"]) for item in items] == [(text.rstrip("."), to) for text, to in report.asks()]
        assert items[0]["sent_date"] == report.sent.isoformat()
        status = {"page": "responded", "inside": "responded", "none": "no_response", "unknown": "unknown"}
        assert feed is NATIONAL or row["response_status_code"] == status[report.response]
        assert "127.0.0.1" not in json.dumps(row, default=str)
    again, _ = collect(feed, demo, cursor)
    assert again == {}


def test_the_same_report_in_both_places_has_one_hash(demo: DemoHealthwatch) -> None:
    national, local = collect(NATIONAL, demo, {})[0], collect(LOCAL, demo, {})[0]
    assert all(row["file_sha256"] == local[title]["file_sha256"] for title, row in national.items())
    assert not {row["report_id"] for row in national.values()} & {row["report_id"] for row in local.values()}


def test_unchanged_reports_are_not_fetched_again_changed_ones_are(demo: DemoHealthwatch) -> None:
    _, cursor = collect(LOCAL, demo, {})
    demo.requests.clear()
    path = demo.reports[0].path
    site = next(site for site in demo.local if path in site)
    site[path] = site[path].replace(b"</article>", b"<h2>Provider response</h2><p>We agree at last.</p></article>", 1)
    found, _ = collect(LOCAL, demo, cursor)
    assert list(found) == [demo.reports[0].title]
    fetched = [path for path, status in demo.requests if status == 200 and "/rss" not in path and "/search" not in path]
    assert all(path.startswith(("/report/", "/response/", "/sites/")) for path in fetched)
    assert [one for one in fetched if one.startswith("/report/")] == [path]


def test_a_token_in_each_copy_of_a_page_is_no_change(demo: DemoHealthwatch) -> None:
    _, cursor = collect(LOCAL, demo, {})
    for site in demo.local:
        for path in [path for path in site if path.startswith("/report/")]:
            site[path] = site[path].replace(b"</main>", b"<script>token='4711'</script></main>")
    assert collect(LOCAL, demo, cursor)[0] == {}
    assert fingerprint(page("<p>a</p>"), UTF8) != fingerprint(page("<p>b</p>"), UTF8)


def test_the_cursor_moves_only_with_the_landing(demo: DemoHealthwatch, tmp_path: Path) -> None:
    landing, cursors = Landing(str(tmp_path / "landing"), LANDING_KEY), Cursors(tmp_path / "cursors")
    poll = land_deliveries(NATIONAL, landing, cursors, context(demo))
    first = next(poll)
    poll.close()  # killed here
    assert len(cursors.read(NATIONAL.id)["pages"]) == 1
    rest = list(land_deliveries(NATIONAL, landing, cursors, context(demo)))
    assert first.sha256 not in {receipt.sha256 for receipt in rest}
    assert len(rest) == len([report for report in demo.reports if report.number % 4 in (1, 2)]) - 1


def test_one_report_that_fails_holds_up_no_other_and_is_said(demo: DemoHealthwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "MAX_PDF_BYTES", 5_000)
    path = next(path for path in demo.national if path.endswith(".pdf"))
    demo.national[path] = b"%PDF-" + b"x" * 6_000
    others = len([page for page in demo.national if page.startswith("/reports-library/")]) - 1
    deliveries = load_connector(NATIONAL).fetch(NATIONAL, {}, context(demo))
    assert len(list(islice(deliveries, others))) == others
    with pytest.raises(ConnectorError, match="1 of the reports could not be fetched"):
        next(deliveries)


def test_a_lost_pdf_is_delivered_without_and_warned_about(demo: DemoHealthwatch) -> None:
    path = next(path for path in demo.national if path.endswith(".pdf"))
    del demo.national[path]
    codes = [record(delivery.content.read())[1] for delivery in load_connector(NATIONAL).fetch(NATIONAL, {}, context(demo))]
    assert codes.count(["pdf_missing"]) == 1


def test_a_listing_that_names_no_report_is_an_alarm(demo: DemoHealthwatch) -> None:
    demo.national["/reports-library"] = page("<h1>We have moved</h1><a href='/about'>About</a>")
    with pytest.raises(ConnectorError, match="lists no report"):
        collect(NATIONAL, demo, {})


def test_rss_with_entities_is_refused(demo: DemoHealthwatch) -> None:
    demo.local[0]["/rss.xml"] = (
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaa">]><rss><channel><item><link>&a;</link></item></channel></rss>'
    )
    with pytest.raises(ConnectorError, match="declares entities"):
        collect(LOCAL, demo, {})


def test_files_on_other_hosts_are_not_fetched(demo: DemoHealthwatch) -> None:
    path = next(path for path in demo.national if path.startswith("/reports-library/"))
    demo.national[path] = demo.national[path].replace(b'href="/sites/', b'href="http://127.0.0.2:9/sites/')
    found, _ = collect(NATIONAL, demo, {})
    assert [row["file_sha256"] for row in found.values()].count(None) == 1


def test_the_demo_is_always_the_same() -> None:
    assert reports() == reports()
    assert report_pdf(reports()[0]) == report_pdf(reports()[0])
