"""Backs an installation up, and restores it: encrypted, checked by hashes, consistent while loads go on.

    <folder>/<UTC time>/cursors.age     cursors, and what was asked and not collected
    <folder>/<UTC time>/warehouse.age   the warehouse as one moment saw it
    <folder>/<UTC time>/landing/...     the landing store as it is: every file in it is encrypted
    <folder>/<UTC time>/manifest.age    hashes of all of these; written last: without it, it is no backup

The order is what makes it consistent: a cursor is never ahead of the bytes that it stands for,
nor the ledger of the originals. What was landed after the warehouse was copied is in the backup
as well, and waits there to be judged.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from samepicture.data_docs import COUNTS
from samepicture.errors import Explained
from samepicture.locks import alone
from samepicture.process import Pipeline
from samepicture.sealing import CHUNK, Writing
from samepicture.upkeep.agreement import disagreements
from samepicture.warehouse import open_warehouse

HOME_FOLDERS = ("cursors", "asked", "uncollected", COUNTS, "text_model")
"""What else of the home can't be made again."""
STORE_FOLDERS = ("receipts", "judged", "erased", "requests", "objects")
"""In this order: whatever has a receipt has its bytes already, also what lands meanwhile."""
WAREHOUSE, HOME, MANIFEST = "warehouse.age", "cursors.age", "manifest.age"
RESTORING = "restoring"
"""A file in the home while a restore is under way: it may be begun again."""


class BackupError(Explained):
    """A backup can't be made or restored; the message says what to do."""


@dataclass(frozen=True)
class Backup:
    """A finished backup."""

    folder: Path
    files: int
    bytes: int


def back_up(pipeline: Pipeline, into: Path, keep: int | None = None) -> Backup:
    """Make a backup in a folder of its own. With `keep`, the oldest go so that so many stay.

    Raises BackupError, OSError; then what was written is no backup and is removed by the next.
    """
    settings = pipeline.settings
    if not settings.home.exists() or open_warehouse(settings).is_empty():
        raise BackupError("there is nothing to back up yet: SAMEPICTURE_HOME holds no warehouse.")
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    for broken in into.glob("*.part"):
        shutil.rmtree(broken)
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    folder = into / f"{name}.part"
    folder.mkdir(mode=0o700)
    writer = _Writer(pipeline, folder)
    with alone(settings, "upkeep"):  # no original goes meanwhile
        with _archive(settings.home) as archive:
            writer.seal(HOME, archive)
        open_warehouse(settings).dump(lambda source: writer.seal(WAREHOUSE, source))
        writer.copy_store()
    writer.seal(MANIFEST, io.BytesIO(json.dumps(writer.hashes).encode()))
    done = folder.rename(into / name)
    if keep is not None:
        for old in sorted(each for each in into.iterdir() if (each / MANIFEST).exists())[:-keep]:
            shutil.rmtree(old)
    return Backup(done, len(writer.hashes), writer.bytes)


class _Writer:
    """Files of a backup under way, and their hashes."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self._store = pipeline.landing.store
        self._folder = folder
        self.hashes: dict[str, str] = {}
        self.bytes = 0

    def seal(self, name: str, source: IO[bytes]) -> None:
        self._write(name, lambda target: self._store.seal.seal(source, target))

    def copy_store(self) -> None:
        for top in STORE_FOLDERS:
            for path in sorted(self._store.fs.find(self._store.path(top))):
                relative = path[len(self._store.root) :].lstrip("/")
                if top == "requests" and not self._store.exists(relative):
                    continue  # fulfilled just now
                with self._store.fs.open(path, "rb") as source:
                    self._write(f"landing/{relative}", lambda target, source=source: shutil.copyfileobj(source, target, CHUNK))

    def _write(self, name: str, fill: Any) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest = hashlib.sha256()
        with path.open("wb") as target:
            path.chmod(0o600)
            fill(Writing(target, digest.update))
            self.bytes += target.tell()
        self.hashes[name] = digest.hexdigest()


def restore(pipeline: Pipeline, folder: Path) -> list[str]:
    """Restore a backup into an empty home and landing store; in what they then do not agree (nothing, as a rule).

    Every hash is checked before anything is written. Raises BackupError where there is something
    already, or the backup is not whole, CannotOpen where the key is another one.
    """
    settings = pipeline.settings
    backup = folder if (folder / MANIFEST).exists() else max((each.parent for each in folder.glob(f"*/{MANIFEST}")), default=None)
    if backup is None:
        raise BackupError(f"{folder} holds no finished backup: give the folder that `samepicture backup` wrote to.")
    _require_empty(pipeline)
    store = pipeline.landing.store
    hashes: dict[str, str] = json.loads(store.seal.opened((backup / MANIFEST).read_bytes()))
    for name, expected in hashes.items():
        if not (backup / name).exists() or _hash(backup / name) != expected:
            raise BackupError(f"{backup / name} is missing or is not what was backed up: use another backup.")
    (settings.home / RESTORING).touch()
    for name in hashes:
        if name.startswith("landing/"):
            _put(pipeline, name.removeprefix("landing/"), backup / name)
    with (backup / HOME).open("rb") as source, tempfile.TemporaryFile() as archive:
        store.seal.unseal(source, archive)
        archive.seek(0)
        with tarfile.open(fileobj=archive) as members:
            members.extractall(settings.home, filter="data")

    def read(target: IO[bytes]) -> None:
        with (backup / WAREHOUSE).open("rb") as sealed:
            store.seal.unseal(sealed, target)

    open_warehouse(settings).restore(read)
    (settings.home / RESTORING).unlink()
    return disagreements(pipeline)


def _require_empty(pipeline: Pipeline) -> None:
    settings = pipeline.settings
    if (settings.home / RESTORING).exists():
        return
    if not open_warehouse(settings).is_empty() or pipeline.landing.submission_ids():
        raise BackupError(
            "there is a warehouse or a landing store already, and neither is written over: "
            "set SAMEPICTURE_HOME (and SAMEPICTURE_LANDING) to an empty place."
        )


def _put(pipeline: Pipeline, name: str, path: Path) -> None:
    store = pipeline.landing.store
    with path.open("rb") as source, store.sealed_before(source) as temporary:
        store.replace(temporary, *name.split("/"))


def _hash(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextmanager
def _archive(home: Path) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as target:
        with tarfile.open(fileobj=target, mode="w") as members:
            for name in HOME_FOLDERS:
                if (home / name).exists():
                    members.add(home / name, arcname=name)
        target.seek(0)
        yield target
