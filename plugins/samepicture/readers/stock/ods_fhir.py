"""FHIR Organization resources of the ODS directory to organisations (domain: A16): R4, and the retired STU3 API's answers that were kept.

The profiles are NHS England's: role and period in extensions, the record's use in `type`.
Keys and codes are those of the ORD API and the classic files. The directory's resource
tells of no parents, so those columns are not given at all: what another feed said of them
stays (organisation_latest). Telephone numbers and addresses are not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

from samepicture.feed import Feed
from samepicture.messages import SubmissionWarning
from samepicture.readers import LINE, Part
from samepicture.readers.documents import frames
from samepicture.readers.fhir import each, objects, resources, text
from samepicture.readers.stock.ods_ord import POSTCODE, role_code

KIND = "Organization"
ODS_CODE = "ods-organization-code"
"""End of the identifier's system."""
ROLE = ("Extension-England-OrganisationRole", "Extension-ODSAPI-OrganizationRole-1")
PERIOD = ("Extension-England-TypedPeriod", "Extension-ODSAPI-ActivePeriod-1")
"""Ends of the extensions' addresses, R4 and STU3."""
USE = "ODSRecordUseType"
STATUS = {"true": "active", "false": "closed"}
HEADERS = ("ods_code", "organisation_name", "role_code", "postcode_district", "opened_date", "closed_date", "status_code", "setting_name")


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:  # noqa: ARG001 - every reader has it
    """One part with a row an organisation, its last copy. Raises SubmissionRejected (readers/fhir.py)."""
    last = {}  # searches overlap, and pages shift while they are read
    for place, resource in enumerate(resources(stream, file_name, KIND, Counter()), 1):
        last[ods_code(resource) or place] = place
    part = Part("", list(HEADERS), iter(()))
    part.frames = frames(_rows(stream, file_name, set(last.values()), part), HEADERS)
    yield part


def ods_code(resource: dict[str, Any]) -> str | None:
    """Its ODS code: the identifier, else the id, which is the same in the directory."""
    identifiers = objects(resource.get("identifier"))
    found = next((one for one in identifiers if str(one.get("system")).endswith(ODS_CODE)), {})
    code = text(found.get("value")) or text(resource.get("id"))
    return code.strip().upper() if code else None


def is_skeleton(resource: dict[str, Any]) -> bool:
    """The directory knows nothing but the name: the record is there for reference only."""
    codings = [coding for kind in objects(resource.get("type")) for coding in objects(kind.get("coding"))]
    uses = [text(coding.get("code")) or "" for coding in codings if str(coding.get("system")).endswith(USE)]
    return bool(uses) and "full" not in map(str.casefold, uses)


def _rows(stream: IO[bytes], file_name: str, kept: set[int], part: Part) -> Iterator[dict[str, str | int | None]]:
    stream.seek(0)
    skeletons = repeated = 0
    for place, resource in enumerate(resources(stream, file_name, KIND, Counter()), 1):
        if place not in kept:
            repeated += 1
        elif is_skeleton(resource):
            skeletons += 1
        else:
            yield {LINE: place, **_organisation(resource)}
    if skeletons:
        sentence = "The directory knows these organisations by name alone: they are not read. Take them from the archived files."
        part.warnings.append(SubmissionWarning("reference_only", sentence, count=skeletons))
    if repeated:
        sentence = "An organisation stands in the submission more than once: the last copy counts."
        part.warnings.append(SubmissionWarning("repeated_organisation", sentence, count=repeated))


def _organisation(resource: dict[str, Any]) -> dict[str, str | None]:
    role = role_code({_role(extension) for extension in _extensions(resource, ROLE)})
    opened, closed = _dates(resource)
    postcodes = [(text(address.get("postalCode")) or "").strip().upper() for address in objects(resource.get("address"))]
    district = next((found[1] for postcode in postcodes if (found := POSTCODE.fullmatch(postcode))), None)
    active = (text(resource.get("active")) or "").casefold()
    return {
        "ods_code": ods_code(resource),
        "organisation_name": text(resource.get("name")),
        "role_code": role,
        "postcode_district": district,
        "opened_date": opened,
        "closed_date": closed,
        "status_code": STATUS.get(active, active) or None,
        "setting_name": "GP practice" if role == "gp_practice" else None,
    }


def _role(extension: dict[str, Any]) -> str | None:
    """RO197; STU3 leaves the RO out."""
    inner = _inner(extension)
    coding = inner.get("role", {}).get("valueCoding")
    concept = inner.get("roleCode", {}).get("valueCodeableConcept")
    codings = objects(coding) or objects(concept.get("coding") if isinstance(concept, dict) else None)
    code = text(codings[0].get("code")) if codings else None
    return f"RO{code}" if code and code.isdigit() else code


def _dates(resource: dict[str, Any]) -> tuple[str | None, str | None]:
    """First and last day of the operational period; where it has none, of the legal one, as the ORD API's are read."""
    periods: dict[str | None, dict[str, Any]] = {}
    for extension in _extensions(resource, PERIOD):
        inner = _inner(extension)
        period = extension.get("valuePeriod") or inner.get("period", {}).get("valuePeriod")
        if not isinstance(period, dict):
            continue
        named = next((text(one.get("valueString")) for one in objects(period.get("extension"))), None)
        coding = inner.get("dateType", {}).get("valueCoding")
        periods.setdefault(named or (text(coding.get("code")) if isinstance(coding, dict) else None), period)
    chosen = periods.get("Operational") or periods.get("Legal") or {}
    return text(chosen.get("start")), text(chosen.get("end"))


def _extensions(resource: dict[str, Any], ends: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    return (extension for extension in objects(resource.get("extension")) if str(extension.get("url")).endswith(ends))


def _inner(extension: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The parts of a complex extension by their short address."""
    return {str(one.get("url")): one for one in each(extension.get("extension")) if isinstance(one, dict)}
