"""Redaction of free text: what identifies people goes, the experience stays (domain: C).

Each identifier is replaced by its name in brackets, so that a reader sees that something
stood there: [name], [NHS number], [phone], [e-mail], [postcode], [address], [NI number],
[date of birth], [vehicle], [handle], [link]. Over-redaction is preferred to a leak: 'bay E1 2nd door'
reads as a postcode and goes. How much is found, and what is not: docs/redaction.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

from samepicture.privacy.identifiers import without_identifiers
from samepicture.privacy.names import without_names
from samepicture.privacy.online import IN_OWN_WORDS
from samepicture.privacy.rules import applied
from samepicture.privacy.slices import in_slices

REDACTION_VERSION = "names-2"
"""Stands on every row. Change it with every change of what is found: `samepicture redact-again` then brings history up to it."""


def redact(text: pl.Series) -> pl.Series:
    """Somebody's own words without names and identifiers; NULL stays NULL.

    What it returns, given again, comes back unchanged: one replacement can bare
    another, so both looks are taken until nothing changes. That ends, since each replacement
    takes away digits, an '@', a web address, or a word.
    """
    return in_slices(text, partial(_until_unchanged, look=_look_at_words))


def redact_identifiers(text: pl.Series) -> pl.Series:
    """A label without identifiers, names left alone: for names of organisations, sites and services, some called after people."""
    return in_slices(text, partial(_until_unchanged, look=without_identifiers))


def _look_at_words(text: pl.Series) -> pl.Series:
    return without_names(applied(without_identifiers(text), IN_OWN_WORDS))


def _until_unchanged(text: pl.Series, look: Callable[[pl.Series], pl.Series]) -> pl.Series:
    done = text.clone()
    pending = text.is_not_null().arg_true()
    while pending.len():
        before = done.gather(pending)
        after = look(before)
        changed = (before != after).arg_true()
        pending = pending.gather(changed)
        done.scatter(pending, after.gather(changed))
    return done
