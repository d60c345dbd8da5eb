"""The ODS directory by FHIR: resources of R4 and STU3 to the same organisations, and polls that count what they were given."""

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
from hypothesis import given
from hypothesis import strategies as st

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.feed import Feed, load_feed
from samepicture.landing import Landing, Receipt
from samepicture.messages import SubmissionRejected
from samepicture.readers import Part, read_parts
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY
from tests.unit.api_server import ApiServer, Asked, Fault, Reply

NOW = datetime(2026, 7, 1, 4, 20, tzinfo=UTC)
KEY = "an-invented-api-key"
ENGLAND = "https://fhir.nhs.uk/England/StructureDefinition/Extension-England-"
ODSAPI = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-ODSAPI-"
CODES = "https://fhir.nhs.uk/Id/ods-organization-code"
Resource = dict[str, Any]


def quick(feed: Feed, **options: Any) -> Feed:
    return replace(feed, connector=replace(feed.connector, options={**feed.connector.options, "requests_per_second": 1000, **options}))


FEED = quick(
    load_feed(PROJECT / "dags" / "feeds" / "ods_fhir_organisation"), page_size=10, searches=[{"roleCode": "RO197"}, {"roleCode": "RO57"}]
)


def part_of(*resources: Resource, content: bytes = b"") -> tuple[pl.DataFrame, Part]:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}
    (part,) = read_parts(FEED, io.BytesIO(content or json.dumps(bundle).encode()), "records")
    frames = list(part.frames)
    return pl.concat(frames) if frames else pl.DataFrame(), part


def typed_period(kind: str, start: str, end: str | None = None) -> Resource:
    period = {"start": start, **({"end": end} if end else {})}
    parts = [{"url": "dateType", "valueCoding": {"code": kind}}, {"url": "period", "valuePeriod": period}]
    return {"url": f"{ENGLAND}TypedPeriod", "extension": parts}


def r4(code: str = "RZN", roles: tuple[str, ...] = ("RO197",), periods: tuple[Resource, ...] = (), **fields: Any) -> Resource:
    """As the R4 API gives it; a role has periods of its own."""
    own = typed_period("Operational", "1948-07-05")
    extensions = [
        {
            "url": f"{ENGLAND}OrganisationRole",
            "extension": [
                {"url": "instanceID", "valueInteger": 1},
                {"url": "roleCode", "valueCodeableConcept": {"coding": [{"code": role}]}},
                own,
            ],
        }
        for role in roles
    ]
    given = {"resourceType": "Organization", "id": code, "identifier": [{"system": CODES, "value": code}], "name": "A NAME", "active": True}
    return {**given, "extension": [*extensions, *periods], **fields}


def stu3(code: str, roles: tuple[str, ...], start: str, **fields: Any) -> Resource:
    """As the STU3 API gave it: one of a list is the one, codes lack their RO."""
    kind = {"url": f"{ODSAPI}DateType-1", "valueString": "Operational"}
    extensions = [
        {"url": f"{ODSAPI}OrganizationRole-1", "extension": [{"url": "role", "valueCoding": {"code": role.removeprefix("RO")}}]}
        for role in roles
    ]
    period = {"url": f"{ODSAPI}ActivePeriod-1", "valuePeriod": {"extension": [kind], "start": start}}
    given = {"resourceType": "Organization", "id": code, "identifier": {"system": CODES, "value": code}, "name": "A NAME", "active": True}
    return {**given, "extension": [*extensions, period], **fields}


# -- resources ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        (("RO197", "RO57"), "nhs_trust"),
        (("RO177", "RO76"), "gp_practice"),
        (("RO177", "RO87"), "other"),
        (("RO272",), "pcn"),
        (("RO261", "RO318"), "icb"),
        ((), None),
    ],
)
def test_roles_of_both_versions(roles: tuple[str, ...], code: str | None) -> None:
    frame, _ = part_of(r4("A1", roles), stu3("A2", roles, "2001-04-01"))
    assert frame["role_code"].to_list() == [code, code]


def test_operational_dates_come_first_and_a_roles_own_are_left() -> None:
    legal, operational = typed_period("Legal", "2001-04-01", "2020-01-01"), typed_period("Operational", "2002-04-01")
    frame, _ = part_of(r4("A1", periods=(legal, operational)), r4("A2", periods=(legal,)), r4("A3"), stu3("A4", ("RO197",), "2003-04-01"))
    assert frame.select("opened_date", "closed_date").rows() == [
        ("2002-04-01", None),
        ("2001-04-01", "2020-01-01"),
        (None, None),
        ("2003-04-01", None),
    ]


