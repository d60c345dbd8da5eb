"""What is landed is readable by nobody without the key, leaves no plain copy, and a key that others know is no key."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from samepicture.landing import NAME_GONE, Landing
from samepicture.sealing import CHUNK, MAGIC, CannotOpen, Seal, fresh_landing_key, fresh_pseudonym_key
from samepicture.settings import SettingError, Settings
from tests.keys import LANDING_KEY

WORDS = b"Quillfeather, 9434765919"
KNOWN = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
"""Of age's own test vectors."""


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(str(tmp_path / "landing"), LANDING_KEY)


def object_of(tmp_path: Path, sha256: str) -> Path:
    return tmp_path / "landing" / "objects" / sha256[:2] / sha256


@pytest.mark.parametrize(
    "key",
    [None, "", "short", LANDING_KEY[:-1], LANDING_KEY.replace("1", "2", 1), KNOWN],
    ids=["none", "empty", "short", "cut", "mistyped", "known"],
)
def test_a_missing_short_or_known_landing_key_is_refused_with_how_to_make_one(tmp_path: Path, key: str | None) -> None:
    with pytest.raises(SettingError, match=r"SAMEPICTURE_LANDING_KEY.*samepicture keys"):
        Landing(str(tmp_path / "landing"), key).land("a", "x.csv", io.BytesIO(b"x"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "key",
    [None, "", "short", "a key for tests alone, never for people", "x" * 64, "example" + "0f3a9c" * 10, "0123456789abcdef" * 4, f"{'ab12cd34ef567890' * 2},short"],
)  # fmt: skip
def test_a_missing_short_or_example_pseudonym_key_is_refused_with_how_to_make_one(settings: Settings, key: str | None) -> None:
    with pytest.raises(SettingError, match=r"SAMEPICTURE_PSEUDONYM_KEY.*samepicture keys"):
        replace(settings, pseudonym_key=key).require_pseudonym_key()
    assert key is None or len(key) < 10 or key not in repr(replace(settings, pseudonym_key=key))


def test_fresh_keys_are_taken_and_never_the_same(settings: Settings) -> None:
    for _ in range(200):
        Seal(fresh_landing_key())
        replace(settings, pseudonym_key=fresh_pseudonym_key()).require_pseudonym_key()
    one = fresh_pseudonym_key()
    with pytest.raises(SettingError, match="twice"):
        replace(settings, pseudonym_key=f"{one},{one}").require_pseudonym_key()


def test_nothing_that_was_landed_is_on_the_disk_in_the_clear_nor_open_to_others(landing: Landing, tmp_path: Path) -> None:
    receipt, _ = landing.land("a", "Jo Quillfeather.csv", io.BytesIO(WORDS), sender="mailto:quillfeather@nhs.example")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert all(b"uillfeather" not in path.read_bytes() and "uillfeather" not in path.name for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in [*files, tmp_path / "landing"])
    with landing.open(receipt) as stream:
        assert stream.read() == WORDS
        stream.seek(3)
        assert stream.read(4) == WORDS[3:7]


@example_settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200) | st.integers(0, 3).map(lambda n: os.urandom(CHUNK * n + n - 1 if n else 0)))
def test_what_is_sealed_opens_as_it_was(content: bytes) -> None:
    seal = Seal(LANDING_KEY)
    sealed = seal.sealed(content)
    assert seal.opened(sealed) == content
    for changed in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[: len(sealed) // 2]):
        with pytest.raises(CannotOpen):
            seal.opened(changed)


def test_another_key_or_another_objects_bytes_are_told(landing: Landing, tmp_path: Path) -> None:
    receipt, _ = landing.land("a", "x.csv", io.BytesIO(WORDS))
    other, _ = landing.land("a", "y.csv", io.BytesIO(b"y"))
    with pytest.raises(CannotOpen, match="another key"):
        Landing(str(tmp_path / "landing"), fresh_landing_key()).receipt(receipt.submission_id)
    shutil.copy(object_of(tmp_path, other.sha256), object_of(tmp_path, receipt.sha256))
    with pytest.raises(CannotOpen, match="is not what was landed"), landing.open(receipt):
        pass


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    program = f"""
import io, resource, sys
from samepicture.landing import Landing
class Long(io.RawIOBase):
    left = 300
    def read(self, size=-1):
        self.left -= 1
        return bytes({CHUNK}) if self.left >= 0 else b""
landing = Landing({str(tmp_path / "landing")!r}, {LANDING_KEY!r})
landing.land("a", "small.csv", io.BytesIO(b"x"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
receipt, _ = landing.land("a", "long.csv", Long())
with landing.open(receipt) as stream:
    assert sum(map(len, iter(lambda: stream.read({CHUNK}), b""))) == 300 * {CHUNK}
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    grown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(grown.stdout) < 30, "megabytes"


def test_a_killed_reader_leaves_no_plain_copy(landing: Landing, tmp_path: Path) -> None:
    receipt, _ = landing.land("a", "x.csv", io.BytesIO(WORDS * 1000))
    program = (
        "import sys, time; from samepicture.landing import Landing; landing = Landing(sys.argv[1], sys.argv[2])\n"
        "with landing.open(landing.receipt(sys.argv[3])) as stream: print(len(stream.read()), flush=True); time.sleep(60)"
    )
    folder = tmp_path / "temporary"
    folder.mkdir()
    reader = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "landing"), LANDING_KEY, receipt.submission_id],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert reader.stdout is not None
    assert int(reader.stdout.readline()) == len(WORDS) * 1000
    assert list(folder.iterdir()) == [], "it has no name, even while it is read"
    reader.send_signal(signal.SIGKILL)
    reader.wait()
    assert list(folder.iterdir()) == []


def test_what_was_landed_in_the_clear_is_read_and_then_encrypted(landing: Landing, tmp_path: Path) -> None:
    receipt, _ = landing.land("a", "x.csv", io.BytesIO(WORDS))
    path = object_of(tmp_path, receipt.sha256)
    paper = tmp_path / "landing" / "receipts" / f"{receipt.submission_id}.json"
    path.write_bytes(WORDS)
    paper.write_bytes(landing.store.read("receipts", paper.name))
    for _ in range(2):
        with landing.open(landing.receipt(receipt.submission_id)) as stream:
            assert stream.read() == WORDS
        encrypted = landing.encrypt_all()
        assert path.read_bytes().startswith(MAGIC)
        assert paper.read_bytes().startswith(MAGIC)
    assert encrypted == (0, 0), "the second time there is nothing to do"


def test_bytes_that_had_to_go_do_not_come_back_and_bytes_that_were_lost_do(landing: Landing, tmp_path: Path) -> None:
    lost, _ = landing.land("a", "x.csv", io.BytesIO(b"lost"))
    object_of(tmp_path, lost.sha256).unlink()
    assert landing.land("a", "x.csv", io.BytesIO(b"lost")) == (lost, False)
    assert landing.has_original(lost)
    gone, _ = landing.land("a", "Jo.csv", io.BytesIO(b"gone"))
    landing.forget_original(gone)
    again, new = landing.land("a", "Jo again.csv", io.BytesIO(b"gone"))
    assert (again.file_name, new, landing.has_original(again)) == (f"{NAME_GONE}.csv", False, False)
