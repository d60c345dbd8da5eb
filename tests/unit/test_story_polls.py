"""Care Opinion and NHS.uk: from poll to poll, page by page."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.connectors.http import Answer
from samepicture.connectors.paging import pages
from samepicture.demo.apis import DemoApis
from samepicture.feed import Feed
from samepicture.landing import Landing
from samepicture.readers import read_parts
from tests.keys import LANDING_KEY
from tests.unit.stories import CARE_OPINION, NHSUK, document, rows, story

TODAY = datetime(2026, 7, 1, 6, tzinfo=UTC)


@pytest.fixture
def apis() -> Iterator[DemoApis]:
    with DemoApis(stories=130, review_count=130) as server:
        yield server


class Poller:
    """Polls one feed again and again into a landing store of its own."""

    def __init__(self, feed: Feed, apis: DemoApis, folder: Path) -> None:
        self.feed, self.apis = feed, apis
        self.landing, self.cursors = Landing(str(folder / "landing"), LANDING_KEY), Cursors(folder / "cursors")

    def poll(self) -> pl.DataFrame | None:
        receipts = list(land_deliveries(self.feed, self.landing, self.cursors, FetchContext(self.apis.environment(), TODAY)))
        assert len(receipts) <= 1
        return rows(self.feed, self.content(receipts[0].submission_id))[0] if receipts else None

    def content(self, submission_id: str) -> bytes:
        with self.landing.open(self.landing.receipt(submission_id)) as stream:
            return stream.read()


# -- paging -------------------------------------------------------------------------------


@given(st.data())
def test_paging_loses_nothing_while_the_list_changes(data: st.DataObject) -> None:
    """Entries are removed and added between any two requests; whoever stays throughout is read."""
    listed = list(range(data.draw(st.integers(0, 60))))
    stayed, added = set(listed), 1000
    size, cap = 10, data.draw(st.integers(4, 10))  # the source may give fewer than asked for
    changes = data.draw(st.integers(0, 6))

    def ask(position: int) -> tuple[Answer, list[int]]:
        nonlocal added, changes
        found = listed[position : position + cap]
        if changes and listed:
            changes -= 1
            for gone in data.draw(st.lists(st.sampled_from(listed), unique=True, max_size=25)):
                listed.remove(gone)
                stayed.discard(gone)
            for _ in range(data.draw(st.integers(0, 3))):
                listed.append(added)
                added += 1
        return Answer("", 200, b"", found), found

    try:
        read = {key for _, keys in pages(ask, size, overlap=3) for key in keys}
    except ConnectorError:
        return  # said so, which is no silent loss
    assert stayed <= read


def test_paging_ends_where_a_source_ignores_the_position() -> None:
    asked: list[int] = []

    def ask(position: int) -> tuple[Answer, list[int]]:
        asked.append(position)
        return Answer("", 200, b"", None), list(range(100))

    assert len(list(pages(ask))) == 1
    assert len(asked) == 2


def test_paging_says_where_pages_do_not_fit() -> None:
    with pytest.raises(ConnectorError, match="do not fit together"):
        list(pages(lambda position: (Answer("", 200, b"", None), [] if position else list(range(100)))))


@given(st.lists(st.tuples(st.integers(1, 8), st.integers()), min_size=1, max_size=30), st.integers(1, 5))
def test_overlapping_pages_never_lose_or_double_a_story(copies: list[tuple[int, int]], size: int) -> None:
    """Whatever the pages, each story is one row: its last copy."""
    stories = [story(story_id, body=f"copy {copy}") for story_id, copy in copies]
    answers = [(f"opinions?skip={at}", 200, stories[at : at + size]) for at in range(0, len(stories), size)]
    frame, _ = rows(CARE_OPINION, document(*answers))
    assert dict(zip(frame["story_id"], frame["body"], strict=True)) == {str(one["id"]): one["body"] for one in stories}
    assert frame["story_id"].n_unique() == frame.height


# -- polls --------------------------------------------------------------------------------


def test_first_poll_brings_every_story_with_its_tags(apis: DemoApis, tmp_path: Path) -> None:
    apis.page_shift = 7
    frame = Poller(CARE_OPINION, apis, tmp_path).poll()
    assert frame is not None
    assert sorted(frame["story_id"]) == sorted(str(one["id"]) for one in apis.opinions)
    tags = dict(zip(frame["story_id"], map(json.loads, frame["tags"]), strict=True))
    assert {int(key): [(tag["name"], tag["polarity"]) for tag in value] for key, value in tags.items()} == {
        key: [(tag["name"], tag["polarity"]) for tag in value] for key, value in apis.tags.items()
    }
    assert sum("/tags" in request for request in apis.requests) == len(apis.opinions), "one request a story, though pages overlap"


def test_tags_have_names_alone_beyond_the_budget(apis: DemoApis, tmp_path: Path) -> None:
    feed = replace(
        CARE_OPINION, connector=replace(CARE_OPINION.connector, options={**CARE_OPINION.connector.options, "tag_requests_max": 3})
    )
    frame = Poller(feed, apis, tmp_path).poll()
    assert frame is not None
    rated = [all(tag["polarity"] is not None for tag in json.loads(tags)) for tags in frame["tags"]]
    assert (sum(rated), len(rated)) == (3, 130)
    assert all(tag["name"] for tags in frame["tags"] for tag in json.loads(tags))


def test_later_polls_bring_edits_and_removals(apis: DemoApis, tmp_path: Path) -> None:
    poller = Poller(CARE_OPINION, apis, tmp_path)
    poller.poll()
    edited, removed = apis.opinions[-1]["id"], apis.opinions[-2]["id"]
    apis.edit_story(edited, "I have thought about it again.")
    apis.remove_story(removed)
    frame = poller.poll()
    assert frame is not None
    assert frame.height < 20, "only the overlap is read again"
    by_id = {row["story_id"]: row for row in frame.iter_rows(named=True)}
    assert by_id[str(edited)]["body"] == "I have thought about it again."
    assert by_id[str(removed)]["is_removed"]
    assert by_id[str(removed)]["body"] is None
    assert not any(row["is_removed"] for key, row in by_id.items() if key != str(removed))
    again = poller.poll()
    assert again is not None
    assert not again["is_removed"].any(), "told once"


def test_same_answers_are_the_same_submission(apis: DemoApis, tmp_path: Path) -> None:
    poller = Poller(CARE_OPINION, apis, tmp_path)
    for _ in range(3):
        poller.poll()
    assert len(poller.landing.submission_ids()) == 2, "all of it, then the overlap, then the same again"


def test_nothing_new_is_no_submission(apis: DemoApis, tmp_path: Path) -> None:
    apis.opinions, apis.reviews = [], []
    for feed in (CARE_OPINION, NHSUK):
        poller = Poller(feed, apis, tmp_path)
        assert poller.poll() is None
        assert poller.cursors.read(feed.id) == {}


@pytest.mark.parametrize("slip", ["2999-01-01T00:00:00", "unknown"])
def test_a_story_with_an_impossible_moment_hides_and_holds_up_no_other(slip: str, apis: DemoApis, tmp_path: Path) -> None:
    normal, latest = apis.answer, max(one["dateOfPublication"] for one in apis.opinions)

    def one_slips(path: str, params: dict[str, str]) -> Any:
        status, document = normal(path, params)
        stories = [dict(one) for one in document] if path.endswith("/opinions") else document
        if path.endswith("/opinions") and stories:
            stories[0]["dateOfPublication"] = slip
        return status, stories

    apis.answer = one_slips  # type: ignore[method-assign]
    poller = Poller(CARE_OPINION, apis, tmp_path)
    poller.poll()
    assert poller.cursors.read(CARE_OPINION.id)["published_to"] <= latest
    poller.poll()


def test_reviews_are_removed_whatever_their_age(apis: DemoApis, tmp_path: Path) -> None:
    poller = Poller(NHSUK, apis, tmp_path)
    first = poller.poll()
    assert first is not None
    assert sorted(first["story_id"]) == sorted(one["comment"]["commentId"] for one in apis.reviews)
    assert not first["is_removed"].any()
    assert {"&amp;", "&#"} & set(re.findall(r"&amp;|&#", "".join(first["title"]))) == set()
    oldest = apis.reviews[0]["comment"]["commentId"]
    apis.remove_review(oldest)
    second = poller.poll()
    assert second is not None
    assert second.height < first.height
    assert second.filter(pl.col("is_removed"))["story_id"].to_list() == [oldest]


def test_reviews_are_asked_for_by_organisation(apis: DemoApis, tmp_path: Path) -> None:
    context = FetchContext({**apis.environment(), "SAMEPICTURE_NHSUK_ORGANISATIONS": "TRU:RZN, GPB:Z81001"}, TODAY)
    poller = Poller(NHSUK, apis, tmp_path)
    (receipt,) = land_deliveries(NHSUK, poller.landing, poller.cursors, context)
    frame, _ = rows(NHSUK, poller.content(receipt.submission_id))
    assert set(frame["organisation_ods_codes"]) <= {'["RZN"]', '["Z81001"]'}
    wrong = FetchContext({**apis.environment(), "SAMEPICTURE_NHSUK_ORGANISATIONS": "RZN"}, TODAY)
    with pytest.raises(ConnectorError, match="SAMEPICTURE_NHSUK_ORGANISATIONS"):
        list(land_deliveries(NHSUK, poller.landing, poller.cursors, wrong))


def test_cursor_moves_only_after_landing(apis: DemoApis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poller = Poller(CARE_OPINION, apis, tmp_path)

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Landing, "land", full)
        with pytest.raises(OSError, match="no space"):
            poller.poll()
    assert poller.cursors.read(CARE_OPINION.id) == {}
    with monkeypatch.context() as patch:
        patch.setattr(Cursors, "write", full)  # killed between landing and cursor
        with pytest.raises(OSError, match="no space"):
            poller.poll()
    assert poller.cursors.read(CARE_OPINION.id) == {}
    frame = poller.poll()
    assert frame is not None
    assert frame.height == len(apis.opinions)
    assert len(poller.landing.submission_ids()) == 1, "the poll that is repeated is the same submission"


def test_damaged_cursor_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a_feed.json").write_text("[half")
    with pytest.raises(ConnectorError, match="remove it"):
        Cursors(tmp_path).read("a_feed")


def test_feeds_without_a_source_say_so(tmp_path: Path) -> None:
    feed = replace(CARE_OPINION, connector=replace(CARE_OPINION.connector, kind="sent"))
    with pytest.raises(ConnectorError, match="samepicture submit"):
        list(land_deliveries(feed, Landing(str(tmp_path), LANDING_KEY), Cursors(tmp_path), FetchContext({}, TODAY)))


def test_a_poll_of_removals_alone_is_taken() -> None:
    gone = [
        {"request": "opinions?skip=0", "status": 200, "answer": "[]"},
        {"request": "opinions/7", "status": 404, "answer": ""},
    ]
    document = "\n".join(json.dumps(answer) for answer in gone).encode()
    (part,) = read_parts(CARE_OPINION, io.BytesIO(document), "poll.jsonl")
    headers = part.headers
    assert {"title", "body"} <= set(headers), "without them no layout would fit, and the story would stay for ever"
    assert sum(frame.height for frame in part.frames) == 1
