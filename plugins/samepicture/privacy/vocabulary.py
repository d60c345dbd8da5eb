"""Reads `vocabulary.toml`, once a process."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def vocabulary() -> dict[str, dict[str, Any]]:
    """The sections of the vocabulary, each its lists: words between spaces, or phrases as a list."""
    return tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))


def listed(key: str) -> tuple[str, ...]:
    """The words of a list of [identifiers], which search for identifiers turns on."""
    return tuple(vocabulary()["identifiers"][key])


def any_of(*keys: str) -> str:
    """A regular expression for any word of these lists, the longest first; where a word has a space, none or a hyphen serves.

    Words share their beginnings: written out one by one, some hundred of them take milliseconds to compile wherever they stand.
    """
    return _endings({tuple(r"[\s-]?" if mark == " " else re.escape(mark) for mark in word) for key in keys for word in listed(key)})


def _endings(words: set[tuple[str, ...]]) -> str:
    """A regular expression for these words, each a sequence of expressions for its marks."""
    by_first: dict[str, set[tuple[str, ...]]] = {}
    for first, *rest in sorted(filter(None, words)):
        by_first.setdefault(first, set()).add(tuple(rest))
    if not by_first:
        return ""
    return f"(?:{'|'.join(first + _endings(rest) for first, rest in by_first.items())})" + ("?" if () in words else "")
