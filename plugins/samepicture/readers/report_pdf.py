"""Text of a Healthwatch PDF, opened safely: bounded in bytes, pages and characters, nothing fetched or run."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from dataclasses import dataclass

import pypdf
from pypdf.errors import DependencyError, FileNotDecryptedError

from samepicture.readers.report_blocks import Block

MAX_BYTES = 64 << 20
MAX_PAGES = 500
MAX_CHARACTERS = 4_000_000
"""Far above a report of 500 full pages."""
MAX_OPERATORS = 3_000_000
"""What the pages draw, over all of them; about a minute of work. A page of text has some hundreds, a map some thousands."""
HEADER_SHARE = 0.5
"""A line on more than this share of the pages (of three or more) is a running header."""

_CONTENTS = re.compile(r"(?:\.\s?){4,}\s*\d*\s*$")
_PAGE_NUMBER = re.compile(r"(?i)^(?:page\s+)?\d{1,4}(?:\s*(?:of|/|\|)\s*\d{1,4})?$")
_NUMBERED = re.compile(r"^(\d{1,3})[.)]\s+(\S.*)$")
_BULLET = re.compile(r"^(?:[•●▪◦‣·○■]|[–—*-](?=\s))\s*(\S.*)$")
_ADDRESS = re.compile(r"^(?:To|For|Recommendations?\s+(?:to|for))\s.{2,120}:$")
_SINGLE = re.compile(r"(?i)^recommendation\s+\d{1,3}\b")
_HEADING = re.compile(
    r"(?i)^(?:\d{1,2}(?:\.\d{1,2})*\.?\s+)?(?:(?:the|our|key|summary\s+of|what\s+we|list\s+of)\s+)?"
    r"(?:recommend(?:ations?)?\b|(?:service\s+)?(?:provider|trust|practice|commissioner|council|icb)(?:['’]?s|s['’])?\s+responses?\b|responses?\s+(?:from|to)\b|"
    r"conclusions?\b|acknowledge?ments?\b|appendi(?:x|ces)\b|next\s+steps\b|what\s+happens\s+next\b|methodology\b|methods?$|about\s+(?:us|healthwatch)\b|"
    r"background\b|introduction\b|(?:key\s+)?findings\b|contact\b|thank(?:s|\s+you)\b|references$|glossary\b|distribution\s+list\b|limitations\b|"
    r"executive\s+summary\b|summary$|contents$|what\s+(?:people|patients|residents)\s+told\s+us\b|who\s+we\s+spoke)"
)
MAX_HEADING = 90
FULL_LINE = 0.75
"""A line of at least this share of the usual width is full: what follows may be the same paragraph."""
SHORTEST_FULL_LINE = 35
"""Characters: a line of a narrow column."""


@dataclass(frozen=True)
class Pdf:
    """What was read of a PDF."""

    text: str | None
    """NULL where it has none (scanned) or can't be read."""
    blocks: tuple[Block, ...] = ()
    title: str | None = None
    """As its properties say; often missing or wrong."""
    code: str | None = None
    """Why it has no text, or not all of it."""
    sentence: str | None = None


