"""For readers of nested documents: fields to text, rows to frames."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from samepicture.readers import LINE

ROWS = 5_000
"""In one frame: a nested record is larger than a line of a CSV."""
TEXT_MAX = 60
WITHHELD = "[withheld]"
NESTED_MAX = 100
"""Levels of a JSON document: more than any record has, fewer than end a parser."""
HALF = re.compile("[\ud800-\udfff]")
"""Half a character: JSON may write one (a text that was cut by length), and no table can hold it."""


class NestedTooDeeplyError(ValueError):
    """A JSON document has more levels than NESTED_MAX."""


def parsed(content: bytes | str) -> Any:
    """A JSON document, half characters replaced. Raises ValueError for what is none, NestedTooDeeplyError among it."""
    written = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    try:
        document = json.loads(written)
    except RecursionError:
        raise NestedTooDeeplyError from None
    level = [document]
    for _ in range(NESTED_MAX):
        level = [item for holder in level for item in _held(holder) if isinstance(item, (dict, list))]
        if not level:
            return _whole(document) if re.search(r"\\u[dD]", written) else document
    raise NestedTooDeeplyError


def _held(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return HALF.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {_whole(name): _whole(item) for name, item in value.items()} if isinstance(value, dict) else value


def text(value: Any) -> str | None:
    """A field that is known, as text; nested values as JSON."""
    if value is None or isinstance(value, str):
        return value
    return _ENCODE(value)


_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
"""As json.dumps does, which makes an encoder for each value."""


def stranger(value: Any) -> str | None:
    """A field that nobody declared: kept where short, withheld where it could be somebody's words or a person."""
    as_text = text(value)
    return WITHHELD if isinstance(value, (dict, list)) or len(as_text or "") > TEXT_MAX else as_text


def utc(value: Any) -> str | None:
    """An ISO moment as UTC without its offset; a moment without an offset is taken as UTC. What is none stays as it is."""
    try:
        moment = datetime.fromisoformat(value)
        return (moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment).isoformat()
    except (TypeError, ValueError, OverflowError):  # of the first or the last day that there is
        return text(value)


def lines(values: Iterable[str]) -> str | None:
    """Several values in one field, each once, for `split: "\\n"` in feed.yml."""
    return "\n".join(dict.fromkeys(values)) or None


def frames(rows: Iterable[Mapping[str, str | int | None]], headers: Iterable[str]) -> Iterator[pl.DataFrame]:
    """Rows, each with its `line_number`, as frames of text; what a row lacks is NULL.

    Rows of one number are one record, which is judged as a whole: they stay in one frame.
    """
    schema: dict[str, Any] = {LINE: pl.Int64, **{name: pl.String for name in headers if name != LINE}}
    batch: list[Mapping[str, str | int | None]] = []
    for row in rows:
        if len(batch) >= ROWS and row[LINE] != batch[-1][LINE]:
            yield _frame(batch, schema)
            batch = []
        batch.append(row)
    if batch:
        yield _frame(batch, schema)


def _frame(rows: list[Mapping[str, str | int | None]], schema: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema)
