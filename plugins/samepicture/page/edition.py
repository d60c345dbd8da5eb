"""Writes the page into a folder of its own, and lets readers see it in one move.

<page>/current is a link to the newest edition, and no other is kept: what had to go is gone.
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
from samepicture.page.reading import Material, last_build_id, read
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
        warehouse, before, code = open_warehouse(settings), current(settings), _code_sha256()
        warehouse.create()
        if if_new and before is not None and json.loads((before / NOTE).read_text()) == _note(last_build_id(warehouse), code):
            return None
        material = read(warehouse)
        folder = settings.page
        fresh = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        write(material, fresh, before)
        _write(fresh / NOTE, json.dumps(_note(material.build_id, code)))
        _show(folder, fresh)
        _prune(folder, fresh)
    return folder / CURRENT / rendering.INDEX


def write(material: Material, edition: Path, before: Path | None = None) -> None:
    """Write every file of an edition; drawings that the one before has too are taken over."""
    edition.mkdir(parents=True)
    for path, text in rendering.assets():
        _write(edition / path, text)
    for path, text in rendering.pages(material, content(material), lambda signal: charts.chart(signal, edition, before)):
        _write(edition / path, text)


def current(settings: Settings) -> Path | None:
    """The edition that readers see; None where there is none yet."""
    link = settings.page / CURRENT
    return link.resolve() if (link / NOTE).is_file() else None


def _note(build_id: str | None, code: str) -> dict[str, str | None]:
    return {"build_id": build_id, "code_sha256": code}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _show(folder: Path, edition: Path) -> None:
    fresh = folder / f"{CURRENT}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(edition.name)
    fresh.replace(folder / CURRENT)


def _prune(folder: Path, kept: Path) -> None:
    """Remove older editions, in which a story may stand that had to go, and what a killed run left half made."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path != kept:
            shutil.rmtree(path, ignore_errors=True)


def _code_sha256() -> str:
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".jinja", ".css", ".js"):
            found.update(path.read_bytes())
    return found.hexdigest()