def read_pdf(content: bytes, name: str) -> Pdf:
    """The text and blocks of a PDF. Whatever is wrong with it is a code and a sentence, never an exception."""
    if len(content) > MAX_BYTES:
        return Pdf(
            None,
            code="pdf_too_large",
            sentence=f"The PDF {name} is larger than {MAX_BYTES >> 20} MB and was not read: send one with smaller pictures.",
        )
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileNotDecryptedError
        pages = _pages(reader)
        title = reader.metadata.title if reader.metadata else None
        total = len(reader.pages)
    except (FileNotDecryptedError, DependencyError):
        return Pdf(None, code="pdf_encrypted", sentence=f"The PDF {name} is protected by a password and was not read: send it without one.")
    except Exception:  # noqa: BLE001, a damaged file can fail anywhere in the library, with any kind of error
        return Pdf(
            None, code="pdf_unreadable", sentence=f"The PDF {name} is damaged or incomplete and was not read: export it again and send it."
        )
    is_short = total > len(pages)
    shortened = f"Of the {total} pages of the PDF {name} only the first {len(pages)} were read: send the report without its annexes."
    lines = _lines(pages)
    if not lines:
        if is_short:
            return Pdf(None, code="pdf_too_long", sentence=shortened)
        return Pdf(
            None,
            code="pdf_without_text",
            sentence=f"The PDF {name} is pictures of pages and holds no text that can be read: send a PDF with text.",
        )
    blocks = tuple(_blocks(lines))
    return Pdf(
        "\n".join(f"{block.number}. {block.text}" if block.number else block.text for block in blocks),
        blocks,
        " ".join(title.split()) if isinstance(title, str) and title.strip() else None,
        "pdf_too_long" if is_short else None,
        shortened if is_short else None,
    )


class _TooMuch(Exception):
    """A page draws so much that it can only be meant to keep us busy."""


def _pages(reader: pypdf.PdfReader) -> list[str]:
    """Text of the pages, as far as the bounds reach. The library bounds each stream, but not how often it is drawn."""
    pages: list[str] = []
    size = 0
    left = MAX_OPERATORS

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise _TooMuch

    for page in reader.pages[:MAX_PAGES]:
        try:
            text = page.extract_text(visitor_operand_before=count).encode("utf-8", "ignore").decode().replace("\x00", "")
        except _TooMuch:
            break
        size += len(text)
        if size > MAX_CHARACTERS:
            break
        pages.append(text)
    return pages


def _lines(pages: list[str]) -> list[str]:
    """Lines of all pages without running headers, page numbers and tables of contents."""
    by_page = [[" ".join(line.split()) for line in page.splitlines()] for page in pages]
    seen = Counter(line for lines in by_page for line in set(lines) if line)
    often = max(3, HEADER_SHARE * len(pages))
    return [
        line
        for lines in by_page
        for line in lines
        if line and not (len(pages) > 2 and seen[line] >= often) and not _PAGE_NUMBER.match(line) and not _CONTENTS.search(line)
    ]


def _blocks(lines: list[str]) -> list[Block]:
    """Lines joined to paragraphs, items and headings.

    pypdf keeps no empty lines: a paragraph ends where a whole sentence ends on a line that is not full.
    """
    full = max(SHORTEST_FULL_LINE, FULL_LINE * sorted(map(len, lines))[len(lines) * 9 // 10])
    blocks: list[Block] = []
    before = ""
    for line in lines:
        ended = not before or blocks[-1].kind == "heading" or before[-1] in ".:?!"
        block = _begins(line, ended)
        paragraph = ended and (len(before) < full or before.endswith(":")) and not line[0].islower()
        if block is None and not paragraph and blocks and blocks[-1].kind != "heading":
            last = blocks[-1]
            blocks[-1] = Block(last.kind, f"{last.text} {line}", number=last.number)
        else:
            blocks.append(block or Block("text", line))
        before = line
    return blocks


def _begins(line: str, ended: bool) -> Block | None:
    """The block that a line certainly begins; NULL where it may go on with the one before."""
    if _ADDRESS.match(line) or _SINGLE.match(line):
        return Block("text", line)
    if len(line) <= MAX_HEADING and line[-1] not in ".,;" and (line[0].isupper() or line[0].isdigit()) and _HEADING.match(line):
        return Block("heading", line)
    if found := _NUMBERED.match(line):
        return Block("item", found.group(2), number=int(found.group(1)))
    if found := _BULLET.match(line):
        return Block("item", found.group(1))
    words = line.split()
    if (
        ended
        and len(words) <= 8
        and line[0].isupper()
        and line[-1] not in ".,;:!"
        and words[-1].lower() not in ("and", "of", "the", "to", "for", "in", "a", "with")
    ):
        return Block("heading", line)
    return None
