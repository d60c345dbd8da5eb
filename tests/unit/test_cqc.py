"""CQC: what a record says, what it never says, and polls that stay within what was asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.feed import Feed, load_feed
from samepicture.landing import Landing, Receipt
from samepicture.messages import SubmissionRejected
from samepicture.readers import read_parts
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY
from tests.unit.api_server import ApiServer, Asked, Fault, Reply

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
KEY = "an-invented-subscription-key"


def quick(feed: Feed, **options: Any) -> Feed:
    return replace(feed, connector=replace(feed.connector, options={**feed.connector.options, "requests_per_second": 1000, **options}))


FEED = quick(load_feed(PROJECT / "dags" / "feeds" / "inspection_rating_cqc"))


def rows(content: bytes) -> pl.DataFrame:
    (part,) = read_parts(FEED, io.BytesIO(content), "records")
    return pl.concat(list(part.frames))


def location(cqc_id: str = "1-1", **fields: Any) -> dict[str, Any]:
    return {"locationId": cqc_id, "providerId": "1-9", "name": "Quay House", "registrationStatus": "Registered", **fields}


def overall(rating: str, report_date: str | None = "2024-01-01", **fields: Any) -> dict[str, Any]:
    return {"overall": {"rating": rating, "reportDate": report_date, **fields}}


# -- records ------------------------------------------------------------------------------


def test_real_records(published: Path) -> None:
    paths = sorted((published / "cqc" / "api_json").glob("[lp]*_1-*.json"))
    if not paths:
        pytest.skip("the published records of CQC are not here")
    for path in paths:
        source = json.loads(path.read_text())
        frame = rows(path.read_bytes())
        given = [source.get("currentRatings") or {}, *(source.get("historicRatings") or [])]
        questions = [rating for one in given for rating in one.get("overall", {}).get("keyQuestionRatings", [])]
        expected = len([one for one in given if one.get("overall")]) + len(questions)
        assert frame.height == max(expected, 1)
        assert set(frame["scope_code"]) <= {"overall", "safe", "effective", "caring", "responsive", "well_led"}
        assert set(frame["rating_code"]) <= {
            "good",
            "requires_improvement",
            "inadequate",
            "outstanding",
            "no_published_rating",
            "not_rated",
        }
        dated = frame.filter(~pl.col("rating_code").is_in(["no_published_rating", "not_rated"]))
        assert dated["report_date"].null_count() == 0
        assert frame["registration_status_code"].unique().to_list() == [source["registrationStatus"].lower()]
        inherited = [one for one in given if one.get("organisationId", "") not in ("", source.get("locationId"))]
        assert frame.filter(pl.col("is_inherited") == "true").height == 6 * len(inherited)


def test_named_persons_are_never_read() -> None:
    contacts = [{"personGivenName": "Ann", "personFamilyName": "Invented", "personRoles": ["Registered Manager"]}]
    activities = [{"name": "Surgical procedures", "contacts": contacts}]
    frame = rows(json.dumps(location(regulatedActivities=activities, contacts=contacts, mainPhoneNumber="01632960100")).encode())
    assert "Invented" not in str(frame.to_dicts())
    assert "01632960100" not in str(frame.to_dicts())
    person = {"providerId": "1-9", "name": "Mrs Ann Invented", "ownershipType": "Individual"}
    assert rows(json.dumps(person).encode())["organisation_name"].to_list() == [None]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Outstanding", "outstanding"),
        ("Requires improvement", "requires_improvement"),
        ("Requires Improvement", "requires_improvement"),
        ("Insufficient evidence to rate", "insufficient_evidence"),
        ("Inspected but not rated", "inspected_not_rated"),
        ("No published rating", "no_published_rating"),
        ("Splendid!", "splendid"),
    ],
)
def test_ratings_are_coded(words: str, code: str) -> None:
    assert rows(json.dumps(location(currentRatings=overall(words))).encode())["rating_code"].to_list() == [code]


def test_an_inherited_rating_says_so_and_whose_it_was() -> None:
    ratings = overall("Good", organisationId="1-0", keyQuestionRatings=[{"name": "Safe", "rating": "Good", "organisationId": "1-1"}])
    frame = rows(json.dumps(location(currentRatings=ratings)).encode())
    assert frame.select("scope_code", "rated_cqc_id", "is_inherited", "report_date").rows() == [
        ("overall", "1-0", "true", "2024-01-01"),
        ("safe", "1-1", "false", "2024-01-01"),
    ]


def test_a_rating_that_is_listed_as_past_too_is_one() -> None:
    past = {"reportDate": "2024-01-01", "overall": {"rating": "Good"}}
    frame = rows(json.dumps(location(currentRatings=overall("Good"), historicRatings=[past])).encode())
    assert frame.select("rating_code", "is_current").rows() == [("good", "true")]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty_file"), (b"<html>", "not_json"), (b'{"total": 3, "locations": []}', "wrong_feed"), (b"[1]", "wrong_feed")],
)
def test_refused_with_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        rows(content)
    assert refusal.value.code == code


def test_the_ratings_of_a_location_stay_together() -> None:
    """A frame is judged by itself: half a location would be counted, and rejected, twice."""
    past = [{"reportDate": f"20{year:02}-01-{day:02}", "overall": {"rating": "Good"}} for year in range(100) for day in range(1, 29)]
    records = [location(f"1-{n}", historicRatings=past) for n in range(3)]
    (part,) = read_parts(FEED, io.BytesIO(json.dumps(records).encode()), "records")
    assert [frame["line_number"].unique().sort().to_list() for frame in part.frames] == [[1, 2], [3]]


# -- polls --------------------------------------------------------------------------------


class Cqc:
    """The API, with pages of at most 3 whatever is asked for."""

    def __init__(self) -> None:
        self.areas = {"Northmoor": [f"1-{n}" for n in range(1, 8)], "Eastvale": ["1-11"], "Farland": ["1-21", "1-22"]}
        self.changes: dict[str, list[str]] = {"location": [], "provider": []}
        self.gone: set[str] = set()
        self.withheld = 0
        """Entries that lists leave out, though their totals count them."""
        self.server = ApiServer(self.answer)

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("Ocp-Apim-Subscription-Key") != KEY:
            return Reply({"statusCode": 401, "message": "Access denied"}, 401)
        _, _, kind, *rest = asked.path.split("/")[1:]
        if kind == "changes":
            if not {"startTimestamp", "endTimestamp"} <= asked.params.keys():
                return Reply({"message": "Bad request"}, 400)
            return self.page(asked, "changes", list(self.changes[rest[0]]))
        if rest and rest[0] in self.gone:
            return Reply({"message": "not found"}, 404)
        if rest and kind == "locations":
            return Reply(location(rest[0], providerId=f"1-9{rest[0][-1]}"))
        if rest:
            return Reply({"providerId": rest[0], "name": "A provider", "registrationStatus": "Registered"})
        return self.page(asked, "locations", [{"locationId": one} for one in self.areas.get(asked.params["localAuthority"], [])])

    def page(self, asked: Asked, name: str, found: list[Any]) -> Reply:
        size, page = min(int(asked.params["perPage"]), 3), int(asked.params["page"])
        shown = found[: len(found) - self.withheld]
        return Reply({"total": len(found), "totalPages": -(-len(found) // size), name: shown[(page - 1) * size : page * size]})


@pytest.fixture
def cqc() -> Iterator[Cqc]:
    source = Cqc()
    with source.server:
        yield source


class Poller:
    def __init__(self, cqc: Cqc, folder: Path, areas: str = "Northmoor, Eastvale", feed: Feed = FEED) -> None:
        self.cqc, self.areas, self.feed, self.now = cqc, areas, feed, NOW
        self.landing, self.cursors = Landing(str(folder / "landing"), LANDING_KEY), Cursors(folder / "cursors")

    def poll(self, key: str = KEY) -> list[Receipt]:
        url = f"{self.cqc.server.url}/public/v1"
        environment = {"SAMEPICTURE_CQC_URL": url, "SAMEPICTURE_CQC_KEY": key, "SAMEPICTURE_CQC_LOCAL_AUTHORITIES": self.areas}
        self.cqc.server.requests.clear()
        return list(land_deliveries(self.feed, self.landing, self.cursors, FetchContext(environment, self.now)))

    def read(self, receipt: Receipt) -> list[str]:
        with self.landing.open(receipt) as stream:
            return sorted(rows(stream.read())["cqc_id"].unique().to_list())


def test_the_first_poll_brings_what_lies_in_the_areas(cqc: Cqc, tmp_path: Path) -> None:
    poller = Poller(cqc, tmp_path)
    (receipt,) = poller.poll()
    locations = [*cqc.areas["Northmoor"], "1-11"]
    providers = {f"1-9{one[-1]}" for one in locations}
    assert poller.read(receipt) == sorted([*locations, *providers])
    assert receipt.source_count == len(locations) + len(providers)
    assert not any("changes" in asked.path for asked in cqc.server.requests)


def test_a_later_poll_brings_what_changed_and_what_is_new(cqc: Cqc, tmp_path: Path) -> None:
    poller = Poller(cqc, tmp_path)
    poller.poll()
    assert poller.poll() == [], "nothing changed"
    cqc.changes = {"location": ["1-21", "1-3", "1-99"], "provider": ["1-91", "1-777"]}
    cqc.areas["Eastvale"].append("1-18")
    poller.now += timedelta(days=1)
    (receipt,) = poller.poll()
    assert poller.read(receipt) == ["1-18", "1-3", "1-91", "1-98"], "of ours only; 1-98 runs the new one"
    (window,) = [asked.params for asked in cqc.server.requests if asked.path.endswith("changes/location")]
    assert (window["startTimestamp"], window["endTimestamp"]) == ("2026-07-01T05:00:00Z", "2026-07-02T06:00:00Z")


def test_a_location_that_is_gone_is_passed_over(cqc: Cqc, tmp_path: Path) -> None:
    cqc.gone = {"1-2"}
    poller = Poller(cqc, tmp_path)
    (receipt,) = poller.poll()
    assert "1-2" not in poller.read(receipt)


def test_a_list_that_is_shorter_than_its_total_is_told(cqc: Cqc, tmp_path: Path) -> None:
    cqc.withheld = 1
    with pytest.raises(ConnectorError, match="7 entries but gave 6"):
        Poller(cqc, tmp_path).poll()


def test_all_of_england_by_mistake_is_refused_before_it_begins(cqc: Cqc, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="more than records_max"):
        Poller(cqc, tmp_path, feed=quick(FEED, records_max=5)).poll()
    assert not any(asked.path.endswith("1-1") for asked in cqc.server.requests)


def test_an_area_that_cqc_does_not_know_is_told(cqc: Cqc, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="'Nowhere'"):
        Poller(cqc, tmp_path, "Northmoor,Nowhere").poll()


def test_a_wrong_key_is_told_and_not_shown(cqc: Cqc, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="does not accept the key") as refusal:
        Poller(cqc, tmp_path).poll("an-old-subscription-key")
    assert "an-old-subscription-key" not in str(refusal.value)


@pytest.mark.parametrize("fault", ["wait", "half", "html"])
def test_a_stumble_loses_nothing(cqc: Cqc, tmp_path: Path, fault: Fault) -> None:
    cqc.server.faults.append(fault)
    poller = Poller(cqc, tmp_path, "Eastvale")
    (receipt,) = poller.poll()
    assert poller.read(receipt) == ["1-11", "1-91"]


def test_a_poll_that_fails_halfway_moves_no_cursor(cqc: Cqc, tmp_path: Path) -> None:
    poller = Poller(cqc, tmp_path, "Eastvale")
    cqc.server.faults.extend(["wait_long"])
    with pytest.raises(ConnectorError, match="asks us to wait"):
        poller.poll()
    assert (poller.cursors.read(FEED.id), list(poller.landing.receipts())) == ({}, [])
