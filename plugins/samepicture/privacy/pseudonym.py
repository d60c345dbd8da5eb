"""Keyed pseudonyms: HMAC-SHA256 over organisation and reference (domain: C).

A key that was rotated has several links. A pseudonym is then the chain over all of them,
HMAC(second, HMAC(first, reference)), so that rotating needs the pseudonyms alone and not
the references, which nobody keeps.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence

import polars as pl

DIGITS = 32
"""Hexadecimal digits kept: 128 bits, beyond collision for any ICS."""
FINGERPRINT_DIGITS = 16


def pseudonyms(key: Sequence[bytes], organisation: pl.Series, reference: pl.Series) -> pl.Series:
    """Pseudonyms of references, as hexadecimal text; no reference, no pseudonym (NULL).

    The same reference of the same organisation gives the same pseudonym under one key,
    whatever its case and spaces; without the key it can't be computed or reversed.
    Two organisations' equal references are two cases.
    """
    return links(key, organisation, reference)[-1]


def links(key: Sequence[bytes], organisation: pl.Series, reference: pl.Series) -> list[pl.Series]:
    """The pseudonyms that the same references had under each state of the key, oldest first; the last are those of now."""
    messages = pl.DataFrame({"organisation": organisation, "reference": reference}).select(
        pl.when(pl.col("reference").str.contains(r"\S")).then(
            pl.concat_str(pl.col("organisation").fill_null(""), pl.lit("\x1f"), pl.col("reference"))
            .str.to_uppercase()
            .str.replace_all(r"[^\S\x1f]", "")
        )
    )
    found = [_digests(key[0], messages.to_series()).alias(reference.name)]
    for link in key[1:]:
        found.append(_digests(link, found[-1]))
    return found


def rotated(new_links: Sequence[bytes], pseudonym: pl.Series) -> pl.Series:
    """What pseudonyms become when these links are added to their key."""
    for link in new_links:
        pseudonym = _digests(link, pseudonym)
    return pseudonym


def rotation(new_links: Sequence[bytes]) -> Callable[[str], str]:
    """The same for one pseudonym."""

    def rotate(pseudonym: str) -> str:
        for link in new_links:
            pseudonym = _digest(link, pseudonym)
        return pseudonym

    return rotate


def fingerprint(key: Sequence[bytes]) -> str:
    """Tells one key, or state of a key, from another; tells nothing of the key itself."""
    told = ""
    for link in key:
        told = hmac.digest(link, b"fingerprint\x1f" + told.encode(), "sha256").hex()[:FINGERPRINT_DIGITS]
    return told


def _digests(key: bytes, messages: pl.Series) -> pl.Series:
    return pl.Series(messages.name, [None if text is None else _digest(key, text) for text in messages], dtype=pl.String)


def _digest(key: bytes, message: str) -> str:
    return hmac.digest(key, message.encode(), "sha256").hex()[:DIGITS]
