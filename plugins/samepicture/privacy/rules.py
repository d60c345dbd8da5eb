"""Rules by which identifiers are replaced in a column of texts, in topics that are looked into only where a cheap word occurs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

DIGITS = tuple("0123456789")


def quick(pattern: str) -> str:
    r"""The pattern with each `\b` as the edge of a word of ASCII letters.

    At an edge in Unicode's sense the engine leaves its automaton wherever a text has a '’' or an 'é', and is ten times slower.
    """
    return re.sub(r"(?<!\\)\\b", r"(?-u:\\b)", pattern)


@dataclass(frozen=True)
class Rule:
    """Replace `pattern` by `replacement`, where `where` has it looked for: an expression that is cheaper to seek, or nothing."""

    pattern: str
    replacement: str
    where: str = ""


@dataclass(frozen=True)
class Topic:
    """Rules for texts that hold one of `words`, in either case, and one of `further`, where it names any."""

    words: tuple[str, ...]
    rules: tuple[Rule, ...]
    further: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """Pieces of a text that are cut out by `pattern` and judged alone; `where` is an expression that is cheaper to seek, or nothing."""

    pattern: str
    judged: Callable[[pl.Series], pl.Series]
    where: str = ""
    has_figures: bool = True
    """A text without a digit has none."""


def applied(text: pl.Series, topics: tuple[Topic, ...], figured: pl.Series | None = None) -> pl.Series:
    """The text with what each rule finds replaced, rule after rule. No NULL is among the text; `figured` are rows with digits, if known."""
    for topic in topics:
        rows = figured if figured is not None and topic.words == DIGITS else holding(text, topic.words)
        if topic.further and rows.len():
            rows = rows.filter(text.gather(rows).str.contains_any(list(topic.further), ascii_case_insensitive=True))
        if rows.len():
            text = text.clone()
            text.scatter(rows, _replaced(text.gather(rows), topic.rules))
    return text


def holding(text: pl.Series, words: tuple[str, ...]) -> pl.Series:
    """The rows that hold one of the words, in either case."""
    return text.str.contains_any(list(words), ascii_case_insensitive=True).fill_null(False).arg_true()


def _replaced(text: pl.Series, rules: tuple[Rule, ...]) -> pl.Series:
    for rule in rules:
        if not rule.where:
            text = text.str.replace_all(quick(rule.pattern), rule.replacement)
            continue
        rows = text.str.contains(quick(rule.where)).arg_true()
        if rows.len():
            text = text.clone()
            text.scatter(rows, text.gather(rows).str.replace_all(quick(rule.pattern), rule.replacement))
    return text
