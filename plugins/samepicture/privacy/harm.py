"""Flags texts that speak of harm, abuse, neglect, or a wish to die or to hurt somebody, for a human to look at.

Words and phrases (`harm_phrases.toml`), as expressions over a column. A flag too many costs somebody a minute; one too
few may cost a life: so no negation takes a flag away ('I am not suicidal' is flagged). Only sayings that are about nothing
of the kind do ('dying for a cup of tea'). Measured on an invented corpus: tests/corpus/harm.jsonl, docs/redaction.md.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import polars as pl

from samepicture.privacy.rules import quick
from samepicture.privacy.slices import in_slices

_PHRASES = tomllib.loads(Path(__file__).with_name("harm_phrases.toml").read_text(encoding="utf-8"))


def _any_of(lines: str) -> str:
    return "|".join(lines.splitlines())


_SAYINGS = quick(_any_of(_PHRASES["sayings"]))
"""What only sounds like it."""
CODES: dict[str, str] = {code: quick(_any_of(lines)) for code, lines in _PHRASES["codes"].items()}
"""What a text may speak of, by the words that say so."""


def harm_codes(texts: list[pl.Series]) -> pl.Series:
    """Of each row, what its texts speak of: a JSON array of codes; NULL where of nothing of the kind."""
    together = pl.DataFrame({str(place): text for place, text in enumerate(texts)})
    if not texts:
        raise ValueError("nothing to look at")
    joined = together.select(pl.concat_str(pl.all(), separator=" \n ", ignore_nulls=True))
    return in_slices(joined.to_series(), _codes).alias("harm_codes")


def _codes(text: pl.Series) -> pl.Series:
    plain = text.str.to_lowercase().str.replace_all("’", "'", literal=True).str.replace_all(_SAYINGS, "·").to_frame("text")
    codes = plain.select(
        pl.concat_list(
            pl.when(pl.col("text").str.contains(pattern)).then(pl.lit(code)) for code, pattern in CODES.items()
        ).list.drop_nulls()
    )
    named = pl.first().list
    return codes.select(pl.when(named.len() > 0).then(pl.format('["{}"]', named.join('", "')))).to_series()
