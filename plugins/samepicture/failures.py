"""Remembers which sources could not be asked: one small file a feed, from the first failure to the next success."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from samepicture.settings import Settings


@dataclass(frozen=True)
class Failure:
    """A source that did not answer, or whose answer could not be taken."""

    since: datetime
    """The first failure since it last went well; UTC."""
    sentence: str
    """What the last one said."""


def note(settings: Settings, feed_id: str, sentence: str) -> None:
    """Note that a feed could not be collected."""
    earlier = read(settings, feed_id)
    since = earlier.since if earlier else datetime.now(UTC)
    path = _path(settings, feed_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps({"since": since.isoformat(), "sentence": sentence}))
    temporary.replace(path)


def clear(settings: Settings, feed_id: str) -> None:
    """Note that it could."""
    _path(settings, feed_id).unlink(missing_ok=True)


def read(settings: Settings, feed_id: str) -> Failure | None:
    """How long a feed has not been collected; None where it has."""
    try:
        noted = json.loads(_path(settings, feed_id).read_text())
        return Failure(datetime.fromisoformat(noted["since"]), noted["sentence"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def read_all(settings: Settings, feed_ids: Iterable[str]) -> list[tuple[str, Failure]]:
    """Those of these feeds that have not been collected."""
    return [(feed_id, failure) for feed_id in feed_ids if (failure := read(settings, feed_id))]


def _path(settings: Settings, feed_id: str) -> Path:
    return settings.home / "uncollected" / f"{feed_id}.json"
