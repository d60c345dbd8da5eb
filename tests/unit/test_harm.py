"""Texts that speak of harm are flagged; a saying is not. The figures stand in docs/redaction.md."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.privacy.harm import CODES, harm_codes

LINES = [json.loads(line) for line in (Path(__file__).parents[1] / "corpus" / "harm.jsonl").read_text(encoding="utf-8").splitlines()]


def one(text: str | None) -> list[str]:
    found = harm_codes([pl.Series([text], dtype=pl.String)])[0]
    return [] if found is None else json.loads(found)


def test_recall_and_precision_on_the_corpus() -> None:
    flagged = harm_codes([pl.Series([line["text"] for line in LINES])]).is_not_null().to_list()
    harm = [line["is_harm"] for line in LINES]
    found = sum(flag and is_harm for flag, is_harm in zip(flagged, harm, strict=True))
    assert len(LINES) >= 150
    assert found / sum(harm) >= 0.95
    assert found / sum(flagged) >= 0.90


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I am NOT suicidal", "wish_to_die"),
        ("he don’t want to be here", "wish_to_die"),
        ("she has been cutting her arms", "self_harm"),
        ("I will kill him", "harm_to_others"),
        ("a carer slapped my nan", "abuse"),
        ("left in her own urine", "neglect"),
        ("and then he died", "serious_harm"),
    ],
)
def test_each_code_has_its_words_and_a_negation_changes_nothing(text: str, code: str) -> None:
    assert code in one(text)


@pytest.mark.parametrize("text", [None, "", "dying for a cup of tea", "the phone went dead", "parking was killing me", "no harm in asking"])
def test_sayings_are_about_nothing_of_the_kind(text: str | None) -> None:
    assert one(text) == []


@given(st.lists(st.none() | st.text(max_size=40) | st.sampled_from([line["text"] for line in LINES]), max_size=6))
def test_a_row_is_flagged_by_its_own_texts_alone(texts: list[str | None]) -> None:
    column = pl.Series(texts, dtype=pl.String)
    together = harm_codes([column, column])
    assert together.to_list() == [harm_codes([pl.Series([text], dtype=pl.String)])[0] for text in texts]
    assert set().union(*(json.loads(found) for found in together.drop_nulls())) <= set(CODES)
