"""What the rules of redaction rely on to be quick finds the same."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.privacy import identifiers, online, slices
from samepicture.privacy.harm import harm_codes
from samepicture.privacy.redaction import redact
from samepicture.privacy.rules import Topic
from samepicture.privacy.vocabulary import any_of, vocabulary

LISTS = tuple(vocabulary()["identifiers"])
WORDS = tuple(word for name in LISTS for word in vocabulary()["identifiers"][name])


@pytest.mark.parametrize("name", LISTS)
def test_any_word_of_a_list_is_found_whole(name: str) -> None:
    found = re.compile(any_of(name))
    for word in vocabulary()["identifiers"][name]:
        for written in {word, word.replace(" ", ""), word.replace(" ", "-")}:
            assert found.findall(written) == [written], "and not a shorter one that begins like it"


@given(st.sampled_from(LISTS), st.sampled_from(WORDS), st.integers(0, 20), st.sampled_from(" abehilnorstyd-"))
def test_a_list_finds_what_its_words_one_by_one_would(name: str, word: str, cut: int, mark: str) -> None:
    """The longest word first, as each was written out."""
    one_by_one = sorted(vocabulary()["identifiers"][name], key=lambda each: (-len(each), each))
    plain = "|".join(re.escape(each).replace(r"\ ", r"[\s-]?") for each in one_by_one)
    for text in (word, word[:cut], word[:cut] + mark + word[cut:], word + mark):
        assert re.findall(any_of(name), text) == re.findall(f"(?:{plain})", text)


def topics() -> list[Topic]:
    return [*identifiers._BEFORE_RUNS, *identifiers._AFTER_RUNS, *online.IN_OWN_WORDS]


def test_no_rule_brings_a_figure() -> None:
    """Where figures are is looked up once, before the first rule."""
    for topic in topics():
        for rule in topic.rules:
            assert not re.search("[0-9]", re.sub(r"\$\{[0-9]\}", "", rule.replacement)), rule.replacement


@pytest.mark.parametrize(
    "text",
    [
        "dob 3 May 2020 not 4 June 2021",
        "her date of birth is 3 May 2020 rather than the 4th of June 2021",
        "on file it is 4 June 2021, not the 3 May 2020 she was born on",
        "date of birth is the third of May nineteen eighty",
        "date of birth: third of the fifth nineteen eighty",
        "born on the third of May",
        "born on the third may 1980",
        "his birthday is Christmas Day",
        "born twenty-first of March nineteen hundred and forty two",
    ],
)
def test_dates_of_birth_in_words(text: str) -> None:
    redacted = redact(pl.Series([text])).to_list()[0]
    assert "[date of birth]" in redacted
    assert not re.search(r"(?i)may|june|march|nineteen|eighty|forty|third|fifth|first|christmas|[0-9]", redacted), redacted


def test_a_column_in_slices_is_the_column(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pl.Series(["My son Kofi was born on 3 May 1980.", "She said she would kill herself.", None, "The tea was cold."] * 6)
    whole = redact(texts), harm_codes([texts])
    monkeypatch.setattr(slices, "_FEWEST", 2)
    monkeypatch.setattr(slices, "_MOST", 5)
    assert redact(texts).equals(whole[0])
    assert harm_codes([texts]).equals(whole[1])
    assert whole[1].null_count() == 18


@pytest.mark.parametrize("texts", [4, 11, 19, 21])
def test_each_thread_has_as_many_texts_as_any_other(texts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_FEWEST", 2)
    monkeypatch.setattr(slices, "_MOST", 5)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    sizes: list[int] = []

    def noted(part: pl.Series) -> pl.Series:
        sizes.append(part.len())
        return part

    assert slices.in_slices(pl.Series(range(texts)), noted).to_list() == list(range(texts))
    assert len(sizes) % 2 == 0
    assert max(sizes) <= 5
    assert max(sizes) - min(sizes) < len(sizes)
