"""Takes files from a folder of this machine or of a mounted share, and watches it.

    connector:
      kind: folder
      options:
        path_from: SAMEPICTURE_EASTVALE_FOLDER    # environment variable with the folder's path

Further options: see connectors/arrivals.py. Folders within it and links are left alone.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any

from samepicture.connectors import arrivals
from samepicture.connectors.arrivals import Seen
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.feed import Feed

LOOK_SECONDS = 0.5
SETTLE_SECONDS = 2.0


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """A delivery for each complete file. Cursor: see connectors/arrivals.py."""
    return arrivals.fetch(_rules(feed), _opened(feed, context), cursor)


def watch(feed: Feed, context: FetchContext) -> AsyncIterator[frozenset[str]]:
    """What waits in the folder, look after look."""
    return arrivals.watch(_rules(feed), _opened(feed, context))


def _rules(feed: Feed) -> arrivals.Rules:
    return arrivals.rules(feed, ("path_from",), LOOK_SECONDS, SETTLE_SECONDS)


@asynccontextmanager
async def _opened(feed: Feed, context: FetchContext) -> AsyncIterator[_Folder]:
    yield _Folder(feed.id, Path(context.required(feed, "path_from", f"the folder in which the files of {feed.publisher} arrive")))


class _Folder:
    """A folder as a place. Its calls are made in threads, for a share can be slow."""

    def __init__(self, feed_id: str, path: Path) -> None:
        self._feed_id = feed_id
        self._path = path

    async def look(self) -> list[Seen]:
        return await asyncio.to_thread(self._look)

    def _look(self) -> list[Seen]:
        found = []
        try:
            with os.scandir(self._path) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # gone between the list and the look
                        if entry.is_file(follow_symlinks=False):
                            found.append(_seen(entry.name, entry.stat(follow_symlinks=False)))
        except OSError as error:
            raise ConnectorError(
                f"{self._feed_id}: the folder {self._path} can't be read ({error.strerror}):"
                " mount or create it, and give the account that runs this the right to read it."
            ) from None
        return found

    async def stat(self, name: str) -> Seen | None:
        try:
            return _seen(name, await asyncio.to_thread((self._path / name).lstat))
        except FileNotFoundError:
            return None

    async def copy(self, name: str, target: IO[bytes]) -> None:
        await asyncio.to_thread(self._copy, name, target)

    def _copy(self, name: str, target: IO[bytes]) -> None:
        # Put there since the look, a link is refused and a pipe does not hold us up.
        descriptor = os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as source:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileNotFoundError
            shutil.copyfileobj(source, target, 1 << 20)

    async def move(self, name: str, to: str) -> None:
        (self._path / to).parent.mkdir(exist_ok=True)
        await asyncio.to_thread((self._path / name).rename, self._path / to)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread((self._path / name).unlink)


def _seen(name: str, status: os.stat_result) -> Seen:
    return Seen(name, status.st_size, status.st_mtime, str(status.st_mtime_ns))
