"""On a file system whose files can share blocks, the analysts' copy is replaced without being copied."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from samepicture.build import build
from samepicture.process import Pipeline
from samepicture.publish import publish
from samepicture.settings import Settings
from tests.made import Made
from tests.upkeep.cases import export, loaded, others

pytestmark = pytest.mark.faults


@pytest.fixture
def sharing_disk(tmp_path: Path) -> Iterator[Path]:
    """An XFS of a gigabyte."""
    folder, image = tmp_path / "disk", tmp_path / "image"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(1 << 30)
    try:
        for command in (["mkfs.xfs", "-q", "-m", "reflink=1", str(image)], ["mount", "-o", "loop", str(image), str(folder)]):
            subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("an XFS can't be made and mounted here: that takes root and xfsprogs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def used(disk: Path) -> int:
    """Bytes that are taken."""
    os.sync()
    now = os.statvfs(disk)
    return (now.f_blocks - now.f_bfree) * now.f_frsize


def test_a_new_copy_takes_room_for_what_is_new(settings: Settings, made_embedded: Made, sharing_disk: Path) -> None:
    home = sharing_disk / "home"
    pipeline = Pipeline(made_embedded.embedded(replace(settings, home=home, warehouse=f"duckdb:///{home}/warehouse.duckdb")))
    loaded(pipeline, export(*others(500)))
    build(pipeline.settings)
    publish(pipeline.settings)
    with duckdb.connect(str(pipeline.settings.picture)) as copy:
        copy.execute("create table marts.unchanged as select random() as number from range(20_000_000)")
    large = pipeline.settings.picture.stat().st_size
    os.link(pipeline.settings.picture, sharing_disk / "still read")  # as by an analyst who has it open
    before = used(sharing_disk)
    loaded(pipeline, export(*others(5, first=501)), "more.csv")
    build(pipeline.settings)
    publish(pipeline.settings)
    grown = used(sharing_disk) - before
    assert not pipeline.settings.picture.samefile(sharing_disk / "still read")
    assert grown < large / 2
