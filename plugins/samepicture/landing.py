"""The landing store: a submission's bytes, kept once under their hash, before anything else happens.

    objects/<first two of hash>/<hash>     the bytes, write-once
    receipts/<submission_id>.json          that a feed delivered them, and when

A receipt is the durable inbox: whatever has a receipt and no ledger entry is still
to be processed. Both are written to a temporary name and moved, so that a crash
leaves either the whole or nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import IO, Any

import fsspec

CHUNK = 1 << 20
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

    @property
    def landed_datetime(self) -> datetime:
        """`landed_at` as a timezone-aware datetime."""
        return datetime.fromisoformat(self.landed_at)


def submission_id(feed_id: str, sha256: str) -> str:
    """The id of these bytes from this feed: the same bytes twice is one submission."""
    return f"{feed_id}.{sha256[:HASH_IN_ID]}"


class Landing:
    """The store at an fsspec URL."""

    def __init__(self, url: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(url)

    def land(self, feed_id: str, file_name: str, source: IO[bytes]) -> tuple[Receipt, bool]:
        """Store a stream and its receipt; durable when this returns.

        Returns the receipt and whether it is new. Raises OSError where the store
        can't take it; nothing is left behind then.
        """
        temporary = self._path("incoming", uuid.uuid4().hex)
        self._fs.makedirs(self._path("incoming"), exist_ok=True)
        digest, size = hashlib.sha256(), 0
        try:
            with self._fs.open(temporary, "wb") as target:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
                _sync(target)
            sha256 = digest.hexdigest()
            target_path = self._object(sha256)
            if not self._fs.exists(target_path):
                self._fs.makedirs(self._fs._parent(target_path), exist_ok=True)
                self._fs.mv(temporary, target_path)
        finally:
            if self._fs.exists(temporary):
                self._fs.rm(temporary)
        receipt = Receipt(
            submission_id(feed_id, sha256), feed_id, file_name, sha256, size, datetime.now(UTC).isoformat(timespec="microseconds")
        )
        return self._write_receipt(receipt)

    def _write_receipt(self, receipt: Receipt) -> tuple[Receipt, bool]:
        path = self._path("receipts", f"{receipt.submission_id}.json")
        if self._fs.exists(path):
            return self.receipt(receipt.submission_id), False
        self._fs.makedirs(self._path("receipts"), exist_ok=True)
        temporary = self._path("incoming", uuid.uuid4().hex)
        with self._fs.open(temporary, "wb") as target:
            target.write(json.dumps(asdict(receipt), indent=1).encode())
            _sync(target)
        self._fs.mv(temporary, path)
        return receipt, True

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
