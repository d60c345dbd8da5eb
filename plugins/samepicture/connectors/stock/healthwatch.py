"""Collects Healthwatch reports from a listing or RSS: each with its page, PDFs and response page (domain: A9).

The cursor keeps, for each report page, the marks under which it was fetched (ETag,
Last-Modified) and a fingerprint of what it says. What is as it was is not fetched, or
not delivered, again. PDFs and responses are fetched when their page has changed.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from defusedxml import DefusedXmlException, ElementTree
from selectolax.lexbor import LexborHTMLParser, LexborNode

from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.website import Fetched, Website
from samepicture.feed import Feed
from samepicture.links import joined
from samepicture.messages import SubmissionRejected
from samepicture.readers.report_package import Package, ReportFile, pack
from samepicture.readers.report_page import MAX_BYTES as MAX_PAGE_BYTES
from samepicture.readers.report_page import Link, fingerprint, parse, read_page
from samepicture.readers.report_pdf import MAX_BYTES as MAX_PDF_BYTES
from samepicture.readers.report_prose import first_date

LISTING_PAGES_MAX = 1000
FILES_MAX = 10
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listed:
    """A report as a listing names it."""

    url: str
    date: str | None
    """ISO; NULL where the listing gives none, as RSS often does."""


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """One delivery a report that is new or has changed, website by website.

    Options: `base_url` and `base_url_from` (several websites, parted by spaces), `start`
    (paths of listings or RSS), `reports` (regular expression on the path of a report's
    page), `requests_per_second`. Raises ConnectorError, at the end where single reports
    failed: those are tried again by the next poll.
    """
    pages: dict[str, Any] = dict(cursor.get("pages", {}))
    failed: list[str] = []
    for base_url in context.base_url(feed).split():
        with Website(base_url, float(context.option(feed, "requests_per_second"))) as site:
            collector = _Collector(feed, site, re.compile(str(context.option(feed, "reports"))))
            for listed in collector.listed([str(path) for path in context.option(feed, "start")]):
                try:
                    package = collector.package(listed, pages.get(listed.url, {}))
                except (ConnectorError, SubmissionRejected) as error:
                    log.warning("%s: %s", feed.id, error)
                    failed.append(listed.url)
                    continue
                if package is None:
                    continue
                pages[listed.url] = collector.marks
                with io.BytesIO(pack(package)) as content:
                    yield Delivery(f"{_slug(listed.url)}.zip", content, {"pages": dict(pages)})
    if failed:
        raise ConnectorError(
            f"{feed.id}: {len(failed)} of the reports could not be fetched ({', '.join(failed[:3])}): the others have landed, these are tried again by the next poll."
        )


class _Collector:
    """One website."""

    def __init__(self, feed: Feed, site: Website, reports: re.Pattern[str]) -> None:
        self._encodings = feed.reader.encodings
        self._site = site
        self._reports = reports
        self.marks: dict[str, str | None] = {}
        """Of the page that was fetched last."""

    def listed(self, start: list[str]) -> Iterator[Listed]:
        """Every report of the listings, each once. Raises ConnectorError where a listing names none."""
        seen: set[str] = set()
        for path in start:
            named = False
            for found in self._listing(urljoin(f"{self._site.base_url}/", path.lstrip("/"))):
                named = True
                if found.url not in seen:
                    seen.add(found.url)
                    yield found
            if not named:
                raise ConnectorError(
                    f"{self._site.base_url}{path} lists no report: open it in a browser; if it has moved or changed, correct start and reports in feed.yml."
                )

    def package(self, listed: Listed, marks: dict[str, str | None]) -> Package | None:
        """Everything of one report; NULL where it is as it was, or gone. Raises ConnectorError."""
        page = self._site.get(listed.url, MAX_PAGE_BYTES, marks.get("etag"), marks.get("last_modified"))
        if page.status == 304:
            return None
        if page.status in (404, 410):
            log.warning("%s is listed but gone", listed.url)
            return None
        _raise_for_status(page)
        said = fingerprint(page.content, self._encodings)
        if said == marks.get("fingerprint"):
            return None
        self.marks = {"etag": page.etag, "last_modified": page.last_modified, "fingerprint": said}
        read = read_page(page.content, self._encodings, page.url)
        own = read.url or page.url
        package = Package(page=page.content, page_url=own, listing_date=listed.date)
        files = [link for link in read.files if self._site.has(link.url)]
        for link in read.response_pages[:1]:
            if self._site.has(link.url) and (answer := self._page(link.url)):
                package.response, package.response_url = answer.content, _recorded(link.url, page.url, own)
                inside = read_page(answer.content, self._encodings, link.url).files
                files += [Link(file.url, file.text, "response") for file in inside if self._site.has(file.url)]
        for link in {link.url: link for link in files[:FILES_MAX]}.values():
            file = self._site.get(link.url, MAX_PDF_BYTES)
            if file.status in (404, 410):
                continue  # the reader says that the PDF is missing
            _raise_for_status(file)
            package.files.append(
                ReportFile(f"{link.kind}-{len(package.files) + 1}.pdf", file.content, _recorded(link.url, page.url, own), link.kind)
            )
        return package

    def _page(self, url: str) -> Fetched | None:
        page = self._site.get(url, MAX_PAGE_BYTES)
        if page.status in (404, 410):
            return None
        _raise_for_status(page)
        return page

    def _listing(self, url: str) -> Iterator[Listed]:
        """Reports of a listing and the pages that follow it, or of RSS."""
        waiting, seen = [url], {url}
        while waiting and len(seen) <= LISTING_PAGES_MAX:
            page = self._site.get(waiting.pop(), MAX_PAGE_BYTES)
            _raise_for_status(page)
            if page.content.lstrip()[:200].startswith((b"<?xml", b"<rss", b"<feed")):
                found, onwards = list(_rss(page)), None
            else:
                tree = parse(page.content, self._encodings)
                found, onwards = list(_teasers(tree, page.url)), _next(tree, page.url)
            yield from (item for item in found if self._site.has(item.url) and self._reports.search(urlsplit(item.url).path))
            if onwards and onwards not in seen and self._site.has(onwards):
                seen.add(onwards)
                waiting.append(onwards)


def _raise_for_status(page: Fetched) -> None:
    if page.status != 200:
        raise ConnectorError(f"{page.url} answers with status {page.status}: open it in a browser, and collect again later.")


def _rss(page: Fetched) -> Iterator[Listed]:
    try:
        root = ElementTree.fromstring(page.content, forbid_dtd=True)
    except DefusedXmlException:
        raise ConnectorError(f"{page.url} is not plain RSS (it declares entities): use the website's listing page in feed.yml.") from None
    except ElementTree.ParseError:
        raise ConnectorError(f"{page.url} is damaged RSS: collect again later, or use the website's listing page in feed.yml.") from None
    for item in root.iter("item"):
        link = (item.findtext("link") or "").strip()
        if link:
            yield Listed(joined(page.url, link).split("#")[0], _rss_date(item.findtext("pubDate")))


def _rss_date(text: str | None) -> str | None:
    try:
        return parsedate_to_datetime(text or "").date().isoformat()
    except (TypeError, ValueError):
        return None


def _teasers(tree: LexborHTMLParser, base: str) -> Iterator[Listed]:
    for node in tree.css("main a[href]") or tree.css("a[href]"):
        url = joined(base, node.attributes.get("href") or "").split("#")[0].split("?")[0]
        yield Listed(url, _teaser_date(node))


def _teaser_date(link: LexborNode) -> str | None:
    """The date beside a link, no further out than its own entry of the list."""
    around = link.parent
    while around is not None and around.tag not in ("main", "body", "ul", "ol", "table", "html"):
        if len({node.attributes.get("href") for node in around.css("a[href]")}) > 1:
            return None
        if node := around.css_first("time"):
            found = first_date((node.attributes.get("datetime") or "")[:10]) or first_date(node.text())
            return found.isoformat() if found else None
        around = around.parent
    return None


def _next(tree: LexborHTMLParser, base: str) -> str | None:
    """The address of the listing's next page."""
    for node in tree.css("a[rel=next], .pager__item--next a, .pager-next a, a[title*='next page']"):
        return joined(base, node.attributes.get("href") or "")
    return None


def _recorded(url: str, fetched: str, own: str) -> str:
    """An address as the page's own address implies it, whatever host served the copy."""
    here, there, parts = urlsplit(fetched), urlsplit(own), urlsplit(url)
    return parts._replace(scheme=there.scheme, netloc=there.netloc).geturl() if parts.netloc == here.netloc else url


def _slug(url: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", urlsplit(url).path.rsplit("/", 1)[-1].lower()).strip("-")[:80] or "report"
