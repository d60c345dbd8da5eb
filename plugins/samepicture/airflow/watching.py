"""Watches a feed's source, and wakes the DAG that fetches when something waits there.

An event of a watcher carries no partition key and can be lost between runs, so it is
only a wake-up: it says that something waits, not what, and is repeated while it waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from samepicture.airflow.secrets import named_by
from samepicture.connectors.base import Connector, ConnectorError, FetchContext, load_connector
from samepicture.feed import Feed, load_feeds
from samepicture.settings import Settings

REPEAT_SECONDS = (30.0, 600.0)
"""What still waits after so long is told again: its run failed, or the event was lost. At first, and at the longest.

Doubled each time, for each thing by itself: what can't be taken is fetched again at every run, however many others come.
"""
PAUSE_SECONDS = (1.0, 60.0)
"""After a source could not be reached: the first pause, and the longest; doubled each time."""

log = logging.getLogger(__name__)


class Told(NamedTuple):
    """One thing that waits: when it was told last, and after how many seconds it is told again."""

    at: float
    patience: float


class SourceWatcher(BaseEventTrigger):
    """Fires when something new waits at a feed's source, and again while it stays there."""

    def __init__(self, feed_id: str) -> None:
        super().__init__()
        self.feed_id = feed_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """How the triggerer makes it again."""
        return ("samepicture.airflow.watching.SourceWatcher", {"feed_id": self.feed_id})

    def _source(self) -> tuple[Feed, Connector]:
        feed = load_feeds(Settings.from_environment().feeds)[self.feed_id]
        return feed, load_connector(feed)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch for ever; a source that fails is tried again after a pause."""
        feed, connector = await asyncio.to_thread(self._source)  # other watchers go on meanwhile
        pause, told = PAUSE_SECONDS[0], dict[str, Told]()
        while True:
            try:
                environment = await asyncio.to_thread(named_by, feed)
                async for waiting in connector.watch(feed, FetchContext(environment, datetime.now(UTC))):
                    pause = PAUSE_SECONDS[0]
                    is_due, told = _tell(told, waiting, time.monotonic())
                    if is_due:
                        yield TriggerEvent({"waiting": len(waiting)})
            except (ConnectorError, OSError) as error:
                log.warning("%s can't be watched: %s", self.feed_id, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_SECONDS[1])


def _tell(told: Mapping[str, Told], waiting: frozenset[str], now: float) -> tuple[bool, dict[str, Told]]:
    """Whether what waits is to be told, and what has been told then."""
    due = {name for name in waiting if name not in told or now - told[name].at > told[name].patience}
    if not due:
        return False, {name: told[name] for name in waiting}
    first, longest = REPEAT_SECONDS
    return True, {
        name: Told(now, first if name not in told else min(told[name].patience * (2 if name in due else 1), longest)) for name in waiting
    }