def test_both_versions_and_xml_give_one_row() -> None:
    place = {"postalCode": "zz1 1aa", "line": ["1 EXAMPLE STREET"]}
    phone = [{"system": "phone", "value": "01632 960100"}]
    modern = r4("Z81001", ("RO177", "RO76"), (typed_period("Operational", "1974-04-01"),), address=[place], telecom=phone)
    older = stu3("Z81001", ("RO177", "RO76"), "1974-04-01", address=place, telecom=phone)
    xml = f"""<Organization xmlns="http://hl7.org/fhir"><id value="Z81001"/>
      <extension url="{ENGLAND}OrganisationRole"><extension url="roleCode"><valueCodeableConcept><coding><code value="RO177"/></coding>
      </valueCodeableConcept></extension></extension>
      <extension url="{ENGLAND}OrganisationRole"><extension url="roleCode"><valueCodeableConcept><coding><code value="RO76"/></coding>
      </valueCodeableConcept></extension></extension>
      <extension url="{ENGLAND}TypedPeriod"><extension url="dateType"><valueCoding><code value="Operational"/></valueCoding></extension>
      <extension url="period"><valuePeriod><start value="1974-04-01"/></valuePeriod></extension></extension>
      <identifier><system value="{CODES}"/><value value="Z81001"/></identifier><active value="true"/><name value="A NAME"/>
      <address><postalCode value="ZZ1 1AA"/></address></Organization>"""
    rows = [part_of(modern)[0].rows(), part_of(older)[0].rows(), part_of(content=xml.encode())[0].rows()]
    assert rows[0] == rows[1] == rows[2] == [(1, "Z81001", "A NAME", "gp_practice", "ZZ1", "1974-04-01", None, "active", "GP practice")]


def test_parents_are_not_told_rather_than_told_empty() -> None:
    _, part = part_of(r4())
    assert not {"region_code", "icb_code", "sub_icb_code"} & set(part.headers)


def test_the_identifier_counts_and_the_last_copy() -> None:
    frame, part = part_of(
        r4("RZN", name="OLD"), r4("an-opaque-id", identifier=[{"system": "other", "value": "X"}, {"system": CODES, "value": "rzn "}])
    )
    assert frame.select("line_number", "ods_code", "organisation_name").rows() == [(2, "RZN", "A NAME")]
    assert [(warning.code, warning.count) for warning in part.warnings] == [("repeated_organisation", 1)]


@pytest.mark.parametrize(("use", "rows"), [("RefOnly", 0), ("Full", 1), ("full", 1)])
def test_what_is_known_by_name_alone_is_not_read(use: str, rows: int) -> None:
    kinds = [{"coding": [{"system": "https://fhir.nhs.uk/England/CodeSystem/England-ODSRecordUseType", "code": use}]}]
    frame, part = part_of(r4(type=kinds))
    assert (frame.height, [warning.code for warning in part.warnings]) == (rows, [] if rows else ["reference_only"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"RZN,Northmoor", "not_fhir"),
        (b'{"resourceType": "Patient"}', "wrong_feed"),
        (b'{"resourceType', "broken_json"),
    ],
)
def test_refused_with_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        list(read_parts(FEED, io.BytesIO(content), "records"))
    assert refusal.value.code == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "extension", "coding", "code", "system"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["id", "identifier", "extension", "type", "address", "active", "name"]), JSON, max_size=6))
def test_a_resource_of_any_shape_is_one_row_at_most(fields: Resource) -> None:
    frame, part = part_of({"resourceType": "Organization", **fields}, r4("RZN"))
    assert frame.height + sum(warning.count for warning in part.warnings) == 2


# -- polls --------------------------------------------------------------------------------


class Directory:
    """The API: thirteen trusts, three of them foundation trusts and found by both searches; pages by _offset."""

    def __init__(self) -> None:
        self.changed = {f"RZ{n:02}": "2026-06-01" for n in range(13)}
        self.skeletons: set[str] = set()
        self.withheld = 0
        self.next_base: str | None = None
        self.counts = True
        self.server = ApiServer(self.answer)

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("apikey") != KEY:
            return Reply({"resourceType": "OperationOutcome", "issue": [{"code": "login"}]}, 401)
        since = asked.params.get("_lastUpdated", "ge")
        if not asked.path.startswith("/fhir/Organization") or not since.startswith("ge"):
            return Reply({"resourceType": "OperationOutcome", "issue": [{"code": "not-supported"}]}, 400)
        codes = [code for code, day in self.changed.items() if day >= since[2:]]
        found = [code for code in codes if asked.params["roleCode"] == "RO197" or code < "RZ03"]
        start, size = int(asked.params.get("_offset", 0)), int(asked.params["_count"])
        links = []
        if start + size < len(found):
            query = "&".join(f"{name}={value}" for name, value in {**asked.params, "_offset": start + size}.items())
            links = [{"relation": "next", "url": f"{self.next_base or self.server.url + '/fhir'}/Organization?{query}"}]
        shown = found[: len(found) - self.withheld][start : start + size]
        entries = [{"resource": self.resource(code)} for code in shown]
        total = {"total": len(found)} if self.counts else {}
        return Reply({"resourceType": "Bundle", "type": "searchset", **total, "link": links, "entry": entries})

    def resource(self, code: str) -> Resource:
        use = "RefOnly" if code in self.skeletons else "Full"
        return r4(code, type=[{"coding": [{"system": "https://fhir.nhs.uk/England/CodeSystem/England-ODSRecordUseType", "code": use}]}])


