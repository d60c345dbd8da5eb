"""ops.digest remembers which digests were sent; ops is looked up by submission, feed and load, for whoever operates it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table, empty, and the indexes."""
    op.create_table(
        "digest",
        sa.Column("directorate_code", sa.String, primary_key=True),
        sa.Column("week_start_date", sa.Date, primary_key=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.String),
        schema="ops",
    )
    op.create_index("submission_feed_id", "submission", ["feed_id", "landed_at", "submission_id"], schema="ops")
    op.create_index("submission_warning_submission_id", "submission_warning", ["submission_id"], schema="ops")
    op.create_index("quarantine_submission_id", "quarantine", ["submission_id"], schema="ops")
    op.create_index("build_load_number", "build", ["load_number", "finished_at"], schema="ops")
