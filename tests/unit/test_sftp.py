"""The SFTP connector against a real server on loopback."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.connectors.stock import sftp
from samepicture.feed import Connector, Feed, load_feed
from samepicture.landing import Landing
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY

PASSWORD = "a password for tests"
VARIABLES = {"host_from": "HOST", "port_from": "PORT", "username_from": "USERNAME", "host_key_from": "HOST_KEY"}


class Folder(asyncssh.SFTPServer):
    """A supplier's folder, with what a strange server may do."""

    root: Path
    locked: frozenset[bytes] = frozenset()
    silent: bool = False
    strange_names: tuple[bytes, ...] = ()

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel, chroot=str(self.root).encode())

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if self.silent:
            await asyncio.sleep(30)
        async for entry in super().scandir(path):
            yield entry
        for name in self.strange_names:
            yield asyncssh.SFTPName(name, attrs=asyncssh.SFTPAttrs(size=3, permissions=0o100644, mtime=1, atime=1))

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if path.rsplit(b"/")[-1] in self.locked:
            raise asyncssh.SFTPPermissionDenied("no")
        return super().open(path, pflags, attrs)


class Server:
    """It and its loop, in a thread."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sessions = 0
        self.folder = type("TestFolder", (Folder,), {"root": root})
        self.host_keys = [asyncssh.generate_private_key(kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256")]
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start()

    def start(self) -> None:
        server = self

        class Login(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                server.sessions += 1
                server._connections.append(conn)

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("us", PASSWORD)

        async def listen() -> asyncssh.SSHAcceptor:
            return await asyncssh.listen(
                "127.0.0.1",
                self.port,
                server_factory=Login,
                server_host_keys=self.host_keys,
                authorized_client_keys=asyncssh.import_authorized_keys(self.client_key.export_public_key().decode()),
                sftp_factory=self.folder,
                login_timeout=10,
            )

        self._connections: list[asyncssh.SSHServerConnection] = []
        self._acceptor = self._wait(listen())
        self.port = self._acceptor.get_port()

    def stop(self) -> None:
        async def close() -> None:
            self._acceptor.close()
            for connection in self._connections:
                connection.abort()
            sessions = asyncio.all_tasks() - {asyncio.current_task()}
            for session in sessions:
                session.cancel()
            await asyncio.gather(*sessions, return_exceptions=True)

        self._wait(close())

    def end(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    def host_key(self, number: int = 0) -> str:
        return self.host_keys[number].export_public_key().decode()

    def environment(self, **others: str) -> dict[str, str]:
        return {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "USERNAME": "us",
            "HOST_KEY": self.host_key(),
            "PASSWORD": PASSWORD,
            **others,
        }


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "server"
    (root / "out").mkdir(parents=True)
    running = Server(root)
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def place(server: Server) -> Path:
    return server.root / "out"


def a_feed(**options: Any) -> Feed:
    proof = {} if "key_file_from" in options else {"password_from": "PASSWORD"}
    return dataclasses.replace(
        load_feed(PROJECT / "dags" / "feeds" / "complaint_northmoor"),
        connector=Connector("sftp", options={**VARIABLES, **proof, "folder": "out", "settle_seconds": 0, **options}),
    )


def collect(server: Server, home: Path, feed: Feed, **environment: str) -> dict[str, bytes]:
    """What lands now, by name."""
    landing, found = Landing(str(home / "landing"), LANDING_KEY), {}
    context = FetchContext(server.environment(**environment), datetime.now(UTC))
    for receipt in land_deliveries(feed, landing, Cursors(home / "cursors"), context):
        with landing.open(receipt) as stream:
            found[receipt.file_name] = stream.read()
    return found


def names(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def test_files_land_and_go_to_done(server: Server, place: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "b [1]*.csv", "c.csv.filepart"):
        (place / name).write_text(name)
    assert collect(server, tmp_path, a_feed()) == {"a.csv": b"a.csv", "b [1]*.csv": b"b [1]*.csv"}
    assert names(place) == ["c.csv.filepart", "done/a.csv", "done/b [1]*.csv"]
    assert collect(server, tmp_path, a_feed()) == {}
    assert server.sessions == 2
    (place / "a.csv").write_text("anew")
    assert collect(server, tmp_path, a_feed()) == {"a.csv": b"anew"}
    assert len(names(place / "done")) == 3


def test_the_feed_of_northmoor_collects_its_sample(server: Server, tmp_path: Path) -> None:
    feed = load_feed(PROJECT / "dags" / "feeds" / "complaint_northmoor")
    (server.root / "outgoing").mkdir()
    (server.root / "outgoing" / "cases.csv").write_bytes((feed.folder / "sample.csv").read_bytes())
    server.client_key.write_private_key(tmp_path / "key")
    values = {
        "HOST": "127.0.0.1",
        "PORT": str(server.port),
        "USERNAME": "us",
        "KEY_FILE": str(tmp_path / "key"),
        "HOST_KEY": server.host_key(),
    }
    landed = collect(server, tmp_path, feed, **{f"SAMEPICTURE_NORTHMOOR_SFTP_{name}": value for name, value in values.items()})
    assert landed == {"cases.csv": (feed.folder / "sample.csv").read_bytes()}


def test_a_key_file_lets_us_in(server: Server, place: Path, tmp_path: Path) -> None:
    (place / "a.csv").write_text("a")
    server.client_key.write_private_key(tmp_path / "key")
    feed = a_feed(key_file_from="KEY_FILE")
    assert collect(server, tmp_path, feed, KEY_FILE=str(tmp_path / "key")) == {"a.csv": b"a"}


def test_any_one_of_the_servers_host_keys_will_do(server: Server, place: Path, tmp_path: Path) -> None:
    (place / "a.csv").write_text("a")
    assert collect(server, tmp_path, a_feed(), HOST_KEY=server.host_key(1))
    (place / "a.csv").write_text("b")
    assert collect(server, tmp_path, a_feed(), HOST_KEY=f"{server.host_key(1)}\n{server.host_key(0)}")


def test_a_server_with_another_host_key_is_refused_and_hears_no_password(server: Server, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(ConnectorError, match="shows another host key than HOST_KEY holds, so nothing was sent to it"):
        collect(server, tmp_path, a_feed(), HOST_KEY=other)


def test_the_machines_own_known_hosts_are_not_asked(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {server.host_key()}")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConnectorError, match="another host key"):
        collect(server, tmp_path, a_feed(), HOST_KEY=asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode())


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HOST_KEY": ""}, "set HOST_KEY to the server's public key"),
        ({"HOST_KEY": "any"}, "HOST_KEY is no public key"),
        ({"PASSWORD": "a wrong one"}, "does not let us in"),
        ({"USERNAME": "them"}, "does not let us in"),
        ({"PORT": "ssh"}, "PORT is no port"),
        ({"PORT": "1"}, "can't be reached"),
    ],
)
def test_what_keeps_us_out_is_told_without_secrets(environment: dict[str, str], words: str, server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match=words) as raised:
        collect(server, tmp_path, a_feed(), **environment)
    assert PASSWORD not in str(raised.value)
    assert "a wrong one" not in str(raised.value)


def test_a_key_that_can_not_be_read_and_two_ways_in_are_told(server: Server, tmp_path: Path) -> None:
    server.client_key.write_private_key(tmp_path / "key", "pkcs8-pem", passphrase="secret")
    for path in ("key", "none"):
        with pytest.raises(ConnectorError, match="can't be read as a private key without a passphrase: correct KEY_FILE"):
            collect(server, tmp_path, a_feed(key_file_from="KEY_FILE"), KEY_FILE=str(tmp_path / path))
    with pytest.raises(ConnectorError, match="needs either key_file_from or password_from"):
        collect(server, tmp_path, a_feed(key_file_from="KEY_FILE", password_from="PASSWORD"))


def test_a_folder_that_is_not_there_is_told(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match=r"does not show us the folder 'none' .*correct connector\.options\.folder"):
        collect(server, tmp_path, a_feed(folder="none"))


def test_a_locked_file_is_told_and_holds_up_no_other(server: Server, place: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "locked.csv", "z.csv"):
        (place / name).write_text(name)
    server.folder.locked = frozenset({b"locked.csv"})
    with pytest.raises(ConnectorError, match=r"1 of the files .*\(the server does not allow it; the log names them\)"):
        collect(server, tmp_path, a_feed())
    assert names(place) == ["done/a.csv", "done/z.csv", "locked.csv"]


def test_names_that_lead_elsewhere_links_and_folders_are_left_alone(server: Server, place: Path, tmp_path: Path) -> None:
    (server.root / "evil").write_text("abc")
    os.utime(server.root / "evil", (1, 1))  # exactly what the server tells of it
    (place / "folder.csv").mkdir()
    (place / "link.csv").symlink_to(server.root / "evil")
    (place / "a.csv").write_text("a")
    (Path(os.fsdecode(os.fsencode(place) + b"/latin-\xe9.csv"))).write_text("not UTF-8")
    (place / "two\nlines.csv").write_text("two lines")
    server.folder.strange_names = (b"../evil", b"folder.csv/../../evil", b"/evil", b"", b"..", b"gone-meanwhile.csv")
    assert collect(server, tmp_path, a_feed()) == {"a.csv": b"a", "latin-?.csv": b"not UTF-8", "two_lines.csv": b"two lines"}
    assert (server.root / "evil").exists()
    assert asyncio.run(watch(server, [], settle_seconds=0)) == [{"gone-meanwhile.csv"}], "what is left alone should wake nobody"
    assert b"latin-\xe9.csv" in os.listdir(os.fsencode(place / "done"))  # noqa: PTH208 - as bytes


def test_a_file_that_grows_is_left_alone(server: Server, place: Path, tmp_path: Path) -> None:
    (place / "ready.csv").write_text("ready")
    stop = threading.Event()

    def write() -> None:
        with (place / "slow.csv").open("ab", buffering=0) as target:
            while not stop.wait(0.05):
                target.write(b"line\n")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        time.sleep(0.1)
        assert set(collect(server, tmp_path, a_feed(settle_seconds=0.5))) == {"ready.csv"}
    finally:
        stop.set()
        writer.join()
    assert set(collect(server, tmp_path, a_feed(settle_seconds=0.5))) == {"slow.csv"}


def test_done_files_and_kept_files(server: Server, place: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "a.csv.ok", "b.csv"):
        (place / name).write_text(name)
    assert set(collect(server, tmp_path, a_feed(done_suffix=".ok", after="keep"))) == {"a.csv"}
    assert collect(server, tmp_path, a_feed(done_suffix=".ok", after="keep")) == {}
    assert set(collect(server, tmp_path / "other", a_feed(done_suffix=".ok", after="delete"))) == {"a.csv"}
    assert names(place) == ["b.csv"]


def test_a_large_file_is_streamed(server: Server, place: Path) -> None:
    with (place / "large.csv").open("wb") as target:
        target.truncate(48 << 20)
        target.seek(0, 2)
        target.write(b"end")
    tracemalloc.start()
    try:
        context = FetchContext(server.environment(), datetime.now(UTC))
        for delivery in sftp.fetch(a_feed(), {}, context):
            delivery.content.seek(-3, 2)
            assert delivery.content.read() == b"end"
            assert delivery.content.tell() == (48 << 20) + 3
        # The server's buffers count too: it runs in this process.
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_a_server_that_goes_silent_is_left(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp, "ANSWER_SECONDS", 0.5)
    server.folder.silent = True
    started = time.monotonic()
    with pytest.raises(ConnectorError, match="went silent"):
        collect(server, tmp_path, a_feed())
    assert time.monotonic() - started < 8


async def watch(server: Server, steps: list[Any], settle_seconds: float = 0.2) -> list[set[str]]:
    found: list[set[str]] = []
    feed = a_feed(look_seconds=0.05, settle_seconds=settle_seconds)
    async with asyncio.timeout(15), aclosing(sftp.watch(feed, FetchContext(server.environment(), datetime.now(UTC)))) as watching:  # type: ignore[type-var]
        async for waiting in watching:
            current = {name.split("/")[0] for name in waiting}
            if not found or current != found[-1]:
                found.append(current)
                if not steps:
                    break
                steps.pop(0)()
    return found


def test_watching_keeps_one_connection(server: Server, place: Path) -> None:
    def drop() -> None:
        (place / "a.csv").write_text("a")
        (place / "b.csv.part").write_text("b")

    assert asyncio.run(watch(server, [drop, (place / "a.csv").unlink])) == [set(), {"a.csv"}, set()]
    assert server.sessions == 1


def test_watching_ends_with_a_sentence_when_the_connection_is_lost_and_can_begin_again(server: Server, place: Path) -> None:
    with pytest.raises(ConnectorError, match="can't be reached, or went silent"):
        asyncio.run(watch(server, [server.stop]))
    with pytest.raises(ConnectorError, match="can't be reached"):
        asyncio.run(watch(server, []))
    server.start()
    (place / "a.csv").write_text("a")
    assert asyncio.run(watch(server, [lambda: None])) == [set(), {"a.csv"}]
