"""Raw tells what a record's words speak of, ops who has looked at it; the quarantine which redaction it went through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

RAW = (
    "complaint",
    "complaint_return",
    "engagement_activity",
    "experience_story",
    "healthwatch_report",
    "improvement_action",
    "inspection_rating",
    "ombudsman_decision",
    "organisation",
    "organisation_relationship",
    "population",
    "survey_response",
    "survey_result",
)


def upgrade() -> None:
    """Add them, empty: what came before is flagged when it is redacted again."""
    for table in RAW:
        op.add_column(table, sa.Column("harm_codes", sa.String), schema="raw")
    op.add_column("quarantine", sa.Column("redaction_version", sa.String), schema="ops")
    op.create_table(
        "harm_review",
        sa.Column("submission_id", sa.String, primary_key=True),
        sa.Column("part_name", sa.String, primary_key=True),
        sa.Column("line_number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("feed_id", sa.String, nullable=False),
        sa.Column("record_type", sa.String, nullable=False),
        sa.Column("harm_codes", sa.String, nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.Column("reviewed_by", sa.String),
        sa.Column("outcome_code", sa.String),
        schema="ops",
    )
