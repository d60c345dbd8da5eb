"""The generated pages say what the code says."""

from __future__ import annotations

import pytest

from samepicture.feed import load_feeds
from samepicture.reference_pages import pages
from samepicture.settings import PROJECT

FEEDS = load_feeds([PROJECT / "dags" / "feeds"])


@pytest.mark.parametrize("name", pages(FEEDS))
def test_page_is_up_to_date(name: str) -> None:
    assert (PROJECT / "docs" / name).read_text() == pages(FEEDS)[name], f"docs/{name} is out of date: run `make docs`"
