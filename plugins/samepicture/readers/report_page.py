"""A Healthwatch report page: its parts found by their label or heading text, wherever the site puts them (domain: A9)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate, takewhile
from typing import Literal
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from samepicture.links import joined
from samepicture.messages import SubmissionRejected
from samepicture.readers.report_blocks import Block
from samepicture.readers.report_prose import first_date

MAX_BYTES = 8 << 20
DEEPEST = 200
"""Nesting of elements: real pages reach about 40, and the parser's time grows with its square."""
_TAG = re.compile(r"<(/?)(?!(?:area|base|br|col|hr|img|input|link|meta|source|track|wbr|p|li|dt|dd|tr|td|th|option)\b)[a-zA-Z][^>]*?(/?)>")
"""Opening and closing tags of elements that nest; not those that need no end."""
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_FURNITURE = (
    "script, style, noscript, template, svg, nav, footer, aside, form, iframe, [role=navigation], [role=search], .breadcrumb, .pager, "
    "[class*=related], [class*=share], [class*=cookie], .visually-hidden, .sr-only"
)
_GROUPS = (
    "article",
    "div",
    "section",
    "main",
    "body",
    "header",
    "blockquote",
    "fieldset",
    "details",
    "figure",
    "tbody",
    "thead",
    "table",
    "ul",
    "ol",
    "dl",
)
_BLOCK_LEVEL = frozenset(("p", "div", "ul", "ol", "table", "tbody", "li", "tr", "section", "article", *HEADINGS))
_ELSEWHERE = re.compile(
    r"(?i)^(?:you (?:might|may) also|related\b|share this|tell us what|have your say|more (?:news|reports)|was this|subscribe|sign up)"
)
"""Headings below which a page speaks of other pages."""
_FILES = re.compile(r"(?i)^(?:file )?downloads?:?$")
_IGNORED = re.compile(r"(?i)^(?:download\b.*|you voted.*|would you like to look at:?|read the report|pdf\b.*|back to .*|print this page)$")
_SUMMARY = re.compile(r"(?i)^summary(?: of (?:the )?report(?: content)?)?:?$")
_FORM_SECTION = re.compile(
    r"(?i)^(?:general details|methodology(?: and approach)?|(?:details of )?(?:health and care )?services(?: included.*)?|(?:details of )?(?:the )?conditions.*|(?:details of )?(?:the )?people (?:who were )?included.*|outcomes(?: and impact)?)$"
)
_PUBLISHED = re.compile(r"(?i)^\W*(?:published|posted|publication date|date)?\W*(?:on|:)?\W*$")
_RESPONSE = re.compile(r"(?i)\bresponse\b|\brespon(?:ds|ded)\b")
_OTHER_FILE = re.compile(r"(?i)easy\s?read|large print|poster|infographic|translat|appendi|annex|press release|questionnaire")
_OWN_PART = re.compile(r"(?i)\brecommend(?:s|ations?)?\b|\bresponses?\b")
"""Headings of parts that have columns of their own."""
_DATED_LINE = re.compile(r"(?i)^(?:published|posted|date of publication|publication date)\b")
_NOTHING = re.compile(r"(?i)^(?:n/?a|not applicable|none|not (?:known|stated|given|specified)|unknown|[-–—]|)$")
LONGEST_ITEM = 120
"""Longer than any theme or service that a page lists; what is longer is prose under a heading of the same words."""

LABELS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(f"(?i){pattern}"))
    for name, pattern in (
        ("sent_date", r"\bsent\b.*\b(?:provider|trust|practice|on|date)\b|^date sent"),
        ("response_date", r"\bdate\b.*\brespon(?:se|ded)|\brespon(?:se|ded)\b.*\b(?:date|received on)\b"),
        ("response", r"\brespon(?:se|ded|d)\b.*\bprovider|\bprovider.*\brespon(?:se|ded|d)\b"),
        ("published_date", r"\bpublication\b(?!.*\btype)|\bdate published\b|^published(?: on| date)?$"),
        (
            "people",
            r"^(?:how many|(?:total )?number of|no\.? of) (?:people|participants|respondents|patients|members of the public)\b|^people (?:reached|heard|engaged)",
        ),
        ("recommendations_made", r"\brecommendations?\b.*\b(?:made|included)\b|^(?:number of|how many) recommendations\b"),
        (
            "local_healthwatch",
            r"^(?:name of )?(?:the )?(?:local )?healthwatch(?: name)?$|^(?:report )?(?:written|produced|published|submitted) by$",
        ),
        ("report_type", r"^type of (?:report|publication)|^report type|^publication type"),
        ("topics", r"^(?:key |main )?(?:themes?|topics?)\b"),
        (
            "methods",
            r"\bmethods?\b.*\bused\b|^(?:primary|main|research) (?:research )?methods?|^how (?:was|were) (?:the )?(?:information|evidence|views|data) (?:collected|gathered)|^methods?$",
        ),
        (
            "provider_names",
            r"^(?:names? of )?(?:the )?(?:service |care )?providers?(?: names?| named| visited| included)?$|^(?:name of )?(?:the )?(?:service|premises) visited$",
        ),
        ("services", r"\bservices?(?: (?:covered|included|involved)(?: in (?:the|this) report)?)?$"),
    )
)
"""Labels of the form-like block, by their words; the first that fits. Any may be missing."""


