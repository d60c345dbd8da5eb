"""Files that arrive at a place: which are complete, when they are told of, and what becomes of them once landed.

For the connectors `folder`, `sftp` and `object_store`, which only say how their place is
looked at. Options that all three know:

    pattern         which names, as in a shell but whatever their case (default *)
    done_suffix     only files beside which <name><done_suffix> lies, and those at once
    settle_seconds  else: a file is complete when its size and time stayed the same for so long
    look_seconds    how often a watched place is looked at
    after           what becomes of a landed file: `move` it to done/ (default), `delete` or `keep` it

A file is left alone while it has a temporary name, while it changes, and where it was
replaced since it was read. Where files are kept, the cursor remembers name, size and
mark of those that landed; another mark under the same name is a new submission.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any, Protocol

from samepicture.connectors.base import ConnectorError, Cursors, Delivery
from samepicture.feed import Feed
from samepicture.landing import plain_name
from samepicture.settings import Settings

DONE = "done"
"""The folder within the place to which landed files are moved."""
TEMPORARY_BEGINNINGS = (".", "~$")
TEMPORARY_ENDINGS = (".part", ".filepart", ".tmp", "~")
COMMON_OPTIONS = ("pattern", "done_suffix", "settle_seconds", "look_seconds", "after")
SHOWN = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """A file as one look finds it."""

    name: str
    """Within the place; as the place gives it, so never shown or joined to a path unchecked."""
    size: int
    """Bytes."""
    changed_at: float = field(compare=False)
    """Seconds since 1970, by the place's own clock: only for the order."""
    mark: str
    """Another mark is another file: the time of change as finely as the place knows it, or the ETag."""


class Place(Protocol):
    """Where files arrive. Names are relative to it; `done/<name>` is below it.

    Raises OSError for what concerns one file (FileNotFoundError, PermissionError), and
    ConnectorError where the whole place can't be used.
    """

    async def look(self) -> list[Seen]:
        """The regular files directly in it."""
        ...

    async def stat(self, name: str) -> Seen | None:
        """One file now; None where there is none."""
        ...

    async def copy(self, name: str, target: IO[bytes]) -> None:
        """Write a file's bytes, a piece at a time."""
        ...

    async def move(self, name: str, to: str) -> None:
        """Give a file another name, which is free; makes the folder."""
        ...

    async def delete(self, name: str) -> None:
        """Remove a file."""
        ...


@dataclass(frozen=True)
class Rules:
    """What a feed says about its arrivals."""

    feed_id: str
    pattern: str
    done_suffix: str
    settle_seconds: float
    look_seconds: float
    after: str

    def complete(self, seen: Collection[Seen], known: Mapping[str, Any]) -> list[Seen]:
        """The files that may be fetched unless they still change; oldest first, so that versions land in their order."""
        names = {file.name for file in seen}
        found = [
            file
            for file in seen
            if self._is_ours(file.name)
            and (not self.done_suffix or file.name + self.done_suffix in names)
            and known.get(file.name) != [file.size, file.mark]
        ]
        return sorted(found, key=lambda file: (file.changed_at, file.name))

    def _is_ours(self, name: str) -> bool:
        temporary = name.startswith(TEMPORARY_BEGINNINGS) or name.lower().endswith(TEMPORARY_ENDINGS)
        is_mark = bool(self.done_suffix) and name.endswith(self.done_suffix)
        return bool(name) and "/" not in name and not temporary and not is_mark and fnmatchcase(name.lower(), self.pattern)


def rules(feed: Feed, own_options: Iterable[str], look_seconds: float, settle_seconds: float) -> Rules:
    """Read the options; the numbers are the kind's defaults. Raises ConnectorError that names the option."""
    options = feed.connector.options
    allowed = (*own_options, *COMMON_OPTIONS)
    unknown = [name for name in options if name not in allowed]
    if unknown:
        raise ConnectorError(f"{feed.id}: connector.options has the unknown key {unknown[0]!r}: use {', '.join(allowed)}.")
    after = str(options.get("after", "move"))
    if after not in ("move", "delete", "keep"):
        raise ConnectorError(f"{feed.id}: connector.options.after is {after!r}: use move, delete or keep.")
    done_suffix = str(options.get("done_suffix", ""))
    if done_suffix and after != "keep":
        settle_seconds = 0  # a done-file that is kept may be older than what it stands beside
    return Rules(
        feed.id,
        str(options.get("pattern", "*")).lower(),
        done_suffix,
        _seconds(feed, "settle_seconds", settle_seconds, 0),
        _seconds(feed, "look_seconds", look_seconds, 0.05),
        after,
    )


def _seconds(feed: Feed, name: str, default: float, least: float) -> float:
    value = feed.connector.options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 3600:
        raise ConnectorError(f"{feed.id}: connector.options.{name} is {value!r}: write seconds, from {least:g} to 3600.")
    return float(value)


