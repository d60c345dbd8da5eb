"""Any JSON API that feed.yml describes: paging of every kind, keys, cursors; and the reader of its records."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.connectors.http import TRIES
from samepicture.connectors.json_source import json_source
from samepicture.feed import Feed, FeedError, load_feed
from samepicture.landing import Landing, Receipt
from samepicture.messages import SubmissionRejected
from samepicture.readers import read_parts
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY
from tests.unit.api_server import ApiServer, Asked, Reply

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
KEY = "an-invented-bearer-token"
FOLDER = PROJECT / "dags" / "feeds" / "engagement_activity_platform"
FEED = load_feed(FOLDER)
ITEMS = [{"id": f"act-{n}", "updated_at": f"2026-05-{n:02d}T09:00:00Z", "owner": {"code": "QZN"}} for n in range(1, 28)]
PAGING: dict[str, dict[str, Any]] = {
    "page": {"kind": "page", "param": "page", "size_param": "per_page", "size": 10},
    "offset": {"kind": "offset", "param": "offset", "size_param": "limit", "size": 10},
    "next": {"kind": "next", "at": "links.next"},
    "cursor": {"kind": "cursor", "param": "cursor", "at": "meta.next"},
    "none": {"kind": "none"},
}


class Source:
    """An API of 27 records that pages as it is asked to; its links may be relative."""

    def __init__(self, kind: str) -> None:
        self.kind, self.items, self.total = kind, list(ITEMS), len(ITEMS)
        self.link: Callable[[int], str] = lambda start: f"activities?from={start}"
        self.server = ApiServer(self.answer)

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("Authorization") not in (f"Bearer {KEY}", "Basic " + base64.b64encode(f"jo:{KEY}".encode()).decode()):
            return Reply({"error": "no"}, 401)
        since = asked.params.get("modified_since", "")
        found = [item for item in self.items if item["updated_at"] >= since]
        size = int(asked.params.get("per_page", asked.params.get("limit", 10 if self.kind != "none" else 100)))
        start = int(asked.params.get("offset", asked.params.get("from", asked.params.get("cursor", 0))))
        if "page" in asked.params:
            start = (int(asked.params["page"]) - 1) * size
        more = start + size if start + size < len(found) else None
        document: dict[str, Any] = {"data": {"items": found[start : start + size]}, "meta": {"total": min(self.total, len(found))}}
        if more is not None:
            document["meta"]["next"], document["links"] = str(more), {"next": self.link(more)}
        return Reply(document)


def feed_with(kind: str, **options: Any) -> Feed:
    changed = {**FEED.connector.options, "requests_per_second": 1000, "paging": PAGING[kind], **options}
    return replace(FEED, connector=replace(FEED.connector, options=changed))


def collected(feed: Feed, source: Source, folder: Path, **environment: str) -> list[Receipt]:
    settings = {"SAMEPICTURE_ENGAGEMENT_URL": f"{source.server.url}/api", "SAMEPICTURE_ENGAGEMENT_KEY": KEY, **environment}
    return list(
        land_deliveries(feed, Landing(str(folder / "landing"), LANDING_KEY), Cursors(folder / "cursors"), FetchContext(settings, NOW))
    )


def ids(feed: Feed, folder: Path, receipt: Receipt) -> list[str]:
    with Landing(str(folder / "landing"), LANDING_KEY).open(receipt) as stream:
        return [row["id"] for part in read_parts(feed, stream, "x") for frame in part.frames for row in frame.to_dicts()]


@pytest.mark.parametrize("kind", PAGING)
def test_every_kind_of_paging_brings_every_record_once(kind: str, tmp_path: Path) -> None:
    feed, source = feed_with(kind), Source(kind)
    with source.server:
        (receipt,) = collected(feed, source, tmp_path)
    assert sorted(ids(feed, tmp_path, receipt)) == sorted(str(item["id"]) for item in ITEMS)
    assert receipt.source_count == 27
    assert all(KEY not in asked.path + str(asked.params) for asked in source.server.requests)


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_a_record_that_moves_while_the_list_is_read_is_not_lost(kind: str, tmp_path: Path) -> None:
    feed, source = feed_with(kind), Source(kind)
    normal = source.answer

    def first_is_taken_away(asked: Asked) -> Reply:
        if len(source.server.requests) == 2:
            source.items = source.items[1:]  # the others move up
        return normal(asked)

    source.server.answer = first_is_taken_away
    with source.server:
        (receipt,) = collected(feed, source, tmp_path)
    assert {item["id"] for item in ITEMS[1:]} <= set(ids(feed, tmp_path, receipt))


def test_the_next_poll_asks_from_the_latest_change_less_the_overlap(tmp_path: Path) -> None:
    feed, source = feed_with("page"), Source("page")
    with source.server:
        collected(feed, source, tmp_path)
        assert source.server.requests[0].params["modified_since"] == "2024-01-01"
        source.server.requests.clear()
        (receipt,) = collected(feed, source, tmp_path)
        assert source.server.requests[0].params["modified_since"] == "2026-05-26T09:00:00+00:00"
        assert ids(feed, tmp_path, receipt) == ["act-26", "act-27"]
        source.items = []
        assert collected(feed, source, tmp_path) == []


@pytest.mark.parametrize("changed", ["2999-01-01T00:00:00Z", "soon"])
def test_a_record_with_an_impossible_moment_hides_and_holds_up_no_other(changed: str, tmp_path: Path) -> None:
    feed, source = feed_with("page"), Source("page")
    normal = source.answer

    def one_slips(asked: Asked) -> Reply:
        reply = normal(asked)
        for item in reply.document["data"]["items"]:
            item.update({"updated_at": changed} if item["id"] == "act-5" else {})
        return reply

    source.items = [dict(item) for item in ITEMS]
    source.server.answer = one_slips
    with source.server:
        (receipt,) = collected(feed, source, tmp_path)
        assert len(ids(feed, tmp_path, receipt)) == 27
        source.server.requests.clear()
        collected(feed, source, tmp_path)
        assert source.server.requests[0].params["modified_since"] == "2026-05-26T09:00:00+00:00"


def test_a_basic_login_and_a_missing_user(tmp_path: Path) -> None:
    feed, source = feed_with("none", auth={"user_from": "SAMEPICTURE_ENGAGEMENT_USER"}), Source("none")
    with source.server:
        assert collected(feed, source, tmp_path, SAMEPICTURE_ENGAGEMENT_USER="jo")
        with pytest.raises(ConnectorError, match="set SAMEPICTURE_ENGAGEMENT_USER"):
            collected(feed, source, tmp_path)


@pytest.mark.parametrize("link", ["http://127.0.0.1:9/api/v2/activities?from=10", "/elsewhere?from=10", "//example.org/api/v2"])
def test_the_key_goes_to_no_other_place(link: str, tmp_path: Path) -> None:
    feed, source = feed_with("next"), Source("next")
    source.link = lambda _: link
    with source.server, pytest.raises(ConnectorError, match="leads to another place") as error:
        collected(feed, source, tmp_path)
    assert "example.org" not in str(error.value)
    assert len(source.server.requests) == 1


def test_a_whole_address_on_the_same_host_is_followed(tmp_path: Path) -> None:
    feed, source = feed_with("next"), Source("next")
    source.link = lambda start: f"{source.server.url}/api/v2/activities?from={start}"
    with source.server:
        (receipt,) = collected(feed, source, tmp_path)
    assert len(ids(feed, tmp_path, receipt)) == 27


def test_a_circle_a_short_list_a_refusal_and_a_web_page_are_said(tmp_path: Path) -> None:
    source = Source("next")
    source.link = lambda _: "activities?from=10"
    with source.server, pytest.raises(ConnectorError, match="leads back to a page"):
        collected(feed_with("next"), source, tmp_path)
    source = Source("page")
    with source.server:
        source.answer = None  # type: ignore[assignment]
        normal = source.server.answer
        source.server.answer = lambda asked: _more(normal(asked))
        with pytest.raises(ConnectorError, match="30 records and gave 27"):
            collected(feed_with("page"), source, tmp_path)
        source.server.answer = normal
        with pytest.raises(ConnectorError, match=r"without a list at data\.rows"):
            collected(feed_with("page", records="data.rows"), source, tmp_path)
        with pytest.raises(ConnectorError, match="does not accept the key"):
            collected(feed_with("page"), source, tmp_path, SAMEPICTURE_ENGAGEMENT_KEY="wrong-key-0123456789")
        source.server.faults += ["html"] * TRIES
        with pytest.raises(ConnectorError, match="a page that is not data"):
            collected(feed_with("page"), source, tmp_path)
    assert Landing(str(tmp_path / "landing"), LANDING_KEY).submission_ids() == set()


def _more(reply: Reply) -> Reply:
    reply.document["meta"]["total"] += 3
    return reply


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"paging": {"kind": "pages"}}, "paging.kind is 'pages': use one of none, page"),
        ({"paging": {"kind": "cursor", "param": "c"}}, "paging lacks 'at'"),
        ({"since": {"param": "p"}}, "since.field is missing: add it"),
        ({"pathh": "x"}, "pathh is unknown: use one of path, base_url"),
        ({"auth": "Bearer"}, "auth is 'Bearer': write keys and values"),
    ],
)
def test_a_mistake_in_the_options_is_told_when_feed_yml_is_read(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    import yaml

    document = yaml.safe_load((FOLDER / "feed.yml").read_text())
    document["connector"]["options"] |= change
    folder = tmp_path / FEED.id
    folder.mkdir()
    (folder / "feed.yml").write_text(yaml.safe_dump(document))
    with pytest.raises(FeedError, match=sentence):
        load_feed(folder)


def test_options_have_defaults() -> None:
    source = json_source({"path": "x", "base_url": "https://e.example", "base_url_from": "E", "requests_per_second": 1})
    assert source.paging.kind == "none"
    assert source.since is None


# -- the reader -----------------------------------------------------------------------------


def rows(content: bytes, **options: str) -> list[dict[str, Any]]:
    feed = replace(FEED, reader=replace(FEED.reader, options=options))
    return [row for part in read_parts(feed, io.BytesIO(content), "records.json") for frame in part.frames for row in frame.to_dicts()]


@pytest.mark.parametrize(
    "content",
    [b'[{"id": 1, "a": {"b": true}, "l": [1, "x"]}, {"id": 2}]', b'{"id": 1, "a": {"b": true}, "l": [1, "x"]}\n{"id": 2, "a": null}\n'],
    ids=["json", "ndjson"],
)
def test_plain_files_are_read(content: bytes) -> None:
    first, second = rows(content)
    assert (first["id"], first["a.b"], first["l"], second["a.b"]) == ("1", "true", '[1, "x"]', None)
    assert "a" not in second


def test_of_one_id_the_last_counts_and_without_an_id_only_the_same_is_one() -> None:
    content = b'[{"id": 1, "x": "a"}, {"id": 1, "x": "b"}, {"x": "c"}, {"x": "c"}]'
    assert [row["x"] for row in rows(content, id="id")] == ["b", "c"]
    assert [row["x"] for row in rows(content)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html></html>", "not_json"),
        (b'{"data": 1}', "wrong_feed"),
        (b'[{"id": 1}', "broken_json"),
        (b"", "empty_file"),
        (b'{"a":1}\n{"a"', "broken_json"),
    ],
)
def test_what_is_no_such_file_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as error:
        rows(content, **({"records": "data"} if code == "wrong_feed" else {}))
    assert error.value.code == code


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
records = st.dictionaries(
    st.sampled_from("abcd"), scalars | st.dictionaries(st.sampled_from("ab"), scalars, max_size=2) | st.lists(scalars, max_size=2)
)


@given(st.lists(records, max_size=6))
def test_any_records_give_a_row_each(found: list[dict[str, Any]]) -> None:
    different = {json.dumps(record, sort_keys=True) for record in found}
    assert len(rows(json.dumps(found).encode())) == len(different)
