"""The durable inbox: what was landed and is not in the ledger, by feed.

A submission is announced once; if it is still not in the ledger after RETRY_SECONDS
(its run died, its event was missed), it is announced again. Announcing twice is
harmless: loading replaces.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from samepicture.announced import RETRY_SECONDS, is_fresh, note
from samepicture.pending import pending
from samepicture.process import Pipeline
from samepicture.publish import unpublished_since
from samepicture.register import unprocessed
from samepicture.settings import Settings


def waiting(pipeline: Pipeline) -> dict[str, list[str]]:
    """Submission ids to announce now, oldest first, by feed; notes that they were announced."""
    found: dict[str, list[str]] = defaultdict(list)
    for receipt in unprocessed(pipeline):
        if receipt.feed_id not in pipeline.feeds:
            continue  # landed for a feed that is not declared here: it waits until it is, and `status` shows it
        if is_fresh(pipeline.settings, receipt.submission_id):
            continue
        note(pipeline.settings, [receipt.submission_id])
        found[receipt.feed_id].append(receipt.submission_id)
    return dict(found)


def is_forgotten(settings: Settings) -> bool:
    """Whether a build or its publication is missing after RETRY_SECONDS: its run failed, or its event was lost."""
    work = pending(settings)
    since = work.since if work is not None else unpublished_since(settings)
    return since is not None and datetime.now(UTC) - since > timedelta(seconds=RETRY_SECONDS)
