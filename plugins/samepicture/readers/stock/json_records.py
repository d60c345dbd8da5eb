"""Records of a JSON API, or of a plain JSON or NDJSON file, to flat columns that layouts of feed.yml map.

    reader:
      kind: json_records
      options: {records: data.items, id: id}

`records` says where in a document its records are (left out: the document is the list, or
the one record); of several with the same `id` the last counts, without it only records
that are the same throughout are one. What is nested has dotted names (venue.postcode), a list is JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import IO, Any

from samepicture.connectors.answers import LINE_BYTES_MAX, LandedAnswer, read_answers
from samepicture.connectors.json_source import at
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part
from samepicture.readers.documents import frames, parsed, text
from samepicture.readers.survey import latest


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part with a row a record. Raises SubmissionRejected where the bytes are no such document."""
    path, id_path = str(feed.reader.options.get("records") or ""), str(feed.reader.options.get("id") or "")
    is_filled: dict[str, bool] = {}

    def entries(answer: LandedAnswer) -> Iterator[Any]:
        found = at(answer.document, path)
        if isinstance(found, dict):
            found = [found]
        if not isinstance(found, list):
            place = f"a list at {path}" if path else "a list"
            raise SubmissionRejected("wrong_feed", f"The file {file_name} is no JSON with {place}: it may belong to another feed.")
        yield from found

    def key(record: Any) -> Any:
        found = at(record, id_path) if id_path else None
        return str(found) if found is not None else hashlib.sha256(json.dumps(record, sort_keys=True).encode()).digest()

    answers = partial(_lines if _is_lines(stream) else read_answers, stream, file_name)
    part = Part("", [], iter(()))
    found = latest(answers, entries, key, partial(_note_names, is_filled))
    first = next(found, None)  # the whole document was looked through by now
    # A record may have nothing where others have names below it.
    part.headers = [name for name, filled in is_filled.items() if filled or not any(other.startswith(f"{name}.") for other in is_filled)]
    part.frames = frames(_rows(chain([first] if first else [], found), part), part.headers)
    yield part


def _rows(found: Iterator[tuple[int, Any]], part: Part) -> Iterator[dict[str, str | int | None]]:
    for place, record in found:
        if isinstance(record, dict):
            flat = _flat(record)
            yield {**{name: flat.get(name) for name in part.headers}, LINE: place}
        else:
            sentence = "An entry of the list is no record: correct it, and send the file again."
            part.unreadable.append({LINE: place, "code": "unreadable_record", "sentence": sentence})


def _note_names(is_filled: dict[str, bool], record: Any, before: str = "") -> None:
    """Which columns a record has, and whether there is anything in them."""
    for name, value in record.items() if isinstance(record, dict) else ():
        if isinstance(value, dict):
            _note_names(is_filled, value, f"{before}{name}.")
        elif value is not None or f"{before}{name}" not in is_filled:
            is_filled[f"{before}{name}"] = value is not None


def _flat(record: dict[str, Any], before: str = "") -> dict[str, str | None]:
    flat: dict[str, str | None] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{before}{name}."))
        else:
            flat[f"{before}{name}"] = text(value)
    return flat


def _is_lines(stream: IO[bytes]) -> bool:
    """A document a line, not the answers of a source."""
    stream.seek(0)
    first, second = stream.readline(LINE_BYTES_MAX), stream.readline(2)
    try:
        return bool(second.strip()) and isinstance(parsed(first), dict) and not first.startswith(b'{"request"')
    except ValueError:
        return False


def _lines(stream: IO[bytes], file_name: str) -> Iterator[LandedAnswer]:
    stream.seek(0)
    while line := stream.readline(LINE_BYTES_MAX):
        if line.strip():
            try:
                yield LandedAnswer("", 200, parsed(line))
            except ValueError:
                raise SubmissionRejected(
                    "broken_json", f"The file {file_name} breaks off or is damaged: collect or send it again."
                ) from None
