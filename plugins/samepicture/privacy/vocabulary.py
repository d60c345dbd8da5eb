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
    """A regular expression for any word of these lists, the longest first; where a word has a space, none or a hyphen serves."""
    words = sorted({word for key in keys for word in listed(key)}, key=lambda word: (-len(word), word))
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"[\s-]?") for word in words) + ")"
