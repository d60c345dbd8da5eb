"""The ODS ORD API: records to organisations and relationships, and polls that ask politely."""

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
from samepicture.readers import Part, read_parts
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY
from tests.unit.api_server import ApiServer, Asked, Fault, Reply

NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)
SEARCHES = [{"PrimaryRoleId": "RO197"}, {"NonPrimaryRoleId": "RO76", "Status": "Active"}]


def quick(name: str, **options: Any) -> Feed:
    feed = load_feed(PROJECT / "dags" / "feeds" / name)
    return replace(feed, connector=replace(feed.connector, options={**feed.connector.options, "requests_per_second": 1000, **options}))


ORGANISATIONS = quick("ods_api_organisation", searches=SEARCHES)
RELATIONSHIPS = quick("ods_api_relationship", searches=SEARCHES)


def part_of(feed: Feed, *records: dict[str, Any]) -> tuple[pl.DataFrame, Part]:
    lines = [
        json.dumps({"request": "organisations/X", "status": 200, "answer": json.dumps({"Organisation": record})}) for record in records
    ]
    (part,) = read_parts(feed, io.BytesIO("\n".join(lines).encode()), "records")
    frames = list(part.frames)
    return pl.concat(frames) if frames else pl.DataFrame(), part


def organisation(code: str = "RZN", role: str = "RO197", **fields: Any) -> dict[str, Any]:
    return {"Name": "A NAME", "OrgId": {"extension": code}, "Status": "Active", "Roles": {"Role": [{"id": role}]}, **fields}


def dated(start: str, end: str | None = None, kind: str = "Operational") -> dict[str, str]:
    return {"Type": kind, "Start": start, **({"End": end} if end else {})}


def rel(kind: str, target: str, role: str, start: str, status: str = "Active") -> dict[str, Any]:
    return {"id": kind, "Status": status, "Date": [dated(start)], "Target": {"OrgId": {"extension": target}, "PrimaryRoleId": {"id": role}}}


def succession(kind: str, target: str, day: str) -> dict[str, Any]:
    return {"Type": kind, "Date": [dated("1999-01-01"), dated(day, kind="Legal")], "Target": {"OrgId": {"extension": target}}}


# -- records ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        (["RO197", "RO57"], "nhs_trust"),
        (["RO177", "RO76"], "gp_practice"),
        (["RO177", "RO87"], "other"),
        (["RO272"], "pcn"),
        (["RO98", "RO319"], "sub_icb"),
        (["RO261", "RO318"], "icb"),
        (["RO209"], "region"),
        ([], None),
    ],
)
def test_roles(roles: list[str], code: str | None) -> None:
    frame, _ = part_of(ORGANISATIONS, organisation(Roles={"Role": [{"id": role} for role in roles]}))
    assert frame["role_code"].to_list() == [code]


def test_operational_dates_come_first_and_legal_ones_in_their_place() -> None:
    both = organisation(Date=[dated("2001-04-01", "2020-01-01", "Legal"), dated("2002-04-01")])
    legal = organisation(Date=[dated("2001-04-01", "2020-01-01", "Legal")])
    frame, _ = part_of(ORGANISATIONS, both, legal)
    assert frame.select("opened_date", "closed_date").rows() == [("2002-04-01", None), ("2001-04-01", "2020-01-01")]


def test_a_list_of_one_may_come_as_the_one() -> None:
    record = organisation(
        Rels={"Rel": rel("RE5", "QZN", "RO261", "2022-07-01")}, Succs={"Succ": succession("Successor", "RZE", "2030-04-01")}
    )
    frame, _ = part_of(RELATIONSHIPS, record)
    assert frame["relationship_code"].to_list() == ["member_of_icb", "succeeded_by"]


def test_the_parent_that_holds_is_named() -> None:
    rels = [
        rel("RE5", "QZN", "RO261", "2020-01-01"),
        rel("RE5", "QZO", "RO261", "2022-01-01", "Inactive"),
        rel("RE5", "Q79", "RO210", "2023-01-01"),
    ]
    frame, _ = part_of(ORGANISATIONS, organisation(Rels={"Rel": rels}), organisation("RZX", Rels={"Rel": rels[1:]}))
    assert frame["icb_code"].to_list() == ["QZN", "QZO"], "of a closed one the last"


