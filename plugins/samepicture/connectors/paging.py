"""Reads a list page by page while it changes, without losing or doubling an entry.

Pages overlap on purpose. Where a page shares nothing with what was read before, entries
before it were taken away meanwhile and others moved up unseen: the reading steps back.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from samepicture.connectors.base import ConnectorError
from samepicture.connectors.http import Answer

PAGE = 100
"""Entries that both APIs give at most (domain: A10, A11)."""
OVERLAP = 10
STEPS_BACK_MAX = 5
"""Without anything new in between; a list that shrinks faster can't be read."""


def pages(
    ask: Callable[[int], tuple[Answer, list[Hashable]]], size: int = PAGE, overlap: int = OVERLAP
) -> Iterator[tuple[Answer, list[Hashable]]]:
    """Every page from position 0 to the end, with the keys of its entries.

    `ask(position)` gives the page that begins there. Ends at a page that brings nothing
    new, not at a short one: a source that gives fewer than asked for is read to its end.
    An entry that is there from the first request to the last is in at least one page.
    """
    seen: set[Hashable] = set()
    position, gap, steps_back = 0, 0, 0
    while steps_back <= STEPS_BACK_MAX:
        answer, keys = ask(position)
        if position and seen.isdisjoint(keys):
            position, gap, steps_back = max(position - size, 0), max(gap, position), steps_back + 1
            continue
        new = set(keys) - seen
        if new:
            yield answer, keys
            seen |= new
            steps_back = 0
        if (not new and position >= gap) or len(keys) <= overlap:  # short of a gap, pages that are known are passed over
            return
        position += len(keys) - overlap
    raise ConnectorError(
        "The source's pages do not fit together, so entries could be missing: collect again later, and tell the data team if it stays so."
    )
