"""Tells NHS numbers and phone numbers from other long runs of digits.

An NHS number is ten digits, written together or in groups, whose last is a Modulus 11
check digit: one in eleven other ten-digit numbers passes, so case references are mostly
left alone. A phone number begins with 0 or a country code. Dates and times that stand
side by side are neither.
"""

from __future__ import annotations

import re

import polars as pl
from stdnum.gb import nhs

RUN = r"\+?\(?[0-9](?:[\s.,\-–—‐‑/()_\u200b\u00ad\ufeff]{0,3}[0-9]){9,}"
"""Ten digits or more with at most three characters between two of them."""

GROUPINGS = {(10,), (3, 3, 4), (3, 7), (6, 4), (4, 6), (3, 4, 3), (4, 3, 3), (3, 3, 2, 2), (5, 5), (2, 2, 2, 2, 2)}
"""How people group an NHS number. 4-2-2-2 is not here: it is a date and an hour."""

_BETWEEN = r"[\s.,/\-–—‐‑()_\u200b\u00ad\ufeff]{0,3}"
_DATE = r"(?:[0-9]{1,2}([-./ ])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])|[0-9]{2}[-./ ](?:19|20)[0-9]{2}(?![0-9]))"
"""A day, or a month and year: where it stands, no phone number begins."""
_ABROAD = re.compile(rf"(?<![0-9])\(?(?:\+{_BETWEEN}|00{_BETWEEN})[1-9](?:{_BETWEEN}[0-9]){{8,13}}(?![0-9])")
_HOME = re.compile(rf"(?<![0-9])(?!{_DATE})\(?0{_BETWEEN}[1-9](?:{_BETWEEN}[0-9]){{8,9}}(?![0-9])")
_GROUP = re.compile(r"[0-9]+")


def judged(runs: pl.Series) -> pl.Series:
    """Runs of digits with NHS and phone numbers in them replaced; the rest of each run as it was."""
    different = runs.unique()
    return runs.replace(different, pl.Series([_judge(run) for run in different], dtype=pl.String))


def _judge(run: str) -> str:
    return _HOME.sub("[phone]", _nhs_numbers(_ABROAD.sub("[phone]", run)))


def _nhs_numbers(run: str) -> str:
    """Replace each window of whole groups of digits that is an NHS number."""
    groups = list(_GROUP.finditer(run))
    parts: list[str] = []
    kept_to = 0
    first = 0
    while first < len(groups):
        last = _window(groups, first)
        if last is None:
            first += 1
            continue
        parts += [run[kept_to : groups[first].start()], "[NHS number]"]
        kept_to = groups[last].end()
        first = last + 1
    return "".join(parts) + run[kept_to:]


def _window(groups: list[re.Match[str]], first: int) -> int | None:
    """The last group of an NHS number that begins at this group."""
    lengths: tuple[int, ...] = ()
    for place in range(first, min(first + 5, len(groups))):
        lengths += (len(groups[place].group()),)
        if lengths in GROUPINGS and nhs.is_valid("".join(group.group() for group in groups[first : place + 1])):
            return place
    return None
