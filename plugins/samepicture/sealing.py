"""Encrypts what names people, with a key that does not lie beside it.

The format is age (age-encryption.org/v1), so that originals can be opened without us:
`age --decrypt -i KEYFILE OBJECT`. Streams; memory does not grow with the file.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from typing import IO, Any

import pyrage

from samepicture.errors import Explained
from samepicture.settings import SettingError

MAGIC = b"age-encryption.org/v1\n"
"""How everything that is sealed begins."""
CHUNK = 1 << 20
LANDING_KEY = "SAMEPICTURE_LANDING_KEY"
DIFFERENT_LETTERS_MIN = 16
"""Of a key drawn by lot, nearly always more than 20; those of specifications and tutorials repeat a few bytes."""
HOW_TO_MAKE = "run `samepicture keys` and put what it prints into the environment, on no disk that the landing store is on."


class CannotOpen(Explained):
    """Something sealed can't be opened; the message says what may be wrong."""


def fresh_landing_key() -> str:
    """A new key, drawn by lot."""
    return str(pyrage.x25519.Identity.generate())


def fresh_pseudonym_key() -> str:
    """A new key for pseudonyms: 256 bits, drawn by lot."""
    return secrets.token_hex(32)


class Seal:
    """Encrypts and decrypts under one key. Raises SettingError where the key can't be one."""

    def __init__(self, key: str | None) -> None:
        if not key:
            raise SettingError(f"{LANDING_KEY} is not set, and nothing is kept in the clear: {HOW_TO_MAKE}")
        try:
            self._identity = pyrage.x25519.Identity.from_str(key)
        except pyrage.IdentityError:
            raise SettingError(f"{LANDING_KEY} is too short or mistyped (it begins with AGE-SECRET-KEY-1): {HOW_TO_MAKE}") from None
        if len(set(key.removeprefix("AGE-SECRET-KEY-1"))) < DIFFERENT_LETTERS_MIN:
            raise SettingError(f"{LANDING_KEY} is an example that others know: {HOW_TO_MAKE}")

    def seal(self, source: IO[bytes] | Reading, target: IO[bytes]) -> None:
        """Encrypt a stream. What reading or writing raises comes through as it is."""
        reading, writing = _Checked(source.read), _Checked(target.write)
        try:
            pyrage.encrypt_io(reading, writing, [self._identity.to_public()])
        except pyrage.EncryptError:
            raise (reading.error or writing.error or OSError("the stream could not be encrypted")) from None

    def unseal(self, source: IO[bytes], target: IO[bytes] | Writing) -> None:
        """Decrypt a stream. Raises CannotOpen where the key is another, or a byte was changed or is missing."""
        reading, writing = _Checked(source.read), _Checked(target.write)
        try:
            pyrage.decrypt_io(reading, writing, [self._identity])
        except (pyrage.DecryptError, OSError):
            if error := reading.error or writing.error:
                raise error from None
            raise CannotOpen(
                f"it was encrypted with another key, or is damaged: set {LANDING_KEY} to the key that it was made with, or restore a backup."
            ) from None

    def sealed(self, content: bytes) -> bytes:
        """Encrypt a few bytes."""
        target = io.BytesIO()
        self.seal(io.BytesIO(content), target)
        return target.getvalue()

    def opened(self, content: bytes) -> bytes:
        """Decrypt a few bytes. Raises CannotOpen."""
        target = io.BytesIO()
        self.unseal(io.BytesIO(content), target)
        return target.getvalue()


class Reading:
    """A source that is read on the way past: by CHUNK, each told to `seen`."""

    def __init__(self, source: IO[bytes], seen: Callable[[bytes], object]) -> None:
        self._source, self._seen = source, seen
        self._chunk, self._at = b"", 0

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        if self._at >= len(self._chunk):
            self._chunk, self._at = self._source.read(CHUNK), 0
            self._seen(self._chunk)
        piece = self._chunk[self._at : self._at + size]
        self._at += len(piece)
        return piece


class Writing:
    """A target whose bytes are told to `seen` as they are written."""

    def __init__(self, target: IO[bytes], seen: Callable[[bytes], object]) -> None:
        self._target, self._seen = target, seen

    def write(self, piece: bytes) -> int:
        """Write them."""
        self._seen(piece)
        return self._target.write(piece)


class _Checked(io.RawIOBase):
    """One direction of a stream as the library wants it; remembers an error, of which the library keeps only the words."""

    def __init__(self, do: Callable[..., Any]) -> None:
        self._do = do
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        return bytes(self._checked(size))

    def write(self, piece: Any) -> int:
        return int(self._checked(bytes(piece)))

    def _checked(self, argument: Any) -> Any:
        try:
            return self._do(argument)
        except BaseException as error:
            self.error = error
            raise
