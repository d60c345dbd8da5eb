"""Scales: raw answers, scores, and scores from 0 to 100."""

from __future__ import annotations

import pytest

from samepicture.scales import SCALES


@pytest.mark.parametrize(
    ("scale", "given", "score", "normalised"),
    [
        ("fft_6", "Very good", 1, 100),
        ("fft_6", " neither  good nor poor", 3, 50),
        ("fft_6", "5", 5, 0),
        ("fft_6", "Don\u2019t know", None, None),
        ("fft_6", "6", None, None),
        ("likert_5", "Strongly agree", 5, 100),
        ("likert_5", "Disagree", 2, 25),
        ("nps_11", "0", 0, 0),
        ("nps_11", "7", 7, 70),
        ("stars_5", "2", 2, 25),
        ("extent_3", "Yes, to some extent", 2, 50),
        ("helpful_4", "Not very helpful", 3, 100 / 3),
    ],
)
def test_a_scale_knows_its_words_and_numbers(scale: str, given: str, score: float | None, normalised: float | None) -> None:
    found = SCALES[scale].score(given)
    assert found == score
    assert SCALES[scale].normalised(found) == (None if normalised is None else pytest.approx(normalised))


@pytest.mark.parametrize(
    ("scale", "given"), [("fft_6", "Average"), ("fft_6", "7"), ("fft_6", "0"), ("nps_11", "11"), ("stars_5", ""), ("likert_5", "1e0")]
)
def test_what_is_not_on_a_scale_is_no_score(scale: str, given: str) -> None:
    with pytest.raises(ValueError, match="not on the scale"):
        SCALES[scale].score(given)


@pytest.mark.parametrize("name", SCALES)
def test_the_best_of_each_scale_is_100_and_the_worst_0(name: str) -> None:
    scale = SCALES[name]
    best, worst = (scale.high, scale.low) if scale.direction == "higher_is_better" else (scale.low, scale.high)
    assert (scale.normalised(best), scale.normalised(worst)) == (100, 0)
    assert all(score is None or scale.low <= score <= scale.high for score in scale.words.values())
