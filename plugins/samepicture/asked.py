"""Remembers which sources somebody has had asked: an empty file a feed, from the first time on."""

from __future__ import annotations

from samepicture.settings import Settings

FOLDER = "asked"


def note(settings: Settings, feed_id: str) -> None:
    """Note that a feed's source is asked."""
    folder = settings.home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / feed_id).touch()


def read(settings: Settings) -> frozenset[str]:
    """The feeds whose source was ever asked."""
    folder = settings.home / FOLDER
    return frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()
