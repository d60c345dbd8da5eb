"""Tells NHS numbers and phone numbers that are written as they are spoken: 'nine four three, double oh seven ...'."""

from __future__ import annotations

import re

import polars as pl

_DIGITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "naught": "0", "nil": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "hundred": "00", "thousand": "000",
}  # fmt: skip
_TIMES = {"double": 2, "treble": 3, "triple": 3}
WORTH = ("zero", "oh ", "nought", "one ", "two ", "three ", "four ", "five ", "six ", "seven ", "eight ", "nine ")
"""A text without any of these has no spoken number."""

_DIGIT = f"(?:(?:{'|'.join(_TIMES)})[ -])?(?:{'|'.join(sorted(_DIGITS, key=len, reverse=True))}|[0-9]+)"
RUN = rf"(?i)\b{_DIGIT}(?:[\s,.\-–]{{1,3}}(?:and |then )?{_DIGIT}){{5,}}\b"
"""Six spoken digits or more, or fewer groups of figures among them."""
_PART = re.compile(rf"(?i)\b(?:({'|'.join(_TIMES)})[ -])?({'|'.join(sorted(_DIGITS, key=len, reverse=True))}|[0-9]+)\b")


def judged(runs: pl.Series) -> pl.Series:
    """Spoken numbers of nine digits or more replaced; the rest as it was. Nothing else has so many digits spoken one by one."""
    different = runs.unique()
    return runs.replace(different, pl.Series([_judge(run) for run in different], dtype=pl.String))


def _judge(run: str) -> str:
    parts = _PART.findall(run)
    if not any(digit.lower() in _DIGITS and len(digit) > 1 for _, digit in parts):
        return run  # figures alone: digits.py has judged them
    figures = "".join(_DIGITS.get(digit.lower(), digit) * _TIMES.get(times.lower(), 1) for times, digit in parts)
    if len(figures) < 9:
        return run
    return "[phone]" if figures.startswith(("0", "44")) and len(figures) > 10 else "[NHS number]"
