"""The operators' page in real Chromium: access for everybody, on a desk and on a phone, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from samepicture.notices import Problem
from samepicture.operating import rendering
from samepicture.operating.reading import FeedLine, FeedList, Line, Moment, Reason, SubmissionList, SubmissionPage, Warned
from samepicture.timings import STAGES, Timing
from tests.browser.test_page import DESK, NARROW, PHONE, WCAG
from tests.page.material import LONG_NAME, NASTY

NOW = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)
PAGES = ("index.html", "submissions.html", "submissions/one.html", "empty.html", "copy.html", "message.html")


class Row:
    """A row of the ledger."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def timing(number: int, **changes: Any) -> Timing:
    known = Timing(
        f"complaint_{number}.{number:016x}", f"complaint_{number}", NOW, "loaded", None, 1200, 1150, 50, 3, NOW + timedelta(seconds=28),
        is_replayed=False, spans={stage: float(place + 1) for place, stage in enumerate(STAGES)},
    )  # fmt: skip
    return replace(known, **changes)


def feed(name: str, kinds: tuple[str, ...] = ()) -> FeedLine:
    row = Row(
        feed_id="complaint_1", feed_name=name, record_type="complaint", publisher_name=name, owner_directorate_code="nursing",
        expected_every_days=7, is_active=True, last_loaded_at=NOW,
    )  # fmt: skip
    last = Row(
        submission_id="complaint_1.0000000000000001",
        landed_at=NOW,
        outcome_code="rejected" if kinds else "loaded",
        accepted_count=0,
        rejected_count=1200,
    )
    return FeedLine(row, last, timing(1), [Problem(kind, "complaint_1", NOW, f"{name}: look at it.") for kind in kinds])


def pages() -> Iterator[tuple[str, str]]:
    now, copy = Moment(NOW, None), Moment(NOW, NOW - timedelta(minutes=5))
    text = " ".join(NASTY)
    feeds = [
        feed("Complaints, Northmoor", tuple(rendering.PROBLEMS)),
        feed(LONG_NAME, ("late",)),
        feed(text),
        FeedLine(feed("Unused").feed, None, None, ()),
    ]
    yield "index.html", rendering.feed_list(FeedList(now, feeds, [Problem("failing", "", NOW, "The warehouse is not built.")]), "")
    rows = [
        timing(1),
        timing(2, outcome_code="rejected", rejection_code="too_many_rejected"),
        timing(3, is_replayed=True),
        timing(4, spans={"wait": 400_000.0}),
    ]
    yield (
        "submissions.html",
        rendering.submission_list(SubmissionList(now, "complaint_1", [("complaint_1", LONG_NAME)], rows, has_more=True), ""),
    )
    stages = [
        Row(stage_code=code, outcome_code="done", record_count=None, started_at=NOW, finished_at=NOW)
        for code in ("landed", "judged", "loaded")
    ]
    one = SubmissionPage(
        now, LONG_NAME, timing(1), stages, [Reason("date_missing", "received_date", text, 3)], [Line(1, 2, "date_missing", "x" * 80, text), Line(2, 9, "a", "", "b")],
        200, 900, [Warned("unknown_code", "outcome_code", "UPH", 3, text)],
    )  # fmt: skip
    yield "submissions/one.html", rendering.submission(one, "../", may_replay=True, asked="complaint_1.0000000000000001_20261125T140200")
    yield "empty.html", rendering.feed_list(FeedList(now, [], []), "")
    yield "copy.html", rendering.submission(replace(one, moment=copy, reasons=None, lines=None, warnings=[]), "")
    yield "message.html", rendering.message("The warehouse can't be read", text, "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operating")
    (folder / "assets").mkdir()
    (folder / "submissions").mkdir()
    for name, text in rendering.assets().items():
        (folder / "assets" / name).write_text(text, encoding="utf-8")
    for path, html in pages():
        assert "<script>" not in html, "no text runs, and the page needs none that does"
        (folder / path).write_text(html, encoding="utf-8")
    return folder


@pytest.fixture
def opened(browser: Browser, folder: Path) -> Iterator[Any]:
    contexts = []
    wrong: list[str] = []

    def open_page(path: str, size: dict[str, int]) -> Page:
        contexts.append(browser.new_context(viewport=size))
        page: Page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("requestfailed", lambda request: wrong.append(f"{request.url} is missing"))
        page.on("request", lambda request: None if request.url.startswith(f"file://{folder}/") else wrong.append(f"asks {request.url}"))
        page.goto(f"file://{folder}/{path}", wait_until="load")
        return page

    yield open_page
    for each in contexts:
        each.close()
    assert wrong == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_wcag_2_2_aa(opened: Any, path: str, size: dict[str, int]) -> None:
    found = Axe().run(opened(path, size), options={"runOnly": {"type": "tag", "values": WCAG}, "preload": False})
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 10, "axe has looked at something"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [DESK, PHONE, NARROW], ids=["desk", "phone", "narrow"])
def test_nothing_scrolls_sideways(opened: Any, path: str, size: dict[str, int]) -> None:
    assert opened(path, size).evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_bar_is_as_long_as_the_time(opened: Any) -> None:
    page = opened("submissions.html", DESK)
    bars = page.locator(".op-bar").first.locator("rect")
    widths = [float(bar.get_attribute("width")) for bar in bars.all()]
    assert widths == pytest.approx([100 * part / 28 for part in range(1, 8)], abs=0.01)
    assert "28 s" in page.locator(".op-time").first.inner_text()


def test_a_replay_is_asked_for_with_the_keyboard(opened: Any) -> None:
    page = opened("submissions/one.html", DESK)
    button = page.get_by_role("button", name="Replay")
    button.focus()
    assert page.evaluate("document.activeElement.form.method") == "post"
    assert page.evaluate("document.activeElement.form.action").endswith("/submissions/complaint_1.0000000000000001/replay")
