"""Polls of survey platforms, against counterparts that page, stumble, expire and change while they are read."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.connectors.http import TRIES
from samepicture.connectors.stock import qualtrics
from samepicture.demo.survey_platforms import QUALTRICS, DemoSurveys
from samepicture.demo.survey_returns import invented
from samepicture.feed import Feed, load_feed
from samepicture.landing import Landing, Receipt
from samepicture.readers import read_parts
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
LAST = datetime(2026, 6, 30, tzinfo=UTC).date()
PLATFORMS = ("surveymonkey", "qualtrics", "limesurvey", "smartsurvey")
each_platform = pytest.mark.parametrize("platform", PLATFORMS)


@pytest.fixture
def surveys(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoSurveys]:
    monkeypatch.setattr(qualtrics, "FIRST_WAIT_SECONDS", 0.01)
    with DemoSurveys(count=12) as server:
        yield server


class Poller:
    """One feed's polls, in one landing store."""

    def __init__(self, platform: str, source: DemoSurveys, folder: Path, **options: Any) -> None:
        feed = load_feed(PROJECT / "dags" / "feeds" / f"survey_response_{platform}")
        quick = {**feed.connector.options, "requests_per_second": 1000, **options}
        self.feed: Feed = replace(feed, connector=replace(feed.connector, options=quick))
        self.landing, self.cursors = Landing(str(folder / "landing"), LANDING_KEY), Cursors(folder / "cursors")
        self.environment = source.environment()

    def poll(self) -> list[Receipt]:
        return list(land_deliveries(self.feed, self.landing, self.cursors, FetchContext(self.environment, NOW)))

    def rows(self, receipt: Receipt) -> list[dict[str, Any]]:
        with self.landing.open(receipt) as stream:
            return [row for part in read_parts(self.feed, stream, receipt.file_name) for frame in part.frames for row in frame.to_dicts()]

    def returns(self, receipt: Receipt) -> dict[str, bool]:
        """Ids of the returns, and whether each is gone."""
        return {row["response_pseudonym"]: row["is_removed"] == "true" for row in self.rows(receipt)}


def numbers(ids: Any) -> set[int]:
    """The invented numbers in the platforms' ids."""
    return {int("".join(filter(str.isdigit, name.rsplit("/", 1)[-1]))) % 10_000 for name in ids}


