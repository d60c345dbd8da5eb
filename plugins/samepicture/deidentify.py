"""Takes people out of a batch: references become pseudonyms, words are redacted wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import polars as pl

from samepicture.privacy.pseudonym import pseudonyms
from samepicture.privacy.redaction import redact
from samepicture.records import Contract, Kind

CODE_LENGTH = 120
UNRECOGNISED = "unrecognised"
"""In place of a code that is no code: words that slipped into its column are told of, not kept."""


def deidentified(frame: pl.DataFrame, contract: Contract, key: bytes) -> pl.DataFrame:
    """The same batch without identifiers: what may be written anywhere outside the landing store.

    Dates, numbers and public references stay. Everything that can hold words is redacted;
    a code with spaces, or longer than CODE_LENGTH, is UNRECOGNISED.
    """
    if contract.of_kind(Kind.IDENTIFIER):
        scope = frame.get_column(contract.reference_scope)
        frame = frame.with_columns([pseudonyms(key, scope, frame.get_column(name)) for name in contract.of_kind(Kind.IDENTIFIER)])
    codes = contract.of_kind(Kind.CODE)
    return frame.with_columns(
        *[redact(frame.get_column(name)) for name in contract.of_kind(Kind.NARRATIVE, Kind.TEXT)],
        *[redact_json(frame.get_column(name)) for name in (*contract.of_kind(Kind.LIST, Kind.JSON), "unmapped")],
        *[pl.when(_is_code(pl.col(name))).then(pl.col(name)).otherwise(pl.lit(UNRECOGNISED)).alias(name) for name in codes],
    )


def redact_json(documents: pl.Series) -> pl.Series:
    """JSON documents with each text inside redacted; still JSON, with the same shape. NULL stays NULL.

    Redacting the encoded text would miss what stands beside an escaped line break, and break escapes.
    """
    different = documents.drop_nulls().unique()
    parsed: list[Any] = [json.loads(document) for document in different]
    texts: list[str] = []
    for document in parsed:
        _each_text(document, lambda text: texts.append(text) or text)  # type: ignore[func-returns-value]
    redacted = redact(pl.Series(texts, dtype=pl.String))
    if (redacted == pl.Series(texts, dtype=pl.String)).all():
        return documents
    replacements = iter(redacted.to_list())
    encoded = [json.dumps(_each_text(document, lambda _: next(replacements)), ensure_ascii=False) for document in parsed]
    return documents.replace(different, pl.Series(encoded, dtype=pl.String))


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with every text in it changed, in a fixed order; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _each_text(item, change) for key, item in value.items()}
    return value


def _is_code(code: pl.Expr) -> pl.Expr:
    return code.is_null() | (~code.str.contains(r"\s") & (code.str.len_chars() <= CODE_LENGTH))
