"""Files as they may come but should not: a feed's samples, damaged in the ways that files are damaged.

A mutation changes bytes anywhere, or something that the format knows: a cell, a field of
a JSON answer, a text or a tag of a page, a member of an archive. What is drawn is drawn
by hypothesis, so a failure shrinks and comes again.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from samepicture.feed import load_feeds
from samepicture.settings import Settings

Draw = Callable[[st.SearchStrategy[Any]], Any]

DEEP = 100_000
"""Levels of nesting: more than any parser's stack holds."""
STRANGE: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**63, 10**400, 1e308, float("inf"), float("nan"), 0.1 + 0.2),
    *("", " ", "\0", "\ud800", "\ufeff", "\u202eabc", "\u0663", "-", "NaN", "1e999", "9" * 400, "=1+1", "é" * 70_000),
    *("9999-99-99", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-13-01", "29/02/2023", "31/12/9999 25:61", "24:00"),
    *("<p>&#0;&#xD800;</p>", "%s{0}\\", "null", "[]", "{", '"', "\r\n", "QID1", "a.b.c"),
    *([], {}, [None], [[[]]], {"": None}, {"id": {"id": []}}, [1, "x", {}]),
)
"""What stands where something else was meant."""
TOKENS = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b'""',
    b"'",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\x1a",
    b"\\",
    b"\xc3",
    b"\x81\x8d",
    b"<",
    b"]]>",
)
TAG = re.compile(rb"<[^<>]*>")
TEXT = re.compile(rb">[^<>]+<")
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp1252", "cp500", "shift_jis")


@dataclass(frozen=True)
class Mutant:
    """A file that may come."""

    how: str
    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"{self.how} {self.name} ({len(self.content)} bytes: {self.content[:60]!r}...)"


@st.composite
def mutants(draw: Draw, samples: tuple[Path, ...], others: tuple[Path, ...]) -> Mutant:
    """A damaged sample of a feed, another feed's, or a file that is nobody's."""
    sample = draw(st.sampled_from(samples))
    content = _bytes(sample)
    if draw(st.integers(0, 9)) == 0:
        how = draw(st.sampled_from(sorted(NOBODYS)))
        return Mutant(how, sample.name, NOBODYS[how]())
    if draw(st.integers(0, 19)) == 0:
        other = draw(st.sampled_from(others))
        return Mutant("another feed's", draw(st.sampled_from((sample.name, other.name))), _bytes(other))
    how, changed = _changed(draw, content, others)
    if draw(st.integers(0, 3)) == 0:
        again, changed = _changed(draw, changed, others)
        how = f"{how}, {again}"
    return Mutant(how, sample.name, changed)


def _changed(draw: Draw, content: bytes, others: tuple[Path, ...]) -> tuple[str, bytes]:
    knowing = _knowing(content)
    if knowing and draw(st.integers(0, 2)):
        try:
            return knowing.__name__.strip("_"), knowing(draw, content, others)
        except (ValueError, RuntimeError, csv.Error, zipfile.BadZipFile, zlib.error, EOFError, OSError, IndexError):
            pass  # no longer what it looks like: an earlier mutation
    how = draw(st.sampled_from(sorted(BYTES)))
    return how, content if not content else BYTES[how](draw, content, others)


def _knowing(content: bytes) -> Any:
    """The mutation that knows the format."""
    head = content.lstrip()[:1]
    if content.startswith(b"PK"):
        return _member
    if head in (b"{", b"["):
        return _field
    if head == b"<":
        return _markup
    return _cell if b"," in content and not content.startswith(b"%PDF") else None


# -- bytes ---------------------------------------------------------------------------------------


def _slice(draw: Draw, content: bytes) -> tuple[int, int]:
    start = draw(st.integers(0, len(content) - 1))
    return start, min(len(content), start + draw(st.integers(1, 400)))


def _cut(draw: Draw, content: bytes, _: Any) -> bytes:
    return content[: draw(st.integers(0, len(content) - 1))]


def _flipped(draw: Draw, content: bytes, _: Any) -> bytes:
    changed = bytearray(content)
    for place, bits in draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(1, 255)), min_size=1, max_size=20)):
        changed[place] ^= bits
    return bytes(changed)


def _removed(draw: Draw, content: bytes, _: Any) -> bytes:
    start, end = _slice(draw, content)
    return content[:start] + content[end:]