def test_a_succession_is_told_once_whichever_of_the_two_tells_it() -> None:
    later = organisation("RZN", Succs={"Succ": [succession("Predecessor", "RZX", "2019-04-01")]})
    earlier = organisation(
        "RZX", Succs={"Succ": [succession("Successor", "RZN", "2019-04-01"), succession("Successor", "RZE", "2019-04-01")]}
    )
    frame, _ = part_of(RELATIONSHIPS, later, earlier)
    assert frame.select("line_number", "from_ods_code", "to_ods_code", "start_date").rows() == [
        (1, "RZX", "RZN", "2019-04-01"),
        (2, "RZX", "RZE", "2019-04-01"),
    ]


@pytest.mark.parametrize("feed", [ORGANISATIONS, RELATIONSHIPS], ids=lambda feed: feed.id)
@pytest.mark.parametrize("mark", [True, "true"])
def test_what_is_known_by_name_alone_is_not_read(feed: Feed, mark: object) -> None:
    skeleton = organisation("RZQ", refOnly=mark, Rels={"Rel": [rel("RE5", "QZN", "RO261", "2022-07-01")]})
    frame, part = part_of(feed, skeleton)
    assert frame.height == 0
    assert [(warning.code, warning.count) for warning in part.warnings] == [("reference_only", 1)]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty_file"), (b"<html>", "not_json"), (b'{"Organisations": []}', "wrong_feed"), (b'[{"Organisation": {}}]', "wrong_feed")],
)
def test_refused_with_a_sentence(content: bytes, code: str) -> None:
    (part,) = read_parts(ORGANISATIONS, io.BytesIO(content), "records")
    with pytest.raises(SubmissionRejected) as refusal:
        list(part.frames)
    assert refusal.value.code == code


# -- polls --------------------------------------------------------------------------------


class Ods:
    """The API: pages of at most `page`, offsets from 1, changes of the last 185 days."""

    def __init__(self) -> None:
        self.changed = {f"RZ{n:02}": "2026-06-01" for n in range(30)}
        self.practices = {"Z81001": "2026-06-01", "Z81002": "2026-06-01"}
        self.closed: set[str] = set()
        self.skeletons: set[str] = set()
        self.gone: set[str] = set()
        self.withheld = 0
        self.page = 25
        self.server = ApiServer(self.answer)

    def answer(self, asked: Asked) -> Reply:
        since = asked.params.get("LastChangeDate", "")
        if since and (NOW.date() - datetime.fromisoformat(since).date()).days > 185:
            return Reply({"errorCode": 406, "errorText": "LastChangeDate is too far in the past"}, 406)
        if asked.path == "/ORD/2-0-0/sync":
            if not since:
                return Reply({"errorCode": 406}, 406)
            found = [code for code, day in {**self.changed, **self.practices}.items() if day >= since]
            return Reply({"Organisations": [{"OrgLink": f"https://elsewhere.example/ORD/2-0-0/organisations/{code}"} for code in found]})
        if asked.path == "/ORD/2-0-0/organisations":
            return self.search(asked, since)
        code = asked.path.rsplit("/", 1)[-1]
        if code in self.gone:
            return Reply({"errorCode": 404}, 404)
        return Reply({"Organisation": organisation(code, refOnly=code in self.skeletons)})

    def search(self, asked: Asked, since: str) -> Reply:
        offset, limit = int(asked.params.get("Offset", 1)), int(asked.params["Limit"])
        if offset < 1 or asked.params.get("Offset") == "0" or limit > 1000:
            return Reply({"errorCode": 406, "errorText": "Not Acceptable"}, 406)
        kind = self.practices if asked.params.get("NonPrimaryRoleId") == "RO76" else self.changed
        found = [
            code for code, day in kind.items() if day >= since and not (asked.params.get("Status") == "Active" and code in self.closed)
        ]
        shown = found[: len(found) - self.withheld][offset - 1 : offset - 1 + min(limit, self.page)]
        return Reply({"Organisations": [{"OrgId": code} for code in shown]}, headers={"X-Total-Count": str(len(found))})


@pytest.fixture
def ods() -> Iterator[Ods]:
    source = Ods()
    with source.server:
        yield source


class Poller:
    def __init__(self, ods: Ods, folder: Path, feed: Feed = ORGANISATIONS) -> None:
        self.ods, self.feed, self.now = ods, feed, NOW
        self.landing, self.cursors = Landing(str(folder / "landing"), LANDING_KEY), Cursors(folder / "cursors")

    def poll(self) -> list[Receipt]:
        self.ods.server.requests.clear()
        environment = {"SAMEPICTURE_ODS_URL": f"{self.ods.server.url}/ORD/2-0-0"}
        return list(land_deliveries(self.feed, self.landing, self.cursors, FetchContext(environment, self.now)))

    def read(self, receipt: Receipt) -> list[str]:
        with self.landing.open(receipt) as stream:
            (part,) = read_parts(self.feed, io.BytesIO(stream.read()), receipt.file_name)
            return [code for frame in part.frames for code in frame["ods_code"]]

    def asked(self, name: str) -> list[dict[str, str]]:
        return [asked.params for asked in self.ods.server.requests if asked.path.endswith(name)]


