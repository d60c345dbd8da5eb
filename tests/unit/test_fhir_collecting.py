"""Polls of a FHIR server: pages, totals, refusals, and no key on another host."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.feed import Feed, load_feed
from samepicture.landing import Landing, Receipt
from samepicture.readers import read_parts
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY
from tests.unit.api_server import ApiServer, Asked, Fault, Reply

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
KEY = "an-invented-bearer-token"


def quick(feed: Feed, **options: Any) -> Feed:
    return replace(feed, connector=replace(feed.connector, options={**feed.connector.options, "requests_per_second": 1000, **options}))


FEED = quick(load_feed(PROJECT / "dags" / "feeds" / "survey_response_fhir"), page_size=10)


class Fhir:
    """A server of responses, `updated` an hour apart; pages by an opaque token, as many servers do."""

    def __init__(self, count: int) -> None:
        self.updated = {f"qr-{n}": NOW - timedelta(hours=count - n) for n in range(count)}
        self.next_base: str | None = None
        self.outcome: Reply | None = None
        self._searches: list[list[str]] = []
        self.server = ApiServer(self.answer)

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("Authorization") != f"Bearer {KEY}":
            return Reply({"resourceType": "OperationOutcome", "issue": [{"code": "login"}]}, 401)
        if self.outcome is not None:
            return self.outcome
        if "_token" in asked.params:
            number, start = map(int, asked.params["_token"].split("."))
        else:
            since = datetime.fromisoformat(asked.params.get("_lastUpdated", "ge0001-01-01T00:00:00+00:00").removeprefix("ge"))
            self._searches.append([key for key, moment in self.updated.items() if moment >= since])
            number, start = len(self._searches) - 1, 0
        found, size = self._searches[number], int(asked.params.get("_count", 10))
        links = [{"relation": "self", "url": "ignored"}]
        if start + size < len(found):
            links.append({"relation": "next", "url": f"{self.next_base or self.server.url + '/R4'}?_token={number}.{start + size}"})
        entries = [{"resource": self.resource(key)} for key in found[start : start + size]]
        return Reply({"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links, "entry": entries})

    @staticmethod
    def resource(key: str) -> dict[str, Any]:
        items = [{"linkId": "q", "text": "How many?", "answer": [{"valueInteger": 1}]}]
        return {
            "resourceType": "QuestionnaireResponse",
            "id": key,
            "questionnaire": "f",
            "status": "completed",
            "authored": "2026-06-30",
            "item": items,
        }


@pytest.fixture
def fhir() -> Iterator[Fhir]:
    source = Fhir(25)
    with source.server:
        yield source


class Poller:
    def __init__(self, fhir: Fhir, folder: Path, feed: Feed = FEED) -> None:
        self.fhir, self.feed, self.now = fhir, feed, NOW
        self.landing, self.cursors = Landing(str(folder / "landing"), LANDING_KEY), Cursors(folder / "cursors")

    def poll(self) -> list[Receipt]:
        environment = {"SAMEPICTURE_FHIR_URL": f"{self.fhir.server.url}/R4", "SAMEPICTURE_FHIR_KEY": KEY}
        return list(land_deliveries(self.feed, self.landing, self.cursors, FetchContext(environment, self.now)))

    def read(self, receipt: Receipt) -> list[str]:
        with self.landing.open(receipt) as stream:
            (part,) = read_parts(self.feed, io.BytesIO(stream.read()), receipt.file_name)
            return [key for frame in part.frames for key in frame["response_pseudonym"]]


def test_every_page_is_read_and_counted(fhir: Fhir, tmp_path: Path) -> None:
    poller = Poller(fhir, tmp_path)
    (receipt,) = poller.poll()
    assert sorted(poller.read(receipt)) == sorted(fhir.updated)
    assert receipt.source_count == 25, "what the server says, to be compared with what is read"
    assert [asked.path.rstrip("/") for asked in fhir.server.requests] == ["/R4/QuestionnaireResponse", "/R4", "/R4"]
    first = fhir.server.requests[0]
    assert first.params == {"_count": "10", "status": "completed,amended,in-progress,entered-in-error"}
    assert first.headers["Accept"] == "application/fhir+json"


def test_a_later_poll_asks_for_what_changed(fhir: Fhir, tmp_path: Path) -> None:
    poller = Poller(fhir, tmp_path)
    poller.poll()
    poller.now += timedelta(days=1)
    fhir.updated["qr-3"] = NOW + timedelta(hours=2)
    (receipt,) = poller.poll()
    assert sorted(poller.read(receipt)) == ["qr-24", "qr-3"], "with the hour before the last poll"
    assert fhir.server.requests[-1].params["_lastUpdated"] == "ge2026-07-01T05:00:00+00:00"
    poller.now += timedelta(days=1)
    fhir.updated.clear()
    assert poller.poll() == []


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (
            Reply({"resourceType": "OperationOutcome", "issue": [{"code": "not-supported", "diagnostics": "Ann"}]}, 400),
            "status 400, not-supported",
        ),
        (Reply({"resourceType": "OperationOutcome", "issue": []}), "refuses the search"),
        (Reply("no such page", 404), "status 404"),
        (Reply({"resourceType": "CapabilityStatement"}), "no FHIR Bundle"),
        (Reply([1, 2]), "no FHIR Bundle"),
    ],
)
def test_a_refusal_is_said(fhir: Fhir, tmp_path: Path, reply: Reply, sentence: str) -> None:
    fhir.outcome = reply
    with pytest.raises(ConnectorError, match=sentence) as refusal:
        Poller(fhir, tmp_path).poll()
    assert "Ann" not in str(refusal.value)


def test_the_key_does_not_travel(fhir: Fhir, tmp_path: Path) -> None:
    with ApiServer(lambda _: Reply({})) as other:
        fhir.next_base = f"{other.url}/R4"
        with pytest.raises(ConnectorError, match="another address"):
            Poller(fhir, tmp_path).poll()
        assert other.requests == []


@pytest.mark.parametrize("base", ["/R4evil", "/R5"])
def test_a_neighbour_on_the_same_host_is_another_place(fhir: Fhir, tmp_path: Path, base: str) -> None:
    fhir.next_base = f"{fhir.server.url}{base}"
    with pytest.raises(ConnectorError, match="another address"):
        Poller(fhir, tmp_path).poll()


def test_the_next_page_is_asked_for_as_the_server_says_though_a_parameter_comes_twice(fhir: Fhir, tmp_path: Path) -> None:
    normal = fhir.answer

    def twice(asked: Asked) -> Reply:
        reply = normal(asked)
        for link in reply.document.get("link", []):
            link["url"] += "&_tag=one&_tag=two"
        return reply

    fhir.server.answer = twice
    Poller(fhir, tmp_path).poll()
    assert [asked.params.get("_tag") for asked in fhir.server.requests] == [None, "one,two", "one,two"]


def test_pages_in_a_circle_end(tmp_path: Path) -> None:
    def circle(asked: Asked) -> Reply:
        return Reply({"resourceType": "Bundle", "link": [{"relation": "next", "url": f"http://{asked.headers['Host']}/R4/?_token=1"}]})

    fhir = Fhir(1)
    fhir.server.answer = circle
    with fhir.server, pytest.raises(ConnectorError, match="in a circle"):
        Poller(fhir, tmp_path).poll()


@pytest.mark.parametrize("fault", ["wait", "half", "html"])
def test_a_stumble_loses_nothing(fhir: Fhir, tmp_path: Path, fault: Fault) -> None:
    fhir.server.faults.append(fault)
    poller = Poller(fhir, tmp_path)
    (receipt,) = poller.poll()
    assert len(poller.read(receipt)) == 25


def test_what_stays_broken_moves_no_cursor(fhir: Fhir, tmp_path: Path) -> None:
    poller = Poller(fhir, tmp_path)
    fhir.server.faults += ["wait_long"]
    with pytest.raises(ConnectorError, match="asks us to wait"):
        poller.poll()
    assert (poller.cursors.read(FEED.id), list(poller.landing.receipts())) == ({}, [])


def test_a_wrong_key_is_told_from_a_wrong_address(fhir: Fhir, tmp_path: Path) -> None:
    feed = quick(FEED, key_from="SAMEPICTURE_OTHER_KEY")
    environment = {"SAMEPICTURE_FHIR_URL": f"{fhir.server.url}/R4", "SAMEPICTURE_OTHER_KEY": "an-old-bearer-token"}
    landing = Landing(str(tmp_path / "landing"), LANDING_KEY)
    with pytest.raises(ConnectorError, match="does not accept the key") as refusal:
        list(land_deliveries(feed, landing, Cursors(tmp_path), FetchContext(environment, NOW)))
    assert "an-old-bearer-token" not in str(refusal.value)
