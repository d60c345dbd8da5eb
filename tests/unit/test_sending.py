"""What docs/sending.md shows is accepted as it stands there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from samepicture.connectors.base import ConnectorError, FetchContext, load_connector
from samepicture.feed import Feed, load_feed
from samepicture.settings import PROJECT

MODEL = PROJECT / "dags" / "feeds" / "complaint_northmoor" / "feed.yml"
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs" / "sending.md").read_text(), re.DOTALL)]
CONNECTORS = [block["connector"] for block in BLOCKS if "connector" in block]
FILES = [connector for connector in CONNECTORS if connector.get("kind") in ("folder", "sftp", "object_store")]


def a_feed(connector: dict[str, object], folder: Path) -> Feed:
    (folder / "complaint_shown").mkdir()
    (folder / "complaint_shown" / "feed.yml").write_text(
        yaml.safe_dump(yaml.safe_load(MODEL.read_text()) | {"id": "complaint_shown", "connector": connector})
    )
    return load_feed(folder / "complaint_shown")


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.get("kind", "sent"))
def test_each_connector_that_is_shown_is_understood(connector: dict[str, object], tmp_path: Path) -> None:
    assert a_feed(connector, tmp_path).connector.kind == connector.get("kind", "sent")


@pytest.mark.parametrize("connector", FILES, ids=lambda connector: connector["kind"])
def test_of_each_place_that_is_shown_only_the_address_is_missing(connector: dict[str, object], tmp_path: Path) -> None:
    feed = a_feed(connector, tmp_path)
    with pytest.raises(ConnectorError, match=r"can't be collected: set SAMEPICTURE_\w+ to the"):
        list(load_connector(feed).fetch(feed, {}, FetchContext({}, datetime.now(UTC))))


def test_all_three_places_are_shown() -> None:
    assert {connector["kind"] for connector in FILES} == {"folder", "sftp", "object_store"}
