"""One report as it is landed: a ZIP of the page, its PDFs and the response page, as they were received.

    manifest.json    addresses and the listing's date; no time of fetching, so that an unchanged report is the same bytes
    page.html        the report page
    response.html    the provider's response, where it has a page of its own
    report-1.pdf …   PDFs that the page links

Somebody may also submit a ZIP of these files without a manifest, a page or a PDF alone.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from typing import IO, Any

from samepicture.links import joined
from samepicture.messages import SubmissionRejected
from samepicture.readers import reject_empty
from samepicture.readers.archive import is_zip, open_members
from samepicture.readers.report_page import MAX_BYTES as MAX_PAGE_BYTES
from samepicture.readers.report_pdf import MAX_BYTES as MAX_PDF_BYTES

_WANTED = re.compile(r"(?i)(?:^|/)[^/]+\.(?:html?|pdf)$|(?:^|/)manifest\.json$")
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ReportFile:
    """A PDF of a report."""

    name: str
    content: bytes
    url: str | None = None
    kind: str = "report"
    """report, response or other."""


@dataclass
class Package:
    """Everything that was received of one report."""

    page: bytes | None = None
    page_url: str | None = None
    listing_date: str | None = None
    """ISO date that the listing gives it."""
    response: bytes | None = None
    response_url: str | None = None
    files: list[ReportFile] = field(default_factory=list)


def pack(package: Package) -> bytes:
    """The ZIP: the same report gives the same bytes."""
    manifest = {
        "page_url": package.page_url,
        "listing_date": package.listing_date,
        "response_url": package.response_url,
        "files": [{"name": file.name, "url": file.url, "kind": file.kind} for file in package.files],
    }
    members = {
        "manifest.json": json.dumps(manifest, indent=1, sort_keys=True).encode(),
        **{file.name: file.content for file in package.files},
    }
    members |= {"page.html": package.page} if package.page is not None else {}
    members |= {"response.html": package.response} if package.response is not None else {}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), members[name])
    return target.getvalue()


def unpack(stream: IO[bytes], file_name: str) -> Package:
    """What was submitted: a package, a page or a PDF. Raises SubmissionRejected where it is none of these."""
    stream.seek(0)
    head = stream.read(1024)
    reject_empty(len(head), file_name)
    if is_zip(stream):
        return _unpack_archive(stream, file_name)
    stream.seek(0)
    if b"%PDF-" in head:
        return Package(files=[ReportFile(file_name, _bounded(stream, file_name))])
    if re.search(rb"(?i)<!doctype html|<html|<head|<body|<!-- saved from", head):
        return Package(page=_bounded(stream, file_name))
    raise SubmissionRejected(
        "unknown_format", f"The file {file_name} is neither a web page, a PDF nor a ZIP of these: send the report as one of them."
    )


def _unpack_archive(stream: IO[bytes], file_name: str) -> Package:
    package = Package()
    manifest: dict[str, Any] = {}
    pages: dict[str, bytes] = {}
    pdfs: dict[str, bytes] = {}
    for name, member in open_members(stream, file_name, _WANTED):
        content = _bounded(member, name)
        if name.lower() == "manifest.json":
            manifest = _manifest(content, file_name)
        else:
            (pdfs if name.lower().endswith(".pdf") else pages)[name] = content
    responses = [name for name in pages if "response" in name.lower()]
    others = sorted(name for name in pages if name not in responses)
    package.page = pages[others[0]] if others else None
    package.response = pages[responses[0]] if responses else None
    package.page_url, package.response_url = (_address(manifest.get(key)) for key in ("page_url", "response_url"))
    package.listing_date = _text(manifest.get("listing_date"))
    listed = manifest.get("files")
    known = {str(item.get("name")): item for item in listed if isinstance(item, dict)} if isinstance(listed, list) else {}
    order = [*(name for name in known if name in pdfs), *(name for name in sorted(pdfs) if name not in known)]
    for name in order:
        kind = _text(known.get(name, {}).get("kind")) or ("response" if "response" in name.lower() else "report")
        package.files.append(ReportFile(name, pdfs[name], _address(known.get(name, {}).get("url")), kind))
    return package


def _manifest(content: bytes, file_name: str) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict):
        raise SubmissionRejected(
            "broken_manifest", f"The manifest.json in {file_name} is damaged: send the ZIP without it, or as it was collected."
        )
    return manifest


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _address(value: object) -> str | None:
    return joined("", _text(value) or "") or None


def _bounded(stream: IO[bytes], name: str) -> bytes:
    """A member's bytes. A PDF over the bound is passed on one byte too long: its reader says so."""
    bound = MAX_PDF_BYTES if name.lower().endswith(".pdf") else MAX_PAGE_BYTES
    content = stream.read(bound + 1)
    if len(content) > bound and bound == MAX_PAGE_BYTES:
        raise SubmissionRejected(
            "page_too_large", f"The page {name} is larger than {bound >> 20} MB: save it without pictures and send it again."
        )
    return content
