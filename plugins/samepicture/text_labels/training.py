"""Learns from a part of the labelled comments, and measures on the part that was held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
import sklearn
from sklearn.model_selection import train_test_split

from samepicture.text_labels import CannotLearn, learning
from samepicture.text_labels.examples import SEVERAL_PLACES, SEVERITIES, Examples
from samepicture.text_labels.learning import learn, learnable, threshold_for_precision
from samepicture.text_labels.model import FORMAT, TextModel, severity_shares
from samepicture.text_labels.recogniser import FEATURES, KINDS, Numbers, Recogniser

HELD_OUT = 0.25
VERSION_DIGITS = 16


@dataclass(frozen=True)
class Task:
    """Comments and what people said of them: one kind of question."""

    frame: pl.DataFrame
    """Columns text and place."""
    labels: tuple[str, ...]
    truth: Numbers
    """Which comment (row) has which label (column)."""

    def part(self, rows: Numbers) -> Task:
        """Some of the comments."""
        return Task(self.frame[rows], self.labels, self.truth[rows])

    @property
    def texts(self) -> list[str]:
        """The comments."""
        return self.frame.get_column("text").to_list()


def theme_task(examples: Examples, column: str = "themes") -> Task:
    """Comments whose themes (or `codes`: categories) people named, and the labels that there are examples enough of."""
    frame = examples.frame.filter(pl.col(column).is_not_null())
    marked = frame.select(pl.int_range(pl.len()).alias("row"), pl.col(column).alias("label")).explode("label").drop_nulls()
    labels = marked.get_column("label").unique().sort().to_list()
    truth = np.zeros((frame.height, len(labels)), dtype=bool)
    columns = (
        marked.get_column("label").replace_strict(labels, list(range(len(labels))), return_dtype=pl.Int64) if labels else marked["row"]
    )
    truth[marked.get_column("row").to_numpy(), columns.to_numpy()] = True
    return Task(frame, tuple(labels), truth)


def severity_task(examples: Examples) -> Task:
    """Comments whose criticality people named: at least mild, at least strong."""
    frame = examples.frame.filter(pl.col("severity").is_not_null())
    severity = frame.get_column("severity").to_numpy()
    return Task(frame, SEVERITIES[1:], np.stack([severity >= 1, severity >= 2], axis=1))


def severities(at_least: Numbers) -> Numbers:
    """One column a class of SEVERITIES, of truth that is cumulative."""
    return np.stack([~at_least[:, 0], at_least[:, 0] & ~at_least[:, 1], at_least[:, 1]], axis=1)


@dataclass(frozen=True)
class Learned:
    """A recogniser, and from which confidence on each of its labels may speak: of themes each label, of severity each class."""

    recogniser: Recogniser
    thresholds: Numbers
    seen: Numbers
    """The confidence that it had in each comment before it learned from it."""


def learn_themes(task: Task) -> Learned:
    """Learn the labels of a task that there are examples enough of. Raises CannotLearn where there is none."""
    enough = np.flatnonzero(learnable(task.truth))
    if not enough.size:
        raise CannotLearn(
            f"of no theme there are {learning.EXAMPLES_MIN} comments to learn from ({len(task.texts)} comments name themes): label more comments."
        )
    truth = task.truth[:, enough]
    recogniser, seen = learn(task.texts, [task.labels[place] for place in enough], truth)
    thresholds = [threshold_for_precision(seen[:, place], truth[:, place]) for place in range(len(enough))]
    return Learned(recogniser, np.array(thresholds), seen)


def learn_severity(task: Task) -> Learned:
    """Learn how critical comments are. Raises CannotLearn where a class has too few examples."""
    if not learnable(task.truth).all():
        raise CannotLearn(
            f"of each severity there must be {learning.EXAMPLES_MIN} comments to learn from ({len(task.texts)} comments have a criticality): "
            "give a file with a column criticality, -5 to 5."
        )
    recogniser, seen = learn(task.texts, task.labels, task.truth)
    shares, truth = severity_shares(seen), severities(task.truth)
    likeliest = shares.argmax(axis=1)
    thresholds = [
        threshold_for_precision(shares[likeliest == place, place], truth[likeliest == place, place]) for place in range(len(SEVERITIES))
    ]
    return Learned(recogniser, np.array(thresholds), seen)


def split(task: Task) -> tuple[Task, Task]:
    """What is learned from, and what is held out. No text is in both, for each different text is in a task once."""
    if task.frame.height < 2:
        return task, task.part(np.empty(0, dtype=np.int64))
    learned, held_out = train_test_split(np.arange(task.frame.height), test_size=HELD_OUT, random_state=learning.SEED)
    return task.part(np.sort(learned)), task.part(np.sort(held_out))


def without_place(task: Task, place: str) -> tuple[Task, Task]:
    """What was written elsewhere (texts of several places among it), and what was written here."""
    here = task.frame.get_column("place").to_numpy() == place
    return task.part(np.flatnonzero(~here)), task.part(np.flatnonzero(here))


def places(task: Task) -> list[str]:
    """Where comments were written, by name."""
    return sorted(set(task.frame.get_column("place")) - {SEVERAL_PLACES})


def version_of(examples: Examples) -> str:
    """Hash of the labelled comments, of how they are learned, and of the library that learns."""
    how = (FORMAT, FEATURES, KINDS, HELD_OUT, learning.SETTINGS, sklearn.__version__)
    digest = hashlib.sha256(repr(how).encode())
    digest.update(examples.frame.write_json().encode())
    return digest.hexdigest()[:VERSION_DIGITS]


def train(examples: Examples) -> TextModel:
    """The model, learned from the comments that are not held out. Raises CannotLearn."""
    themes = learn_themes(split(theme_task(examples))[0])
    severity = learn_severity(split(severity_task(examples))[0])
    return TextModel(
        version_of(examples), datetime.now(UTC), themes.recogniser, themes.thresholds, severity.recogniser, severity.thresholds
    )
