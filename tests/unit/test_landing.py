"""The landing store keeps the bytes once, whole or not at all, whatever name, source or disk does."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samepicture.landing import NAME_LENGTH, Landing, plain_name
from samepicture.sealing import CannotOpen, fresh_landing_key
from samepicture.store import LEFT_BEHIND
from tests.keys import LANDING_KEY


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(str(tmp_path / "landing"), LANDING_KEY)


def files(tmp_path: Path, folder: str) -> list[Path]:
    return [path for path in (tmp_path / "landing" / folder).rglob("*") if path.is_file()]


def bytes_of(landing: Landing, submission_id: str) -> bytes:
    with landing.open(landing.receipt(submission_id)) as stream:
        return stream.read()


def test_the_same_bytes_twice_are_one_submission(landing: Landing, tmp_path: Path) -> None:
    first, new = landing.land("a", "one.csv", io.BytesIO(b"x"))
    again, new_again = landing.land("a", "two.csv", io.BytesIO(b"x"))
    other, new_other = landing.land("b", "one.csv", io.BytesIO(b"x"))
    assert (new, new_again, new_other) == (True, False, True)
    assert again == first
    assert other.submission_id != first.submission_id
    assert len(files(tmp_path, "objects")) == 1
    assert not files(tmp_path, "incoming")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([b"", b"x", b"y", b"\0" * 3_000_000])), max_size=8))
def test_submissions_are_feeds_and_bytes(deliveries: list[tuple[str, bytes]]) -> None:
    landing = Landing(f"memory://{os.urandom(8).hex()}", LANDING_KEY)
    new = [landing.land(feed, "f.csv", io.BytesIO(content))[1] for feed, content in deliveries]
    assert sum(new) == len(set(deliveries)) == len(landing.submission_ids())
    for receipt in landing.receipts():
        content = bytes_of(landing, receipt.submission_id)
        assert (receipt.sha256, receipt.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_source_that_fails_leaves_nothing(landing: Landing, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError("the source hung up")
            return super().read(10)

    with pytest.raises(ConnectionResetError):
        landing.land("a", "x.csv", Broken(b"x" * 100))
    assert not files(tmp_path, "")
    assert not landing.submission_ids()


def test_a_file_that_grows_while_it_is_read_is_what_was_read(landing: Landing, tmp_path: Path) -> None:
    source = tmp_path / "growing.csv"
    source.write_bytes(b"a" * (1 << 20))

    class Growing(io.FileIO):
        def read(self, size: int = -1) -> bytes:
            chunk = super().read(size)
            if chunk and source.stat().st_size < 3 << 20:
                with source.open("ab") as more:
                    more.write(b"b" * (1 << 20))
            return chunk

    with Growing(str(source)) as stream:
        receipt, _ = landing.land("a", "growing.csv", stream)
    content = bytes_of(landing, receipt.submission_id)
    assert (receipt.bytes, receipt.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("return.csv", "return.csv"),
        ("../../etc/x.csv", "x.csv"),
        ("C:\\exports\\x.csv", "x.csv"),
        ("line\nbreak\x1b[31m.csv", "line_break_[31m.csv"),
        ("\U0001f600.csv", "\U0001f600.csv"),
        ("half \udcff letter.csv", "half ? letter.csv"),
        ("../", "unnamed"),
        ("x" * 300 + ".csv", "x" * (NAME_LENGTH - 4) + ".csv"),
    ],
)
def test_names_are_made_plain(landing: Landing, tmp_path: Path, sent: str, kept: str) -> None:
    receipt, _ = landing.land("a", sent, io.BytesIO(sent.encode("utf-8", "replace")))
    assert receipt.file_name == plain_name(sent) == kept
    assert all(path.is_relative_to(tmp_path / "landing") for path in tmp_path.rglob("*") if path.is_file())
    assert kept.encode() not in files(tmp_path, "receipts")[0].read_bytes(), "a sender may have named a person in it"


def test_processes_that_land_the_same_bytes_at_once_make_one_receipt(landing: Landing, tmp_path: Path) -> None:
    program = (
        "import io, sys, time; from samepicture.landing import Landing; landing = Landing(sys.argv[1], sys.argv[3]); print('ready', flush=True); input()\n"
        "print(sum(landing.land('a', sys.argv[2], io.BytesIO(bytes([n])))[1] for n in range(60)))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "landing"), name, LANDING_KEY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one.csv", "two.csv", "three.csv")
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    new = [int(process.communicate()[0]) for process in running]
    assert sum(new) == 60
    assert len(landing.submission_ids()) == 60
    assert len(files(tmp_path, "objects")) == 60
    assert not files(tmp_path, "incoming")


def test_what_a_crash_left_half_written_goes_after_a_day(landing: Landing, tmp_path: Path) -> None:
    landing.land("a", "x.csv", io.BytesIO(b"x"))
    old, fresh = tmp_path / "landing" / "incoming" / "old", tmp_path / "landing" / "incoming" / "fresh"
    for path in (old, fresh):
        path.write_bytes(b"half")
    before = time.time() - LEFT_BEHIND.total_seconds() - 60
    os.utime(old, (before, before))
    landing.land("a", "y.csv", io.BytesIO(b"y"))
    assert files(tmp_path, "incoming") == [fresh]


def test_an_unknown_submission_says_where_to_look(landing: Landing) -> None:
    with pytest.raises(KeyError, match="samepicture status"):
        landing.receipt("a.0123456789abcdef")


def test_who_comes_second_relies_on_no_name_that_the_first_has_not_made_durable(
    landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.land("complaint_northmoor", "a.csv", io.BytesIO(b"x"))
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    _, is_new = landing.land("complaint_northmoor", "a.csv", io.BytesIO(b"x"))
    assert not is_new
    folders = [path.name for path in map(Path, synced) if path.is_dir()]
    assert folders == [hashlib.sha256(b"x").hexdigest()[:2], "receipts"]


@pytest.mark.parametrize("is_marked", [True, False])
def test_nothing_is_landed_under_a_second_key(landing: Landing, tmp_path: Path, is_marked: bool) -> None:
    landing.land("a", "one.csv", io.BytesIO(b"x"))
    if not is_marked:  # a store from before there was a mark
        (tmp_path / "landing" / "key").unlink()
    before = sorted(files(tmp_path, "."))
    with pytest.raises(CannotOpen, match=r"another SAMEPICTURE_LANDING_KEY. Set that one"):
        Landing(str(tmp_path / "landing"), fresh_landing_key()).land("a", "two.csv", io.BytesIO(b"y"))
    assert sorted(files(tmp_path, ".")) == before
    assert landing.land("a", "two.csv", io.BytesIO(b"y"))[1]
    assert Landing(str(tmp_path / "landing"), LANDING_KEY).land("a", "three.csv", io.BytesIO(b"z"))[1]
