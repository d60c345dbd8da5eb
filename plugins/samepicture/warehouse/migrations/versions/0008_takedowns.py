"""ops.submission says from how many rows of others a submission took the words: what is made of them is made whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; empty for what was loaded before."""
    op.add_column("submission", sa.Column("emptied_row_count", sa.BigInteger), schema="ops")
