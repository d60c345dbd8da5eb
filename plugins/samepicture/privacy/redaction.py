"""Redaction of free text: what identifies people goes, the experience stays (domain: C).

Each identifier is replaced by its name in brackets, so that a reader sees that something
stood there: [name], [NHS number], [phone], [e-mail], [postcode], [address], [NI number],
[date of birth], [vehicle], [handle], [link]. Over-redaction is preferred to a leak: 'bay E1 2nd door'
reads as a postcode and goes. How much is found, and what is not: docs/redaction.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from samepicture.privacy.identifiers import without_identifiers
from samepicture.privacy.names import without_names
from samepicture.privacy.online import IN_OWN_WORDS
from samepicture.privacy.rules import applied

REDACTION_VERSION = "names-2"
"""Stands on every row. Change it with every change of what is found: `samepicture redact-again` then brings history up to it."""


def redact(text: pl.Series) -> pl.Series:
    """Somebody's own words without names and identifiers; NULL stays NULL.

    What it returns, given again, comes back unchanged: one replacement can bare
    another, so both looks are taken until nothing changes. That ends, since each replacement
    takes away digits, an '@', a web address, or a word.
    """
    return _until_unchanged(text, lambda some: without_names(applied(without_identifiers(some), IN_OWN_WORDS)))


def redact_identifiers(text: pl.Series) -> pl.Series:
    """A label without identifiers, names left alone: for names of organisations, sites and services, some called after people."""
    return _until_unchanged(text, without_identifiers)


_FEWEST, _MOST = 2_000, 40_000
"""Texts that one thread redacts at once: fewer are not worth making its expressions ready, more take memory."""


def _until_unchanged(text: pl.Series, look: Callable[[pl.Series], pl.Series]) -> pl.Series:
    threads = os.cpu_count() or 1
    rows = min(max(-(-text.len() // threads), _FEWEST), _MOST)
    slices = [text.slice(start, rows) for start in range(0, text.len(), rows)]
    if len(slices) < 2:
        return _slice_until_unchanged(text, look)
    with ThreadPoolExecutor(threads) as pool:  # polars leaves the interpreter's lock while it works
        return pl.concat(list(pool.map(lambda some: _slice_until_unchanged(some, look), slices)))


def _slice_until_unchanged(text: pl.Series, look: Callable[[pl.Series], pl.Series]) -> pl.Series:
    done = text.clone()
    pending = text.is_not_null().arg_true()
    while pending.len():
        before = done.gather(pending)
        after = look(before)
        changed = (before != after).arg_true()
        pending = pending.gather(changed)
        done.scatter(pending, after.gather(changed))
    return done
