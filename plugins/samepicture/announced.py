"""When a submission was announced to Airflow: a mark a submission, so that the sweep tells nothing twice.

Announcing twice does no harm but work: loading replaces. A mark that is older than
RETRY_SECONDS while the ledger knows nothing of the submission means that its run died.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

from samepicture.settings import Settings

RETRY_SECONDS = 15 * 60
WAITING_TOO_LONG = timedelta(minutes=30)
"""Retries and the sweep have had their turn by then."""


def note(settings: Settings, submission_ids: Iterable[str]) -> None:
    """Note that submissions have just been announced, by whoever landed them."""
    folder = settings.home / "announced"
    folder.mkdir(parents=True, exist_ok=True)
    for submission_id in submission_ids:
        (folder / submission_id).touch()


def is_fresh(settings: Settings, submission_id: str) -> bool:
    """Whether it was announced within RETRY_SECONDS."""
    mark = settings.home / "announced" / submission_id
    return mark.exists() and time.time() - mark.stat().st_mtime < RETRY_SECONDS
