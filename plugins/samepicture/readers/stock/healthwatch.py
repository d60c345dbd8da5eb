"""One Healthwatch report as one record: what its page, its PDF and the provider's response say (domain: A9).

What none of them says stays NULL.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePath
from typing import IO, Any
from urllib.parse import urlsplit

import polars as pl

from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected, SubmissionWarning
from samepicture.readers import LINE, Part
from samepicture.readers.report_blocks import Block, Recommendation, Response, no_response_said, recommendations, response, response_of
from samepicture.readers.report_package import Package, ReportFile, unpack
from samepicture.readers.report_page import Page, list_items, read_page
from samepicture.readers.report_pdf import Pdf, read_pdf
from samepicture.readers.report_prose import Stated, first_date, number, people_reached, recommendations_stated, sentences
from samepicture.records import CONTRACTS

_NO_REPORT = re.compile(
    r"(?i)^(?:page not found|access denied|log ?in|sign in|error\b|404|403|just a moment|site under maintenance|service unavailable)"
)
_SENT = re.compile(
    r"(?i)\b(?:report|recommendations?)\b[^.]{0,80}\b(?:sent|submitted|issued)\b|\b(?:sent|submitted|issued)\b[^.]{0,60}\b(?:report|recommendations?)\b"
)
_SENT_OTHERWISE = re.compile(r"(?i)\bsurveys?\b|\bquestionnaires?\b|\binvitations?\b|\bleaflets?\b")
_LIBRARY_NAME = re.compile(r"(?i)^healthwatch(?: england)?$|library")


@dataclass
class _Evidence:
    """Everything that one record is made from."""

    page: Page | None
    pdf: Pdf
    file: ReportFile | None
    package: Package
    response_page: Page | None
    response_pdf: Pdf | None
    warnings: list[SubmissionWarning] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """Page, then PDF: the page's own words go first."""
        blocks = self.page.blocks if self.page else []
        return ["\n".join(block.text for block in blocks if block.kind != "row"), self.pdf.text or ""]

    def values(self, name: str) -> list[str]:
        return self.page.fields.get(name, []) if self.page else []


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part with one record. Raises SubmissionRejected where the file is no report.

    The feed's reader option `library` is national or local.
    """
    evidence = _evidence(unpack(stream, file_name), file_name, feed)
    record = _record(evidence, file_name, str(feed.reader.options["library"]))
    contract = CONTRACTS[feed.record_type]
    frame = pl.DataFrame(
        {LINE: [1], **{name: [value] for name, value in record.items()}},
        schema={LINE: pl.Int64, **{name: contract.by_name[name].polars_type for name in record}},
    )
    yield Part("", list(record), iter([frame]), warnings=evidence.warnings)


def _evidence(package: Package, file_name: str, feed: Feed) -> _Evidence:
    encodings = feed.reader.encodings
    page = read_page(package.page, encodings, package.page_url) if package.page is not None else None
    if page and (not page.title or _NO_REPORT.match(page.title) or not (page.summary or page.files or page.fields or package.files)):
        raise SubmissionRejected(
            "not_a_report_page",
            f"The page in {file_name} is not a report's own page (it may be an error or log-in page): send the page of the report.",
        )
    file = next((file for file in package.files if file.kind == "report"), None)
    answer = next((file for file in package.files if file.kind == "response"), None)
    pdf = read_pdf(file.content, file.name) if file else Pdf(None)
    if page is None and pdf.text is None:
        raise SubmissionRejected(
            pdf.code or "report_missing", pdf.sentence or f"There is neither a page nor a PDF of a report in {file_name}: put them into it."
        )
    found = _Evidence(
        page,
        pdf,
        file,
        package,
        read_page(package.response, encodings, package.response_url) if package.response is not None else None,
        read_pdf(answer.content, answer.name) if answer else None,
    )
    for read_file in (found.pdf, found.response_pdf):
        if read_file and read_file.code and read_file.sentence:
            found.warnings.append(
                SubmissionWarning(read_file.code, read_file.sentence, "full_text" if read_file is found.pdf else "response_text")
            )
    if page and not package.files and any(link.kind == "report" for link in page.files):
        found.warnings.append(
            SubmissionWarning(
                "pdf_missing", f"The page in {file_name} offers a PDF that did not come with it: send the PDF too.", "full_text"
            )
        )
    return found


def _record(evidence: _Evidence, file_name: str, library: str) -> dict[str, Any]:
    page, package = evidence.page, evidence.package
    url = (page.url if page else None) or package.page_url
    published, source = _published(evidence, url)
    people, people_sentence = _people(evidence)
    stated = _stated(evidence)
    listed = _listed(evidence, stated)
    answer = _response(evidence)
    return {
        "report_id": _identity(url, evidence),
        "report_url": url,
        "library_code": library,
        "local_healthwatch_name": _local_healthwatch(evidence),
        "title": (page.title if page else None) or evidence.pdf.title or _first_heading(evidence.pdf.blocks) or PurePath(file_name).stem,
        "published_date": published,
        "published_date_source_code": source,
        "report_type_name": next(iter(evidence.values("report_type")), None),
        "summary": page.summary if page else None,
        "full_text": evidence.pdf.text,
        "topics": _array(evidence.values("topics")),
        "methods": _array(evidence.values("methods")),
        "people_reached_count": people,
        "people_reached_sentence": people_sentence,
        "services": _array(evidence.values("services")),
        "provider_names": _array(evidence.values("provider_names")),
        "recommendations_stated_count": stated.count if stated else None,
        "recommendations_stated_sentence": stated.sentence if stated else None,
        "recommendations": listed,
        "response_status_code": answer.status_code if answer else "unknown",
        "response_date": answer.response_date if answer else None,
        "response_text": answer.text if answer else None,
        "file_url": evidence.file.url if evidence.file else None,
        "file_sha256": hashlib.sha256(evidence.file.content).hexdigest() if evidence.file else None,
    }


def _identity(url: str | None, evidence: _Evidence) -> str:
    """The address without scheme and query; of a file that says no address, its hash."""
    if url:
        parts = urlsplit(url)
        return f"{(parts.netloc or '').lower()}{parts.path.rstrip('/')}"
    content = evidence.file.content if evidence.file else evidence.package.page or b""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _published(evidence: _Evidence, url: str | None) -> tuple[date | None, str | None]:
    addressed = re.search(r"/(\d{4}-\d{2}-\d{2})(?:/|$)", urlsplit(url or "").path)
    found = (
        ("page", evidence.page.published_date if evidence.page else None),
        ("listing", first_date(evidence.package.listing_date)),
        ("address", first_date(addressed.group(1)) if addressed else None),
    )
    return next(((day, source) for source, day in found if day), (None, None))


def _local_healthwatch(evidence: _Evidence) -> str | None:
    site = evidence.page.site_name if evidence.page else None
    return next(iter(evidence.values("local_healthwatch")), None) or (site if site and not _LIBRARY_NAME.search(site) else None)


def _people(evidence: _Evidence) -> tuple[int | None, str | None]:
    """From the form-like block, which needs no sentence; else from prose, with it."""
    counted = next((count for value in evidence.values("people") if (count := number(value)) is not None), None)
    if counted is not None:
        return counted, None
    found = next((stated for text in evidence.texts if (stated := people_reached(text))), None)
    return (found.count, found.sentence) if found else (None, None)


def _stated(evidence: _Evidence) -> Stated | None:
    for value in evidence.values("recommendations_made"):
        count = 0 if re.match(r"(?i)no\b", value) else number(value)
        if count is not None:
            return Stated(count, f"Recommendations made: {value}")
    return next((stated for text in evidence.texts if (stated := recommendations_stated(text))), None)


def _listed(evidence: _Evidence, stated: Stated | None) -> str | None:
    """The list that agrees with the stated number, else the longer one; the page's where both are alike."""
    lists = [recommendations(evidence.page.blocks if evidence.page else []), recommendations(evidence.pdf.blocks)]
    best = max(lists, key=lambda items: (stated is not None and len(items) == stated.count, len(items)))
    if stated and best and len(best) != stated.count:
        evidence.warnings.append(
            SubmissionWarning(
                "recommendations_differ",
                f"The report says that it makes {stated.count} recommendations but lists {len(best)}: check the list under the heading 'Recommendations'.",
                "recommendations",
            )
        )
    if not best:
        return None
    sent = _Sent(evidence, {item.addressee.casefold() for item in best if item.addressee})
    return json.dumps([_as_json(place, item, sent.day(item)) for place, item in enumerate(best, 1)], ensure_ascii=False)


