"""Linear recognisers of several labels over hashed words and parts of words, with calibrated probabilities.

Hashed, so that what is kept of the comments that it learned from is numbers: no word of
anybody can be read out of it, as out of a vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

FEATURES = 2**18
"""Of each kind."""
KINDS: tuple[dict[str, Any], ...] = (
    {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    {"analyzer": "char_wb", "ngram_range": (3, 5)},  # what is misspelt still shares most of its parts
)
Numbers = npt.NDArray[Any]


def counted(texts: Sequence[str]) -> list[csr_matrix]:
    """How often each text has each hashed word, pair of words and part of a word: a matrix a kind."""
    return [HashingVectorizer(n_features=FEATURES, norm=None, alternate_sign=False, **kind).transform(texts) for kind in KINDS]


def weighed(counts: Sequence[csr_matrix], rarities: Numbers) -> csr_matrix:
    """TF-IDF of counts, each kind of length 1; `rarities` has a row a kind."""
    parts = []
    for count, rarity in zip(counts, rarities, strict=True):
        transformer = TfidfTransformer(sublinear_tf=True)
        transformer.idf_ = rarity
        parts.append(transformer.transform(count))
    return hstack(parts, format="csr", dtype=np.float32)


def rarities_of(counts: Sequence[csr_matrix]) -> Numbers:
    """How rare each feature is among these texts: inverse document frequencies."""
    return np.array([TfidfTransformer().fit(count).idf_ for count in counts], dtype=np.float32)


@dataclass(frozen=True)
class Recogniser:
    """One yes or no a label. All arrays are numbers; labels are the last axis."""

    labels: tuple[str, ...]
    rarities: Numbers
    weights: Numbers
    """A row a feature, a column a label."""
    intercepts: Numbers
    slopes: Numbers
    offsets: Numbers
    """Platt's: probability = 1 / (1 + exp(-(slope * score + offset)))."""

    def probabilities(self, counts: Sequence[csr_matrix]) -> Numbers:
        """How sure each label is of each text that was counted: a row a text."""
        scores = weighed(counts, self.rarities) @ self.weights + self.intercepts
        return np.asarray(expit(scores * self.slopes + self.offsets))

    def arrays(self, name: str) -> dict[str, Numbers]:
        """What it is made of, to be kept; names begin with `name`."""
        found = {key: getattr(self, key) for key in ("rarities", "weights", "intercepts", "slopes", "offsets")}
        return {f"{name}_{key}": value for key, value in {**found, "labels": np.array(self.labels)}.items()}

    @classmethod
    def of(cls, arrays: Mapping[str, Numbers], name: str) -> Recogniser:
        """The same again. Raises KeyError where something is missing."""
        kept = {key: arrays[f"{name}_{key}"] for key in ("rarities", "weights", "intercepts", "slopes", "offsets")}
        return cls(labels=tuple(map(str, arrays[f"{name}_labels"])), **kept)
