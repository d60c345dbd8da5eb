"""The landing store: a submission's bytes, kept once under their hash, before anything else happens.

    objects/<first two of hash>/<hash>     the bytes, write-once, until they have to go
    receipts/<submission_id>.json          that a feed delivered them, and when
    key                                    whose key it is, sealed with it
    judged/, erased/, requests/            what the upkeep keeps beside them: see docs/upkeep.md

Everything is encrypted; the hash is that of the plain bytes, so that the same bytes twice
are one submission. A receipt is the durable inbox: whatever has a receipt and no ledger
entry is still to be processed.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import IO

from samepicture.sealing import CHUNK, MAGIC, CannotOpen, Reading, Writing
from samepicture.settings import Settings
from samepicture.store import SealedStore

NAME_LENGTH = 150
"""Characters of a file name that are kept: its end, which has the ending."""
HASH_IN_ID = 16
SOME = 5
"""Receipts that are tried: one alone may be damaged."""
KEY_MARK = "key"
"""Sealed before the first receipt: whoever can open it has the store's key."""
NAME_GONE = "original-removed"
"""What is left of a file's name, beside its ending, once its bytes had to go: it may have named somebody."""


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
    """The originals and their receipts. What needs the key raises SettingError without one."""

    def __init__(self, url: str, key: str | None) -> None:
        self.store = SealedStore(url, key)

    @classmethod
    def of(cls, settings: Settings) -> Landing:
        """The landing store of an installation."""
        return cls(settings.landing, settings.landing_key)

    def land(
        self, feed_id: str, file_name: str, source: IO[bytes], source_count: int | None = None, sender: str | None = None
    ) -> tuple[Receipt, bool]:
        """Store a stream and its receipt; durable when this returns.

        Returns the receipt and whether it is new. Bytes that had to go do not come back by being
        sent again. Raises OSError where the store can't take it, CannotOpen where it has another key; nothing is left behind then.
        """
        self._require_its_key()
        digest, size = hashlib.sha256(), 0

        def seen(chunk: bytes) -> None:
            nonlocal size
            size += len(chunk)
            digest.update(chunk)

        with self.store.incoming(Reading(source, seen)) as temporary:
            sha256 = digest.hexdigest()
            identity = submission_id(feed_id, sha256)
            if self.store.exists("receipts", f"{identity}.json") and self.is_gone(earlier := self.receipt(identity)):
                return earlier, False
            self.store.place(temporary, *_object(sha256))
        receipt = Receipt(
            identity,
            feed_id,
            plain_name(file_name),
            sha256,
            size,
            datetime.now(UTC).isoformat(timespec="microseconds"),
            source_count,
            sender,
        )
        return self._write_receipt(receipt)

    def _require_its_key(self) -> None:
        """Of a store with two keys, each would open a part and none the whole."""
        if self.store.exists(KEY_MARK):
            sealed: list[tuple[str, ...]] = [(KEY_MARK,)]
        else:  # empty, or from before there was a mark
            sealed = [("receipts", name) for name in sorted(self.store.names("receipts"))[:SOME]]
        if sealed and not any(self._opens(*parts) for parts in sealed):
            raise CannotOpen(
                f"Nothing was landed: the landing store {self.store.root} was begun with another SAMEPICTURE_LANDING_KEY. "
                "Set that one, or land into a store of its own (SAMEPICTURE_LANDING)."
            )

    def _opens(self, *parts: str) -> bool:
        try:
            self.store.read(*parts)
        except CannotOpen:
            return False
        return True

    def _write_receipt(self, receipt: Receipt) -> tuple[Receipt, bool]:
        name = ("receipts", f"{receipt.submission_id}.json")
        if self.store.exists(*name):
            self.store.sync_folder(self.store.path(*name))
            return self.receipt(receipt.submission_id), False
        if not self.store.exists(KEY_MARK):
            self.store.write(b"samepicture", KEY_MARK)
        with self.store.incoming(_json(receipt)) as temporary:
            new = self.store.place(temporary, *name)
        return self.receipt(receipt.submission_id), new

    def receipt(self, submission_id: str) -> Receipt:
        """The receipt of a submission. Raises KeyError where nothing was landed under this id."""
        try:
            if "/" in submission_id:  # typed by a person, perhaps
                raise FileNotFoundError
            return Receipt(**json.loads(self.store.read("receipts", f"{submission_id}.json")))
        except FileNotFoundError:
            raise KeyError(f"no submission {submission_id!r} was landed here: `samepicture status` lists those that were") from None

    def receipts(self) -> Iterator[Receipt]:
        """All receipts, oldest first."""
        found = map(self.receipt, self.submission_ids())
        yield from sorted(found, key=lambda receipt: (receipt.landed_at, receipt.submission_id))

    def submission_ids(self) -> set[str]:
        """Ids of everything landed, without reading the receipts."""
        return {name.removesuffix(".json") for name in self.store.names("receipts")}

    @contextmanager
    def open(self, receipt: Receipt) -> Iterator[IO[bytes]]:
        """The landed bytes, as a seekable stream, checked against their hash.

        What is decrypted has no name, so that nothing is left of it however this process ends.
        Raises CannotOpen where the key is another or the object was changed, FileNotFoundError where it had to go.
        """
        with tempfile.TemporaryFile() as plain:
            self._decrypt(receipt, plain)
            plain.seek(0)
            yield plain

    def _decrypt(self, receipt: Receipt, target: IO[bytes]) -> None:
        digest = hashlib.sha256()
        checked = Writing(target, digest.update)
        with self.store.fs.open(self.store.path(*_object(receipt.sha256)), "rb") as source:
            sealed = source.read(len(MAGIC)) == MAGIC
            source.seek(0)
            try:
                if sealed:
                    self.store.seal.unseal(source, checked)
                else:  # landed before originals were encrypted
                    while chunk := source.read(CHUNK):
                        checked.write(chunk)
            except CannotOpen as error:
                raise CannotOpen(f"The original of {receipt.submission_id} can't be read: {error}") from None
        if digest.hexdigest() != receipt.sha256:
            raise CannotOpen(f"The original of {receipt.submission_id} is not what was landed: restore it from a backup.")

    # -- originals that have to go ----------------------------------------------------------

    def has_original(self, receipt: Receipt) -> bool:
        """Whether the bytes are still kept."""
        return self.store.exists(*_object(receipt.sha256))

    def is_gone(self, receipt: Receipt) -> bool:
        """Whether the bytes had to go; where they are merely lost, landing them again mends it."""
        return receipt.file_name.startswith(NAME_GONE) and not self.has_original(receipt)

    def forget_original(self, receipt: Receipt) -> None:
        """Take the bytes away, and before that from the receipt what their sender called them. Repeatable."""
        if not receipt.file_name.startswith(NAME_GONE):
            less = replace(receipt, file_name=forgotten_name(receipt.file_name))
            with self.store.incoming(_json(less)) as temporary:
                self.store.replace(temporary, "receipts", f"{receipt.submission_id}.json")
        self.store.remove(*_object(receipt.sha256))

    def encrypt_all(self) -> tuple[int, int]:
        """Encrypt what was landed in the clear, in place; how many originals and receipts. Safe to repeat and to interrupt."""
        originals = receipts = 0
        for path in sorted(self.store.fs.glob(self.store.path("objects", "*", "*"))):
            parts = path.split("/")[-3:]
            with self.store.fs.open(path, "rb") as source:
                if source.read(len(MAGIC)) == MAGIC:
                    continue
                source.seek(0)
                with self.store.incoming(source) as temporary:
                    self.store.replace(temporary, *parts)
            originals += 1
        for name in sorted(self.store.names("receipts")):
            content: bytes = self.store.fs.cat_file(self.store.path("receipts", name))
            if not content.startswith(MAGIC):
                self.store.write(content, "receipts", name)
                receipts += 1
        return originals, receipts


def forgotten_name(file_name: str) -> str:
    """The name with its ending alone."""
    return NAME_GONE + PurePath(file_name).suffix[:8]


def _object(sha256: str) -> tuple[str, str, str]:
    return ("objects", sha256[:2], sha256)


def _json(receipt: Receipt) -> IO[bytes]:
    return io.BytesIO(json.dumps(asdict(receipt), indent=1).encode())
