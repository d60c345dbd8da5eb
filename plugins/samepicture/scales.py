"""The scales on which people answer, in words and numbers (domain: A5, A6, B 'Scales').

Scores are kept as they are; normalised ones say 0 for the worst answer and 100 for the
best of the same scale. Scales are never averaged with each other. An answer that gives
no opinion ('Don't know') is on its scale and has no score.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Scale:
    """One scale: from `low` to `high`, each step in words where people see words."""

    low: float
    high: float
    direction: Literal["higher_is_better", "lower_is_better"]
    words: Mapping[str, float | None] = field(default_factory=dict)
    """Answer in small letters to its score; None: no opinion."""

    def score(self, answer: str) -> float | None:
        """The score of an answer in words or as a number; None for no opinion. Raises ValueError for one that is not on the scale."""
        folded = " ".join(answer.replace("\u2019", "'").split()).casefold()
        if folded in self.words:
            return self.words[folded]
        if not re.fullmatch(r"-?\d+(\.\d+)?", folded) or not self.low <= float(folded) <= self.high:
            raise ValueError("not on the scale")
        return float(folded)

    def normalised(self, score: float | None) -> float | None:
        """0 (worst) to 100 (best); None where there is no score."""
        if score is None:
            return None
        share = (score - self.low) / (self.high - self.low)
        return 100 * (share if self.direction == "higher_is_better" else 1 - share)


def _in_order(*words: str) -> dict[str, float | None]:
    return {word: float(place) for place, word in enumerate(words, 1)}


NO_OPINION: Mapping[str, float | None] = dict.fromkeys(
    ("don't know", "dont know", "don't know / can't say", "not sure", "can't say", "not applicable", "n/a", "prefer not to say")
)
AGREEMENT = _in_order("strongly disagree", "disagree", "neither agree nor disagree", "agree", "strongly agree")
SATISFACTION = _in_order("very dissatisfied", "dissatisfied", "neither satisfied nor dissatisfied", "satisfied", "very satisfied")
EXPERIENCE = _in_order("very good", "good", "neither good nor poor", "poor", "very poor")
FREQUENCY = _in_order("never", "rarely", "sometimes", "often", "always")
HELPFULNESS = _in_order("very helpful", "fairly helpful", "not very helpful", "not at all helpful")
YES_TO_SOME_EXTENT = {"yes, definitely": 1.0, "yes definitely": 1.0, "yes, to some extent": 2.0, "yes to some extent": 2.0, "no": 3.0}

SCALES: Mapping[str, Scale] = {
    "fft_6": Scale(1, 5, "lower_is_better", {**NO_OPINION, **EXPERIENCE, "6": None, "neither": 3.0}),
    "experience_5": Scale(1, 5, "lower_is_better", {**NO_OPINION, **EXPERIENCE}),
    "satisfaction_5": Scale(1, 5, "higher_is_better", {**NO_OPINION, **SATISFACTION}),
    "likert_5": Scale(1, 5, "higher_is_better", {**NO_OPINION, **AGREEMENT, "neutral": 3.0}),
    "frequency_5": Scale(1, 5, "higher_is_better", {**NO_OPINION, **FREQUENCY}),
    "helpful_4": Scale(1, 4, "lower_is_better", {**NO_OPINION, **HELPFULNESS}),
    "extent_3": Scale(1, 3, "lower_is_better", {**NO_OPINION, **YES_TO_SOME_EXTENT}),
    "stars_5": Scale(1, 5, "higher_is_better", dict(NO_OPINION)),
    "nps_11": Scale(0, 10, "higher_is_better", dict(NO_OPINION)),
    "rating_11": Scale(0, 10, "higher_is_better", dict(NO_OPINION)),
}
"""By scale_code. `fft_6` counts its sixth answer, 'Don't know', as the FFT's own workbooks do; nps_11 is likely to recommend, 0 to 10."""
