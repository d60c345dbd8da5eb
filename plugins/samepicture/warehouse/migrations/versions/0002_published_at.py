"""ops.build says when a build was published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; what was built before is taken for not published, so it is published again."""
    op.add_column("build", sa.Column("published_at", sa.DateTime(timezone=True)), schema="ops")
