"""`samepicture people`: who may log in to the shared server, as what, and who opened which narrative."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from samepicture.settings import SettingError, Settings
from samepicture.terminal import out

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer(
    no_args_is_help=True, help="Who may read what on the shared server: roles, organisations, and who opened which narrative."
)


@app.command(epilog="Example: `samepicture people add jane --role nursing --organisation RZN`")
def add(
    login: Annotated[str, typer.Argument(help="The name that the person logs in with.")],
    role: Annotated[str, typer.Option(help="engineer, nursing, analyst or comms.")],
    organisation: Annotated[list[str] | None, typer.Option(help="For nursing: ODS code of an organisation; repeat it for more.")] = None,
) -> None:
    """Let somebody log in with a role. No password is set: set one with psql's \\password, or use your server's single sign-on."""
    from samepicture.warehouse.access import add_person

    with _server() as connection:
        add_person(connection, login, role, organisation or [])
    out.print(f"{login} may read what {role} may read.")


@app.command(epilog="Example: `samepicture people remove jane`")
def remove(login: Annotated[str, typer.Argument(help="The name that the person logs in with.")]) -> None:
    """Take all roles and organisations away, and end the person's sessions. What they opened stays written down."""
    from samepicture.warehouse.access import end_sessions, remove_person

    with _server() as connection:
        remove_person(connection, login)
    with _server() as connection:  # after the commit: nobody comes back in between
        stay = end_sessions(connection, login)
    out.print(f"{login} may read nothing any more.")
    if stay:
        out.print(f"{stay} open sessions of a login that was not made here can't be ended from here: have an administrator end them.")


@app.command("list", epilog="Example: `samepicture people list`")
def list_people() -> None:
    """Everybody who has a role: for the yearly review of who may read what."""
    from samepicture.warehouse.access import people

    table = Table("login", "roles", "organisations", box=None)
    with _server() as connection:
        for person in people(connection):
            table.add_row(person.login, ", ".join(person.roles), ", ".join(person.organisations))
    out.print(table if table.row_count else "Nobody has a role yet.")


@app.command("openings", epilog="Example: `samepicture people openings --days 7`")
def list_openings(days: Annotated[int, typer.Option(help="How far back.")] = 30) -> None:
    """Who opened which narrative, when, and what for; attempts that were refused too."""
    from samepicture.warehouse.access import openings

    table = Table("opened (UTC)", "login", "feedback", "purpose", "allowed", box=None)
    with _server() as connection:
        for row in openings(connection, datetime.now(UTC) - timedelta(days=days)):
            when = f"{row.opened_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
            table.add_row(when, row.login, row.feedback_id, row.purpose, "yes" if row.is_allowed else "no")
    out.print(table if table.row_count else "Nobody opened any.")


@contextmanager
def _server() -> Iterator[Connection]:
    """One transaction on the shared server. Raises SettingError where the warehouse is a file."""
    from samepicture.warehouse import open_warehouse

    settings = Settings.from_environment()
    if not settings.warehouse.startswith("postgresql"):
        raise SettingError(
            "The embedded warehouse is a file without roles: its copy for analysts holds no words. "
            "People and roles are of the shared server: set SAMEPICTURE_WAREHOUSE to postgresql://..."
        )
    warehouse = open_warehouse(settings)
    warehouse.create()
    with warehouse.writer() as connection:
        yield connection
