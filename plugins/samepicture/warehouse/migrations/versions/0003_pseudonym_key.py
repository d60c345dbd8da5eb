"""ops.pseudonym_key tells with which key the pseudonyms here were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table, empty: the key of the next load is remembered."""
    op.create_table(
        "pseudonym_key",
        sa.Column("fingerprint", sa.String, primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        schema="ops",
    )
