"""Takes files from a folder of an SFTP server, and watches it over one connection.

    connector:
      kind: sftp
      options:
        host_from: SAMEPICTURE_NORTHMOOR_SFTP_HOST
        username_from: SAMEPICTURE_NORTHMOOR_SFTP_USERNAME
        key_file_from: SAMEPICTURE_NORTHMOOR_SFTP_KEY_FILE
        host_key_from: SAMEPICTURE_NORTHMOOR_SFTP_HOST_KEY
        folder: outgoing

    host_from        environment variable with the server's name
    port_from        its port; 22 where the variable is not set or none is named
    username_from    our account
    key_file_from    the path of our private key, which has no passphrase
    password_from    instead of it: our password
    host_key_from    the server's public keys as in "ssh-ed25519 AAAA...", one a line; another one is refused
    folder           where on the server; without it, where the account arrives

Further options: see connectors/arrivals.py. Folders within the folder and links are left alone.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, cast

from samepicture.connectors import arrivals
from samepicture.connectors.arrivals import Seen
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.feed import Feed

if TYPE_CHECKING:
    import asyncssh

OPTIONS = ("host_from", "port_from", "username_from", "key_file_from", "password_from", "host_key_from", "folder")
LOOK_SECONDS = 2.0
SETTLE_SECONDS = 2.0
CONNECT_SECONDS = 30.0
ANSWER_SECONDS = 60.0
"""For one request; a longer silence is a lost connection."""
KEEPALIVE_SECONDS = 15.0
FAREWELL_SECONDS = 5.0
PIECE = 4 << 20


def fetch(feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
    """A delivery for each complete file. Cursor: see connectors/arrivals.py."""
    return arrivals.fetch(_rules(feed), _opened(feed, context), cursor)


def watch(feed: Feed, context: FetchContext) -> AsyncIterator[frozenset[str]]:
    """What waits in the server's folder, look after look."""
    return arrivals.watch(_rules(feed), _opened(feed, context))


def _rules(feed: Feed) -> arrivals.Rules:
    return arrivals.rules(feed, OPTIONS, LOOK_SECONDS, SETTLE_SECONDS)


@asynccontextmanager
async def _opened(feed: Feed, context: FetchContext) -> AsyncIterator[_Server]:
    """A session with the server. Raises ConnectorError: not reached, not who it should be, or it does not let us in."""
    import asyncssh

    host = context.required(feed, "host_from", f"the name of the SFTP server of {feed.publisher}")
    who = f"{feed.id}: the SFTP server {host}"
    try:
        connection = await asyncssh.connect(
            host,
            port=_port(feed, context),
            username=context.required(feed, "username_from", "the name of our account there"),
            known_hosts=(_host_keys(feed, context), [], []),
            **_proof(feed, context),
            agent_path=None,
            config=None,  # what this machine's user may have set up for themselves is none of ours
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=KEEPALIVE_SECONDS,
        )
    except asyncssh.HostKeyNotVerifiable:
        raise ConnectorError(
            f"{who} shows another host key than {feed.connector.options['host_key_from']} holds, so nothing was sent to it:"
            f" ask {feed.publisher} for the key, and set it only if they say that it changed."
        ) from None
    except asyncssh.PermissionDenied:
        raise ConnectorError(f"{who} does not let us in: check the account and its key or password with {feed.publisher}.") from None
    except (OSError, asyncssh.Error) as error:
        raise _lost(who, error) from None
    try:
        try:
            session = await connection.start_sftp_client(path_errors="surrogateescape")
        except (OSError, asyncssh.Error) as error:
            raise _lost(who, error) from None
        yield _Server(who, connection, session, str(feed.connector.options.get("folder", ".")))
    finally:
        connection.close()
        with suppress(TimeoutError, OSError, asyncssh.Error):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await connection.wait_closed()
        connection.abort()


def _port(feed: Feed, context: FetchContext) -> int:
    port = context.environment.get(str(feed.connector.options.get("port_from", "")), "").strip() or "22"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConnectorError(f"{feed.id}: {feed.connector.options['port_from']} is no port: set it to a number such as 22.")
    return int(port)


