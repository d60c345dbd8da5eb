"""Numbers and dates: what is read out of prose, and what is not (domain: A9)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samepicture.readers.report_prose import dates, number, people_reached, recommendations_stated, sentences


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("313 people participated making over 3,000 comments.", 313),
        ("We spoke to forty people.", 40),
        ("They looked at surveys, speaking to 61 people in total.", 61),
        ("600 people responded to the survey.", 600),
        ("One hundred and twenty-three people from across the county took part.", 123),
        ("It represents the views of over 11,000 people.", 11_000),
        ("They listened widely, hearing from around 9,600 in total.", 9_600),
        ("In total, 166 responses were received, and 74 comments were recorded.", 166),
        ("We spoke to 40 people, including 12 carers.", 40),
        ("We heard from 2018 people.", 2018),
        ("A thousand residents shared their views.", 1000),
    ],
)
def test_people_reached_is_read_with_its_sentence(text: str, count: int) -> None:
    found = people_reached(f"Before it. {text} After it we met 3 managers.")
    assert found is not None
    assert (found.count, found.sentence) == (count, text)


@pytest.mark.parametrize(
    "text",
    [
        "We spoke with 33 residents, 16 family members, 39 staff and 9 managers.",  # no total is said
        "Of the 166 responses nearly half were satisfied.",
        "Six out of 10 local residents told us that they waited.",
        "One in five people responded late.",
        "72% of people told us that it was fine.",
        "We sent the survey to 500 people.",
        "500 people were invited and only some responded.",
        "In summer 2018 people told us that it was fine.",
        "We visited 197 care homes.",
        "12.5 people took part.",
        "A third of patients told us so.",
    ],
)
def test_what_is_no_count_of_people_is_not_read(text: str) -> None:
    assert people_reached(text) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The report makes 16 recommendations.", 16),
        ("Eight recommendations were made that covered the local offer.", 8),
        ("The report contains five key recommendations on appointments.", 5),
        ("Throughout there was a total of 47 recommendations made.", 47),
        ("Three recommendations were accepted by the trust.", None),
        ("Recommendation 3 is about signs.", None),
        ("In our 2017 recommendations we said so.", None),
        ("Two of the 9 recommendations concern parking.", None),
    ],
)
def test_recommendations_stated(text: str, count: int | None) -> None:
    found = recommendations_stated(text)
    assert (found.count if found else None) == count
    assert found is None or found.sentence == text


ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(value: int) -> str:
    if value < 20:
        return ONES[value]
    if value < 100:
        return TENS[value // 10] + (f"-{ONES[value % 10]}" if value % 10 else "")
    if value < 1000:
        return f"{ONES[value // 100]} hundred" + (f" and {in_words(value % 100)}" if value % 100 else "")
    rest = value % 1000
    return f"{in_words(value // 1000)} thousand" + (f"{' and' if rest < 100 else ''} {in_words(rest)}" if rest else "")


@settings(deadline=None)
@given(
    value=st.integers(2, 9999),
    write=st.sampled_from([str, lambda n: f"{n:,}", in_words, lambda n: in_words(n).capitalize()]),
    frame=st.sampled_from(
        [
            "We spoke to {} people.",
            "In all we heard from over {} local residents last year.",
            "The survey ran in May, and {} people took part.",
        ]
    ),
    before=st.sampled_from(["", "It is a mixed picture. ", "Nobody said 'no.' "]),
)
def test_a_number_written_any_way_is_recovered(value: int, write: Any, frame: str, before: str) -> None:
    sentence = frame.format(write(value))
    found = people_reached(f"{before}{sentence} The trust thanked us.")
    if write is str and 1990 <= value < 2050 and "took part" in frame:
        return  # reads as a year
    assert found is not None
    assert (found.count, found.sentence) == (value, sentence)
    assert number(write(value)) == value


def test_sentences_keep_abbreviations_and_break_at_lines() -> None:
    assert sentences("Dr. Vale spoke, e.g. to us. She left!\nA heading\nThe end.") == [
        "Dr. Vale spoke, e.g. to us.",
        "She left!",
        "A heading",
        "The end.",
    ]


def test_dates_are_whole_or_nothing() -> None:
    text = "Monday, 2 April 2018; 03/04/2018; 2018-04-04T09:00; 5th of Sept 2019; April 2018; 31/02/2018; 1.12.2020"
    assert list(dates(text)) == [date(2018, 4, 2), date(2018, 4, 3), date(2018, 4, 4), date(2019, 9, 5), date(2020, 12, 1)]
