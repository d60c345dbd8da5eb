"""Takes people out of a batch: references become pseudonyms, words are redacted wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from samepicture.privacy.pseudonym import pseudonyms
from samepicture.privacy.redaction import redact, redact_identifiers
from samepicture.records import Contract, Kind
from samepicture.values import as_json

CODE_LENGTH = 120
REFERENCE_LENGTH = 400
"""Addresses of pages are longer than codes."""
UNRECOGNISED = "unrecognised"
"""In place of a code that is no code: words that slipped into its column are told of, not kept."""


def deidentified(frame: pl.DataFrame, contract: Contract, key: Sequence[bytes]) -> pl.DataFrame:
    """The same batch without identifiers: what may be written anywhere outside the landing store.

    Dates, numbers and public references stay. People's own words, and what no column is for, lose names and identifiers;
    labels keep names, since wards, sites and practices are called after people. A code with spaces, or longer than
    CODE_LENGTH, is UNRECOGNISED, and so is such an item of a list of references.
    """
    if contract.of_kind(Kind.IDENTIFIER):
        scope = frame.get_column(contract.reference_scope)
        frame = frame.with_columns([pseudonyms(key, scope, frame.get_column(name)) for name in contract.of_kind(Kind.IDENTIFIER)])
    codes = contract.of_kind(Kind.CODE)
    return redacted(frame, contract).with_columns(
        *[_references(frame.get_column(name)) for name in contract.of_kind(Kind.REFERENCES)],
        *[_code_or_unrecognised(pl.col(name), CODE_LENGTH).alias(name) for name in codes],
    )


def redacted(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The same batch with everything in it redacted that can hold words; redacted before, only what a newer redaction finds changes."""
    return frame.with_columns(
        *_together(frame, contract.of_kind(Kind.NARRATIVE), redact),
        *_together(frame, contract.of_kind(Kind.TEXT), redact_identifiers),
        *[redact_json(frame.get_column(name), redact_identifiers) for name in contract.of_kind(Kind.LIST, Kind.JSON)],
        redact_json(frame.get_column("unmapped"), redact),
    )


def _together(frame: pl.DataFrame, names: Sequence[str], redaction: Callable[[pl.Series], pl.Series]) -> list[pl.Series]:
    """Columns redacted in one go: of a small submission, setting out costs more than the way."""
    if not names:
        return []
    done = redaction(pl.concat([frame.get_column(name).alias("") for name in names]))
    return [done.slice(number * frame.height, frame.height).alias(name) for number, name in enumerate(names)]


def redact_json(documents: pl.Series, redaction: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """JSON documents with each text inside redacted by `redaction`; still JSON, with the same shape. NULL stays NULL.

    Redacting the encoded text would miss what stands beside an escaped line break, and break escapes.
    """
    different = documents.drop_nulls().unique()
    parsed: list[Any] = [json.loads(document) for document in different]
    texts: list[str] = []

    def noted(text: str) -> str:
        texts.append(text)
        return text

    for document in parsed:
        _each_text(document, noted)
    redacted = redaction(pl.Series(texts, dtype=pl.String))
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


def _references(documents: pl.Series) -> pl.Series:
    """JSON arrays of references: an item that can't be one is UNRECOGNISED."""
    name = documents.name
    items = documents.str.json_decode(pl.List(pl.String)).list.eval(_code_or_unrecognised(pl.element(), REFERENCE_LENGTH))
    return as_json(items).alias(name)


def _code_or_unrecognised(code: pl.Expr, length: int) -> pl.Expr:
    is_code = code.is_null() | (~code.str.contains(r"\s") & (code.str.len_chars() <= length))
    return pl.when(is_code).then(code).otherwise(pl.lit(UNRECOGNISED))