@dataclass(frozen=True)
class Link:
    """A file or page that a report page links."""

    url: str
    text: str
    kind: Literal["report", "response", "other"]


@dataclass
class Page:
    """What stands on a report page, before anything is read out of its prose."""

    title: str | None = None
    url: str | None = None
    """As the page itself says (canonical address)."""
    site_name: str | None = None
    published_date: date | None = None
    fields: dict[str, list[str]] = field(default_factory=dict)
    """Label name of LABELS to its values."""
    blocks: list[Block] = field(default_factory=list)
    """All of its content."""
    summary: str | None = None
    files: list[Link] = field(default_factory=list)
    response_pages: list[Link] = field(default_factory=list)


def read_page(content: bytes, encodings: Sequence[str], url: str | None = None) -> Page:
    """Read a report page, or a response page. `url` is where it was fetched from. Raises SubmissionRejected."""
    tree = parse(content, encodings)
    page = Page(url=_own_address(tree, content) or url, site_name=_meta(tree, "og:site_name"))
    root = _content(tree)
    page.files, page.response_pages = _links(root, url or page.url or "")
    page.title = _title(tree, root)
    published = first_date(_meta(tree, "article:published_time")) or _time(root)
    pairs = list(_pairs(root))
    page.blocks = list(takewhile(lambda block: not (block.kind == "heading" and _ELSEWHERE.match(block.text)), _blocks(root)))
    pairs += _pairs_in_blocks(page.blocks)
    for label, values in pairs:
        name = label_name(label)
        if name:
            kept = [value for value in values if not _NOTHING.match(value)]
            page.fields.setdefault(name, []).extend(value for value in kept if value not in page.fields.get(name, []))
    page.published_date = first_date(" ".join(page.fields.get("published_date", []))) or published or _published_line(page.blocks)
    page.summary = _summary(page.blocks)
    return page


def decode(content: bytes, encodings: Sequence[str]) -> str:
    """The text of a page in the first encoding that fits; damaged characters are marked, never fatal."""
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")


def parse(content: bytes, encodings: Sequence[str]) -> LexborHTMLParser:
    """The page's tree. Raises SubmissionRejected where it is nested without end."""
    text = decode(content, encodings)
    depth = accumulate((-1 if tag[1] else 0 if tag[2] else 1) for tag in _TAG.finditer(text))
    if max(depth, default=0) > DEEPEST:
        raise SubmissionRejected(
            "damaged_page",
            f"The page is damaged (more than {DEEPEST} elements inside one another): save it again from the browser and send it.",
        )
    return LexborHTMLParser(text)


def fingerprint(content: bytes, encodings: Sequence[str]) -> str:
    """SHA-256 of what a page says and links. Tokens that a site puts into each copy don't change it. Raises SubmissionRejected."""
    root = _content(parse(content, encodings))
    links = [node.attributes.get("href") or "" for node in root.css("a[href]")]
    return hashlib.sha256("\n".join([_text(root), *links]).encode()).hexdigest()


def label_name(label: str) -> str | None:
    """Which field a label such as 'Date of publication:' means; NULL for one that we don't read."""
    words = " ".join(label.split()).rstrip(" :?*")
    return next((name for name, pattern in LABELS if pattern.search(words)), None) if len(words) <= LONGEST_ITEM else None


def list_items(values: Sequence[str]) -> list[str]:
    """Items of a list field as the page lists them; a comma parts two only where a capital follows each."""
    items: list[str] = []
    for value in values:
        parts = re.split(r"\s*[;|\n]\s*", value)
        if len(parts) == 1 and re.search(r",", value) and all(part.strip()[:1].isupper() for part in value.split(",")):
            parts = value.split(",")
        items += [part.strip() for part in parts if part.strip() and len(part) <= LONGEST_ITEM and part.strip() not in items]
    return items


