"""Fits recognisers, and finds from which confidence on each may speak.

Confidence and thresholds come from comments that the recogniser did not see: each of five
parts is judged by one that learned from the other four. Nothing of what is held out for the
figures of the card takes part in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.svm import LinearSVC

from samepicture.text_labels.recogniser import Numbers, Recogniser, counted, rarities_of, weighed

SEED = 20260301
PARTS = 5
EXAMPLES_MIN = 10
"""Comments with a label, and without, that it takes to learn it."""
SOFTNESS = 0.5
"""LinearSVC's C."""
CERTAINTY = 1000.0
"""How little the scale of a confidence is drawn towards none: enough to stay finite where scores part the labels without a fault."""
LIKELIER = 0.5
"""No label speaks below this: each tag, and not only the lot, is likelier right than wrong."""
PRECISION = 0.75
"""What a label must reach where it speaks: of four tags three are right, as far as is known when it is learned."""
TAGGED_MIN = 20
"""Fewer tagged comments than this say nothing of precision: then it never speaks."""
SETTINGS = (SEED, PARTS, EXAMPLES_MIN, SOFTNESS, CERTAINTY, LIKELIER, PRECISION, TAGGED_MIN)
NEVER = 2.0
"""A threshold that no probability reaches."""


def learn(texts: Sequence[str], labels: Sequence[str], truth: Numbers) -> tuple[Recogniser, Numbers]:
    """A recogniser of these labels, and the confidence that it had in each text before it saw it.

    `truth` says which text (row) has which label (column); each label needs EXAMPLES_MIN texts
    with it and without it (see `learnable`).
    """
    counts = counted(texts)
    rarities = rarities_of(counts)
    features = weighed(counts, rarities)
    folds = KFold(PARTS, shuffle=True, random_state=SEED)
    weights, intercepts, slopes, offsets, seen = [], [], [], [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for column in truth.T:
            machine = LinearSVC(C=SOFTNESS, random_state=SEED)
            unseen = cross_val_predict(machine, features, column, cv=folds, method="decision_function")
            scale = LogisticRegression(C=CERTAINTY).fit(unseen[:, None], column)
            machine.fit(features, column)
            weights.append(machine.coef_[0])
            intercepts.append(machine.intercept_[0])
            slopes.append(scale.coef_[0, 0])
            offsets.append(scale.intercept_[0])
            seen.append(scale.predict_proba(unseen[:, None])[:, 1])
    fitted = Recogniser(
        tuple(labels),
        rarities,
        np.array(weights, dtype=np.float32).T,
        np.array(intercepts),
        np.array(slopes),
        np.array(offsets),
    )
    return fitted, np.array(seen).T


def learnable(truth: Numbers) -> Numbers:
    """Which labels have examples enough, with and without them."""
    return np.asarray((truth.sum(axis=0) >= EXAMPLES_MIN) & ((~truth).sum(axis=0) >= EXAMPLES_MIN))


def threshold_for_precision(confidence: Numbers, truth: Numbers, precision: float = PRECISION) -> float:
    """The lowest confidence, LIKELIER at least, from which on this share or more is right, of TAGGED_MIN tags or more; NEVER where there is none."""
    least, tagged, right = _from_each(confidence, truth)
    good = np.flatnonzero((right >= precision * tagged) & (tagged >= TAGGED_MIN) & (least >= LIKELIER))
    return float(least[good[-1]]) if good.size else NEVER


def threshold_for_f1(confidence: Numbers, truth: Numbers) -> float:
    """The confidence from which on F1 is best: for comparing with those who tag as much as they can."""
    least, tagged, right = _from_each(confidence, truth)
    return float(least[int(np.argmax(2 * right / (tagged + truth.sum())))])


def _from_each(confidence: Numbers, truth: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Each confidence that there is, highest first; how many have it or a higher one, and how many of these are right."""
    order = np.argsort(-confidence, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True))
    return confidence[order][ends], ends + 1, np.cumsum(truth[order])[ends]
