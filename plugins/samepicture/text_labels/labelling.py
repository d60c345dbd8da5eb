"""Labels the texts that the installation's model has not read: in batches, each kept by itself, so that it can stop at any point.

The warehouse is held only while a batch is read and while its labels are written; loads
and builds go on in between. What was erased or loaded anew meanwhile gets no label: its
submission has another load number then, and is read by the next run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Column, Connection, MetaData, Select, Table, and_, column, delete, exists, func, insert, or_, select, table

from samepicture import ledger
from samepicture.ledger import next_load_number, submission, text_label, text_model
from samepicture.locks import alone
from samepicture.settings import Settings
from samepicture.text_labels.labels import FEEDBACK_PREFIX, NARRATIVE, forget_gone, has_texts
from samepicture.text_labels.model import TextModel, read_model
from samepicture.upkeep.originals import WORDS_GONE
from samepicture.warehouse import Warehouse, open_warehouse

BATCH = 10_000
"""Texts at a time: about two seconds of work."""
NOT_THEIR_OWN = ("lessons", "title")
"""Texts that somebody else wrote of the matter, or that say in short what stands below."""
READ = {**dict.fromkeys(("feedback_id", "part_name", "narrative", "submission_id"), pl.String), "submission_load_number": pl.Int64}
FEEDBACK = table("fct_feedback", column("feedback_id"), column("submission_id"), schema="conformed")


@dataclass(frozen=True)
class Labelled:
    """What a run did."""

    model_version: str | None
    """None: no model was trained."""
    texts: int
    seconds: float


def label(settings: Settings, progress: Callable[[int], None] = lambda _: None) -> Labelled:
    """Read what the model has not read. Safe to kill and to repeat. Raises CannotUseModel.

    The models of dbt that show labels are made by the next build that looks back.
    """
    started = time.monotonic()
    warehouse = open_warehouse(settings)
    warehouse.create()
    model = read_model(settings)
    texts = 0
    with alone(settings, "upkeep"):  # a rebuild compares what stands still
        with warehouse.writer() as connection:
            is_built = has_texts(connection)
            if is_built:
                forget_gone(connection)
        last: tuple[str, str] | None = None
        while model is not None and is_built and (batch := _unread(warehouse, model, last)) is not None:
            labels = _labels(model, batch)
            with warehouse.writer() as connection:
                _write(warehouse, connection, model, labels)
            last = batch.select("feedback_id", "part_name").row(-1)
            texts += batch.height
            progress(texts)
    return Labelled(model.version if model else None, texts, time.monotonic() - started)


def _unread(warehouse: Warehouse, model: TextModel, after: tuple[str, str] | None) -> pl.DataFrame | None:
    """The next texts, in the order of their ids, with where each came from; None where there are none."""
    with warehouse.reader() as connection:
        rows = [tuple(row) for row in connection.execute(_query(model, after))]
    return pl.DataFrame(rows, schema=READ, orient="row") if rows else None


def _query(model: TextModel, after: tuple[str, str] | None) -> Select[Any]:
    text = (NARRATIVE.c.feedback_id, NARRATIVE.c.part_name)
    is_read = exists().where(
        text_label.c.feedback_id == NARRATIVE.c.feedback_id,
        text_label.c.part_name == NARRATIVE.c.part_name,
        text_label.c.submission_id == submission.c.submission_id,
        text_label.c.submission_load_number == submission.c.load_number,
        text_label.c.model_version == model.version,
    )
    built = select(func.max(ledger.build.c.load_number)).scalar_subquery()  # of a later load the old texts still stand there
    return (
        select(*text, NARRATIVE.c.narrative, submission.c.submission_id, submission.c.load_number)
        .join(FEEDBACK, FEEDBACK.c.feedback_id == NARRATIVE.c.feedback_id)
        .join(submission, submission.c.submission_id == FEEDBACK.c.submission_id)
        .where(
            NARRATIVE.c.record_type.in_(FEEDBACK_PREFIX),
            NARRATIVE.c.part_name.not_in(NOT_THEIR_OWN),
            NARRATIVE.c.narrative != WORDS_GONE,
            submission.c.load_number <= built,
            ~is_read,
            *([] if after is None else [or_(text[0] > after[0], and_(text[0] == after[0], text[1] > after[1]))]),
        )
        .order_by(*text)
        .limit(BATCH)
    )


def _labels(model: TextModel, batch: pl.DataFrame) -> pl.DataFrame:
    """The rows of ops.text_label, without a word."""
    return (
        batch.drop("narrative")
        .with_row_index("text_number")
        .with_columns(pl.col("text_number").cast(pl.Int64))
        .join(model.label(batch.get_column("narrative").to_list()), on="text_number", maintain_order="left")
        .drop("text_number")
        .with_columns(model_version=pl.lit(model.version), labelled_at=pl.lit(datetime.now(UTC)))
    )


def _write(warehouse: Warehouse, connection: Connection, model: TextModel, labels: pl.DataFrame) -> None:
    """Keep a batch in place of what an earlier model said of these texts; the next build that looks back shows it."""
    fresh = Table("fresh_label", MetaData(), *(Column(each.name, each.type) for each in text_label.columns), prefixes=["TEMPORARY"])
    fresh.drop(connection, checkfirst=True)
    fresh.create(connection)
    with tempfile.TemporaryDirectory() as folder:
        labels.write_parquet(path := Path(folder) / "labels.parquet")
        warehouse.insert_parquet(connection, fresh.name, path)
    same = (fresh.c.feedback_id == text_label.c.feedback_id, fresh.c.part_name == text_label.c.part_name)
    connection.execute(delete(text_label).where(exists().where(*same)))
    as_it_was = exists().where(
        submission.c.submission_id == fresh.c.submission_id, submission.c.load_number == fresh.c.submission_load_number
    )
    names = [each.name for each in text_label.columns]
    connection.execute(insert(text_label).from_select(names, select(*[fresh.c[name] for name in names]).where(as_it_was)))
    fresh.drop(connection)
    _note(connection, model)


def _note(connection: Connection, model: TextModel) -> None:
    number = next_load_number(connection)
    connection.execute(delete(text_model).where(text_model.c.model_version == model.version))
    connection.execute(
        insert(text_model),
        {"model_version": model.version, "trained_at": model.trained_at, "labelled_at": datetime.now(UTC), "load_number": number},
    )
