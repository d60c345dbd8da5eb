"""The landing store: a submission's bytes, kept once under their hash, before anything else happens.

    objects/<first two of hash>/<hash>     the bytes, write-once
    receipts/<submission_id>.json          that a feed delivered them, and when
    incoming/                              what is being written; what a crash left there goes after a day

A receipt is the durable inbox: whatever has a receipt and no ledger entry is still
to be processed. Both are written to a temporary name and moved, so that a crash
leaves either the whole or nothing.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

CHUNK = 1 << 20
NAME_LENGTH = 150
"""Characters of a file name that are kept: its end, which has the ending."""
LEFT_BEHIND = timedelta(days=1)
HASH_IN_ID = 16


@dataclass(frozen=True)
class Receipt:
    """Where a submission's bytes were landed, their SHA-256, and when."""

    submission_id: str
    feed_id: str
    file_name: str
    sha256: str
    bytes: int
    landed_at: str
    """UTC, ISO 8601."""
    source_count: int | None = None
    """How many records the source says that it gave; None where it does not say."""
    sender: str | None = None
    """Where a feedback report can be sent back to; None where nowhere."""

    @property
    def landed_datetime(self) -> datetime:
        """`landed_at` as a timezone-aware datetime."""
        return datetime.fromisoformat(self.landed_at)


def plain_name(file_name: str) -> str:
    """A sent file's name as it is stored and shown: without folders, control characters and broken letters."""
    last = re.split(r"[/\\]", file_name)[-1].encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else "_" for letter in last).strip()[-NAME_LENGTH:] or "unnamed"


def submission_id(feed_id: str, sha256: str) -> str:
    """The id of these bytes from this feed: the same bytes twice is one submission."""
    return f"{feed_id}.{sha256[:HASH_IN_ID]}"


class Landing:
    """The store at an fsspec URL."""

    def __init__(self, url: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(url)

    def land(
        self, feed_id: str, file_name: str, source: IO[bytes], source_count: int | None = None, sender: str | None = None
    ) -> tuple[Receipt, bool]:
        """Store a stream and its receipt; durable when this returns.

        Returns the receipt and whether it is new. Raises OSError where the store
        can't take it; nothing is left behind then.
        """
        self._fs.makedirs(self._path("incoming"), exist_ok=True)
        self._sweep()
        temporary = self._path("incoming", uuid.uuid4().hex)
        digest, size = hashlib.sha256(), 0
        try:
            with self._fs.open(temporary, "wb") as target:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
                _sync(target)
            sha256 = digest.hexdigest()
            self._place(temporary, self._object(sha256))
        finally:
            self._discard(temporary)
        receipt = Receipt(
            submission_id(feed_id, sha256),
            feed_id,
            plain_name(file_name),
            sha256,
            size,
            datetime.now(UTC).isoformat(timespec="microseconds"),
            source_count,
            sender,
        )
        return self._write_receipt(receipt)

    def _write_receipt(self, receipt: Receipt) -> tuple[Receipt, bool]:
        path = self._path("receipts", f"{receipt.submission_id}.json")
        if self._fs.exists(path):
            self._sync_folder(path)
            return self.receipt(receipt.submission_id), False
        temporary = self._path("incoming", uuid.uuid4().hex)
        try:
            with self._fs.open(temporary, "wb") as target:
                target.write(json.dumps(asdict(receipt), indent=1).encode())
                _sync(target)
            new = self._place(temporary, path)
        finally:
            self._discard(temporary)
        return self.receipt(receipt.submission_id), new

    def _place(self, temporary: str, path: str) -> bool:
        """Give a finished file its name, durably; False where the name is taken: what has it stays."""
        self._fs.makedirs(self._fs._parent(path), exist_ok=True)
        if not isinstance(self._fs, LocalFileSystem):
            if self._fs.exists(path):
                return False
            self._fs.mv(temporary, path)
            return True
        try:
            os.link(temporary, path)  # unlike a move it fails where another process was faster
        except FileExistsError:
            self._sync_folder(path)
            return False
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP):
                raise
            Path(temporary).replace(path)  # a share without links
        self._sync_folder(path)
        return True

    def _sync_folder(self, path: str) -> None:
        """Make a file's name durable; also one that another process has just given: it may not have come so far yet."""
        if not isinstance(self._fs, LocalFileSystem):
            return
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _discard(self, temporary: str) -> None:
        if self._fs.exists(temporary):
            self._fs.rm(temporary)

    def _sweep(self) -> None:
        """Remove what processes that died left half-written."""
        for path in self._fs.ls(self._path("incoming"), detail=False):
            with suppress(FileNotFoundError):  # its process lives, and has just finished it
                if datetime.now(UTC) - self._fs.modified(path) > LEFT_BEHIND:
                    self._fs.rm(path)

    def receipt(self, submission_id: str) -> Receipt:
        """The receipt of a submission. Raises KeyError where nothing was landed under this id."""
        try:
            return Receipt(**json.loads(self._fs.cat_file(self._path("receipts", f"{submission_id}.json"))))
        except FileNotFoundError:
            raise KeyError(f"no submission {submission_id!r} was landed here: `samepicture status` lists those that were") from None

    def receipts(self) -> Iterator[Receipt]:
        """All receipts, oldest first."""
        paths: list[str] = self._fs.glob(self._path("receipts", "*.json"))
        found = [Receipt(**json.loads(self._fs.cat_file(path))) for path in paths]
        yield from sorted(found, key=lambda receipt: (receipt.landed_at, receipt.submission_id))

    def submission_ids(self) -> set[str]:
        """Ids of everything landed, without reading the receipts."""
        return {path.rsplit("/", 1)[-1].removesuffix(".json") for path in self._fs.glob(self._path("receipts", "*.json"))}

    @contextmanager
    def open(self, receipt: Receipt) -> Iterator[IO[bytes]]:
        """The landed bytes, as a seekable stream."""
        with self._fs.open(self._object(receipt.sha256), "rb") as stream:
            yield stream

    def _object(self, sha256: str) -> str:
        return self._path("objects", sha256[:2], sha256)

    def _path(self, *parts: str) -> str:
        return "/".join((self._root, *parts))


def _sync(stream: Any) -> None:
    """Force bytes to the disk where the store is a disk; object stores are durable on close."""
    stream.flush()
    try:
        descriptor = stream.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return
    os.fsync(descriptor)