def test_the_first_poll_reads_all_that_is_searched_for(ods: Ods, tmp_path: Path) -> None:
    ods.closed, ods.skeletons, ods.gone = {"Z81002"}, {"RZ07"}, {"RZ08"}
    poller = Poller(ods, tmp_path)
    (receipt,) = poller.poll()
    expected = sorted([*(set(ods.changed) - {"RZ07", "RZ08"}), "Z81001"])
    assert poller.read(receipt) == expected
    assert receipt.source_count == len(expected)
    assert poller.asked("/organisations")[0] == {"PrimaryRoleId": "RO197", "Limit": "1000"}, "an Offset of 0 is refused"


def test_a_later_poll_reads_what_changed_closures_too(ods: Ods, tmp_path: Path) -> None:
    poller = Poller(ods, tmp_path)
    poller.poll()
    poller.now += timedelta(days=1)
    ods.changed["RZ03"] = ods.practices["Z81002"] = "2026-07-02"
    ods.closed = {"Z81002"}
    (receipt,) = poller.poll()
    assert poller.read(receipt) == ["RZ03", "Z81002"]
    assert poller.asked("/organisations")[0] == {"PrimaryRoleId": "RO197", "LastChangeDate": "2026-07-01", "Limit": "1000"}
    poller.now += timedelta(days=1)
    (again,) = poller.poll()
    assert again.submission_id == receipt.submission_id, "the day of the last poll is read again: the same bytes are the same submission"
    ods.changed["RZ03"] = ods.practices["Z81002"] = "2026-01-01"
    assert poller.poll() == []


def test_after_half_a_year_everything_is_read_again(ods: Ods, tmp_path: Path) -> None:
    poller = Poller(ods, tmp_path)
    poller.cursors.write(ORGANISATIONS.id, {"changed_to": "2025-12-01"})
    (receipt,) = poller.poll()
    assert len(poller.read(receipt)) == 32


def test_without_searches_sync_says_what_changed(ods: Ods, tmp_path: Path) -> None:
    poller = Poller(ods, tmp_path, quick("ods_api_organisation", searches=[]))
    (receipt,) = poller.poll()
    assert len(poller.read(receipt)) == 32
    assert poller.asked("/sync") == [{"LastChangeDate": "2026-01-02"}]
    assert {asked.headers["Host"] for asked in ods.server.requests} == {ods.server.url.removeprefix("http://")}


def test_relationships_are_not_counted_by_organisations(ods: Ods, tmp_path: Path) -> None:
    (receipt,) = Poller(ods, tmp_path, RELATIONSHIPS).poll()
    assert receipt.source_count is None


def test_a_search_that_is_shorter_than_its_total_is_told(ods: Ods, tmp_path: Path) -> None:
    ods.withheld = 1
    with pytest.raises(ConnectorError, match="30 organisations but gave 29"):
        Poller(ods, tmp_path).poll()


def test_a_refused_search_is_told(ods: Ods, tmp_path: Path) -> None:
    ods.server.answer = lambda _: Reply({"errorCode": 406}, 406)
    with pytest.raises(ConnectorError, match="status 406"):
        Poller(ods, tmp_path).poll()


@pytest.mark.parametrize(
    "document", [[], {"Organisations": {}}, {"Organisations": [{"Name": "no code"}]}, {"Organisations": [{"OrgId": "../x"}]}]
)
def test_lists_that_are_none_are_told(ods: Ods, tmp_path: Path, document: object) -> None:
    ods.server.answer = lambda _: Reply(document)
    with pytest.raises(ConnectorError, match="tell the data team"):
        Poller(ods, tmp_path).poll()


@pytest.mark.parametrize("fault", ["wait", "half", "html"])
def test_a_stumble_loses_nothing(ods: Ods, tmp_path: Path, fault: Fault) -> None:
    ods.server.faults.append(fault)
    poller = Poller(ods, tmp_path)
    (receipt,) = poller.poll()
    assert len(poller.read(receipt)) == 32
    ods.server.faults.append("wait_long")
    poller.now += timedelta(days=1)
    with pytest.raises(ConnectorError, match="asks us to wait"):
        poller.poll()
    assert poller.cursors.read(ORGANISATIONS.id) == {"changed_to": "2026-07-01"}