class Settling:
    """Tells, look after look, which files have stopped changing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[Seen, float] = {}

    def settled(self, seen: Iterable[Seen], now: float) -> list[Seen]:
        """Those that were as they are for long enough; `now` is monotonic, in seconds."""
        self._since = {file: self._since.get(file, now) for file in seen}
        return [file for file, since in self._since.items() if now - since >= self._seconds]


async def watch(rules: Rules, opened: AbstractAsyncContextManager[Place]) -> AsyncIterator[frozenset[str]]:
    """Look at a place for ever; what is complete and waits, each file named together with its mark."""
    settling = Settling(rules.settle_seconds)
    async with opened as place:
        while True:
            waiting = settling.settled(rules.complete(await place.look(), _known(rules)), time.monotonic())
            yield frozenset(f"{file.name}/{file.size}/{file.mark}" for file in waiting)
            await asyncio.sleep(rules.look_seconds)


def _known(rules: Rules) -> dict[str, Any]:
    if rules.after != "keep":
        return {}
    return dict(Cursors(Settings.from_environment().home / "cursors").read(rules.feed_id).get("files", {}))


def fetch(rules: Rules, opened: AbstractAsyncContextManager[Place], cursor: dict[str, Any]) -> Iterator[Delivery]:
    """Each complete file as a delivery, copied to a temporary file first: memory stays flat.

    A file that is gone or changed meanwhile is passed over: the next look finds it again.
    Raises ConnectorError: at the end where single files could not be read or put away.
    """
    with asyncio.Runner() as runner:
        place = runner.run(opened.__aenter__())
        try:
            yield from _Fetching(rules, place, runner).deliveries(dict(cursor.get("files", {})))
        finally:
            runner.run(opened.__aexit__(None, None, None))


class _Fetching:
    def __init__(self, rules: Rules, place: Place, runner: asyncio.Runner) -> None:
        self._rules = rules
        self._place = place
        self._run = runner.run
        self._failed: list[str] = []

    def deliveries(self, known: dict[str, Any]) -> Iterator[Delivery]:
        there, complete = self._run(self._settled(known))
        kept = {file.name: known[file.name] for file in there if file.name in known}  # what is gone is forgotten
        for file in complete:
            with tempfile.TemporaryFile() as content:
                if not self._run(self._copied(file, content)):
                    continue
                content.seek(0)
                if self._rules.after == "keep":
                    kept[file.name] = [file.size, file.mark]
                    yield Delivery(file.name, content, {"files": dict(kept)})
                else:
                    yield Delivery(file.name, content, {}, partial(self._put_away, file))
        if self._failed:
            raise ConnectorError(
                f"{self._rules.feed_id}: {len(self._failed)} of the files could not be fetched or put away"
                f" ({'; '.join(sorted(set(self._failed))[:SHOWN])}; the log names them): the others have landed; give our account the right to read them,"
                f" and to move them to {DONE}/ (or set after: keep)."
            )

    async def _settled(self, known: Mapping[str, Any]) -> tuple[list[Seen], list[Seen]]:
        """All files that are there, and those of them that are complete."""
        settling = Settling(self._rules.settle_seconds)
        there: list[Seen] = []
        settled: list[Seen] = []
        for pause in (0.0, self._rules.settle_seconds):
            await asyncio.sleep(pause)
            there = await self._place.look()
            found = self._rules.complete(there, known)
            settled = settling.settled(found, time.monotonic())
            if settled or not found:
                break
        return there, settled

    async def _copied(self, file: Seen, target: IO[bytes]) -> bool:
        """Whether the copy is the file that was seen, whole."""
        failure = None
        try:
            try:
                await self._place.copy(file.name, target)
            except OSError as error:
                failure = error
            same = await self._place.stat(file.name) == file
        except OSError as error:
            failure, same = error, True
        if failure is None and same and target.tell() == file.size:
            return True
        if failure is None or not same or isinstance(failure, FileNotFoundError):
            log.info("%s: %s went or changed while it was read, and is left for the next look", self._rules.feed_id, plain_name(file.name))
        else:
            self._fail(file, failure)
        return False

    def _put_away(self, file: Seen) -> None:
        try:
            self._run(self._put_away_unless_replaced(file))
        except FileNotFoundError:
            log.info("%s: %s was taken away by somebody else", self._rules.feed_id, plain_name(file.name))
        except OSError as error:
            self._fail(file, error)

    async def _put_away_unless_replaced(self, file: Seen) -> None:
        if await self._place.stat(file.name) != file:
            return  # it was replaced since: a submission of its own
        to = await self._free(file.name)
        if self._rules.done_suffix:
            # The done-file first: were it left behind, it would vouch for the next file of this name.
            with suppress(FileNotFoundError):  # the sender took it back
                await self._put(file.name + self._rules.done_suffix, to + self._rules.done_suffix)
        await self._put(file.name, to)

    async def _put(self, name: str, to: str) -> None:
        if self._rules.after == "delete":
            await self._place.delete(name)
        else:
            await self._place.move(name, to)

    async def _free(self, name: str) -> str:
        """A name in done/ that is not taken: the file's own, else with the time."""
        path, suffix = PurePosixPath(name), self._rules.done_suffix
        if await self._place.stat(f"{DONE}/{name}") is None and (not suffix or await self._place.stat(f"{DONE}/{name}{suffix}") is None):
            return f"{DONE}/{name}"
        return f"{DONE}/{path.stem}.{datetime.now(UTC):%Y-%m-%dT%H%M%S.%fZ}{path.suffix}"

    def _fail(self, file: Seen, error: OSError) -> None:
        log.warning("%s: %s: %s", self._rules.feed_id, plain_name(file.name), type(error).__name__)
        # Without the name, which may be a person's: what a poll fails of is mailed and chatted about.
        self._failed.append(error.strerror or type(error).__name__)
