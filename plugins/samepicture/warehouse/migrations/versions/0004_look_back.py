"""ops.build tells up to which load the models that look back are made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add it, empty: every build so far has made all."""
    op.add_column("build", sa.Column("look_back_load_number", sa.BigInteger), schema="ops")