def _as_json(place: int, item: Recommendation, sent: date | None) -> dict[str, Any]:
    """One of the contract's objects. `due_date` is for a day that a source states; 20 working days are counted in the warehouse."""
    return {
        "number": place,
        "text": item.text,
        "addressee": item.addressee,
        "sent_date": sent.isoformat() if sent else None,
        "due_date": None,
    }


class _Sent:
    """When the report was sent to whom, as it says."""

    def __init__(self, evidence: _Evidence, addressees: set[str]) -> None:
        field_date = first_date(" ".join(evidence.values("sent_date")))
        self._said: list[tuple[date, set[str]]] = [(field_date, set())] if field_date else []
        """Days, each with the addressees that its sentence names."""
        for sentence in (sentence for text in evidence.texts for sentence in sentences(text)):
            said = _SENT.search(sentence)
            if said and not _SENT_OTHERWISE.search(sentence) and (day := first_date(sentence[said.start() :])):
                self._said.append((day, {name for name in addressees if name in sentence.casefold()}))

    def day(self, item: Recommendation) -> date | None:
        """Of a recommendation: its own, its addressee's, or the one that is said of no addressee in particular."""
        if item.sent_date:
            return item.sent_date
        named = {day for day, names in self._said if item.addressee and item.addressee.casefold() in names}
        days = named or {day for day, names in self._said if not names}
        return days.pop() if len(days) == 1 else None


