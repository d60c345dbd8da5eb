"""A counterpart of the national reports library and of two local Healthwatch sites, on this machine only.

Serves invented reports in the layouts of the real sites: listing pages, RSS without
dates, report pages, responses, PDFs, ETags. Seeded: the same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler
from typing import Self

from samepicture.demo.healthwatch_pdf import report_pdf
from samepicture.demo.ics import ICB, LOCAL_HEALTHWATCH, PRACTICES, TRUSTS
from samepicture.demo.loopback import Loopback

MONTHS = 24
NATIONAL_HOST = "https://reports.healthwatch.example"
PAGE = 6
"""Entries on a page of the national listing."""


@dataclass(frozen=True)
class _Topic:
    title: str
    themes: tuple[str, ...]
    service: str
    asks: tuple[str, ...]


TOPICS = (
    _Topic(
        "Leaving hospital",
        ("Discharge", "Communication between staff and patients", "Medication, prescriptions and dispensing"),
        "Inpatient care",
        (
            "Give every patient a written plan before they leave.",
            "Have medicines ready on the morning of discharge.",
            "Ring people at home within two days.",
            "Tell carers the day before, not on the day.",
        ),
    ),
    _Topic(
        "Getting through to your GP practice",
        ("Access to services", "Booking appointments"),
        "GP practice",
        (
            "Tell callers their place in the queue.",
            "Keep a way to book for people who are not online.",
            "Publish how many calls are answered.",
        ),
    ),
    _Topic(
        "What young people say about mental health support",
        ("Waiting times", "Service organisation, delivery and change"),
        "Community mental health team",
        (
            "Write to everybody on the waiting list once a month.",
            "Offer a named person while young people wait.",
            "Ask young people to help write the letters.",
            "Open one evening a week.",
            "Review the text service.",
        ),
    ),
    _Topic(
        "Deaf people's experience of care",
        ("Accessibility and reasonable adjustments", "Communication between staff and patients"),
        "Outpatients",
        ("Book an interpreter when the appointment is booked.", "Show names on a screen in each waiting room.", "Train reception staff."),
    ),
    _Topic(
        "Food and drink on the wards",
        ("Food and nutrition", "Dignity and respect"),
        "Inpatient care",
        ("Offer a hot meal after six.", "Help people who can't reach their tray."),
    ),
)
METHODS = ("Survey", "Focus group", "Interviews", "Enter and view")
WORDS = {23: "twenty-three", 40: "forty", 61: "sixty-one", 112: "one hundred and twelve"}


@dataclass(frozen=True)
class Report:
    """An invented report. `response` is page, inside, none or unknown."""

    number: int
    healthwatch: str
    title: str
    topic: _Topic
    published: date
    method: str
    people: int
    provider: str
    response: str
    scanned: bool
    worded: bool
    """Numbers in words, headings a little different."""

    @property
    def slug(self) -> str:
        """The last part of its address."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower().replace("'", "")).strip("-")

    @property
    def sent(self) -> date:
        """The day on which its providers got it."""
        return self.published - timedelta(days=35)

    @property
    def path(self) -> str:
        """On the local site."""
        return f"/report/{self.published}/{self.slug}"

    @property
    def response_path(self) -> str:
        """Of the response's page on the local site."""
        return f"/response/{self.published + timedelta(days=7)}/response-{self.slug}"

    def asks(self) -> Iterator[tuple[str, str]]:
        """Recommendations with their addressee."""
        for place, text in enumerate(self.topic.asks):
            yield text, ICB.name if place == len(self.topic.asks) - 1 else self.provider

    def prose(self) -> list[str]:
        """The paragraphs of the page."""
        people = WORDS.get(self.people, str(self.people)) if self.worded else f"{self.people:,}"
        asked = (
            f"{self.healthwatch} spoke to {people} people about it, on visits and in groups."
            if self.worded
            else f"{self.healthwatch} ran a survey on {self.title.lower()}. {people} people participated."
        )
        count = len(self.topic.asks)
        number = ("no", "one", "two", "three", "four", "five")[count] if self.worded else str(count)
        return [
            asked,
            "Most praised the staff; many found it hard to know what happens next.",
            f"The report makes {number} recommendations.",
        ]


def reports(each: int = 8, seed: int = 1, last_day: date = date(2026, 6, 30)) -> list[Report]:
    """`each` reports of each local Healthwatch over the last 24 months, oldest first."""
    chance = random.Random(seed)
    made: list[Report] = []
    for place in range(each):
        for healthwatch in LOCAL_HEALTHWATCH:
            number = len(made) + 1
            topic = TOPICS[(number - 1) % len(TOPICS)]
            published = last_day - timedelta(days=round((each - place) * 30.4 * MONTHS / each) - chance.randrange(1, 20))
            gp = topic.service == "GP practice"
            made.append(
                Report(
                    number,
                    healthwatch,
                    f"{topic.title}: {healthwatch.removeprefix('Healthwatch ')} {published.year}",
                    topic,
                    published,
                    chance.choice(METHODS),
                    chance.choice([*WORDS, 166, 313, 1204]),
                    f"{chance.choice(PRACTICES).name}" if gp else chance.choice(TRUSTS).name,
                    ("page", "inside", "none", "unknown")[number % 4],
                    number % 11 == 0,
                    number % 2 == 0,
                )
            )
    return made