def _content(tree: LexborHTMLParser) -> LexborNode:
    _drop([node for node in tree.css(_FURNITURE) if node.tag not in ("html", "body", "main", "article")])
    root = tree.css_first("main") or tree.css_first("[role=main]") or tree.css_first("article") or tree.body or tree.root
    assert root is not None
    return root


def _drop(nodes: Sequence[LexborNode]) -> None:
    """Take nodes out of the page; one inside another goes with it and must not be touched again."""
    chosen = {node.mem_id for node in nodes}
    for node in [node for node in nodes if not _has_ancestor(node, chosen)]:
        node.decompose()


def _has_ancestor(node: LexborNode, chosen: set[int]) -> bool:
    above = node.parent
    while above is not None and above.mem_id not in chosen:
        above = above.parent
    return above is not None


def _text(node: LexborNode) -> str:
    return " ".join((node.text(separator=" ") or "").split())


def _tight(node: LexborNode) -> str:
    """Text of an inline run: no space where the page has none."""
    return " ".join((node.text() or "").split())


def _meta(tree: LexborHTMLParser, name: str) -> str | None:
    node = tree.css_first(f'meta[property="{name}"], meta[name="{name}"]')
    value = (node.attributes.get("content") or "").strip() if node else ""
    return value or None


def _own_address(tree: LexborHTMLParser, content: bytes) -> str | None:
    node = tree.css_first("link[rel=canonical]")
    stated = (node.attributes.get("href") if node else None) or _meta(tree, "og:url")
    if not stated and (saved := re.search(rb"<!-- saved from url=\(\d+\)(https?://[^\s>]+)", content[:4096])):
        stated = saved.group(1).decode("ascii", "ignore")
    return (joined("", stated) or None) if stated and stated.startswith(("http://", "https://")) else None


def _title(tree: LexborHTMLParser, root: LexborNode) -> str | None:
    heading = root.css_first("h1") or tree.css_first("h1")
    if heading and _tight(heading):
        return _tight(heading)
    title = tree.css_first("title")
    return _meta(tree, "og:title") or (_tight(title).split(" | ")[0] or None if title else None)


def _time(root: LexborNode) -> date | None:
    """The page's own time element: alone, or after a word such as 'Published'."""
    for node in root.css("time"):
        around = _text(node.parent) if node.parent else ""
        if _PUBLISHED.match(around.replace(_text(node), "", 1)):
            return first_date((node.attributes.get("datetime") or "")[:10]) or first_date(_text(node))
    return None


def _published_line(blocks: Sequence[Block]) -> date | None:
    lines = (block.text for block in blocks if block.kind == "text" and len(block.text) < LONGEST_ITEM)
    return next((first_date(line) for line in lines if _DATED_LINE.match(line)), None)


def _links(root: LexborNode, base: str) -> tuple[list[Link], list[Link]]:
    files: dict[str, Link] = {}
    pages: dict[str, Link] = {}
    for node in root.css("a[href]"):
        url = joined(base, node.attributes.get("href") or "").split("#")[0]
        text, path = _tight(node), urlsplit(url).path
        if urlsplit(url).scheme not in ("http", "https", ""):  # none: a saved page that doesn't say its address
            continue
        if path.lower().endswith(".pdf"):
            name = f"{text} {path.rsplit('/', 1)[-1]}"
            files.setdefault(
                url, Link(url, text, "response" if _RESPONSE.search(name) else "other" if _OTHER_FILE.search(name) else "report")
            )
        elif "/response/" in path:
            pages.setdefault(url, Link(url, text, "response"))
    return list(files.values()), list(pages.values())


