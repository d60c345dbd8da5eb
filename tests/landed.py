"""Submissions of another day: their receipts say so."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from samepicture.landing import Receipt
from samepicture.process import Pipeline


def landed_at(pipeline: Pipeline, receipt: Receipt, moment: datetime) -> None:
    """Make a submission one that was landed at that moment by our clock."""
    told = {**asdict(receipt), "landed_at": moment.isoformat(timespec="microseconds")}
    pipeline.landing.store.write(json.dumps(told).encode(), "receipts", f"{receipt.submission_id}.json")
