"""ZIP archives, opened safely: bounded size, bounded ratio, no nesting."""

from __future__ import annotations

import errno
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from samepicture.messages import SubmissionRejected

MAX_UNPACKED = 4 << 30
"""Bytes over all members: above any return that we know of."""
MAX_RATIO = 200
"""Unpacked to packed size; real CSV reaches about 30."""
MAX_MEMBERS = 200
SPOOL = 64 << 20
CHUNK = 1 << 20
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_zip(stream: IO[bytes]) -> bool:
    """Whether it begins as a ZIP does. Leaves the stream at its start."""
    stream.seek(0)
    magic = stream.read(4)
    stream.seek(0)
    return magic in (b"PK\x03\x04", b"PK\x05\x06")


def open_archive(stream: IO[bytes], file_name: str) -> zipfile.ZipFile:
    """A checked archive. Raises SubmissionRejected where it is truncated, encrypted or a bomb."""
    with reading(file_name):
        archive = zipfile.ZipFile(stream)
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    if unpacked > MAX_UNPACKED or len(members) > MAX_MEMBERS or (unpacked > SPOOL and unpacked / packed > MAX_RATIO):
        raise SubmissionRejected(
            "archive_too_large",
            f"The archive {file_name} would unpack to {unpacked / (1 << 20):,.0f} MB in {len(members)} files: "
            "send the data file alone, or split it.",
        )
    if any(member.flag_bits & 1 for member in members):
        raise SubmissionRejected(
            "encrypted_archive", f"The archive {file_name} is protected by a password: send it without one, over a secure channel."
        )
    if any(member.compress_type not in READABLE for member in members):
        raise SubmissionRejected(
            "unreadable_archive",
            f"The archive {file_name} is packed in an unusual way: pack it again as an ordinary ZIP, or send the data file alone.",
        )
    return archive


@contextmanager
def reading(file_name: str) -> Iterator[None]:
    """Whatever goes wrong with an archive's own structure is said as one refusal."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error, OSError) as error:
        # ValueError: names, offsets. A place before the file's start is EINVAL; any other OSError is the disk's.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise SubmissionRejected("broken_archive", f"The archive {file_name} is incomplete or damaged: send it again.") from None


def open_members(stream: IO[bytes], file_name: str, wanted: re.Pattern[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and seekable bytes of each wanted member. Raises SubmissionRejected."""
    with open_archive(stream, file_name) as archive:
        members = [member for member in archive.infolist() if not member.filename.endswith("/") and wanted.search(member.filename)]
        if not members:
            raise SubmissionRejected(
                "archive_without_data", f"The archive {file_name} holds no file that this feed reads: put the data files into it."
            )
        short = [member.filename.rsplit("/", 1)[-1] for member in members]
        # Two of one name in different folders are told apart by their whole path: lines are named by it.
        names = {m.filename: name if short.count(name) == 1 else m.filename for m, name in zip(members, short, strict=True)}
        for member in members:
            with tempfile.SpooledTemporaryFile(max_size=SPOOL) as unpacked:
                # What the directory says of the size is also what zipfile reads at most: a lie fails its checksum.
                with reading(file_name), archive.open(member) as packed:
                    shutil.copyfileobj(packed, unpacked, CHUNK)
                unpacked.seek(0)
                yield names[member.filename], cast(IO[bytes], unpacked)