class DemoHealthwatch:
    """The library and the two local sites, each on a port of 127.0.0.1, from `with` to its end."""

    def __init__(self, each: int = 8, seed: int = 1, last_day: date = date(2026, 6, 30)) -> None:
        self.reports = reports(each, seed, last_day)
        self.requests: list[tuple[str, int]] = []
        """Path and status of every request."""
        self.national = national_site(self.reports)
        self.local = [local_site(self.reports, name) for name in LOCAL_HEALTHWATCH]
        """What the sites hold: path to content; may be changed while they run."""
        self._servers = [Loopback(_handler(site, self.requests)) for site in (self.national, *self.local)]
        self._running = ExitStack()

    def __enter__(self) -> Self:
        for server in self._servers:
            self._running.enter_context(server)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def environment(self) -> dict[str, str]:
        """The settings that point the two feeds here."""
        urls = [server.url for server in self._servers]
        return {"SAMEPICTURE_HEALTHWATCH_NATIONAL_URL": urls[0], "SAMEPICTURE_HEALTHWATCH_LOCAL_URL": " ".join(urls[1:])}


def national_site(made: list[Report]) -> dict[str, bytes]:
    """The library: every second report, newest first, with summary and form-like block."""
    chosen = sorted((report for report in made if report.number % 4 in (1, 2)), key=lambda report: report.published, reverse=True)
    site: dict[str, bytes] = {}
    for place in range(0, max(len(chosen), 1), PAGE):
        rows = "".join(
            f'<div class="views-row"><h3><a href="/reports-library/{report.slug}">{escape(report.title)}</a></h3></div>'
            for report in chosen[place : place + PAGE]
        )
        more = (
            f'<nav class="pager"><ul><li class="pager__item--next"><a href="?page={place // PAGE + 1}" rel="next">Next</a></li></ul></nav>'
            if place + PAGE < len(chosen)
            else ""
        )
        site["/reports-library" + (f"?page={place // PAGE}" if place else "")] = _page(
            "Reports library", "Healthwatch", None, f"<h1>Reports library</h1>{rows}{more}"
        )
    for report in chosen:
        site[f"/reports-library/{report.slug}"] = national_page(report)
        site[f"/sites/default/files/reports_library/{report.slug}.pdf"] = report_pdf(report)
    return site


def national_page(report: Report) -> bytes:
    """A report's page in the national library."""
    answered = {"page": "Yes", "inside": "Yes"}.get(report.response, "No")
    block = (
        _field("Local Healthwatch", report.healthwatch)
        + (
            _field("Date of publication", f'<time datetime="{report.published}T12:00:00Z">{_day(report.published)}</time>')
            if not report.scanned
            else ""
        )
        + _field("Date evidence capture began", _day(report.published - timedelta(days=120)))
        + _field("Type of report" if not report.worded else "Report type", "Report")
        + _field("Key themes", *map(escape, report.topic.themes))
        + "<h3>Methodology and approach</h3>"
        + _field("Was the work undertaken in partnership with another organisation?", "No")
        + _field("Primary research method used", report.method)
        + "<h3>Details of health and care services included in the report</h3>"
        + _field("Services included in the report", escape(report.topic.service))
        + _field("Name of provider", escape(report.provider))
        + "<h3>Details of people who were included in the report</h3>"
        + (_field("How many people shared their views?", f"{report.people:,}") if report.number % 4 == 2 else "")
        + _field("What was the main sentiment of the people who shared their views?", "Mixed")
        + "<h3>Outcomes and impact</h3>"
        + _field("Were recommendations made by local Healthwatch in the report?", "Yes")
        + _field("Does the information contain a response from a provider?", answered)
    )
    text = "".join(f"<p>{escape(line)}</p>" for line in report.prose())
    return _page(
        report.title,
        "Healthwatch",
        f"{NATIONAL_HOST}/reports-library/{report.slug}",
        f'<h1>{escape(report.title)}</h1><p><a href="/sites/default/files/reports_library/{report.slug}.pdf">Download (PDF 255.94 KB)</a></p>'
        f"<h2>Summary of report content</h2><div>{text}</div><h2>Would you like to look at:</h2><h3>General details</h3>{block}",
    )


