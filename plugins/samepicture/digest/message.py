"""A digest as a mail: plain text, and HTML that says the same. Nothing is fetched when it is opened, and nobody is told that it was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from urllib.parse import urljoin

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from samepicture.digest.content import Digest
from samepicture.page import words
from samepicture.settings import SettingError


@dataclass(frozen=True)
class Message:
    """Ready to be sent."""

    subject: str
    text: str
    html: str


def message(digest: Digest, page_url: str | None) -> Message:
    """Write it; links lead to the page at its address, where one is set. Raises SettingError for one that is none."""
    if page_url is not None and not words.link(page_url):
        raise SettingError(
            "SAMEPICTURE_PAGE_URL is no web address: set it to where the page is seen, for example https://intranet.example.org/same-picture/."
        )

    def address(path: str) -> str:
        return urljoin(f"{page_url.rstrip('/')}/", path) if page_url else ""

    known = {"digest": digest, "address": address, "home": address("index.html")}
    return Message(
        digest.title.replace("\u00a0", " "),
        _templates().get_template("digest.txt.jinja").render(**known).replace("\u00a0", " "),
        _templates().get_template("digest.html.jinja").render(**known),
    )


@cache
def _templates() -> Environment:
    """HTML is escaped; plain text has nothing to escape."""
    return Environment(
        loader=PackageLoader("samepicture.digest"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
