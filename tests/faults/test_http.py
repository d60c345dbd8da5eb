"""Sources that refuse, stumble or break off: each ends well or in one sentence, and no key shows anywhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.connectors.http import TRIES, Client, Pace
from samepicture.demo.apis import DemoApis, Fault
from samepicture.feed import Feed, load_feed
from samepicture.landing import Landing
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY

TODAY = datetime(2026, 7, 1, tzinfo=UTC)
FEEDS = [load_feed(PROJECT / "dags" / "feeds" / name) for name in ("experience_story_care_opinion", "experience_story_nhsuk")]
each_feed = pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.publisher)


@pytest.fixture
def apis() -> Iterator[DemoApis]:
    with DemoApis(stories=30, review_count=30) as server:
        yield server


def client_of(apis: DemoApis, key: str | None = None) -> Client:
    key = key or apis.key
    return Client("Care Opinion", f"{apis.url}/api/v2", {"Authorization": f"SUBSCRIPTION_KEY {key}"}, key, 1000, pause_seconds=0.01)


def collected(feed: Feed, environment: dict[str, str], folder: Path) -> list[Any]:
    quick = replace(feed, connector=replace(feed.connector, options={**feed.connector.options, "requests_per_second": 1000}))
    return list(
        land_deliveries(quick, Landing(str(folder / "landing"), LANDING_KEY), Cursors(folder / "cursors"), FetchContext(environment, TODAY))
    )


@pytest.mark.parametrize("fault", ["error", "half", "html"])
def test_a_stumble_is_tried_again(apis: DemoApis, fault: Fault) -> None:
    apis.faults += [fault, fault]
    with client_of(apis) as client:
        answer = client.get("opinions", {"take": 100})
    assert len(answer.document) == 30
    assert len(apis.requests) == 3


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("error", r"out of order \(status 500"),
        ("half", "broke off in the middle"),
        ("html", "a page that is not data"),
        ("wait_long", "asks us to wait"),
    ],
)
def test_what_does_not_pass_is_said(apis: DemoApis, fault: Fault, sentence: str) -> None:
    apis.faults += [fault] * TRIES
    with client_of(apis) as client, pytest.raises(ConnectorError, match=sentence):
        client.get("opinions")
    assert len(apis.requests) == (1 if fault == "wait_long" else TRIES)


def test_retry_after_is_honoured(apis: DemoApis) -> None:
    apis.faults.append("wait")
    started = time.monotonic()
    with client_of(apis) as client:
        client.get("opinions")
    assert 1 <= time.monotonic() - started < 10
    assert len(apis.requests) == 2


def test_a_source_that_is_not_there() -> None:
    with DemoApis(stories=1, review_count=1) as apis:
        address = apis.url
    client = Client("Care Opinion", address, {}, "a-key-of-tests", 1000, pause_seconds=0.01)
    with client, pytest.raises(ConnectorError, match=r"can't be reached \(ConnectionError\)") as error:
        client.get("opinions")
    assert address not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize("address", ["careopinion.org.uk/api", "file:///etc/passwd", ""])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ConnectorError, match=r"no http\(s\) address"):
        Client("Care Opinion", address, {}, "a-key-of-tests", 1)


def test_only_allowed_statuses_pass(apis: DemoApis) -> None:
    with client_of(apis) as client:
        assert client.get("opinions/1", allowed=(404,)).status == 404
        with pytest.raises(ConnectorError, match="status 404"):
            client.get("opinions/1")


@each_feed
def test_a_refused_key_is_said_and_nothing_moves(apis: DemoApis, feed: Feed, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "wrong-key-0123456789"
    environment = apis.environment() | {"SAMEPICTURE_CARE_OPINION_KEY": wrong, "SAMEPICTURE_NHSUK_KEY": wrong}
    with pytest.raises(ConnectorError, match="does not accept the key") as error:
        collected(feed, environment, tmp_path)
    assert wrong not in str(error.value) + caplog.text
    assert apis.requests == [], "the login page is not followed"
    assert Landing(str(tmp_path / "landing"), LANDING_KEY).submission_ids() == set()
    assert Cursors(tmp_path / "cursors").read(feed.id) == {}


@each_feed
def test_a_missing_key_names_its_variable(apis: DemoApis, feed: Feed, tmp_path: Path) -> None:
    variable = feed.connector.options["key_from"]
    for value in ("", "  "):
        with pytest.raises(ConnectorError, match=f"set {variable} to the key that {feed.publisher}"):
            collected(feed, apis.environment() | {variable: value}, tmp_path)
    for value in ("abc12", "with a space inside", "line\nbreak-in-the-key", "schlüssel-mit-umlaut"):
        with pytest.raises(ConnectorError, match=f"{variable} is not a key") as error:
            collected(feed, apis.environment() | {variable: value}, tmp_path)
        assert value not in str(error.value)


@each_feed
def test_a_poll_that_breaks_off_lands_nothing_and_is_repeated(apis: DemoApis, feed: Feed, tmp_path: Path) -> None:
    normal = apis.answer
    asked = []

    def third_is_refused(path: str, params: dict[str, str]) -> tuple[int, Any]:
        asked.append(path)
        return (400, {}) if len(asked) == 3 else normal(path, params)

    apis.answer = third_is_refused  # type: ignore[method-assign]
    with pytest.raises(ConnectorError, match="status 400"):
        collected(feed, apis.environment(), tmp_path)
    assert Landing(str(tmp_path / "landing"), LANDING_KEY).submission_ids() == set()
    apis.answer = normal  # type: ignore[method-assign]
    assert len(collected(feed, apis.environment(), tmp_path)) == 1


@each_feed
def test_no_key_in_logs_addresses_or_landed_bytes(apis: DemoApis, feed: Feed, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for story in apis.opinions:  # as the source does in its links where the key is asked for in the address
        story["links"][0]["href"] += f"?key={apis.key}"
    for review in apis.reviews:
        review["comment"]["commentOriginalURL"] += f"?key={apis.key}"
    (receipt,) = collected(feed, apis.environment(), tmp_path)
    with Landing(str(tmp_path / "landing"), LANDING_KEY).open(receipt) as stream:
        landed = stream.read()
    assert apis.key.encode() not in landed
    assert b"?key=REDACTED" in landed
    assert apis.key not in caplog.text + "".join(apis.requests) + receipt.file_name
    assert all(apis.key.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@each_feed
def test_something_else_than_a_list_is_said(apis: DemoApis, feed: Feed, tmp_path: Path) -> None:
    apis.answer = lambda path, params: (200, {"message": "maintenance"})  # type: ignore[method-assign]
    with pytest.raises(ConnectorError, match="no list of"):
        collected(feed, apis.environment(), tmp_path)


def test_pace_spreads_requests_and_forgives_a_pause() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 6))
        now[0] += seconds

    pace = Pace(5, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        pace.wait()
    assert slept == [0.2, 0.2, 0.2]
    now[0] += 60  # a pause is not saved up for a burst
    pace.wait()
    pace.wait()
    assert slept == [0.2, 0.2, 0.2, 0.2]


def test_requests_are_paced(apis: DemoApis) -> None:
    started = time.monotonic()
    with Client("Care Opinion", f"{apis.url}/api/v2", {"Authorization": f"SUBSCRIPTION_KEY {apis.key}"}, apis.key, 20) as client:
        for _ in range(5):
            client.get("opinions", {"take": 1})
    assert time.monotonic() - started >= 4 / 20