@pytest.fixture
def directory() -> Iterator[Directory]:
    source = Directory()
    with source.server:
        yield source


class Poller:
    def __init__(self, directory: Directory, folder: Path) -> None:
        self.directory, self.now = directory, NOW
        self.landing, self.cursors = Landing(str(folder / "landing"), LANDING_KEY), Cursors(folder / "cursors")

    def poll(self, key: str = KEY) -> list[Receipt]:
        self.directory.server.requests.clear()
        environment = {"SAMEPICTURE_ODS_FHIR_URL": f"{self.directory.server.url}/fhir", "SAMEPICTURE_ODS_FHIR_KEY": key}
        return list(land_deliveries(FEED, self.landing, self.cursors, FetchContext(environment, self.now)))

    def read(self, receipt: Receipt) -> list[str]:
        with self.landing.open(receipt) as stream:
            (part,) = read_parts(FEED, io.BytesIO(stream.read()), receipt.file_name)
            return [code for frame in part.frames for code in frame["ods_code"]]


def test_every_search_is_read_to_its_end_and_counted_once(directory: Directory, tmp_path: Path) -> None:
    directory.skeletons = {"RZ01", "RZ12"}
    poller = Poller(directory, tmp_path)
    (receipt,) = poller.poll()
    assert sorted(poller.read(receipt)) == [code for code in directory.changed if code not in directory.skeletons]
    assert receipt.source_count == len(poller.read(receipt)) == 11
    assert [asked.params for asked in directory.server.requests] == [
        {"roleCode": "RO197", "_count": "10"},
        {"roleCode": "RO197", "_count": "10", "_offset": "10"},
        {"roleCode": "RO57", "_count": "10"},
    ]
    assert directory.server.requests[0].headers["Accept"] == "application/fhir+json"


def test_what_the_directory_keeps_back_shows_in_the_count(directory: Directory, tmp_path: Path) -> None:
    directory.withheld = 1
    poller = Poller(directory, tmp_path)
    (receipt,) = poller.poll()
    assert (len(poller.read(receipt)), receipt.source_count) == (12, 14), "each of the two searches is one short"


def test_without_totals_there_is_no_count(directory: Directory, tmp_path: Path) -> None:
    directory.counts = False
    assert [receipt.source_count for receipt in Poller(directory, tmp_path).poll()] == [None]


def test_a_later_poll_asks_for_what_changed(directory: Directory, tmp_path: Path) -> None:
    poller = Poller(directory, tmp_path)
    poller.poll()
    poller.now += timedelta(days=1)
    directory.changed |= {"RZ03": "2026-06-29", "RZ04": "2026-07-01", "RZ05": "2026-06-28"}
    (receipt,) = poller.poll()
    assert poller.read(receipt) == ["RZ03", "RZ04"], "with the two days before the last poll"
    assert {asked.params["_lastUpdated"] for asked in directory.server.requests} == {"ge2026-06-29"}
    directory.changed.clear()
    for _ in range(2):
        poller.now += timedelta(days=30)
        assert poller.poll() == []
    assert directory.server.requests[0].params["_lastUpdated"] == "ge2026-06-30", "a poll that found nothing moves no cursor"


def test_the_key_does_not_travel_and_a_wrong_one_is_told(directory: Directory, tmp_path: Path) -> None:
    with ApiServer(lambda _: Reply({})) as other:
        directory.next_base = f"{other.url}/fhir"
        with pytest.raises(ConnectorError, match="another address"):
            Poller(directory, tmp_path).poll()
        assert other.requests == []
    with pytest.raises(ConnectorError, match="does not accept the key") as refusal:
        Poller(directory, tmp_path).poll("an-old-api-key")
    assert "an-old-api-key" not in str(refusal.value)


@pytest.mark.parametrize("fault", ["wait", "half", "html"])
def test_a_stumble_loses_nothing(directory: Directory, tmp_path: Path, fault: Fault) -> None:
    directory.server.faults.append(fault)
    poller = Poller(directory, tmp_path)
    (receipt,) = poller.poll()
    assert len(poller.read(receipt)) == 13


def test_what_breaks_off_moves_no_cursor(directory: Directory, tmp_path: Path) -> None:
    directory.server.faults.append("wait_long")
    poller = Poller(directory, tmp_path)
    with pytest.raises(ConnectorError, match="asks us to wait"):
        poller.poll()
    assert (poller.cursors.read(FEED.id), list(poller.landing.receipts())) == ({}, [])
