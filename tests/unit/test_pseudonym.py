"""Pseudonyms: the same case, the same pseudonym; no way back without the key."""

from __future__ import annotations

import hmac

import polars as pl

from samepicture.privacy.pseudonym import DIGITS, pseudonyms

KEY = b"k" * 32


def made(key: bytes, *pairs: tuple[str | None, str | None]) -> list[str | None]:
    organisation, reference = zip(*pairs, strict=True)
    return pseudonyms((key,), pl.Series(organisation, dtype=pl.String), pl.Series("ref", reference, dtype=pl.String)).to_list()


def test_the_same_case_has_the_same_pseudonym_however_it_is_written() -> None:
    first, *others = made(KEY, ("RZN", "C-0012"), ("RZN", "c-0012"), ("RZN", " C-00 12 "), ("rzn", "C-0012"))
    assert first is not None
    assert len(first) == DIGITS
    assert set(others) == {first}


def test_another_organisation_reference_or_key_gives_another_pseudonym() -> None:
    mine, other_organisation, other_reference, run_together = made(KEY, ("RZN", "C1"), ("RZE", "C1"), ("RZN", "C2"), ("RZ", "NC1"))
    (other_key,) = made(b"j" * 32, ("RZN", "C1"))
    assert len({mine, other_organisation, other_reference, run_together, other_key}) == 5


def test_it_is_hmac_sha256_so_that_a_source_can_make_it_too() -> None:
    assert made(KEY, ("RZN", "C1")) == [hmac.new(KEY, b"RZN\x1fC1", "sha256").hexdigest()[:DIGITS]]


def test_no_reference_gives_no_pseudonym() -> None:
    assert made(KEY, ("RZN", None), ("RZN", ""), ("RZN", "  ")) == [None, None, None]
    assert made(KEY, (None, "C1"))[0] is not None


def test_the_reference_does_not_stand_in_it() -> None:
    (pseudonym,) = made(KEY, ("RZN", "12345678"))
    assert pseudonym is not None
    assert "12345678" not in pseudonym