def local_site(made: list[Report], healthwatch: str) -> dict[str, bytes]:
    """A local Healthwatch's site: listing, undated RSS, report pages, responses, PDFs, and pages that are no reports."""
    own = sorted((report for report in made if report.healthwatch == healthwatch), key=lambda report: report.published, reverse=True)
    host = f"https://{healthwatch.lower().replace(' ', '')}.example"
    teasers = "".join(
        f'<article class="teaser"><h2><a href="{report.path}">{escape(report.title)}</a></h2><p>Published <time datetime="{report.published}">{_day(report.published)}</time></p></article>'
        for report in own
    )
    news = '<article class="teaser"><h2><a href="/news/2026-01-05/volunteers-wanted">Volunteers wanted</a></h2></article>'
    items = "".join(f"<item><title>{escape(report.title)}</title><link>{report.path}</link></item>" for report in own[:10])
    site = {
        "/news-and-reports/search?field_article_type_target_id_1[]=86": _page(
            "News and reports", healthwatch, None, f"<h1>News and reports</h1>{teasers}{news}"
        ),
        "/rss.xml": f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{healthwatch}</title>{items}</channel></rss>'.encode(),
        "/news/2026-01-05/volunteers-wanted": _page("Volunteers wanted", healthwatch, None, "<h1>Volunteers wanted</h1><p>Join us.</p>"),
    }
    for report in own:
        site[report.path] = local_page(report, host)
        site[f"/sites/{healthwatch.lower().replace(' ', '')}.example/files/{report.slug}.pdf"] = report_pdf(report)
        if report.response == "page":
            site[report.response_path] = response_page(report, host)
    return site


def local_page(report: Report, host: str) -> bytes:
    """A report's page on a local site; it says no date of its own where the address does."""
    file = f"/sites/{host.removeprefix('https://')}/files/{report.slug}.pdf"
    asks = "".join(
        f"<li>{escape(text.rstrip('.'))} (for: {escape(to)})</li>" if report.worded else f"<li>To {escape(to)}: {escape(text)}</li>"
        for text, to in report.asks()
    )
    answer = {
        "page": f'<p>Read the <a href="{report.response_path}">response to our report</a>.</p>',
        "inside": f"<h2>Response from {escape(report.provider)}</h2><p>We thank {report.healthwatch} and have begun.</p>",
        "none": f"<h2>Provider response</h2><p>No response was received from {escape(report.provider)}.</p>",
    }.get(report.response, "")
    dated = f"<p>Published on {_day(report.published)}</p>" if report.number % 3 == 0 else ""
    sent = (
        f"<p>This report was sent to {escape(report.provider)} and {escape(ICB.name)} on {_day(report.sent)}.</p>"
        if not report.scanned
        else ""
    )
    return _page(
        report.title,
        report.healthwatch,
        f"{host}{report.path}",
        f"<article><h1>{escape(report.title)}</h1>{dated}{''.join(f'<p>{escape(line)}</p>' for line in report.prose())}{sent}"
        f"<h2>{'What we recommend: our recommendations' if report.worded else 'Recommendations'}</h2><ol>{asks}</ol>{answer}"
        f'<h2>Downloads</h2><p>File download <a href="{file}">{escape(report.title)}</a></p></article>'
        "<h2>You might also be interested in</h2><p>We spoke to 9,999 people last year and made 99 recommendations.</p>",
    )


def response_page(report: Report, host: str) -> bytes:
    """The provider's response on a page of its own."""
    body = f"<h1>Response: {escape(report.title)}</h1><p>{escape(report.provider)} accepts what {report.healthwatch} found and will report on it in the autumn.</p>"
    return _page(f"Response: {report.title}", report.healthwatch, f"{host}{report.response_path}", body)


def _page(title: str, site: str, address: str | None, content: str) -> bytes:
    own = f'<link rel="canonical" href="{address}">' if address else ""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} | {site}</title>{own}<meta property="og:site_name" content="{site}"></head>'
        f'<body><header><nav><a href="/">Home</a></nav></header><main>{content}</main><footer><p>{site}</p></footer></body></html>'
    ).encode()


def _field(label: str, *values: str) -> str:
    items = "".join(f'<div class="field__item">{value}</div>' for value in values)
    return f'<div class="field field--label-inline"><div class="field__label">{label}</div><div class="field__items">{items}</div></div>'


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _handler(site: dict[str, bytes], requests: list[tuple[str, int]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = site.get(self.path.replace("%5B", "[").replace("%5D", "]"))
            mark = f'"{hashlib.sha256(content or b"").hexdigest()[:16]}"'
            status = 404 if content is None else 304 if self.headers.get("If-None-Match") == mark else 200
            requests.append((self.path, status))
            body = b"" if status == 304 else content or b"<html><body><h1>Page not found</h1></body></html>"
            self.send_response(status)
            self.send_header(
                "Content-Type",
                "application/pdf" if self.path.endswith(".pdf") else "text/xml" if self.path.endswith(".xml") else "text/html",
            )
            self.send_header("Content-Length", str(len(body)))
            if status != 404:
                self.send_header("ETag", mark)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: the terminal belongs to whoever runs the demo."""

    return Handler
