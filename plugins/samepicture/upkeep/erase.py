"""Erases a record on request, everywhere, and sees to it that it does not come back.

The mark comes first: from then on no load takes the record, whatever else happens. Then the
warehouse, then originals and judged copies, then what was made of it, down to the bytes. Each
step can be repeated: an erasure that was killed is finished by asking for it again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import select

from samepicture import ledger
from samepicture.landing import Receipt
from samepicture.locks import alone
from samepicture.mapping import Mapping
from samepicture.messages import SubmissionRejected
from samepicture.privacy.erased import Erased, note
from samepicture.privacy.pseudonym import DIGITS, pseudonyms
from samepicture.process import Pipeline
from samepicture.readers import read_parts
from samepicture.records import CONTRACTS, Contract, Kind
from samepicture.sealing import CannotOpen
from samepicture.settings import Settings
from samepicture.upkeep.originals import discard_work, holders_of_erased, refresh_copies, replace_originals
from samepicture.upkeep.scrub import scrub_later, show_and_scrub
from samepicture.upkeep.strike import Struck, marked, strike
from samepicture.warehouse import open_warehouse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Erasure:
    """What an erasure took away. Holds nothing of the record."""

    struck: Struck
    originals: tuple[str, ...]
    """Submissions whose landed bytes were replaced by a judged copy."""
    unsure: tuple[str, ...]
    """Those that nobody can look into: damaged, or waiting for a feed that is not declared."""


def record_key(
    settings: Settings, record_type: str, scope: str, reference: str, *, is_pseudonym: bool = False
) -> tuple[Contract, list[str]]:
    """What raw knows a record by. Raises KeyError where no such record can be erased.

    `scope` is what the source's references are unique within: the organisation, for a survey the survey.
    """
    contract = CONTRACTS.get(record_type)
    if contract is None or not contract.is_about_people:
        possible = ", ".join(name for name, each in CONTRACTS.items() if each.is_about_people)
        raise KeyError(f"records of the type {record_type!r} are not about one person: use one of {possible}")
    if len(contract.record_key) == 1:
        return contract, [reference]
    if contract.of_kind(Kind.IDENTIFIER) and not is_pseudonym:
        key = settings.require_pseudonym_key()
        reference = pseudonyms(key, pl.Series([scope], dtype=pl.String), pl.Series([reference], dtype=pl.String))[0]
        if reference is None:
            raise KeyError("the reference is empty: give what the source calls the record")
    elif is_pseudonym and (len(reference) != DIGITS or set(reference) - set("0123456789abcdef")):
        raise KeyError(f"this is no pseudonym, which has {DIGITS} hexadecimal digits; for the source's own reference leave --pseudonym out")
    return contract, [scope, reference]


def erase(pipeline: Pipeline, contract: Contract, key: Sequence[str], reason: str = "") -> Erasure:
    """Erase one record, known by the values of contract.record_key, with all versions and copies of it."""
    landing, settings = pipeline.landing, pipeline.settings
    warehouse = open_warehouse(settings)
    warehouse.create()
    with alone(settings, "upkeep"):
        scrub_later(settings)
        mark = Erased.read(landing, settings.require_pseudonym_key()).mark(contract, key)
        note(landing, mark, contract.record_type, reason)
        erased = Erased.read(landing, settings.require_pseudonym_key())
        with warehouse.writer() as connection:
            struck = strike(warehouse, connection, contract, marked(connection, contract, erased))
        discard_work(pipeline)
        held, unsure = _held_unseen(pipeline, contract, erased)
        gone, _ = replace_originals(pipeline, {*held, *holders_of_erased(pipeline), *struck.submissions})
        refresh_copies(pipeline)
        show_and_scrub(pipeline)
    return Erasure(struck, tuple(gone), tuple(unsure))


def _held_unseen(pipeline: Pipeline, contract: Contract, erased: Erased) -> tuple[list[str], list[str]]:
    """Submissions whose original holds an erased record that the warehouse does not know of; and those that can't be looked into.

    Not in raw nor quarantine is what came in a submission that was refused whole or waits, and
    in a line that no reader could split. Where a submission can't be read far enough to know, it
    counts as holding it: it was refused, so nothing that is in use is lost with its bytes.
    """
    held, unsure = [], []
    for receipt in _unseen(pipeline, contract):
        feed = pipeline.feeds.get(receipt.feed_id)
        if feed is None:
            unsure.append(receipt.submission_id)
        elif feed.record_type == contract.record_type:
            try:
                if _may_hold(pipeline, receipt, erased):
                    held.append(receipt.submission_id)
            except CannotOpen:
                unsure.append(receipt.submission_id)
    for submission_id in held:
        with open_warehouse(pipeline.settings).reader() as connection:
            known = connection.execute(
                select(ledger.submission.c.submission_id).where(ledger.submission.c.submission_id == submission_id)
            ).first()
        if known is None:  # it waits: judged now, without the record, so that its bytes can go
            pipeline.judge(submission_id)
            pipeline.load(submission_id)
    return held, unsure


def _unseen(pipeline: Pipeline, contract: Contract) -> Iterator[Receipt]:
    """Originals with records that are neither in raw nor, as records, in the quarantine."""
    table, kept = ledger.submission, ledger.quarantine
    with open_warehouse(pipeline.settings).reader() as connection:
        known = {row[0]: row[1:] for row in connection.execute(select(table.c.submission_id, table.c.record_type, table.c.outcome_code))}
        unread: set[str] = set(connection.execute(select(kept.c.submission_id).where(kept.c.record.is_(None)).distinct()).scalars())
    for submission_id in sorted(pipeline.landing.submission_ids()):
        record_type, outcome = known.get(submission_id, (contract.record_type, "waiting"))
        if record_type != contract.record_type or (outcome == "loaded" and submission_id not in unread):
            continue
        receipt = pipeline.landing.receipt(submission_id)
        if pipeline.landing.has_original(receipt):
            yield receipt


def _may_hold(pipeline: Pipeline, receipt: Receipt, erased: Erased) -> bool:
    feed = pipeline.feeds[receipt.feed_id]
    contract = CONTRACTS[feed.record_type]
    try:
        with pipeline.landing.open(receipt) as stream:
            for part in read_parts(feed, stream, receipt.file_name):
                mapping = Mapping(feed, part.headers)
                for frame in part.frames:
                    if erased.among_references(contract, mapping.apply(frame).frame):
                        return True
                if part.unreadable:
                    return True
    except SubmissionRejected:
        return True
    return False
