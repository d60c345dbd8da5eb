"""Knows an erased record when it comes again, without keeping what it was called.

An erased record leaves a mark: HMAC over its key, with the newest link of the pseudonym key.
The mark says "this one" to whoever computes it again from the record, and nothing to whoever
reads the list. References lead to the pseudonyms of every state of the key, so marks stay
right when the key is rotated; what holds pseudonyms alone is searched when the mark is made.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from samepicture.landing import Landing
from samepicture.privacy.pseudonym import links
from samepicture.records import Contract, Kind

FOLDER = "erased"
CODE = "erased_record"
SENTENCE = "This record was erased here on request and is not taken again: leave it out of what you send."
REFERENCE_CODE = "erased_reference"
REFERENCE_SENTENCE = "A record names another one that was erased here on request: the record was taken without that reference."


@dataclass(frozen=True)
class Found:
    """Which rows of a frame are of erased records."""

    rows: pl.Series
    """Rows of the records themselves."""
    references: dict[str, pl.Series]
    """By column: rows of other records that name an erased one in it."""

    def __bool__(self) -> bool:
        return bool(self.rows.any()) or bool(self.references)


class Erased:
    """The marks of an installation, as they are when this is read."""

    def __init__(self, key: Sequence[bytes], marks: frozenset[str]) -> None:
        self._key = tuple(key)
        self.marks = marks

    @classmethod
    def read(cls, landing: Landing, key: Sequence[bytes]) -> Erased:
        """The list in the landing store."""
        return cls(key, frozenset(landing.store.names(FOLDER)))

    def mark(self, contract: Contract, record_key: Sequence[str]) -> str:
        """The mark of a record; `record_key` holds the values of contract.record_key, pseudonyms where they are."""
        frame = pl.DataFrame([list(record_key)], schema=list(contract.record_key), orient="row")
        return self._marks(contract, self._key[-1], frame.get_columns())[0]

    def among_references(self, contract: Contract, frame: pl.DataFrame) -> Found:
        """Erased records in a frame whose identifiers are still the source's own references."""
        if not self.marks:
            return _nothing(frame)
        identifiers = contract.of_kind(Kind.IDENTIFIER)
        if not identifiers:
            rows = [self._among(contract, link, frame) for link in self._key]
            return Found(_any(rows), {})
        scope = frame.get_column(contract.reference_scope)
        found: dict[str, pl.Series] = {}
        for name in identifiers:
            states = links(self._key, scope, frame.get_column(name))
            found[name] = _any([self._named(contract, link, scope, state) for link, state in zip(self._key, states, strict=True)])
        return _told(contract, found)

    def among_keys(self, contract: Contract, keys: pl.DataFrame) -> pl.Series:
        """Which of these record keys, as the warehouse has them under the key of now, are of erased records."""
        return self._among(contract, self._key[-1], keys)

    def _among(self, contract: Contract, link: bytes, frame: pl.DataFrame) -> pl.Series:
        return pl.Series(
            [mark in self.marks for mark in self._marks(contract, link, frame.select(contract.record_key).get_columns())], dtype=pl.Boolean
        )

    def _named(self, contract: Contract, link: bytes, scope: pl.Series, pseudonym: pl.Series) -> pl.Series:
        columns = {contract.reference_scope: scope, own_identifier(contract): pseudonym}
        marks = self._marks(contract, link, [columns[name] for name in contract.record_key])
        return pl.Series([text is not None and mark in self.marks for text, mark in zip(pseudonym, marks, strict=True)], dtype=pl.Boolean)

    def _marks(self, contract: Contract, link: bytes, columns: Sequence[pl.Series]) -> list[str]:
        values = [column.cast(pl.String).fill_null("").str.to_uppercase().str.replace_all(r"\s", "") for column in columns]
        head = f"erased\x1f{contract.record_type}"
        return [hmac.digest(link, "\x1f".join((head, *row)).encode(), "sha256").hex() for row in zip(*values, strict=True)]


def own_identifier(contract: Contract) -> str:
    """The column with the pseudonym of the record itself; others name further records."""
    return next(name for name in contract.of_kind(Kind.IDENTIFIER) if name in contract.record_key)


def note(landing: Landing, mark: str, record_type: str, reason: str) -> None:
    """Put a mark on the list, durably, with why and when."""
    told = {"record_type": record_type, "reason": reason, "erased_at": datetime.now(UTC).isoformat(timespec="seconds")}
    landing.store.write(json.dumps(told).encode(), FOLDER, mark)


def _told(contract: Contract, found: dict[str, pl.Series]) -> Found:
    rows = found.pop(own_identifier(contract))
    return Found(rows, {name: named for name, named in found.items() if named.any()})


def _nothing(frame: pl.DataFrame) -> Found:
    return Found(pl.Series([False], dtype=pl.Boolean).new_from_index(0, frame.height), {})


def _any(series: Sequence[pl.Series]) -> pl.Series:
    found = series[0]
    for other in series[1:]:
        found = found | other
    return found
