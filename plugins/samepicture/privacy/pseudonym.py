"""Keyed pseudonyms: HMAC-SHA256 over organisation and reference (domain: C)."""

from __future__ import annotations

import hmac

import polars as pl

DIGITS = 32
"""Hexadecimal digits kept: 128 bits, beyond collision for any ICS."""


def pseudonyms(key: bytes, organisation: pl.Series, reference: pl.Series) -> pl.Series:
    """Pseudonyms of references, as hexadecimal text; no reference, no pseudonym (NULL).

    The same reference of the same organisation gives the same pseudonym under one key,
    whatever its case and spaces; without the key it can't be computed or reversed.
    Two organisations' equal references are two cases.
    """
    messages = pl.DataFrame({"organisation": organisation, "reference": reference}).select(
        pl.when(pl.col("reference").str.contains(r"\S")).then(
            pl.concat_str(pl.col("organisation").fill_null(""), pl.lit("\x1f"), pl.col("reference"))
            .str.to_uppercase()
            .str.replace_all(r"[^\S\x1f]", "")
        )
    )
    digests = [None if text is None else hmac.digest(key, text.encode(), "sha256").hex()[:DIGITS] for text in messages.to_series()]
    return pl.Series(reference.name, digests, dtype=pl.String)
