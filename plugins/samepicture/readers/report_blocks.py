"""A report as a list of blocks, from a page or a PDF alike, and what its layout says: recommendations and responses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from samepicture.readers.report_prose import first_date

LOWEST_LEVEL = 9
"""Level of a heading that is only a bold line."""


@dataclass(frozen=True)
class Block:
    """A heading, paragraph, list item or table row, in reading order."""

    kind: Literal["heading", "text", "item", "row"]
    text: str
    level: int = LOWEST_LEVEL
    """Of a heading: 1 is the highest."""
    number: int | None = None
    """The item's own number; NULL for a bullet."""
    cells: tuple[str, ...] = ()
    """Of a row."""


@dataclass(frozen=True)
class Recommendation:
    """One recommendation; what the report does not say is NULL."""

    text: str
    addressee: str | None = None
    sent_date: date | None = None


@dataclass(frozen=True)
class Response:
    """What stands under a heading such as 'Response from Eastvale Hospitals NHS Trust'."""

    status_code: Literal["responded", "no_response"]
    text: str | None
    response_date: date | None


_HEADED = re.compile(r"(?i)\brecommendations?\b")
_SINGLE = re.compile(r"(?i)^recommendation\s+(\d{1,3})\b[\s:.–-]*(.*)$")
_ADDRESS_LINE = re.compile(
    r"^(?i:(?:our\s+)?(?:recommendations?\s+)?(?:to|for)\s+(?:the\s+)?)(?P<name>(?:[A-Z0-9][^:.]|(?:all|local|commissioners|providers|practices|surgeries|pharmacies|care\s+homes)\b)[^:.]{0,120}?)\s*:$"
)
_ORGANISATION = re.compile(
    r"\b(?:NHS|Trust|Council|Board|ICB|Surgery|Practices?|Healthwatch|Ltd|Limited|Hospitals?|Partnership|Care Home)\b"
)
_ADDRESS_BEFORE = re.compile(r"^(?:To|For)\s+(?:the\s+)?(?P<name>[A-Z][^:.]{2,120}?):\s+(?P<text>\S.*)$", re.DOTALL)
_ADDRESS_AFTER = re.compile(
    r"(?i)\s*[(\[]\s*(?:for|to|addressed\s+to|addressee|responsible|lead)\s*:?\s+(?:the\s+)?(?P<name>[^()\[\]]{3,120}?)\s*[)\]]\s*\.?$"
)
_COLUMN_ADDRESSEE = re.compile(
    r"(?i)^(?:for|to|who|whom|addressee|addressed to|for whom|organisation|provider|responsible.*|directed.*|lead.*)$"
)
_COLUMN_SENT = re.compile(r"(?i)\bsent\b")
_COLUMN_TEXT = re.compile(r"(?i)\brecommend")
_RESPONSE = re.compile(
    r"(?i)^(?:\d+(?:\.\d+)*\.?\s+)?(?:the\s+|service\s+)?"
    r"(?:(?:provider|trust|practice|commissioner|council|icb|home|organisation)(?:['’]?s|s['’])?\s+responses?\b|responses?\s+from\b|responses?\s+to\s+(?:our|the|this)\s+(?:report|recommendations?))"
)
_RESPONSE_OF_PEOPLE = re.compile(r"(?i)\b(?:people|patients?|residents?|respondents?|public|survey|carers?|families)\b")
NO_RESPONSE = re.compile(
    r"(?i)\bno\s+(?:provider\s+|formal\s+)?(?:response|reply)\s+(?:was\s+|has\s+been\s+|had\s+been\s+)?(?:received|provided|given)\b"
    r"|\b(?:not|n[’']t)\s+(?:yet\s+)?(?:received|had)\s+(?:a|any)\s+(?:response|reply)\b|\bdid\s+not\s+(?:provide\s+a\s+response|respond|reply)\b"
)


def recommendations(blocks: Sequence[Block]) -> list[Recommendation]:
    """The report's list of recommendations: numbered, bulleted or tabled, under a heading or sentence that names them.

    Where there are several lists (a summary and the section), the longest.
    """
    blocks = list(_singles_as_items(blocks))
    lists = [list(_collect(blocks, place)) for place in range(len(blocks)) if _introduces(blocks, place)]
    return max(lists, key=len, default=[])


def response(blocks: Sequence[Block]) -> Response | None:
    """The provider's response where the report holds one, or says under its heading that none came."""
    for place, block in enumerate(blocks):
        if block.kind != "heading" or not _RESPONSE.search(block.text) or _RESPONSE_OF_PEOPLE.search(block.text):
            continue
        text = "\n".join(part.text for part in _section(blocks, place))
        if text:
            return response_of(text, first_date(block.text))
    return None


def response_of(text: str, known_date: date | None = None) -> Response:
    """A response's text, or that there is none, as the text says."""
    if NO_RESPONSE.search(text):
        return Response("no_response", None, None)
    said = re.search(r"(?i)\b(?:received|dated|responded|response\s+date)\b[^.\n]{0,60}", text)
    return Response("responded", text, known_date or first_date(said.group() if said else None))


