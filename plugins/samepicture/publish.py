"""Lets analysts see what was built, and renders the Data Docs beside it."""

from __future__ import annotations

from datetime import datetime

from samepicture import ledger
from samepicture.data_docs import render_data_docs
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse


def publish(settings: Settings, *, afresh: bool = False) -> None:
    """Let analysts see every build that is committed; those that read meanwhile keep what they see.

    With `afresh`, nothing is left in what they read of rows that went.
    """
    open_warehouse(settings).publish(afresh=afresh)
    render_data_docs(settings)


def unpublished_since(settings: Settings) -> datetime | None:
    """When the last build ended, where it is not published; None where it is."""
    warehouse = open_warehouse(settings)
    with warehouse.reader() as connection:
        last = ledger.last_build(connection)
    if last is None or warehouse.is_published(last):
        return None
    finished: datetime = last.finished_at
    return finished
