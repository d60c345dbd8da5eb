"""How much of what identifies people redaction finds in the corpora, and how much else it takes away.

A marked span is found where every letter and digit of it is gone. A replacement is right where it overlaps a marked span
of any kind: what it is called counts for nothing, since a reader is as safe with [phone] for an NHS number.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FILES = {
    "development": FOLDER / "redaction_development.jsonl",
    "development 2": FOLDER / "redaction_development_2.jsonl",
    "held out": FOLDER / "redaction_held_out.jsonl",
}
NAMES = ("patient_name", "relative_name", "staff_name")
_PLACEHOLDER = re.compile(r"\[(?:NHS number|phone|e-mail|postcode|address|NI number|date of birth|link|name|vehicle|handle)\]")
Extent = tuple[int, int]


@dataclass
class Score:
    """Counts over one file."""

    marked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    replaced: int = 0
    right: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.replaced

    def recall(self, *kinds: str) -> float:
        return sum(self.found[kind] for kind in kinds) / sum(self.marked[kind] for kind in kinds)

    @property
    def structured(self) -> list[str]:
        """What is known by its form; an address is told by its words, and stands apart."""
        return [kind for kind in self.marked if kind not in (*NAMES, "address")]


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILES[name].read_text(encoding="utf-8").splitlines()]


def scored(name: str, extents: Callable[[Sequence[str]], list[list[Extent]]]) -> Score:
    """Score what finds extents in texts; `extents` answers a list a text."""
    score = Score()
    marked_lines = lines(name)
    for line, found in zip(marked_lines, extents([line["text"] for line in marked_lines]), strict=True):
        gone = {at for start, end in found for at in range(start, end)}
        for span in line["spans"]:
            held = [at for at in range(span["start"], span["end"]) if line["text"][at].isalnum()]
            score.marked[span["kind"]] += 1
            score.found[span["kind"]] += all(at in gone for at in held)
        score.replaced += len(found)
        score.right += sum(any(start < span["end"] and span["start"] < end for span in line["spans"]) for start, end in found)
    return score


def replaced(text: str, redacted: str) -> list[Extent]:
    """Which parts of a text stand as placeholders in its redaction."""
    pieces = _PLACEHOLDER.split(redacted)
    match = re.fullmatch("(.*?)".join(map(re.escape, pieces)), text, re.DOTALL)
    assert match is not None, "redaction did more than replace"
    return [match.span(number) for number in range(1, len(pieces))]


def by_redaction(texts: Sequence[str]) -> list[list[Extent]]:
    """What our redaction takes away."""
    import polars as pl

    from samepicture.privacy.redaction import redact

    return [replaced(text, redacted) for text, redacted in zip(texts, redact(pl.Series(texts, dtype=pl.String)), strict=True)]


def table(score: Score) -> str:
    """The figures, a kind a line."""
    rows = [f"{kind:16} {score.found[kind]:4} of {score.marked[kind]:4}   {score.recall(kind):.3f}" for kind in sorted(score.marked)]
    return "\n".join(
        [
            *rows,
            f"{'names':16} {'':12} {score.recall(*NAMES):.3f}",
            f"{'structured':16} {'':12} {score.recall(*score.structured):.3f}",
            f"{'precision':16} {score.right:4} of {score.replaced:4}   {score.precision:.3f}",
        ]
    )
