"""What a connector is, and the order that never loses a delivery: land it, then move the cursor.

`connector.kind` in feed.yml names a module of connectors/stock, or `own`: the folder's
connector.py. Its `fetch` yields deliveries.
A cursor is what the connector needs to go on from, as JSON; it is kept in
`<home>/cursors/<feed_id>.json` and replaced only after the delivery has landed, so a
poll that is killed at any point is simply repeated.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol, cast

from samepicture import asked, failures
from samepicture.errors import Explained
from samepicture.feed import Feed, load_own
from samepicture.landing import Landing, Receipt
from samepicture.locks import alone
from samepicture.settings import Settings

KEY_LENGTH_MIN = 8
"""Shorter is no key but a slip; it would also be found by chance in answers, where keys are blotted out."""


class ConnectorError(Explained):
    """A source can't be asked or did not answer; the message says what to do. Never holds a key."""


@dataclass(frozen=True)
class Delivery:
    """One submission that a connector fetched."""

    file_name: str
    content: IO[bytes]
    """At its start; closed by the connector once the iteration goes on."""
    cursor: dict[str, Any]
    """To store once the content has landed."""
    landed: Callable[[], None] | None = None
    """Tells the source that we have it: acknowledge, delete, move away. Called last; a crash before it brings the same bytes again."""
    source_count: int | None = None
    """How many records the source says that it gave, where it does: compared with what was read."""
    sender: str | None = None
    """Who sent it, where a feedback report can be sent back: a MESH mailbox, an e-mail address."""


@dataclass(frozen=True)
class FetchContext:
    """What a poll takes from outside: the environment, and what time it is."""

    environment: Mapping[str, str]
    now: datetime
    """Timezone-aware."""

    def option(self, feed: Feed, name: str) -> Any:
        """A key of `connector.options`. Raises ConnectorError where feed.yml lacks it."""
        try:
            return feed.connector.options[name]
        except KeyError:
            raise ConnectorError(f"{feed.id}: feed.yml has no connector.options.{name}: add it.") from None

    def required(self, feed: Feed, option: str, meaning: str) -> str:
        """The environment variable that the feed's option names. Raises ConnectorError that names the variable."""
        variable = str(self.option(feed, option))
        value = self.environment.get(variable, "").strip()
        if not value:
            raise ConnectorError(f"{feed.id} can't be collected: set {variable} to {meaning}.")
        return value

    def key(self, feed: Feed) -> str:
        """The source's key, from the variable that `key_from` names.

        Raises ConnectorError where it is missing or can't be one: a library that met it
        in a header would quote it in its own error.
        """
        value = self.required(feed, "key_from", f"the key that {feed.publisher} gave you")
        if len(value) < KEY_LENGTH_MIN or not value.isascii() or not value.isprintable() or " " in value:
            raise ConnectorError(
                f"{feed.id} can't be collected: {self.option(feed, 'key_from')} is not a key (too short, or with spaces inside)."
            )
        return value

    def base_url(self, feed: Feed) -> str:
        """Where the source is: the variable that `base_url_from` names, else `base_url`."""
        return (self.environment.get(str(self.option(feed, "base_url_from"))) or str(self.option(feed, "base_url"))).rstrip("/")


class Connector(Protocol):
    """A module of connectors/stock or a feed folder's connector.py.

    Where its source can be watched, it also has `async def watch`: each look at the source
    gives names of what is complete and waits there. Looking takes nothing away.
    """

    def fetch(self, feed: Feed, cursor: dict[str, Any], context: FetchContext) -> Iterator[Delivery]:
        """What is new since the cursor ({} at first). Raises ConnectorError."""
        ...

    def watch(self, feed: Feed, context: FetchContext) -> AsyncIterator[frozenset[str]]:
        """Looks at the source, one after another. Only the kinds in feed.WATCHED have it. Raises ConnectorError."""
        ...


class Cursors:
    """The cursors of all feeds, one small file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, feed_id: str) -> dict[str, Any]:
        """A feed's cursor; {} before its first delivery. Raises ConnectorError where the file is damaged."""
        path = self._path(feed_id)
        try:
            cursor = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:
            cursor = None
        if not isinstance(cursor, dict):
            raise ConnectorError(f"{path} is damaged: remove it, and the next poll starts from the beginning.")
        return cursor

    def write(self, feed_id: str, cursor: dict[str, Any]) -> None:
        """Replace it; a crash leaves the old one or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / f".{feed_id}.{os.getpid()}"
        with temporary.open("w") as target:
            json.dump(cursor, target)
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(self._path(feed_id))

    def _path(self, feed_id: str) -> Path:
        return self._folder / f"{feed_id}.json"


def load_connector(feed: Feed) -> Connector:
    """The connector of a feed. Raises ConnectorError where it has none: its files are sent to us."""
    if feed.connector.kind == "sent":
        raise ConnectorError(
            f"{feed.id} has no source to ask, its files are sent to us: use `samepicture submit {feed.id} FILE`, or the webhook."
        )
    if feed.connector.kind == "own":
        return cast(Connector, load_own(feed.folder / "connector.py"))
    return cast(Connector, importlib.import_module(f"samepicture.connectors.stock.{feed.connector.kind}"))


def land_deliveries(feed: Feed, landing: Landing, state: Cursors, context: FetchContext) -> Iterator[Receipt]:
    """Fetch, land, move the cursor, tell the source; a receipt for each delivery, those with bytes known before included."""
    for delivery in load_connector(feed).fetch(feed, state.read(feed.id), context):
        receipt, _ = landing.land(feed.id, delivery.file_name, delivery.content, delivery.source_count, delivery.sender)
        state.write(feed.id, delivery.cursor)
        if delivery.landed is not None:
            delivery.landed()
        yield receipt


def collect(feed: Feed, settings: Settings, landing: Landing, environment: Mapping[str, str] = os.environ) -> Iterator[Receipt]:
    """Ask a feed's source for what is new, with keys and addresses from the environment.

    Waits for another process that asks it: of two at once the slower one would land what is
    older as the newer version, and put back a cursor that the other had moved.
    """
    asked.note(settings, feed.id)
    try:
        with alone(settings, f"collect.{feed.id}"):
            yield from land_deliveries(feed, landing, Cursors(settings.home / "cursors"), FetchContext(environment, datetime.now(UTC)))
    except Exception as error:
        failures.note(settings, feed.id, str(error) if isinstance(error, ConnectorError) else f"{type(error).__name__}: see the run's log.")
        raise
    failures.clear(settings, feed.id)