def _host_keys(feed: Feed, context: FetchContext) -> list[asyncssh.SSHKey]:
    import asyncssh

    lines = context.required(feed, "host_key_from", "the server's public key, as in 'ssh-ed25519 AAAA...'").splitlines()
    try:
        return [asyncssh.import_public_key(line) for line in lines if line.strip()]
    except asyncssh.KeyImportError:
        raise ConnectorError(
            f"{feed.id}: {feed.connector.options['host_key_from']} is no public key: set it to what"
            " `ssh-keyscan SERVER` prints after the server's name ('ssh-ed25519 AAAA...'), once they have confirmed it."
        ) from None


def _proof(feed: Feed, context: FetchContext) -> dict[str, Any]:
    """With what we prove who we are: one key, or the password, and nothing else that lies about."""
    import asyncssh

    if ("key_file_from" in feed.connector.options) == ("password_from" in feed.connector.options):
        raise ConnectorError(f"{feed.id}: connector.options needs either key_file_from or password_from: say how we log in.")
    if "password_from" in feed.connector.options:
        return {"client_keys": None, "password": context.required(feed, "password_from", "the password of our account")}
    path = context.required(feed, "key_file_from", "the path of our private key")
    try:
        return {"client_keys": [asyncssh.read_private_key(path)]}
    except (OSError, ValueError):
        raise ConnectorError(
            f"{feed.id}: {path} can't be read as a private key without a passphrase: correct {feed.connector.options['key_file_from']}."
        ) from None


def _lost(who: str, error: Exception) -> ConnectorError:
    return ConnectorError(f"{who} can't be reached, or went silent ({type(error).__name__}): check the network and that it is up.")


class _Server:
    """A folder of a server as a place."""

    def __init__(self, who: str, connection: asyncssh.SSHClientConnection, session: asyncssh.SFTPClient, folder: str) -> None:
        self._who = who
        self._connection = connection
        self._session = session
        self._folder = folder

    async def look(self) -> list[Seen]:
        try:
            async with self._answers():
                entries = await self._session.readdir(self._folder)
        except OSError as error:
            raise ConnectorError(
                f"{self._who} does not show us the folder {self._folder!r} ({error.strerror}): correct connector.options.folder,"
                " or have our account allowed to read it."
            ) from None
        return [_seen(str(entry.filename), entry.attrs) for entry in entries if _is_file(entry.attrs)]

    async def stat(self, name: str) -> Seen | None:
        try:
            async with self._answers():
                return _seen(name, await self._session.lstat(self._path(name)))
        except FileNotFoundError:
            return None

    async def copy(self, name: str, target: IO[bytes]) -> None:
        async with self._answers():
            source = await self._session.open(self._path(name), "rb")
        try:
            while True:
                async with self._answers():
                    piece = cast(bytes, await source.read(PIECE))
                if not piece:
                    return
                target.write(piece)
        finally:
            async with self._answers():
                await source.close()

    async def move(self, name: str, to: str) -> None:
        async with self._answers():
            if not await self._session.isdir(self._path(arrivals.DONE)):
                await self._session.mkdir(self._path(arrivals.DONE))
            await self._session.rename(self._path(name), self._path(to))

    async def delete(self, name: str) -> None:
        async with self._answers():
            await self._session.remove(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    @asynccontextmanager
    async def _answers(self) -> AsyncIterator[None]:
        """Bounds one request, and says in the terms of Place what went wrong. The server's own words are not repeated."""
        import asyncssh

        # A silent server is hung up on, and not only given up on: a request that is called off still waits for its answer.
        watchdog = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._connection.abort)
        try:
            yield
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            raise FileNotFoundError(2, "there is no such file") from None
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect):
            raise PermissionError(13, "the server does not allow it") from None
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.DisconnectError, OSError) as error:
            raise _lost(self._who, error) from None
        except asyncssh.SFTPError as error:
            raise OSError(5, f"the server failed ({type(error).__name__})") from None
        finally:
            watchdog.cancel()


def _is_file(attributes: asyncssh.SFTPAttrs) -> bool:
    """A regular file, or what a sparing server says nothing about."""
    return attributes.permissions is None or stat.S_ISREG(attributes.permissions)


def _seen(name: str, attributes: asyncssh.SFTPAttrs) -> Seen:
    moment = attributes.mtime or 0
    return Seen(name, attributes.size or 0, moment, f"{moment}.{attributes.mtime_ns or 0}")