@each_platform
def test_a_poll_brings_every_return_and_the_source_s_count(platform: str, surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller(platform, surveys, tmp_path)
    (receipt,) = poller.poll()
    assert numbers(poller.returns(receipt)) == set(range(1, 13))
    assert receipt.source_count == 12


@each_platform
def test_a_list_of_several_pages_is_whole_though_it_changes_while_it_is_read(platform: str, surveys: DemoSurveys, tmp_path: Path) -> None:
    surveys.returns[platform] = invented(250, 7, LAST)
    poller = Poller(platform, surveys, tmp_path)
    edited = iter((3, 40, 77))

    def edit(request: str) -> None:
        if ("page=2" in request or "page=3" in request) and (number := next(edited, None)):
            surveys.change(platform, number, NOW - timedelta(minutes=number))
            if number == 3:
                surveys.delete(platform, 5)

    surveys.before_answer = edit
    (receipt,) = poller.poll()
    assert numbers(poller.returns(receipt)) >= set(range(1, 251)) - {5}
    if platform in ("surveymonkey", "smartsurvey"):
        assert receipt.source_count == 249


@each_platform
def test_what_changed_comes_again_and_what_was_deleted_is_told(platform: str, surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller(platform, surveys, tmp_path, overlap_days=400)
    poller.poll()
    surveys.change(platform, 12, NOW - timedelta(hours=1), why="I have thought about it again.", overall=0)
    surveys.delete(platform, 11)
    (receipt,) = poller.poll()
    rows = poller.rows(receipt)
    assert any(row["narrative"] == "I have thought about it again." for row in rows)
    gone = [row["response_pseudonym"] for row in rows if row["is_removed"] == "true" and row["version_at"] is None]
    assert numbers(gone) == {11}
    assert receipt.source_count == len(poller.returns(receipt))
    surveys.requests.clear()
    again = poller.poll()
    assert not again or 11 not in numbers(poller.returns(again[0])), "it is told once"


@each_platform
def test_no_key_and_no_person_in_what_is_told_and_no_session_left_open(
    platform: str, surveys: DemoSurveys, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    poller = Poller(platform, surveys, tmp_path)
    (receipt,) = poller.poll()
    with poller.landing.open(receipt) as stream:
        assert surveys.key.encode() not in stream.read()
    assert surveys.key not in caplog.text
    told = json.dumps(poller.rows(receipt))
    assert not [word for word in ("example.org", "192.0.2.44", "Invented", "999 123 4567", "MRN") if word in told]
    assert surveys.sessions == set()


@each_platform
def test_a_refused_key_is_said_and_nothing_moves(platform: str, surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller(platform, surveys, tmp_path)
    variable = poller.feed.connector.options["key_from"]
    poller.environment[variable] = "wrong-key-0123456789"
    with pytest.raises(ConnectorError, match=r"does not accept the (key|user and password)") as error:
        poller.poll()
    assert "wrong-key" not in str(error.value)
    del poller.environment[variable]
    with pytest.raises(ConnectorError, match=f"set {variable} to the key"):
        poller.poll()
    assert poller.landing.submission_ids() == set()
    assert poller.cursors.read(poller.feed.id) == {}


@each_platform
@pytest.mark.parametrize("fault", ["error", "half", "html"])
def test_a_stumble_is_tried_again(platform: str, fault: Any, surveys: DemoSurveys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    surveys.faults += [fault, fault]
    poller = Poller(platform, surveys, tmp_path)
    (receipt,) = poller.poll()
    assert len(poller.returns(receipt)) == 12


@each_platform
def test_a_poll_that_breaks_off_lands_nothing_and_is_repeated(
    platform: str, surveys: DemoSurveys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    poller = Poller(platform, surveys, tmp_path)

    def second_is_spoilt(_: str) -> None:
        if len(surveys.requests) == 1:
            surveys.faults.extend(["html"] * TRIES)

    surveys.before_answer = second_is_spoilt
    with pytest.raises(ConnectorError, match="a page that is not data"):
        poller.poll()
    assert surveys.sessions == set(), "LimeSurvey's key is given back after an error too"
    assert poller.landing.submission_ids() == set()
    assert len(poller.poll()) == 1


def test_retry_after_and_a_used_up_quota_are_honoured(surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller("surveymonkey", surveys, tmp_path)
    surveys.faults.append("wait")
    started = time.monotonic()
    assert poller.poll()
    assert time.monotonic() - started >= 1
    surveys.requests.clear()
    surveys.faults.append("quota")  # 500 a day are used up, for another 11 hours
    with pytest.raises(ConnectorError, match="asks us to wait"):
        poller.poll()
    assert len(surveys.requests) == 1


def test_a_list_that_stays_short_of_its_total_is_refused(surveys: DemoSurveys, tmp_path: Path) -> None:
    normal = surveys.answer

    def one_too_few(path: str, params: dict[str, str], body: Any) -> Any:
        status, document, headers = normal(path, params, body)
        if "total" in document:
            document["total"] += 1
        return status, document, headers

    surveys.answer = one_too_few  # type: ignore[method-assign]
    poller = Poller("surveymonkey", surveys, tmp_path)
    with pytest.raises(ConnectorError, match="13 records and gave 12"):
        poller.poll()
    assert poller.landing.submission_ids() == set()


def test_a_return_without_its_moment_is_landed_and_moves_nothing(surveys: DemoSurveys, tmp_path: Path) -> None:
    normal = surveys.answer

    def one_without(path: str, params: dict[str, str], body: Any) -> Any:
        status, document, headers = normal(path, params, body)
        if "data" in document:
            del document["data"][-1]["date_modified"]
        return status, document, headers

    surveys.answer = one_without  # type: ignore[method-assign]
    poller = Poller("surveymonkey", surveys, tmp_path)
    (receipt,) = poller.poll()
    assert len(poller.returns(receipt)) == 12
    (state,) = poller.cursors.read(poller.feed.id)["surveys"].values()
    assert state["changed_to"] == surveys.returns["surveymonkey"][10].changed.isoformat()


@pytest.mark.parametrize("platform", ["surveymonkey", "smartsurvey"])
def test_a_return_from_the_future_hides_no_other(platform: str, surveys: DemoSurveys, tmp_path: Path) -> None:
    surveys.change(platform, 12, NOW + timedelta(days=1000))
    poller = Poller(platform, surveys, tmp_path, overlap_days=400)
    poller.poll()
    surveys.change(platform, 3, NOW - timedelta(hours=1))
    (receipt,) = poller.poll()
    assert 3 in numbers(poller.returns(receipt))


@each_platform
def test_half_a_character_holds_up_no_poll(platform: str, surveys: DemoSurveys, tmp_path: Path) -> None:
    surveys.change(platform, 12, NOW - timedelta(hours=1), why="cut off here \ud83d")
    poller = Poller(platform, surveys, tmp_path)
    (receipt,) = poller.poll()
    assert "cut off here \N{REPLACEMENT CHARACTER}" in {row["narrative"] for row in poller.rows(receipt)}


def test_many_deletions_are_asked_for_a_hundred_a_poll(surveys: DemoSurveys, tmp_path: Path) -> None:
    surveys.returns["surveymonkey"] = invented(250, 7, LAST)
    poller = Poller("surveymonkey", surveys, tmp_path, overlap_days=400)
    poller.poll()
    surveys.returns["surveymonkey"] = []
    told = [numbers(poller.returns(receipt)) for _ in range(3) for receipt in poller.poll()]
    assert [len(ids) for ids in told] == [100, 100, 50]
    assert set.union(*told) == set(range(1, 251))


# -- Qualtrics ------------------------------------------------------------------------------


def test_an_export_is_fetched_when_it_is_complete_not_at_100_percent(surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller("qualtrics", surveys, tmp_path)
    poller.poll()
    progress = [request for request in surveys.requests if request.endswith("ES_0")]
    assert len(progress) == 2, "the first look said 100 percent, in progress and no file"


def test_a_failed_export_and_a_broken_file_are_said(surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller("qualtrics", surveys, tmp_path)
    surveys.failed_export = True
    with pytest.raises(ConnectorError, match="the export failed"):
        poller.poll()
    surveys.failed_export, surveys.broken_zip = False, True
    with pytest.raises(ConnectorError, match="no whole ZIP"):
        poller.poll()
    assert poller.landing.submission_ids() == set()


def test_the_next_export_goes_on_from_the_token_and_an_expired_one_begins_anew(surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller("qualtrics", surveys, tmp_path)
    poller.poll()
    assert poller.poll() == [], "nothing came since"
    surveys.change("qualtrics", 5, NOW - timedelta(hours=1))
    (receipt,) = poller.poll()
    assert numbers(poller.returns(receipt)) == {5}
    cursor = poller.cursors.read(poller.feed.id)
    cursor["surveys"][QUALTRICS]["token"] = "expired"
    poller.cursors.write(poller.feed.id, cursor)
    (receipt,) = poller.poll()
    assert numbers(poller.returns(receipt)) == set(range(1, 13))


# -- LimeSurvey -----------------------------------------------------------------------------


def test_an_expired_session_is_renewed(surveys: DemoSurveys, tmp_path: Path) -> None:
    def expire_once(request: str) -> None:
        if request == "list_questions" and surveys.requests.count("get_session_key") == 1:
            surveys.sessions.clear()

    surveys.before_answer = expire_once
    poller = Poller("limesurvey", surveys, tmp_path)
    (receipt,) = poller.poll()
    assert len(poller.returns(receipt)) == 12
    assert surveys.requests.count("get_session_key") == 2
    assert surveys.requests[-1] == "release_session_key"


def test_a_survey_that_may_not_be_read_does_not_hold_up_the_others(surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller("limesurvey", surveys, tmp_path, surveys=["999", "857001"])
    with pytest.raises(ConnectorError, match=r"1 of 2 surveys could not be collected.*Survey 999: .*No permission"):
        poller.poll()
    (receipt,) = poller.landing.receipts()
    assert len(poller.returns(receipt)) == 12
    assert surveys.sessions == set()


def test_only_new_responses_and_the_last_are_exported_again(surveys: DemoSurveys, tmp_path: Path) -> None:
    poller = Poller("limesurvey", surveys, tmp_path, overlap_responses=3)
    poller.poll()
    surveys.change("limesurvey", 2, NOW, why="too old to be noticed")
    (receipt,) = poller.poll()
    assert numbers(poller.returns(receipt)) == {10, 11, 12}
    surveys.returns["limesurvey"] = []
    (receipt,) = poller.poll()
    assert set(poller.returns(receipt).values()) == {True}
    assert receipt.source_count == 12
