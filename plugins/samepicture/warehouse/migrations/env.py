"""Where Alembic finds the warehouse: the connection that it was given, or that of SAMEPICTURE_WAREHOUSE (`alembic revision`, by hand)."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse
from samepicture.warehouse.schema import COMPARED


def run(connection: Connection) -> None:
    """Run what was asked for on this connection, in its transaction."""
    context.configure(connection=connection, **COMPARED)
    context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with open_warehouse(Settings.from_environment()).writer() as connection:
        run(connection)
