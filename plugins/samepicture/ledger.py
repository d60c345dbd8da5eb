"""What happened to each submission: the tables of the `ops` schema.

Written in the same transaction as the rows themselves, so that raw never holds a row
without a ledger entry, nor the ledger a load that did not happen.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    func,
    select,
    text,
    update,
)

metadata = MetaData(schema="ops")

submission = Table(
    "submission",
    metadata,
    Column("submission_id", String, primary_key=True, comment="Feed and first digits of the hash of its bytes."),
    Column("feed_id", String, nullable=False),
    Column("record_type", String, nullable=False),
    Column("layout_names", String, comment="The layouts that its parts were recognised as."),
    Column("file_name", String, nullable=False, comment="The name under which it was sent."),
    Column("sha256", String, nullable=False, comment="Hash of the landed bytes."),
    Column("bytes", BigInteger, nullable=False),
    Column("landed_at", DateTime(timezone=True), nullable=False, comment="UTC."),
    Column("outcome_code", String, nullable=False, comment="loaded or rejected."),
    Column("rejection_code", String, comment="Why the whole submission was refused."),
    Column("rejection_sentence", String, comment="What the submitting organisation can do about it."),
    Column(
        "source_count",
        BigInteger,
        comment="Records that the source says it gave; differs from received_count: not reconciled. Empty: not said.",
    ),
    Column("received_count", BigInteger, nullable=False, comment="Records that it held: accepted + rejected."),
    Column("accepted_count", BigInteger, nullable=False),
    Column("rejected_count", BigInteger, nullable=False),
    Column("loaded_row_count", BigInteger, nullable=False, comment="Rows in raw: one record of a wide file is several."),
    Column("replaced_row_count", BigInteger, nullable=False, comment="Rows of an earlier load of it that this one took away."),
    Column(
        "load_number", BigInteger, nullable=False, comment="Counts loads of the warehouse: what is newer than the last build is pending."
    ),
    Column("emptied_row_count", BigInteger, comment="Rows of others from which it took the words, as their source had taken them down."),
    comment="One row a submission: its latest outcome. Key: submission_id.",
)

stage = Table(
    "ledger",
    metadata,
    Column("submission_id", String, primary_key=True),
    Column("stage_code", String, primary_key=True, comment="landed, judged or loaded."),
    Column("outcome_code", String, nullable=False, comment="done or rejected."),
    Column("record_count", BigInteger, comment="Records that went through it."),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("duration_seconds", Float),
    comment="One row a submission and stage. Key: submission_id, stage_code.",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("submission_id", String, nullable=False),
    Column("feed_id", String, nullable=False),
    Column("part_name", String, nullable=False),
    Column("line_number", BigInteger, nullable=False, comment="The row as a spreadsheet shows it."),
    Column("code", String, nullable=False),
    Column("column_name", String),
    Column("sentence", String, nullable=False, comment="What to correct."),
    Column("record", String, comment="The record as JSON, de-identified like everything else here."),
    Column("redaction_version", String, comment="The version of the redaction that record and sentence went through."),
    comment="One row a rejected record and reason: kept, and replayable from the landed bytes.",
)

warning = Table(
    "submission_warning",
    metadata,
    Column("submission_id", String, nullable=False),
    Column("feed_id", String, nullable=False),
    Column("code", String, nullable=False),
    Column("column_name", String),
    Column("value", String),
    Column("row_count", BigInteger, nullable=False),
    Column("sentence", String, nullable=False),
    comment="One row a submission, code, column and value: taken, but worth a look.",
)

feed = Table(
    "feed",
    metadata,
    Column("feed_id", String, primary_key=True),
    Column("feed_name", String, nullable=False),
    Column("record_type", String, nullable=False),
    Column("publisher_name", String, nullable=False),
    Column("owner_directorate_code", String, nullable=False, comment="nursing or comms."),
    Column(
        "source_family_code",
        String,
        nullable=False,
        comment="complaints, surveys, stories, healthwatch, engagement, staff, safety or reference.",
    ),
    Column("expected_every_days", Integer, comment="A feed without a submission for longer is late; empty: not watched."),
    Column("is_active", Boolean, nullable=False, comment="Something of it came, or its source was asked: false is never late."),
    comment="The feeds that are declared now, copied from feed.yml at each load and build. Key: feed_id.",
)

build = Table(
    "build",
    metadata,
    Column("build_id", String, primary_key=True),
    Column("record_types", String, nullable=False, comment="What had changed, separated by commas."),
    Column("load_number", BigInteger, nullable=False, comment="Everything up to this load is in the marts."),
    Column("models_sha256", String, nullable=False, comment="Hash of the dbt project: another one means a full build."),
    Column("model_count", Integer, nullable=False),
    Column("model_names", String, comment="The tables that changed, separated by commas; NULL: all were made."),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("published_at", DateTime(timezone=True), comment="When it was published; empty: not yet."),
    Column("look_back_load_number", BigInteger, comment="Up to this load the models that look back are made; empty: up to load_number."),
    comment="One row a finished dbt build. Key: build_id.",
)

pseudonym_key = Table(
    "pseudonym_key",
    metadata,
    Column("fingerprint", String, primary_key=True, comment="Tells one key from another; nothing can be learned of the key from it."),
    Column("since", DateTime(timezone=True), nullable=False),
    comment="One row: the state of the key that every pseudonym here was made with. Key: fingerprint.",
)

feedback = Table(
    "feedback",
    metadata,
    Column("submission_id", String, primary_key=True),
    Column(
        "loaded_at", DateTime(timezone=True), nullable=False, comment="The load that was reported on: of a later one nothing was told yet."
    ),
    Column("report_sha256", String, nullable=False, comment="Hash of the report: a replay that ends the same is not told again."),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    comment="One row a submission whose sender was told what became of it. Key: submission_id.",
)

notice = Table(
    "notice",
    metadata,
    Column("notice_id", String, primary_key=True),
    Column("messenger_code", String, nullable=False, comment="mail or chat: each is told by itself."),
    Column("kind_code", String, nullable=False, comment="late, missing, drifting, rejecting, unreconciled, refused or failing."),
    Column("feed_id", String, nullable=False, comment="Empty: the warehouse itself."),
    Column("subject", String, nullable=False, comment="What of the feed, where it may have several problems of one kind."),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("sentence", String, nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    Column("solved_at", DateTime(timezone=True), comment="When it was told that it is over; empty: it is not."),
    comment="One row a problem and messenger that took it. Key: notice_id.",
)

text_model = Table(
    "text_model",
    metadata,
    Column("model_version", String, primary_key=True, comment="Hash of what the model learned from, and how."),
    Column("trained_at", DateTime(timezone=True), nullable=False),
    Column("labelled_at", DateTime(timezone=True), nullable=False, comment="When it last labelled anything."),
    Column("load_number", BigInteger, nullable=False, comment="Labels count as a load: what is newer than the last build is pending."),
    comment="One row a model that has labelled texts of this warehouse. Key: model_version.",
)

text_label = Table(
    "text_label",
    metadata,
    Column("feedback_id", String, nullable=False),
    Column("part_name", String, nullable=False, comment="Which text of the feedback; see published.narrative."),
    Column("theme_code", String, comment="Empty: the model was sure of no theme."),
    Column("theme_confidence", Double, comment="The probability that the theme is right."),
    Column("severity_code", String, comment="none, mild or strong: how critical the text is. Empty: the model was not sure."),
    Column("severity_confidence", Double, comment="The probability that the severity is right."),
    Column("model_version", String, nullable=False),
    Column("submission_id", String, nullable=False, comment="The submission that the text came in."),
    Column("submission_load_number", BigInteger, nullable=False, comment="Its load: of a later one the text has not been read yet."),
    Column("labelled_at", DateTime(timezone=True), nullable=False),
    Index("text_label_text", text("hash_record_extended(row(feedback_id, part_name), 0)")).ddl_if(dialect="postgresql"),
    comment="What a model found in texts, for exploration; no words. One row a text and theme, or a text without one. "
    "Key: feedback_id, part_name, theme_code.",
)

harm_review = Table(
    "harm_review",
    metadata,
    Column("submission_id", String, primary_key=True),
    Column("part_name", String, primary_key=True),
    Column("line_number", BigInteger, primary_key=True, comment="Where the record stands in its submission; its words are in raw alone."),
    Column("feed_id", String, nullable=False),
    Column("record_type", String, nullable=False),
    Column("harm_codes", String, nullable=False, comment="What its words speak of: a JSON array of codes."),
    Column("flagged_at", DateTime(timezone=True), nullable=False),
    Column("told_at", DateTime(timezone=True), comment="When whoever is responsible for safeguarding was told; empty: not yet."),
    Column("reviewed_at", DateTime(timezone=True), comment="When somebody had looked at it; empty: nobody has."),
    Column("reviewed_by", String, comment="Who says so."),
    Column("outcome_code", String, comment="shown, withheld or passed_on; empty: nobody has looked. Only shown is published as a story."),
    comment="One row a record whose words speak of harm: for a human to look at. Key: submission_id, part_name, line_number.",
)

digest = Table(
    "digest",
    metadata,
    Column("directorate_code", String, primary_key=True, comment="nursing or comms."),
    Column("week_start_date", Date, primary_key=True, comment="The Monday of the week that it tells of."),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("figures", String, comment="What it was made of, as JSON: the next one says what is new since. Empty: there is a newer one."),
    comment="One row a directorate and week of which it was sent a digest. Key: directorate_code, week_start_date.",
)

for name, columns in {
    "submission": ("feed_id", "landed_at", "submission_id"),
    "submission_warning": ("submission_id",),
    "quarantine": ("submission_id",),
    "build": ("load_number", "finished_at"),
}.items():
    # For PostgreSQL: DuckDB reads columns faster than it would keep an index.
    of = metadata.tables[f"ops.{name}"]
    Index(f"{name}_{columns[0]}", *(of.c[column] for column in columns)).ddl_if(dialect="postgresql")


def next_load_number(connection: Connection) -> int:
    """One more than any load, labelling or build has."""
    numbers: list[int | None] = [
        connection.execute(select(func.max(table.c.load_number))).scalar_one() for table in (submission, text_model, build)
    ]
    return max(number or 0 for number in numbers) + 1


def mark_published(connection: Connection, build_ids: Collection[str]) -> None:
    """Enter that analysts see these builds now."""
    unmarked = build.c.build_id.in_(build_ids) & build.c.published_at.is_(None)
    connection.execute(update(build).where(unmarked).values(published_at=datetime.now(UTC)))


def last_build(connection: Connection) -> Any:
    """The row of the build that came last; None before the first. A build of the clock has the load number of the one before it."""
    return connection.execute(select(build).order_by(build.c.load_number.desc(), build.c.finished_at.desc()).limit(1)).first()
