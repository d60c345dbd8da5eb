"""The generated pages say what the code says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from samepicture.feed import load_feeds
from samepicture.model_pages import write_model_pages
from samepicture.reference_pages import pages
from samepicture.settings import PROJECT

FEEDS = load_feeds([PROJECT / "dags" / "feeds"])


@pytest.mark.parametrize("name", pages(FEEDS))
def test_page_is_up_to_date(name: str) -> None:
    assert (PROJECT / "docs" / name).read_text() == pages(FEEDS)[name], f"docs/{name} is out of date: run `make docs`"


def test_the_page_of_models_stands_alone_and_leaves_the_environment_as_it_was(tmp_path: Path) -> None:
    before = dict(os.environ)
    page = write_model_pages(tmp_path).read_text()
    assert "Who said something about a theme" in page
    assert "Keyed pseudonym of the case reference." in page
    assert dict(os.environ) == before
