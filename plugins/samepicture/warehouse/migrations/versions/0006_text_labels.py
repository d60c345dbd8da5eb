"""ops.text_label holds what a model found in texts, ops.text_model which models did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables, empty: nothing is labelled before a model was trained."""
    op.create_table(
        "text_model",
        sa.Column("model_version", sa.String, primary_key=True),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("labelled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("load_number", sa.BigInteger, nullable=False),
        schema="ops",
    )
    op.create_table(
        "text_label",
        sa.Column("feedback_id", sa.String, nullable=False),
        sa.Column("part_name", sa.String, nullable=False),
        sa.Column("theme_code", sa.String),
        sa.Column("theme_confidence", sa.Double),
        sa.Column("severity_code", sa.String),
        sa.Column("severity_confidence", sa.Double),
        sa.Column("model_version", sa.String, nullable=False),
        sa.Column("submission_id", sa.String, nullable=False),
        sa.Column("submission_load_number", sa.BigInteger, nullable=False),
        sa.Column("labelled_at", sa.DateTime(timezone=True), nullable=False),
        schema="ops",
    )
    op.execute("create index text_label_text on ops.text_label (hash_record_extended(row(feedback_id, part_name), 0))")
