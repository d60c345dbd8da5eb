"""Sealed files in a folder or an object store: each written whole or not at all, and none in the clear.

What is being written lies in incoming/; what a crash left there goes after a day.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from samepicture.sealing import CHUNK, MAGIC, CannotOpen, Reading, Seal

LEFT_BEHIND = timedelta(days=1)
OWNER_ALONE = 0o700


class SealedStore:
    """The store at an fsspec URL, under one key. Names may be read by whoever reaches it; contents may not."""

    def __init__(self, url: str, key: str | None) -> None:
        self.fs, self.root = fsspec.core.url_to_fs(url)
        self._key = key

    @cached_property
    def seal(self) -> Seal:
        """What encrypts. Raises SettingError without a key: only once something is read or written."""
        return Seal(self._key)

    def path(self, *parts: str) -> str:
        """Where a file of the store is."""
        return "/".join((self.root, *parts))

    def names(self, folder: str) -> set[str]:
        """Names of the files in a folder of the store."""
        self.fs.invalidate_cache(self.path(folder))  # others write too
        return {path.rsplit("/", 1)[-1] for path in self.fs.glob(self.path(folder, "*"))}

    def exists(self, *parts: str) -> bool:
        """Whether there is such a file."""
        return bool(self.fs.exists(self.path(*parts)))

    def incoming(self, source: IO[bytes] | Reading) -> AbstractContextManager[str]:
        """A stream, encrypted and durable, under a name that lasts as long as the block: for `place` or `replace`."""
        return self._incoming(lambda target: self.seal.seal(source, target))

    def sealed_before(self, source: IO[bytes]) -> AbstractContextManager[str]:
        """The same for what is encrypted already."""
        return self._incoming(lambda target: shutil.copyfileobj(source, target, CHUNK))

    @contextmanager
    def _incoming(self, fill: Callable[[IO[bytes]], None]) -> Iterator[str]:
        folder = self.path("incoming")
        self._folder(folder)
        self._sweep(folder)
        temporary = self.path("incoming", uuid.uuid4().hex)
        try:
            with self.fs.open(temporary, "wb") as target:
                fill(target)
                _sync(target)
            yield temporary
        finally:
            if self.fs.exists(temporary):
                self.fs.rm(temporary)

    def place(self, temporary: str, *parts: str) -> bool:
        """Give a finished file its name, durably; False where the name is taken: what has it stays."""
        path = self.path(*parts)
        self._folder(self.fs._parent(path))
        if not isinstance(self.fs, LocalFileSystem):
            if self.fs.exists(path):
                return False
            self.fs.mv(temporary, path)
            return True
        try:
            os.link(temporary, path)  # unlike a move it fails where another process was faster
        except FileExistsError:
            self.sync_folder(path)
            return False
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP):
                raise
            Path(temporary).replace(path)  # a share without links
        self.sync_folder(path)
        return True

    def replace(self, temporary: str, *parts: str) -> None:
        """Give a finished file its name, durably, whatever had it before."""
        path = self.path(*parts)
        self._folder(self.fs._parent(path))
        if isinstance(self.fs, LocalFileSystem):
            Path(temporary).replace(path)
            self.sync_folder(path)
        else:
            self.fs.mv(temporary, path)

    def write(self, content: bytes, *parts: str) -> None:
        """Seal a few bytes under a name, in place of what had it."""
        with self.incoming(io.BytesIO(content)) as temporary:
            self.replace(temporary, *parts)

    def read(self, *parts: str) -> bytes:
        """A small file. Raises FileNotFoundError, or CannotOpen."""
        content: bytes = self.fs.cat_file(self.path(*parts))
        try:
            return self.seal.opened(content) if content.startswith(MAGIC) else content
        except CannotOpen as error:
            raise CannotOpen(f"{'/'.join(parts)} can't be read: {error}") from None

    def remove(self, *parts: str) -> None:
        """Take a file away, durably; nothing where it is not there."""
        path = self.path(*parts)
        with suppress(FileNotFoundError):
            self.fs.rm(path)
            self.sync_folder(path)

    def sync_folder(self, path: str) -> None:
        """Make a file's name durable; also one that another process has just given: it may not have come so far yet."""
        if not isinstance(self.fs, LocalFileSystem):
            return
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _folder(self, path: str) -> None:
        """Make a folder that nobody else on this machine can enter."""
        if not isinstance(self.fs, LocalFileSystem):
            self.fs.makedirs(path, exist_ok=True)
            return
        root = Path(self.root)
        root.mkdir(mode=OWNER_ALONE, parents=True, exist_ok=True)
        if root.stat().st_mode & 0o077:
            root.chmod(OWNER_ALONE)
        Path(path).mkdir(parents=True, exist_ok=True)

    def _sweep(self, folder: str) -> None:
        """Remove what processes that died left half-written."""
        for path in self.fs.ls(folder, detail=False):
            with suppress(FileNotFoundError):  # its process lives, and has just finished it
                if datetime.now(UTC) - self.fs.modified(path) > LEFT_BEHIND:
                    self.fs.rm(path)


def _sync(stream: Any) -> None:
    """Force bytes to the disk where the store is a disk, and close them to others; object stores are durable on close."""
    stream.flush()
    try:
        descriptor = stream.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return
    os.fchmod(descriptor, 0o600)
    os.fsync(descriptor)
