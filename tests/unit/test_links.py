"""Links of pages and answers that others have written: whatever they are, nobody fails over one."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.connectors.base import ConnectorError
from samepicture.connectors.fhir import _same_server
from samepicture.connectors.http import Client
from samepicture.connectors.stock.healthwatch import _next, _teasers
from samepicture.connectors.website import Website
from samepicture.links import joined
from samepicture.readers.report_package import Package, pack
from samepicture.readers.report_page import parse, read_page
from tests.unit.healthwatch_files import UTF8, page, record

NO_ADDRESS = "http://[your website here]"
"""As authors of pages leave it; Python takes it for half an IPv6 address."""
PDF = "https://hw.example/report.pdf"
addresses = st.text(alphabet="htps:/.[]@#?%a1 \n", max_size=30)


@given(base=addresses, link=addresses)
def test_any_two_texts_give_an_address_or_none(base: str, link: str) -> None:
    urlsplit(joined(base, link))


def test_a_link_that_is_no_address_hides_none_beside_it() -> None:
    content = page(f'<h1>Discharge</h1><p><a href="{NO_ADDRESS}">Site</a> <a href="{PDF}">Report</a></p>')
    assert [link.url for link in read_page(content, UTF8, "https://hw.example/discharge").files] == [PDF]
    listed = parse(content, UTF8)
    assert PDF in [found.url for found in _teasers(listed, "https://hw.example/")]
    assert _next(parse(page(f'<a rel="next" href="{NO_ADDRESS}">Next</a>'), UTF8), "https://hw.example/") == ""


def test_a_page_that_says_no_address_of_its_own_is_known_by_that_of_where_it_was() -> None:
    content = page("<h1>Discharge</h1><p>We spoke to 40 people.</p>", f'<link rel="canonical" href="{NO_ADDRESS}">')
    assert read_page(content, UTF8, "https://hw.example/discharge").url == "https://hw.example/discharge"


def test_a_manifest_whose_address_is_none_is_as_one_without() -> None:
    content = page("<h1>Discharge</h1><p>We spoke to 40 people.</p>")
    with_one, without = (record(pack(Package(page=content, page_url=url)))[0] for url in (NO_ADDRESS, None))
    assert with_one == without


class SendsOn(BaseHTTPRequestHandler):
    """A website that sends everybody to what is no address."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", NO_ADDRESS)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), SendsOn) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_who_sends_us_on_to_no_address_is_told_as_who_sends_us_on(site: str) -> None:
    with Website(site, 1) as website, pytest.raises(ConnectorError, match="sends us on to what is no address"):
        website.get(f"{site}/reports", 1_000)
    with Client("The API", site, {}, "", 1) as client, pytest.raises(ConnectorError, match="login page"):
        client.get("stories")
    with Client("The API", site, {}, "", 1) as client, pytest.raises(ConnectorError, match="another place"):
        client.below("stories", NO_ADDRESS)
    with pytest.raises(ConnectorError, match="another address"):
        _same_server("The server", site, NO_ADDRESS)