def _inserted(draw: Draw, content: bytes, _: Any) -> bytes:
    place = draw(st.integers(0, len(content)))
    return content[:place] + draw(st.one_of(st.sampled_from(TOKENS), st.binary(min_size=1, max_size=40))) + content[place:]


def _repeated(draw: Draw, content: bytes, _: Any) -> bytes:
    start, end = _slice(draw, content)
    return content[:start] + content[start:end] * draw(st.sampled_from((2, 3, 300))) + content[end:]


def _joined(draw: Draw, content: bytes, others: tuple[Path, ...]) -> bytes:
    return content + draw(st.sampled_from((content, *map(_bytes, others))))


def _recoded(draw: Draw, content: bytes, _: Any) -> bytes:
    return content.decode("utf-8", "replace").encode(draw(st.sampled_from(ENCODINGS)), "replace")


def _nulled(draw: Draw, content: bytes, _: Any) -> bytes:
    start, end = _slice(draw, content)
    return content[:start] + b"\0" * (end - start) + content[end:]


def _swapped(draw: Draw, content: bytes, _: Any) -> bytes:
    return content.replace(draw(st.sampled_from(TOKENS)), draw(st.sampled_from((b"", *TOKENS))))


BYTES = {
    mutation.__name__.strip("_"): mutation
    for mutation in (_cut, _flipped, _removed, _inserted, _repeated, _joined, _recoded, _nulled, _swapped)
}


# -- what the format knows -------------------------------------------------------------------------


def _cell(draw: Draw, content: bytes, _: Any) -> bytes:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline="")))
    for _ in range(draw(st.integers(1, 5))):
        row = draw(st.sampled_from(rows))
        place = draw(st.integers(0, max(len(row) - 1, 0)))
        match draw(st.integers(0, 4)):
            case 0:
                del row[place : place + 1]
            case 1:
                row.insert(place, "x")
            case _:
                row[place : place + 1] = [str(draw(st.sampled_from(STRANGE)))]
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=draw(st.sampled_from(",,,;\t|"))).writerows(rows)
    return target.getvalue().encode("utf-8", "surrogatepass")


def _field(draw: Draw, content: bytes, _: Any) -> bytes:
    """A field of one JSON document, or of one of several lines; of a landed line mostly what the source answered."""
    lines = content.split(b"\n") if content.startswith(b'{"request"') else [content]
    place = draw(st.sampled_from([number for number, line in enumerate(lines) if line.strip()]))
    document = json.loads(lines[place])
    if isinstance(document, dict) and isinstance(document.get("answer"), str) and draw(st.integers(0, 4)):
        answer = document["answer"]
        document["answer"] = json.dumps(_with_strange_nodes(draw, json.loads(answer))) if answer[:1] in ("{", "[") else ""
    else:
        document = _with_strange_nodes(draw, document)
    lines[place] = json.dumps(document).encode()
    return b"\n".join(lines)


def _with_strange_nodes(draw: Draw, document: Any) -> Any:
    for _ in range(draw(st.integers(1, 3))):
        nodes = _nodes(document)
        if not nodes:
            return deepcopy(draw(st.sampled_from(STRANGE)))
        holder, key = draw(st.sampled_from(nodes))
        match draw(st.integers(0, 9)):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[draw(st.sampled_from(("", "line_number", "id", "is_removed", "version_at", "\ud800", "x" * 300)))] = holder.pop(key)
            case 2:
                holder[key] = [holder[key]] * 2
            case 3:
                holder[key] = _nested(draw(st.sampled_from((20, 150))), holder[key])
            case _:
                holder[key] = deepcopy(draw(st.sampled_from(STRANGE)))
    return document


def _nodes(document: Any) -> list[tuple[Any, Any]]:
    nodes: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        nodes += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys]
    return nodes


def _nested(levels: int, inner: Any) -> Any:
    for _ in range(levels):
        inner = [inner]
    return inner


def _markup(draw: Draw, content: bytes, _: Any) -> bytes:
    found = list(draw(st.sampled_from((TAG, TEXT))).finditer(content))
    match = draw(st.sampled_from(found)) if found else None
    if match is None:
        raise ValueError
    strange = str(draw(st.sampled_from(STRANGE))).encode("utf-8", "surrogatepass")
    was = match[0]
    new = draw(st.sampled_from((b"", was * 2, was * 3000, b">" + strange + b"<", was[:1] + strange + was[1:], b"<b>" * 2000 + was)))
    return content[: match.start()] + new + content[match.end() :]


