"""Makes what was taken out of raw go from everything that was made of it, down to the bytes.

A mark in the home says that it is to be done, from before anything is taken out until it is done:
a command that was killed in between is made up for by the next that looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samepicture.build import build
from samepicture.page.edition import current, make
from samepicture.publish import publish
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

if TYPE_CHECKING:
    from samepicture.process import Pipeline

MARK = "to_scrub"


def scrub_later(settings: Settings) -> None:
    """Note that something is going to be taken out."""
    (settings.home / MARK).touch()


def is_to_scrub(settings: Settings) -> bool:
    """Whether something was taken out and not scrubbed yet."""
    return (settings.home / MARK).exists()


def show_and_scrub(pipeline: Pipeline) -> None:
    """Rebuild, publish a copy that is made from nothing, and write the warehouse's own file anew. Safe to repeat."""
    build(pipeline.settings)
    publish(pipeline.settings, afresh=True)
    if current(pipeline.settings) is not None:  # a story may stand there; and the DAG `page` hears nothing of a command
        make(pipeline.settings)
    open_warehouse(pipeline.settings).compact()
    (pipeline.settings.home / MARK).unlink(missing_ok=True)
