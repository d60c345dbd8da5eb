"""Precision, recall and F1 with 95% intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from samepicture.text_labels.recogniser import Numbers

DRAWS = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """A share and its interval; NaN where there is nothing to take it of."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """How well one label is recognised among comments."""

    comments: int
    labelled: int
    """Comments that people gave the label."""
    tagged: int
    """That the recogniser gave it."""
    precision: Share
    """Of what is tagged, how much people labelled so. Wilson's interval."""
    recall: Share
    """Of what people labelled so, how much is tagged. Wilson's interval."""
    f1: Share
    """Interval by drawing the comments again, 2,000 times."""


def figures(tagged: Numbers, truth: Numbers) -> Figures:
    """Of one label (two vectors of yes and no), or of several together (two matrices: micro-averages)."""
    tagged, truth = tagged.reshape(len(tagged), -1), truth.reshape(len(truth), -1)
    each = np.stack([(tagged & truth).sum(axis=1), (tagged & ~truth).sum(axis=1), (~tagged & truth).sum(axis=1)], axis=1)
    hits, wrong, missed = map(int, each.sum(axis=0))
    return Figures(len(truth), hits + missed, hits + wrong, share(hits, hits + wrong), share(hits, hits + missed), _f1_of_comments(each))


def share(hits: int, of: int) -> Share:
    """A share with Wilson's interval."""
    if not of:
        return Share(np.nan, np.nan, np.nan)
    interval = binomtest(hits, of).proportion_ci(CONFIDENCE, method="wilson")
    return Share(hits / of, float(interval.low), float(interval.high))


def _f1_of_comments(each: Numbers) -> Share:
    """F1 of comments, of each its hits, wrong and missed tags; those alike are drawn together."""
    alike, counts = np.unique(each, axis=0, return_counts=True)
    drawn = np.random.default_rng(0).multinomial(counts.sum(), counts / counts.sum(), DRAWS) @ alike
    value = float(_f1(*each.sum(axis=0)))
    if np.isnan(value):
        return Share(np.nan, np.nan, np.nan)
    low, high = np.nanquantile(_f1(*drawn.T), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Share(value, float(low), float(high))


def _f1(hits: Numbers, wrong: Numbers, missed: Numbers) -> Numbers:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.divide(2 * hits, 2 * hits + wrong + missed))
