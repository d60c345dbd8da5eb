"""Works on a column of texts slice by slice, as many at once as there are processors."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl

_FEWEST, _MOST = 2_000, 40_000
"""Texts in a slice: fewer are not worth making a thread's expressions ready, more take memory."""


def in_slices(text: pl.Series, work: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What `work`, which looks at each text alone, makes of the column."""
    threads = os.cpu_count() or 1
    turns = max(-(-text.len() // (threads * _MOST)), 1)  # each thread has as many slices as any other
    rows = max(-(-text.len() // (threads * turns)), _FEWEST)
    slices = [text.slice(start, rows) for start in range(0, text.len(), rows)]
    if len(slices) < 2:
        return work(text)
    with ThreadPoolExecutor(threads) as pool:  # polars leaves the interpreter's lock while it works
        return pl.concat(list(pool.map(work, slices)))