def _member(draw: Draw, content: bytes, others: tuple[Path, ...]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    name = draw(st.sampled_from(sorted(members)))
    match draw(st.integers(0, 9)):
        case 0:
            del members[name]
        case 1:
            members[draw(st.sampled_from(("../../../tmp/x.csv", "/etc/x.pdf", "C:\\x.json", "a\0b.csv", "x" * 300 + ".pdf", "é/…")))] = (
                members.pop(name)
            )
        case 2:
            members[name] = members[draw(st.sampled_from(sorted(members)))]
        case _ if members[name]:
            members[name] = _changed(draw, members[name], others)[1]
    return _zipped(members)


# -- files that are nobody's -------------------------------------------------------------------------


def _zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def _bomb() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))
    return f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{entities}]><Bundle>&l19;</Bundle>'.encode()


def _outside() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><Bundle>&x;</Bundle>'


NOBODYS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "nulls": lambda: b"\0" * 5_000,
    "spaces": lambda: b" \r\n" * 1_000,
    "marks": lambda: b"\xef\xbb\xbf\xff\xfe",
    "rubbish": lambda: bytes(range(256)) * 40,
    "page": lambda: b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Sign in to go on.</p></body></html>",
    "deep list": lambda: b"[" * DEEP,
    "deep closed list": lambda: b"[" * DEEP + b"]" * DEEP,
    "deep record": lambda: b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "nested record": lambda: b'{"a":' * 500 + b"1" + b"}" * 500,
    "deep bundle": lambda: b'{"resourceType": "Bundle", "entry": ' + b"[" * 900 + b"]" * 900 + b"}",
    "deep answer": lambda: json.dumps({"request": "x", "status": 200, "answer": "[" * DEEP}).encode(),
    "nested answer": lambda: json.dumps({"request": "x", "status": 200, "answer": "[" * 900 + "]" * 900}).encode(),
    "answer of numbers": lambda: b'{"request": 1, "status": "x", "answer": 2}\n',
    "answer of nothing": lambda: b'{"request": "x", "status": 200, "answer": null}\n',
    "deep XML": lambda: b"<a>" * DEEP,
    "deep closed XML": lambda: b"<a>" * DEEP + b"</a>" * DEEP,
    "XML bomb": _bomb,
    "XML of a file": _outside,
    "huge number": lambda: b'[{"id": ' + b"9" * 50_000 + b"}]",
    "numbers": lambda: b'[{"id": 1e999, "x": -1e-999, "y": 9999999999999999999999999}]',
    "empty zip": lambda: _zipped({}),
    "zip in a zip": lambda: _zipped({"a.csv": _zipped({"a.csv": b"a,b\n1,2\n"}), "b.pdf": _zipped({"b.json": b"{}"})}),
    "names that climb": lambda: _zipped(
        {"../../../../tmp/climbed.csv": b"a,b\n1,2\n", "/climbed.pdf": b"%PDF-1.4", "..\\climbed.json": b"[]"}
    ),
    "folders alone": lambda: _zipped({"a/": b"", "b/c/": b""}),
    "long line": lambda: b"x" * 3_000_000,
    "long lines": lambda: (b"x" * 100_000 + b"\n") * 20,
    "long cell": lambda: b'a,b\n1,"' + b"words " * 200_000 + b'"\n',
    "many columns": lambda: b",".join(b"column %d" % n for n in range(20_000)) + b"\n" + b"1," * 20_000,
    "wide row": lambda: b"a,b\n" + b"1," * 50_000,
    "only quotes": lambda: b'"' * 10_001,
    "pdf head": lambda: (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[2 0 R]/Count 999999999>>endobj trailer<</Root 1 0 R>>"
    ),
}


@cache
def _bytes(path: Path) -> bytes:
    return path.read_bytes()


FEEDS = load_feeds(Settings.from_environment().feeds)
OTHERS = tuple(sample for feed in FEEDS.values() for sample in feed.samples)
THE_SAME = settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink]
)
"""For tests that take the same files each time, however busy the machine."""
