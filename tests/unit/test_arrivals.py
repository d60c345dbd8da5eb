"""Files that arrive in a folder: what is complete, what is fetched, and what becomes of it."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import shutil
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samepicture.connectors.base import ConnectorError, Cursors, Delivery, FetchContext, land_deliveries
from samepicture.connectors.stock import folder
from samepicture.feed import Connector, Feed, load_feed
from samepicture.landing import Landing, Receipt
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from tests.keys import LANDING_KEY

SAMPLE = PROJECT / "dags" / "feeds" / "complaint_northmoor" / "sample.csv"


def a_feed(**options: Any) -> Feed:
    return dataclasses.replace(
        load_feed(SAMPLE.parent), connector=Connector("folder", options={"path_from": "ARRIVALS", "settle_seconds": 0, **options})
    )


def context(place: Path) -> FetchContext:
    return FetchContext({"ARRIVALS": str(place)}, datetime.now(UTC))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "arrivals"
    path.mkdir()
    return path


@dataclasses.dataclass
class Store:
    """A landing store and the cursors, as an installation has them."""

    root: Path

    def collect(self, feed: Feed, place: Path) -> list[Receipt]:
        return list(land_deliveries(feed, self.landing, Cursors(self.root / "cursors"), context(place)))

    @property
    def landing(self) -> Landing:
        return Landing(str(self.root / "landing"), LANDING_KEY)

    def landed(self) -> dict[str, bytes]:
        found = {}
        for receipt in self.landing.receipts():
            with self.landing.open(receipt) as stream:
                found[receipt.file_name] = stream.read()
        return found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def names(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def test_landed_files_go_to_done_oldest_first(place: Path, store: Store) -> None:
    for name, age in (("new.csv", 10), ("old.csv", 20)):
        (place / name).write_text(name)
        os.utime(place / name, (time.time() - age,) * 2)
    assert [receipt.file_name for receipt in store.collect(a_feed(), place)] == ["old.csv", "new.csv"]
    assert store.landed() == {"old.csv": b"old.csv", "new.csv": b"new.csv"}
    assert names(place) == ["done/new.csv", "done/old.csv"]
    assert store.collect(a_feed(), place) == []


@pytest.mark.parametrize("name", [".hidden.csv", "a.csv.part", "a.csv.filepart", "a.csv.TMP", "a.csv~", "~$a.csv", "a.xlsx"])
def test_temporary_names_and_other_patterns_are_left_alone(name: str, place: Path, store: Store) -> None:
    (place / name).write_text("half")
    (place / "WHOLE.CSV").write_text("whole")
    assert [receipt.file_name for receipt in store.collect(a_feed(pattern="*c*"), place)] == ["WHOLE.CSV"]
    assert (place / name).exists()


@settings(max_examples=60, deadline=None)
@given(
    st.sets(
        st.text(st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)), min_size=1, max_size=40).filter(
            lambda name: name not in (".", "..", "done")
        ),
        max_size=6,
    )
)
def test_any_name_lands_once_under_a_plain_name(given_names: set[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        place, store = Path(root) / "arrivals", Store(Path(root) / "home")
        place.mkdir()
        for name in given_names:
            (place / name).write_text(repr(name))
        ours = {name for name in given_names if not re.search(r"^\.|^~\$|~$|(?i:\.part|\.filepart|\.tmp)$", name.replace("\n", "_"))}
        receipts = store.collect(a_feed(), place)
        assert len(receipts) == len(ours)
        assert all(receipt.file_name.isprintable() and "/" not in receipt.file_name for receipt in receipts)
        assert {path.name for path in place.iterdir()} - {"done"} == given_names - ours
        assert {path.name for path in place.glob("done/*")} == ours
        assert store.collect(a_feed(), place) == []


def test_a_file_that_is_still_written_is_left_alone(place: Path, store: Store) -> None:
    stop = threading.Event()

    def write() -> None:
        with (place / "slow.csv").open("ab", buffering=0) as target:
            while not stop.wait(0.05):
                target.write(b"line\n")

    (place / "ready.csv").write_text("ready")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        time.sleep(0.2)
        assert [receipt.file_name for receipt in store.collect(a_feed(settle_seconds=0.5), place)] == ["ready.csv"]
    finally:
        stop.set()
        writer.join()
    assert [receipt.file_name for receipt in store.collect(a_feed(settle_seconds=0.5), place)] == ["slow.csv"]


def test_with_a_done_suffix_only_files_with_their_done_file_and_at_once(place: Path, store: Store) -> None:
    feed = a_feed(done_suffix=".done")
    feed = dataclasses.replace(
        feed, connector=Connector("folder", options={k: v for k, v in feed.connector.options.items() if k != "settle_seconds"})
    )
    for name in ("a.csv", "b.csv", "a.csv.done", "c.csv.done"):
        (place / name).write_text(name if name.endswith("csv") else "")
    started = time.monotonic()
    assert [receipt.file_name for receipt in store.collect(feed, place)] == ["a.csv"]
    assert time.monotonic() - started < 1.5, "it should not have waited for the file to settle"
    assert names(place) == ["b.csv", "c.csv.done", "done/a.csv", "done/a.csv.done"]
    (place / "b.csv.done").touch()
    assert [receipt.file_name for receipt in store.collect(feed, place)] == ["b.csv"]


def deliveries(feed: Feed, place: Path) -> Iterator[Delivery]:
    return folder.fetch(feed, {}, context(place))


def test_what_changes_goes_or_is_swapped_between_look_and_fetch_is_passed_over(place: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("first", "grown", "gone", "linked", "piped", "last")):
        (place / name).write_text(name)
        os.utime(place / name, (number, number))
    found = deliveries(a_feed(), place)
    assert next(found).file_name == "first"
    with (place / "grown").open("a") as target:
        target.write("more")
    (tmp_path / "secret").write_text("secret")
    for name in ("gone", "linked", "piped"):
        (place / name).unlink()
    (place / "linked").symlink_to(tmp_path / "secret")
    os.mkfifo(place / "piped")
    assert [delivery.file_name for delivery in found] == ["last"]


def test_a_file_that_was_replaced_since_it_was_read_stays_for_the_next_look(place: Path, store: Store) -> None:
    (place / "a.csv").write_text("one")
    for delivery in deliveries(a_feed(), place):
        assert delivery.content.read() == b"one"
        (place / "a.csv").write_text("another")
        assert delivery.landed is not None
        delivery.landed()
    assert names(place) == ["a.csv"]
    store.collect(a_feed(), place)
    assert store.landed() == {"a.csv": b"another"}


def test_a_crash_after_landing_brings_no_second_submission(place: Path, store: Store) -> None:
    (place / "a.csv").write_text("one")
    found = deliveries(a_feed(), place)
    delivery = next(found)
    store.landing.land("complaint_northmoor", delivery.file_name, delivery.content)  # and then the power goes
    assert len(store.collect(a_feed(), place)) == 1
    assert len(store.landed()) == 1
    assert names(place) == ["done/a.csv"]


def test_folders_links_and_pipes_are_left_alone(place: Path, store: Store, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (place / "link.csv").symlink_to(tmp_path / "secret")
    (place / "loop.csv").symlink_to(place / "loop.csv")
    (place / "folder.csv").mkdir()
    (place / "folder.csv" / "inside.csv").write_text("inside")
    os.mkfifo(place / "pipe.csv")
    (place / "a.csv").write_text("a")
    assert store.collect(a_feed(), place)
    assert store.landed() == {"a.csv": b"a"}


def test_an_empty_file_is_a_submission_and_is_refused_by_its_reader(place: Path, pipeline: Pipeline) -> None:
    (place / "empty.csv").touch()
    (place / "sample.csv").write_bytes(SAMPLE.read_bytes())
    receipts = {
        receipt.file_name: receipt
        for receipt in land_deliveries(a_feed(), pipeline.landing, Cursors(pipeline.settings.home / "cursors"), context(place))
    }
    assert set(receipts) == {"empty.csv", "sample.csv"}
    pipeline.judge(receipts["empty.csv"].submission_id)
    outcome = pipeline.load(receipts["empty.csv"].submission_id)
    assert (outcome.loaded, outcome.rejection_code) == (False, "empty_file")


def put_away(found: Iterator[Delivery]) -> Iterator[str]:
    for delivery in found:
        assert delivery.landed is not None
        delivery.landed()
        yield delivery.file_name


def test_a_file_that_we_may_not_read_is_told_and_holds_up_no_other(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else who may not read it")
    open_to_all = Path(tempfile.mkdtemp())
    open_to_all.chmod(0o777)
    try:
        for name in ("a.csv", "locked.csv", "z.csv"):
            (open_to_all / name).write_text(name)
        (open_to_all / "locked.csv").chmod(0)
        found = []
        os.seteuid(65534)
        try:
            with pytest.raises(ConnectorError, match=r"1 of the files .*\(Permission denied; the log names them\)") as error:
                found.extend(put_away(deliveries(a_feed(), open_to_all)))
        finally:
            os.seteuid(0)
        assert found == ["a.csv", "z.csv"]
        assert "locked.csv" in caplog.text
        assert "locked.csv" not in str(error.value), "it is mailed and chatted about"
        assert names(open_to_all) == ["done/a.csv", "done/z.csv", "locked.csv"]
    finally:
        shutil.rmtree(open_to_all)


def test_what_can_not_be_moved_away_is_told_after_all_have_landed(place: Path, store: Store) -> None:
    (place / "done").write_text("somebody made a file of this name")
    for name in ("a.csv", "b.csv"):
        (place / name).write_text(name)
    with pytest.raises(ConnectorError, match=r"2 of the files .*after: keep"):
        store.collect(a_feed(pattern="*.csv"), place)
    assert set(store.landed()) == {"a.csv", "b.csv"}


def test_a_name_that_is_taken_in_done_gets_the_time(place: Path, store: Store) -> None:
    feed = a_feed(done_suffix=".done")
    for content in ("one", "two", "three"):
        (place / "a.csv").write_text(content)
        (place / "a.csv.done").touch()
        store.collect(feed, place)
    done = [name for name in names(place / "done") if not name.endswith(".done")]
    assert sorted((place / "done" / name).read_text() for name in done) == ["one", "three", "two"]
    assert all(re.fullmatch(r"a(\.\d{4}-\d\d-\d\dT\d{6}\.\d{6}Z)?\.csv", name) for name in done)
    assert names(place / "done") == sorted(done + [f"{name}.done" for name in done])


def test_a_done_file_that_the_sender_took_back_does_not_keep_the_file(place: Path) -> None:
    for name in ("a.csv", "a.csv.done"):
        (place / name).write_text(name)
    for delivery in deliveries(a_feed(done_suffix=".done"), place):
        (place / "a.csv.done").unlink()
        assert delivery.landed is not None
        delivery.landed()
    assert names(place) == ["done/a.csv"]


def test_delete_removes_what_landed_and_its_done_file(place: Path, store: Store) -> None:
    for name in ("a.csv", "a.csv.done", "b.csv"):
        (place / name).write_text(name)
    store.collect(a_feed(after="delete", done_suffix=".done"), place)
    assert names(place) == ["b.csv"]


def test_kept_files_are_fetched_once_and_again_when_replaced(place: Path, store: Store) -> None:
    feed = a_feed(after="keep")
    for name in ("a.csv", "b.csv"):
        (place / name).write_text(name)
    assert len(store.collect(feed, place)) == 2
    assert store.collect(feed, place) == []
    (place / "a.csv").write_text("a.cs2")  # as long as before
    assert [receipt.file_name for receipt in store.collect(feed, place)] == ["a.csv"]
    (place / "b.csv").unlink()
    (place / "c.csv").write_text("c")
    store.collect(feed, place)
    assert set(Cursors(store.root / "cursors").read(feed.id)["files"]) == {"a.csv", "c.csv"}
    assert names(place) == ["a.csv", "c.csv"]


def test_where_done_files_are_kept_a_file_must_settle_too(place: Path, store: Store) -> None:
    """An old done-file would vouch for a file that is being written anew."""
    rules = folder._rules(dataclasses.replace(a_feed(), connector=Connector("folder", options={"after": "keep", "done_suffix": ".ok"})))
    assert rules.settle_seconds == folder.SETTLE_SECONDS


def test_thousands_of_files_land_in_seconds(place: Path, store: Store) -> None:
    for number in range(2000):
        (place / f"{number}.csv").write_text(str(number))
    feed = a_feed(after="keep")
    started = time.monotonic()
    assert sum(1 for _ in folder.fetch(feed, {}, context(place))) == 2000
    assert time.monotonic() - started < 20


def test_memory_does_not_grow_with_the_file(place: Path) -> None:
    with (place / "huge.csv").open("wb") as target:
        target.truncate(64 << 20)
    tracemalloc.start()
    try:
        assert [delivery.content.seek(0, 2) for delivery in deliveries(a_feed(), place)] == [64 << 20]
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"patern": "*"}, "unknown key 'patern'"),
        ({"after": "burn"}, "use move, delete or keep"),
        ({"settle_seconds": "two"}, "write seconds"),
        ({"look_seconds": 0}, "write seconds"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], words: str, place: Path) -> None:
    with pytest.raises(ConnectorError, match=words):
        list(deliveries(a_feed(**options), place))


def test_a_folder_that_is_not_there_or_not_set_is_told(place: Path) -> None:
    with pytest.raises(ConnectorError, match="set ARRIVALS to the folder"):
        list(folder.fetch(a_feed(), {}, FetchContext({}, datetime.now(UTC))))
    with pytest.raises(ConnectorError, match=r"gone can't be read .*mount or create it"):
        list(deliveries(a_feed(), place / "gone"))


async def looks(feed: Feed, place: Path, steps: list[Any]) -> list[set[str]]:
    """The names of each look at which something else waits than before; then the next step is taken."""
    found: list[set[str]] = []
    async with asyncio.timeout(10), aclosing(folder.watch(feed, context(place))) as watching:  # type: ignore[type-var]
        async for waiting in watching:
            names = {name.split("/")[0] for name in waiting}
            if not found or names != found[-1]:
                found.append(names)
                if not steps:
                    break
                steps.pop(0)()
    return found


def test_watching_tells_what_waits_once_it_is_complete(place: Path) -> None:
    def drop() -> None:
        (place / "b.csv.part").write_text("b")
        (place / "a.csv").write_text("a")

    steps = [drop, (place / "a.csv").unlink]
    started = time.monotonic()
    assert asyncio.run(looks(a_feed(settle_seconds=0.4, look_seconds=0.05), place, steps)) == [set(), {"a.csv"}, set()]
    assert 0.4 < time.monotonic() - started < 3


def test_watching_is_silent_about_kept_files_that_landed(place: Path, settings: Settings) -> None:
    feed = a_feed(after="keep", look_seconds=0.05)
    (place / "a.csv").write_text("a")

    def collect() -> None:
        Store(settings.home).collect(feed, place)

    def replace() -> None:
        (place / "a.csv").write_text("b")

    # `collect` runs a loop of its own: in a thread, as a task's process would.
    def in_thread(step: Any) -> Any:
        def run() -> None:
            thread = threading.Thread(target=step)
            thread.start()
            thread.join()

        return run

    assert asyncio.run(looks(feed, place, [in_thread(collect), replace])) == [{"a.csv"}, set(), {"a.csv"}]
