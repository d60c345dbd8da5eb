"""Measures a model on comments that were held out, beside keywords, beside itself at places that it never saw, and by length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from samepicture.text_labels import training
from samepicture.text_labels.examples import SEVERITIES, Examples
from samepicture.text_labels.figures import Figures, Share, figures, share
from samepicture.text_labels.learning import learn, learnable, threshold_for_f1
from samepicture.text_labels.model import TextModel, named_severities
from samepicture.text_labels.recogniser import Numbers, counted
from samepicture.text_labels.training import Learned, Task, severities

KEYWORDS = Path(__file__).with_name("keywords.csv")
PUBLISHED = Path(__file__).with_name("pxtextmining.csv")
LENGTHS = ((1, 3), (4, 10), (11, 30), (31, None))
"""In words."""


@dataclass(frozen=True)
class Measured:
    """One theme or severity among the comments that were held out."""

    label: str
    model: Figures
    keywords: Figures
    elsewhere: Figures | None
    """By a model that learned from the other places alone; of all comments of the places. None where there is one place."""


@dataclass(frozen=True)
class Compared:
    """One category of the FFT-QDC framework, beside what pxtextmining publishes of it."""

    category: str
    ours: Figures
    labelled: int
    svc_f1: float
    ensemble_f1: float


@dataclass(frozen=True)
class Group:
    """All themes, or severities, together among some of the comments."""

    name: str
    model: Figures


@dataclass(frozen=True)
class Evaluation:
    """Everything that the card says in figures."""

    themes: list[Measured]
    themes_together: Measured
    severity: list[Measured]
    severity_right: Share
    """Of the severities that the model names."""
    severity_right_keywords: Share
    severity_named: Share
    """Of the comments, how many it names one for."""
    themes_named: Share
    """Of the comments, how many it finds a theme in."""
    categories: list[Compared]
    lengths: list[Group]
    places: list[Group]
    severity_places: list[Group]


def evaluate(examples: Examples, model: TextModel, progress: Callable[[str], None] = lambda _: None) -> Evaluation:
    """Measure a model that `training.train` made of the same examples. Learns several more on the way."""
    progress("measuring what was held out")
    _, held_out = training.split(training.theme_task(examples))
    truth, tagged = _of_labels(held_out, model.themes.labels), tagged_themes(model, held_out.texts)
    by_keywords = _keywords(held_out.texts, model.themes.labels)
    _, rated = training.split(training.severity_task(examples))
    severity_truth, named = (
        severities(rated.truth),
        named_severities(model.severity.probabilities(counted(rated.texts)), model.severity_thresholds),
    )
    severity_keywords = _severity_keywords(rated.texts)
    progress("measuring places that were never seen")
    themes_elsewhere, places = _elsewhere(training.theme_task(examples), model.themes.labels, training.learn_themes, _tags)
    severity_elsewhere, severity_places = _elsewhere(
        training.severity_task(examples),
        SEVERITIES,
        training.learn_severity,
        lambda learned, texts, _: named_severities(learned.recogniser.probabilities(counted(texts)), learned.thresholds),
    )
    progress("learning the framework's own categories")
    return Evaluation(
        [
            Measured(label, figures(tagged[:, at], truth[:, at]), figures(by_keywords[:, at], truth[:, at]), themes_elsewhere.get(label))
            for at, label in enumerate(model.themes.labels)
        ],
        Measured("all", figures(tagged, truth), figures(by_keywords, truth), themes_elsewhere.get("all")),
        [
            Measured(
                label,
                figures(named[:, at], severity_truth[:, at]),
                figures(severity_keywords[:, at], severity_truth[:, at]),
                severity_elsewhere.get(label),
            )
            for at, label in enumerate(SEVERITIES)
        ],
        share(int((named & severity_truth).sum()), int(named.sum())),
        share(int((severity_keywords & severity_truth).sum()), len(severity_truth)),
        share(int(named.sum()), len(named)),
        share(int(tagged.any(axis=1).sum()), len(tagged)),
        _categories(examples),
        _lengths(held_out.frame.get_column("text"), tagged, truth),
        places,
        severity_places,
    )


def tagged_themes(model: TextModel, texts: list[str]) -> Numbers:
    """Which text the model gives which theme."""
    return np.asarray(model.themes.probabilities(counted(texts)) >= model.theme_thresholds)


def _of_labels(task: Task, labels: tuple[str, ...]) -> Numbers:
    return task.truth[:, [task.labels.index(label) for label in labels]]


def _keywords(texts: list[str], labels: tuple[str, ...]) -> Numbers:
    """Which text has a word that begins with one of a label's stems."""
    stems = pl.read_csv(KEYWORDS)
    lower = pl.Series("text", texts, dtype=pl.String).str.to_lowercase()
    found = []
    for label in labels:
        words = stems.filter(pl.col("label") == label).get_column("stem")
        found.append(lower.str.contains(r"\b(?:" + "|".join(words) + ")").to_numpy() if words.len() else np.zeros(len(texts), dtype=bool))
    return np.stack(found, axis=1)