def no_response_said(sentences: Sequence[str]) -> bool:
    """Whether one of these sentences says that no provider responded; what people did not answer is another matter."""
    return any(
        NO_RESPONSE.search(sentence) and not _RESPONSE_OF_PEOPLE.search(sentence) and "question" not in sentence.lower()
        for sentence in sentences
    )


def _singles_as_items(blocks: Sequence[Block]) -> Iterator[Block]:
    """'Recommendation 2: text', and 'Recommendation 2' above its text, as items of one list under a heading of its own."""
    waiting: int | None = None
    for block in blocks:
        single = _SINGLE.match(block.text) if block.kind in ("heading", "text") else None
        if single:
            if int(single.group(1)) == 1:
                yield Block("heading", "Recommendations")
            if single.group(2):
                yield Block("item", single.group(2), number=int(single.group(1)))
            waiting = None if single.group(2) else int(single.group(1))
        elif waiting is not None and block.kind == "text":
            yield Block("item", block.text, number=waiting)
            waiting = None
        else:
            yield block


def _introduces(blocks: Sequence[Block], place: int) -> bool:
    """A heading that names recommendations, or such a sentence right above a list or table."""
    block = blocks[place]
    if block.kind in ("item", "row") or not _HEADED.search(block.text) or _RESPONSE.search(block.text):
        return False
    return block.kind == "heading" or (place + 1 < len(blocks) and blocks[place + 1].kind in ("item", "row"))


def _section(blocks: Sequence[Block], place: int) -> Iterator[Block]:
    """What stands below a heading, to the next of its level or higher."""
    for block in blocks[place + 1 :]:
        if block.kind == "heading" and block.level <= blocks[place].level:
            return
        yield block


def _collect(blocks: Sequence[Block], place: int) -> Iterator[Recommendation]:
    """The items of the list that the block at `place` introduces."""
    start = blocks[place]
    headed = start.kind == "heading"
    addressee = _addressee(start)
    columns: dict[str, int] = {}
    last = 0
    for here, block in enumerate(blocks[place + 1 :], place + 1):
        if block.kind == "heading" and not _below(blocks, here, start):
            return
        if block.kind == "item":
            if block.number is not None and block.number != last + 1:
                return  # another list, or the number of a section
            last = block.number or 0
            yield _one(block.text, addressee)
        elif block.kind == "row":
            header = {} if columns else _columns(block.cells)
            columns = columns or header
            if not header and (made := _from_row(block, columns, addressee)):
                yield made
        elif name := _addressee(block):
            addressee, last = name, 0
        elif block.kind == "heading":
            addressee, last = None, 0
        elif not headed:
            return  # a sentence introduces only the list right below it


def _below(blocks: Sequence[Block], here: int, start: Block) -> bool:
    """Whether a heading stands within the section of `start`. Headings of a PDF have no level: one right above items does."""
    if start.kind != "heading":
        return False
    above_items = here + 1 < len(blocks) and blocks[here + 1].kind == "item" and blocks[here].level == LOWEST_LEVEL
    return blocks[here].level > start.level or (above_items and _addressee(blocks[here]) is not None)


def _one(text: str, addressee: str | None) -> Recommendation:
    text = " ".join(text.split())
    if found := _ADDRESS_AFTER.search(text):
        return Recommendation(text[: found.start()], found.group("name"))
    if found := _ADDRESS_BEFORE.match(text):
        return Recommendation(found.group("text"), found.group("name"))
    return Recommendation(text, addressee)


def _addressee(block: Block) -> str | None:
    """The organisation that a heading or a line such as 'To Northmoor Hospitals NHS Trust:' names."""
    heading = block.kind == "heading"
    found = _ADDRESS_LINE.match(block.text.strip().rstrip(":") + ":" if heading else block.text.strip())
    if found:
        return found.group("name")
    named = heading and _ORGANISATION.search(block.text) and not _HEADED.search(block.text) and not _RESPONSE.search(block.text)
    return block.text.rstrip(": ") if named else None


def _columns(cells: tuple[str, ...]) -> dict[str, int]:
    """Places of the columns in a header row; empty where the row is none."""
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        for name, pattern in (("text", _COLUMN_TEXT), ("addressee", _COLUMN_ADDRESSEE), ("sent", _COLUMN_SENT)):
            if name not in places and pattern.search(cell.strip(" :?")):
                places[name] = place
                break
    return places if "text" in places and all(len(cell) < 60 for cell in cells) else {}


def _from_row(block: Block, columns: dict[str, int], addressee: str | None) -> Recommendation | None:
    if not columns:
        return None

    def cell(name: str) -> str:
        place = columns.get(name, len(block.cells))
        return block.cells[place] if place < len(block.cells) else ""

    if not cell("text"):
        return None
    made = _one(cell("text"), cell("addressee") or addressee)
    return replace(made, sent_date=first_date(cell("sent")))
