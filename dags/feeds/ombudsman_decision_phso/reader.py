"""Decisions of the Parliamentary and Health Service Ombudsman as JSON: one a file, a list, or one a line.

The text of a decision is one field with its headings in it ('The Complaint:', 'Our Decision:', ...);
what was complained of, what was decided and what is recommended are taken out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part, fold, known_headers, reject_empty
from samepicture.readers.documents import frames, parsed, stranger, text

BYTES_MAX = 256 << 20
"""Of a file: some 10,000 decisions."""
HEADINGS = {
    "The Complaint": "complaint",
    "Background": None,
    "Evidence": None,
    "Findings": None,
    "Our Decision": "decision",
    "Recommendations": "recommendations",
}
"""The heading of a section, and the column that it goes to; None: not read."""
SECTION = re.compile(rf"(?:^|\n\n)({'|'.join(HEADINGS)}|Complaint Component \d+|Outcome \d+):[ \n]")
SECTIONS = tuple(column for column in HEADINGS.values() if column)


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part with a row a decision. Raises SubmissionRejected where the bytes are no decisions."""
    found = list(_decisions(stream, file_name))
    decisions = [(place, decision) for place, decision in found if isinstance(decision, dict)]
    if not any("case_reference" in decision for _, decision in decisions):
        raise SubmissionRejected(
            "wrong_feed",
            f"The file {file_name} holds no decisions of the Ombudsman (no 'case_reference'): check that it is the right file.",
        )
    named = (name for layout in feed.layouts for column in layout.columns.values() for name in column.from_)
    headers = list(dict.fromkeys([*(name for _, decision in decisions for name in decision), *named]))
    part = Part("", headers, iter(()))
    sentence = "An entry of the file is no decision: harvest it again."
    part.unreadable = [
        {LINE: place, "code": "unreadable_record", "sentence": sentence} for place, entry in found if not isinstance(entry, dict)
    ]
    known = known_headers(feed)
    part.frames = frames(({**_row(decision, known), LINE: place} for place, decision in decisions), headers)
    yield part


def _row(decision: dict[str, Any], known: set[str]) -> dict[str, str | None]:
    row = {name: text(value) if fold(name) in known else stranger(value) for name, value in decision.items()}
    return row | _sections(row.get("text") or "")


def _sections(words: str) -> dict[str, str | None]:
    """The sections that are read; a text without headings is the decision."""
    pieces = SECTION.split(words)
    if len(pieces) == 1:
        return {**dict.fromkeys(SECTIONS), "decision": words.strip() or None}
    by_heading = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    return {column: by_heading.get(heading, "").strip() or None for heading, column in HEADINGS.items() if column}


def _decisions(stream: IO[bytes], file_name: str) -> Iterator[tuple[int, Any]]:
    """Each entry and its place: the line, or the ordinal in the list."""
    stream.seek(0)
    content = stream.read(BYTES_MAX + 1)
    reject_empty(len(content.strip()), file_name)
    if len(content) > BYTES_MAX:
        raise SubmissionRejected(
            "file_too_large", f"The file {file_name} is larger than {BYTES_MAX >> 20} MB: send the decisions in parts."
        )
    try:
        try:
            whole = parsed(content)
        except ValueError:
            lines = [(place, line) for place, line in enumerate(content.split(b"\n"), 1) if line.strip()]
            if len(lines) < 2:
                raise
            yield from [(place, parsed(line)) for place, line in lines]
            return
    except ValueError:
        raise SubmissionRejected(
            "not_json", f"The file {file_name} is not JSON, or not the whole of it arrived: harvest it again and send it whole."
        ) from None
    yield from enumerate(whole if isinstance(whole, list) else [whole], 1)