def _severity_keywords(texts: list[str]) -> Numbers:
    mild, strong = _keywords(texts, SEVERITIES[1:]).T
    return severities(np.stack([mild | strong, strong], axis=1))


def _tags(learned: Learned, texts: list[str], labels: tuple[str, ...]) -> Numbers:
    """Which text a recogniser gives which of these labels; one that it could not learn is never given."""
    own = learned.recogniser.labels
    given = learned.recogniser.probabilities(counted(texts)) >= learned.thresholds
    return np.stack([given[:, own.index(label)] if label in own else np.zeros(len(texts), dtype=bool) for label in labels], axis=1)


def _elsewhere(
    task: Task,
    labels: tuple[str, ...],
    learn_task: Callable[[Task], Learned],
    tags: Callable[[Learned, list[str], tuple[str, ...]], Numbers],
) -> tuple[dict[str, Figures], list[Group]]:
    """Each place by what was learned at the others: figures by label, `all` for all together; and by place."""
    groups, tagged, truth = [], [], []
    names = training.places(task)
    for place in names if len(names) > 1 else []:
        others, here = training.without_place(task, place)
        tagged.append(tags(learn_task(others), here.texts, labels))
        truth.append(severities(here.truth) if labels == SEVERITIES else _of_labels(here, labels))
        groups.append(Group(place, figures(tagged[-1], truth[-1])))
    if not groups:
        return {}, []
    all_tagged, all_truth = np.concatenate(tagged), np.concatenate(truth)
    found = {label: figures(all_tagged[:, at], all_truth[:, at]) for at, label in enumerate(labels)}
    return {**found, "all": figures(all_tagged, all_truth)}, groups


def _categories(examples: Examples) -> list[Compared]:
    """The same method on the framework's own categories, tagging as much as it can, as pxtextmining does."""
    task = training.theme_task(examples, "codes")
    published = pl.read_csv(PUBLISHED).with_columns(codes=pl.col("source_codes").str.split("|").list.eval("qdc:" + pl.element()))
    truth, rows = [], []
    for row in published.iter_rows(named=True):
        there = [task.labels.index(code) for code in row["codes"] if code in task.labels]
        if there:
            truth.append(task.truth[:, there].any(axis=1))
            rows.append(row)
    if not rows:
        return []
    merged = Task(task.frame, tuple(row["category"] for row in rows), np.stack(truth, axis=1))
    learned, held_out = training.split(merged)
    enough = np.flatnonzero(learnable(learned.truth))
    recogniser, seen = learn(learned.texts, [merged.labels[at] for at in enough], learned.truth[:, enough])
    confidence = recogniser.probabilities(counted(held_out.texts))
    return [
        Compared(
            rows[at]["category"],
            figures(confidence[:, place] >= threshold_for_f1(seen[:, place], learned.truth[:, at]), held_out.truth[:, at]),
            rows[at]["labelled"],
            rows[at]["svc_f1"],
            rows[at]["ensemble_f1"],
        )
        for place, at in enumerate(enough)
    ]


def _lengths(texts: pl.Series, tagged: Numbers, truth: Numbers) -> list[Group]:
    words = texts.str.count_matches(r"\w+").to_numpy()
    groups = []
    for least, most in LENGTHS:
        rows = (words >= least) & ((words <= most) if most else True)
        if rows.any():
            groups.append(Group(f"{least} to {most} words" if most else f"{least} words and more", figures(tagged[rows], truth[rows])))
    return groups
