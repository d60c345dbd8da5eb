"""Writes the page into a folder of its own, and lets readers see it in one move.

<page>/current is a link to the newest edition; the one before stays, for who is reading it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from samepicture.locks import alone
from samepicture.page import charts, rendering
from samepicture.page.content import content
from samepicture.page.reading import read
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

CURRENT = "current"
NOTE = "edition.json"
"""Of what an edition was made."""


def make(settings: Settings, *, if_new: bool = False) -> Path | None:
    """Make the page anew; the path of its first file.

    With `if_new`, None where the newest edition was made of the same build by the same code.
    Raises NothingPublished, and WarehouseError.
    """
    with alone(settings, "page"):
        material = read(open_warehouse(settings))
        made_of = {"build_id": material.build_id, "code_sha256": _code_sha256()}
        before = current(settings)
        if if_new and before is not None and json.loads((before / NOTE).read_text()) == made_of:
            return None
        folder = settings.page
        fresh = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        fresh.mkdir(parents=True)
        for path, text in rendering.assets():
            _write(fresh / path, text)
        for path, text in rendering.pages(material, content(material), lambda signal: charts.chart(signal, fresh, before)):
            _write(fresh / path, text)
        _write(fresh / NOTE, json.dumps(made_of))
        _show(folder, fresh)
        _prune(folder, {fresh, before})
    return folder / CURRENT / rendering.INDEX


def current(settings: Settings) -> Path | None:
    """The edition that readers see; None where there is none yet."""
    link = settings.page / CURRENT
    return link.resolve() if (link / NOTE).is_file() else None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _show(folder: Path, edition: Path) -> None:
    fresh = folder / f"{CURRENT}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(edition.name)
    fresh.replace(folder / CURRENT)


def _prune(folder: Path, kept: set[Path | None]) -> None:
    """Remove older editions, and those that somebody's killed run left half made."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _code_sha256() -> str:
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".jinja", ".css", ".js"):
            found.update(path.read_bytes())
    return found.hexdigest()