def _response(evidence: _Evidence) -> Response | None:
    dated = first_date(" ".join(evidence.values("response_date")))
    found = _response_found(evidence)
    if found and found.status_code == "responded" and dated:
        return replace(found, response_date=dated)
    return found


def _response_found(evidence: _Evidence) -> Response | None:
    """A page or PDF of its own, a section of the report, the form-like block, or a sentence; in this order."""
    if page := evidence.response_page:
        own_date = page.published_date or _published_in(evidence.package.response_url)
        return response_of("\n".join(block.text for block in page.blocks if block.text != page.title), own_date)
    if pdf := evidence.response_pdf:
        return response_of(pdf.text, None) if pdf.text else Response("responded", None, None)
    for blocks in (evidence.page.blocks if evidence.page else [], evidence.pdf.blocks):
        if said := response(blocks):
            return said
    if evidence.page and evidence.page.response_pages:
        return Response("responded", None, None)
    for value in evidence.values("response"):
        if re.match(r"(?i)yes\b", value):
            return Response("responded", None, None)
    everything = [*evidence.values("response"), *(sentence for text in evidence.texts for sentence in sentences(text))]
    return Response("no_response", None, None) if no_response_said(everything) else None


def _published_in(url: str | None) -> date | None:
    return first_date("".join(re.findall(r"/(\d{4}-\d{2}-\d{2})(?:/|$)", urlsplit(url or "").path)))


def _first_heading(blocks: Iterable[Block]) -> str | None:
    return next((block.text for block in blocks if len(block.text) <= 200), None)


def _array(values: list[str]) -> str | None:
    items = list_items(values)
    return json.dumps(items, ensure_ascii=False) if items else None
