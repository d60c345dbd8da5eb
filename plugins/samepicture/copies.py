"""Judged copies: what stands in the landing store for an original that had to go.

    judged/<submission_id>.<state>     verdict, accepted rows and quarantine, de-identified, as one encrypted archive

`state` is short for what is in it, so that a copy that no longer agrees with the warehouse is
known by its name. With it the warehouse can be made again from the landing store alone.
"""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

from samepicture.store import SealedStore

FOLDER = "judged"
VERDICT, ACCEPTED, QUARANTINE = "verdict.json", "accepted.parquet", "quarantine.parquet"


class JudgedCopies:
    """The copies in one landing store."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store

    def states(self) -> dict[str, str]:
        """State by submission."""
        return {submission_id: state for submission_id, _, state in (name.rpartition(".") for name in sorted(self._store.names(FOLDER)))}

    def write(self, submission_id: str, state: str, folder: Path) -> None:
        """Keep the files of a folder as the copy, in place of earlier ones; durable when this returns."""
        with tempfile.TemporaryFile() as archive:
            with tarfile.open(fileobj=archive, mode="w") as members:
                for name in (VERDICT, ACCEPTED, QUARANTINE):
                    if (folder / name).exists():
                        members.add(folder / name, arcname=name)
            archive.seek(0)
            with self._store.incoming(archive) as temporary:
                self._store.replace(temporary, FOLDER, f"{submission_id}.{state}")
        for earlier in self._names(submission_id) - {f"{submission_id}.{state}"}:
            self._store.remove(FOLDER, earlier)

    def unpack(self, submission_id: str, folder: Path) -> None:
        """Put the files of a copy into a folder. Raises FileNotFoundError where there is none, CannotOpen."""
        names = self._names(submission_id)
        if not names:
            raise FileNotFoundError(f"the original of {submission_id} is gone and so is its judged copy: restore it from a backup")
        with tempfile.TemporaryFile() as archive:
            with self._store.fs.open(self._store.path(FOLDER, max(names)), "rb") as source:
                self._store.seal.unseal(source, archive)
            archive.seek(0)
            with tarfile.open(fileobj=archive) as members:
                members.extractall(folder, filter="data")

    def _names(self, submission_id: str) -> set[str]:
        return {name for name in self._store.names(FOLDER) if name.rpartition(".")[0] == submission_id}
