"""Takes people out of a batch: references become pseudonyms, words are redacted."""

from __future__ import annotations

import polars as pl

from samepicture.privacy.pseudonym import pseudonyms
from samepicture.privacy.redaction import redact
from samepicture.records import Contract, Kind


def deidentified(frame: pl.DataFrame, contract: Contract, key: bytes) -> pl.DataFrame:
    """The same batch without identifiers: what may be written anywhere outside the landing store."""
    if contract.of_kind(Kind.IDENTIFIER):
        organisation = frame.get_column("organisation_ods_code")
        frame = frame.with_columns([pseudonyms(key, organisation, frame.get_column(name)) for name in contract.of_kind(Kind.IDENTIFIER)])
    worded = [*contract.of_kind(Kind.NARRATIVE, Kind.JSON), "unmapped"]
    return frame.with_columns([redact(frame.get_column(name)) for name in worded])