def _pairs(root: LexborNode) -> Iterator[tuple[str, list[str]]]:
    """Label and values of Drupal fields, definition lists and two-cell table rows; taken out of the page."""
    taken: list[LexborNode] = []
    for node in root.css(".field"):
        label = next((child for child in node.iter() if "field__label" in (child.attributes.get("class") or "")), None)
        name = _text(label) if label else ""
        if not name or _SUMMARY.match(name) or re.match(r"(?i)body|content|file|downloads?", name):
            continue
        values = [_text(item) for item in node.css(".field__item")] or [_text(node)[len(name) :].strip()]
        if label_name(name) or all(len(value) <= LONGEST_ITEM for value in values):
            taken.append(node)
            yield name, values
    for node in root.css("dt"):
        values, after = [], node.next
        while after is not None and after.tag != "dt":
            values += [_text(after)] if after.tag == "dd" else []
            after = after.next
        yield _text(node), values
    for row in root.css("tr"):
        cells = [cell for cell in row.iter() if cell.tag in ("th", "td")]
        if (
            len(cells) == 2
            and label_name(_text(cells[0]))
            and (cells[0].tag == "th" or _text(cells[0]).endswith((":", "?")))
            and cells[1].tag == "td"
        ):
            taken.append(row)
            yield _text(cells[0]), [_text(item) for item in cells[1].css("li")] or [_text(cells[1])]
    _drop([*taken, *root.css("dl")])


def _pairs_in_blocks(blocks: list[Block]) -> list[tuple[str, list[str]]]:
    """'Label: value' lines, and headings that are a label above short values; taken out of the blocks."""
    pairs: list[tuple[str, list[str]]] = []
    kept: list[Block] = []
    place = 0
    while place < len(blocks):
        block = blocks[place]
        line = re.match(r"^([^:?]{3,120}[:?])\s*(\S.*)$", block.text)
        if block.kind in ("text", "item") and line and label_name(line.group(1)) and len(line.group(2)) <= 2 * LONGEST_ITEM:
            pairs.append((line.group(1), [line.group(2)]))
        elif block.kind == "heading" and block.level > 1 and label_name(block.text) and (values := list(_short_values(blocks, place))):
            pairs.append((block.text, values))
            place += len(values)
        else:
            kept.append(block)
        place += 1
    blocks[:] = kept
    return pairs


def _short_values(blocks: Sequence[Block], place: int) -> Iterator[str]:
    for block in blocks[place + 1 :]:
        if block.kind not in ("text", "item") or len(block.text) > LONGEST_ITEM or block.text.endswith((".", ":")):
            return
        yield block.text


def _blocks(node: LexborNode) -> Iterator[Block]:
    """Content in reading order."""
    for child in node.iter(include_text=True):
        tag = child.tag
        if tag == "-text":
            if text := _tight(child):
                yield Block("text", text)
        elif tag in HEADINGS:
            if text := _tight(child):
                yield Block("heading", text, level=int(tag[1]))
        elif tag == "ol":
            start = int(child.attributes["start"] or 1) if (child.attributes.get("start") or "").isdigit() else 1
            items = [item for item in child.iter() if item.tag == "li"]
            yield from (Block("item", _text(item), number=number) for number, item in enumerate(items, start) if _text(item))
        elif tag == "ul":
            yield from (Block("item", _text(item)) for item in child.iter() if item.tag == "li" and _text(item))
        elif tag == "tr":
            cells = tuple(_text(cell) for cell in child.iter() if cell.tag in ("th", "td"))
            yield Block("row", " ".join(cells), cells=cells)
        elif tag in _GROUPS and any(inner.tag in _BLOCK_LEVEL for inner in child.traverse() if inner.mem_id != child.mem_id):
            yield from _blocks(child)
        else:
            yield from _lines(child)


def _lines(node: LexborNode) -> Iterator[Block]:
    """A paragraph, by its line breaks; one that is all bold is a heading."""
    bold = node.css_first("strong, b")
    whole = _tight(node)
    if bold and whole and _tight(bold) == whole and len(whole) <= LONGEST_ITEM and not whole.endswith("."):
        yield Block("heading", whole)
        return
    for line in node.css("br"):
        line.replace_with("\n")
    yield from (Block("text", " ".join(line.split())) for line in (node.text() or "").split("\n") if line.split())


def _summary(blocks: Sequence[Block]) -> str | None:
    """Paragraphs below 'Summary of report content', or below the title, to the next part of the page."""
    start = next((place for place, block in enumerate(blocks) if _SUMMARY.match(block.text)), None)
    kept: list[str] = []
    for block in blocks[start + 1 if start is not None else 0 :]:
        if _FILES.match(block.text) or _FORM_SECTION.match(block.text):
            break
        if kept and block.kind == "heading" and _OWN_PART.search(block.text):
            break
        if block.kind == "heading" and (block.level == 1 or (start is not None and block.level <= blocks[start].level)):
            if kept:
                break
            continue
        if block.kind != "row" and not _IGNORED.match(block.text) and not _DATED_LINE.match(block.text):
            kept.append(f"{block.number}. {block.text}" if block.number else block.text)
    return "\n".join(kept) or None
