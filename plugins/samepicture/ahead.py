"""Makes the next of a row of things while the one before is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def ahead(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """The items, each made in a thread of its own while the one before is worked on; an error comes where its item would.

    One item more than is worked on lies in memory. When the block ends, nothing is being made any more.
    """
    maker = iter(items)

    def make() -> list[T]:
        return list(islice(maker, 1))

    with ThreadPoolExecutor(1) as thread:

        def made() -> Iterator[T]:
            coming = thread.submit(make)
            while item := coming.result():
                coming = thread.submit(make)
                yield from item

        yield made()
