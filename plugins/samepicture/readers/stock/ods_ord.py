"""Records of the ODS ORD API to organisations, or to what they were members of and who came after whom (domain: A16).

`record_type` of the feed says which. Keys are those of the classic files (ods_trust,
ods_gp_practice, ods_pcn_member, ods_successor, ...): operational dates, legal days of
successions. So whichever landed last is the current version, and none is doubled.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import IO, Any

from samepicture.connectors.answers import read_answers
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected, SubmissionWarning
from samepicture.readers import LINE, Part
from samepicture.readers.documents import frames
from samepicture.readers.fhir import objects, text
from samepicture.records import CONTRACTS

ROLES = (
    ("RO197", "nhs_trust"),
    ("RO76", "gp_practice"),
    ("RO272", "pcn"),
    ("RO98", "sub_icb"),
    ("RO318", "icb"),
    ("RO261", "icb"),
    ("RO209", "region"),
)
"""ODS role to our role_code; the first that an organisation has or had. RO76 stands beside RO177, which every prescribing centre has."""
MEMBERSHIPS = {
    ("RE8", "RO272"): "member_of_pcn",
    ("RE4", "RO98"): "member_of_sub_icb",
    ("RE5", "RO261"): "member_of_icb",
    ("RE2", "RO261"): "member_of_icb",
    ("RE5", "RO209"): "member_of_region",
    ("RE2", "RO209"): "member_of_region",
}
"""Relationship and primary role of its target: is partner to, is commissioned by, is located in the geography of, is a sub-division of."""
PARENTS = {"member_of_sub_icb": "sub_icb_code", "member_of_icb": "icb_code", "member_of_region": "region_code"}
STATUS = {"active": "active", "inactive": "closed"}
POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]??)\s*[0-9][A-Z]{2}")
Row = dict[str, str | int | None]


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part with a row an organisation, or a row a relationship. Raises SubmissionRejected where the bytes are no answers of this API."""
    headers = [column.name for column in CONTRACTS[feed.record_type].columns]
    part = Part("", headers, iter(()))
    rows = _organisations if feed.record_type == "organisation" else _relationships
    part.frames = frames(rows(_records(stream, file_name, part)), headers)
    yield part


def is_skeleton(record: dict[str, Any]) -> bool:
    """The API knows nothing but the name: a code that others refer to, closed before 31 March 2017."""
    return text(record.get("refOnly")) == "true"


def role_code(roles: Collection[str | None]) -> str | None:
    """What kind of organisation has these ODS roles; None where it has none."""
    return next((name for role, name in ROLES if role in roles), "other") if roles else None


def _records(stream: IO[bytes], file_name: str, part: Part) -> Iterator[dict[str, Any]]:
    skeletons = 0
    for answer in read_answers(stream, file_name):
        record = answer.document.get("Organisation") if isinstance(answer.document, dict) else None
        if not isinstance(record, dict):
            raise SubmissionRejected(
                "wrong_feed", f"The file {file_name} holds no organisation as the ORD API gives it: it may belong to another feed."
            )
        if is_skeleton(record):
            skeletons += 1
        else:
            yield record
    if skeletons:
        sentence = "The directory knows these organisations by name alone (they closed before April 2017): they are not read. Take them from the archived files."
        part.warnings.append(SubmissionWarning("reference_only", sentence, count=skeletons))


def _organisations(records: Iterator[dict[str, Any]]) -> Iterator[Row]:
    for place, record in enumerate(records, 1):
        code = role_code({text(role.get("id")) for role in objects(_at(record, "Roles", "Role"))})
        opened, closed = _dates(record, "Operational")
        postcode = POSTCODE.fullmatch((text(_at(record, "GeoLoc", "Location", "PostCode")) or "").strip().upper())
        status = (text(record.get("Status")) or "").casefold()
        parents = {PARENTS[kind]: target for kind, target, _ in sorted(_memberships(record), key=_lasting) if kind in PARENTS}
        yield {
            LINE: place,
            "ods_code": _code(record),
            "organisation_name": text(record.get("Name")),
            "role_code": code,
            **parents,
            "postcode_district": postcode[1] if postcode else None,
            "opened_date": opened,
            "closed_date": closed,
            "status_code": STATUS.get(status, status) or None,
            "setting_name": "GP practice" if code == "gp_practice" else None,
        }


def _relationships(records: Iterator[dict[str, Any]]) -> Iterator[Row]:
    """Memberships, and successions from whichever of the two organisations tells them; each once."""
    told = Counter[tuple[str | None, ...]]()
    place = 0
    for record in records:
        for row in (*_member_rows(record), *_succession_rows(record)):
            key = tuple(row[name] for name in ("from_ods_code", "to_ods_code", "relationship_code", "start_date"))
            told[key] += 1
            if told[key] == 1:
                place += 1
                yield {LINE: place, **row}


def _member_rows(record: dict[str, Any]) -> Iterator[dict[str, str | None]]:
    for kind, target, rel in _memberships(record):
        start, end = _dates(rel, "Operational")
        yield {"from_ods_code": _code(record), "to_ods_code": target, "relationship_code": kind, "start_date": start, "end_date": end}


def _succession_rows(record: dict[str, Any]) -> Iterator[dict[str, str | None]]:
    for succession in objects(_at(record, "Succs", "Succ")):
        start, _ = _dates(succession, "Legal")
        pair = _code(record), _code(_at(succession, "Target"))
        earlier, later = reversed(pair) if succession.get("Type") == "Predecessor" else pair
        yield {"from_ods_code": earlier, "to_ods_code": later, "relationship_code": "succeeded_by", "start_date": start}


def _memberships(record: dict[str, Any]) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    """Kind, code of the parent and the relationship; other kinds of relationship are nobody's need here."""
    for rel in objects(_at(record, "Rels", "Rel")):
        kind = MEMBERSHIPS.get((str(rel.get("id")), str(_at(rel, "Target", "PrimaryRoleId", "id"))))
        if kind:
            yield kind, _code(_at(rel, "Target")), rel


def _lasting(membership: tuple[str, str | None, dict[str, Any]]) -> tuple[bool, str]:
    """The one that holds comes last; where none does, the one that began last, as in the classic files."""
    _, _, rel = membership
    return str(rel.get("Status")).casefold() == "active", _dates(rel, "Operational")[0] or ""


def _dates(thing: dict[str, Any], wanted: str) -> tuple[str | None, str | None]:
    """First and last day of the wanted type of date; where it has none, of the other."""
    dates = sorted(objects(thing.get("Date")), key=lambda date: date.get("Type") != wanted)
    return (text(dates[0].get("Start")), text(dates[0].get("End"))) if dates else (None, None)


def _code(thing: Any) -> str | None:
    code = text(_at(thing, "OrgId", "extension"))
    return code.strip().upper() if code else None


def _at(thing: Any, *path: str) -> Any:
    for name in path:
        thing = thing.get(name) if isinstance(thing, dict) else None
    return thing
